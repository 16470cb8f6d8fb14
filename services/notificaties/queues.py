"""The queues: every delivery that is still to be made, and per abonnement who makes them.

A delivery is a row of ``delivery`` until its subscriber has taken it. ``queue`` has one row per abonnement. One
worker at a time holds a queue, by a lease that it renews; so order is kept within one process, and workers share the
queues between them. Whoever adds deliveries or lets go of a queue locks its row first. That gives two certainties:
the numbers of the deliveries of an abonnement appear in order, and no delivery is added unseen while a worker lets go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import BigInteger, Column, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from runtime.statements import Executor, table_of
from services.notificaties.kanaal import Stored
from services.notificaties.matching import Bericht

CHANNEL = "samenzaak_delivery"
"""Wakes the workers. The payload is the schema of the municipality, and after a space the abonnement that changed."""


class QueueRow(Stored, table=True):
    """The queue of one abonnement: which worker holds it, and when there is work."""

    __tablename__ = "queue"
    __table_args__ = {"postgresql_with": {"fillfactor": "50"}}

    abonnement: UUID = Field(foreign_key="abonnement.uuid", ondelete="CASCADE", primary_key=True)
    lease: UUID | None = None
    """Of the worker that holds the queue, and until when if it does not say that it still lives."""
    lease_until: datetime | None = None
    due: datetime | None = None
    """When there is work; null when there is none."""
    read_up_to: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """Of the deliveries up to this one, all that are left wait behind one that failed. 0 while the queue is held."""
    read_anew: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """The operator changed deliveries: whoever holds the queue begins anew."""
    paused_until: datetime | None = None
    """A subscriber that seems to be down is left alone for a while; ``pauses`` is how often in a row that happened."""
    pauses: int = Field(sa_column_kwargs={"server_default": "0"})
    failing_since: datetime | None = None
    last_error: str | None = Field(None, sa_type=Text)


class DeliveryRow(Stored, table=True):
    """One message for one subscriber, until that has taken it."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_order", "abonnement", "id"),
        Index("delivery_key", "abonnement", "key", "id"),
        Index("delivery_due", "abonnement", "due", postgresql_where=text("due IS NOT NULL")),
        Index("delivery_failed", "abonnement", postgresql_where=text("failed_since IS NOT NULL")),
    )

    id: int | None = Field(None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    abonnement: UUID = Field(foreign_key="queue.abonnement", ondelete="CASCADE")
    """Refers to the queue and not to the abonnement: adding deliveries locks the queue, and then waits for no lock of
    an abonnement that is being removed."""
    key: int = Field(sa_type=BigInteger)
    """A number of the hoofdObject."""
    message: str = Field(sa_type=Text)
    created: datetime = Field(sa_column_kwargs={"server_default": func.now()})
    attempts: int = Field(sa_column_kwargs={"server_default": "0"})
    due: datetime | None = None
    """When it is tried again; null when it was not tried yet."""
    failed_since: datetime | None = None
    """Since when it is parked, after the last attempt."""
    error: str | None = Field(None, sa_type=Text)
    """The last failure; ``failures`` are all of them: moment, attempt and error."""
    failures: list[dict[str, Any]] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": text("'[]'::jsonb")})


QUEUE = table_of(QueueRow)

LOCK = """
    SELECT abonnement, due IS NULL OR due > now() AS idle FROM queue WHERE abonnement = ANY($1)
    ORDER BY abonnement FOR NO KEY UPDATE"""

ADD = """
    WITH added AS (
        INSERT INTO delivery (abonnement, key, message) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])
    ), awake AS (
        UPDATE queue SET due = now() WHERE abonnement = ANY($4)
    )
    SELECT pg_notify('samenzaak_delivery', current_schema())"""


async def add(db: Executor, berichten: Sequence[tuple[Bericht, Sequence[UUID]]]) -> None:
    """Store the deliveries of messages, in this order, in the transaction of ``db``; its commit wakes the workers."""
    wanted = sorted({abonnement for _, receivers in berichten for abonnement in receivers})
    if not wanted:
        return
    locked = {row["abonnement"]: row["idle"] for row in await db.connection.fetch(LOCK, wanted)}
    abonnementen, keys, messages = [], [], []
    for bericht, receivers in berichten:
        message = orjson.dumps(bericht.message).decode()
        for abonnement in receivers:
            if abonnement in locked:
                abonnementen.append(abonnement)
                keys.append(bericht.key)
                messages.append(message)
    idle = [abonnement for abonnement, rest in locked.items() if rest]
    await db.connection.execute(ADD, abonnementen, keys, messages, idle)


# --- What a worker does with queues ---------------------------------------------------------------------------------

CLAIM = """
    WITH free AS (
        SELECT abonnement, read_up_to FROM queue
        WHERE due <= now() AND (paused_until IS NULL OR paused_until <= now())
            AND (lease IS NULL OR lease_until < now())
        ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    UPDATE queue q SET lease = gen_random_uuid(), lease_until = now() + make_interval(secs => $1), read_up_to = 0,
        read_anew = false, paused_until = NULL
    FROM free, abonnement a WHERE q.abonnement = free.abonnement AND a.uuid = q.abonnement
    RETURNING q.abonnement, q.lease, free.read_up_to, q.pauses, q.failing_since IS NOT NULL AS failing,
        a.callback_url, a.auth"""

NEXT = """
    SELECT extract(epoch FROM
        min(greatest(due, paused_until, CASE WHEN lease IS NOT NULL THEN lease_until END)) - now())::float8
    FROM queue WHERE due IS NOT NULL AND (lease IS NULL OR lease <> ALL($1))"""

RENEW = """
    UPDATE queue SET lease_until = now() + make_interval(secs => $2)
    WHERE lease = ANY($1) RETURNING lease, read_anew"""

TARGET = "SELECT callback_url, auth FROM abonnement WHERE uuid = $1"

HEADS = """
    SELECT key, extract(epoch FROM due - now())::float8 AS over FROM delivery
    WHERE abonnement = $1 AND due IS NOT NULL AND failed_since IS NULL"""

READ = """
    SELECT id, key, message, attempts, extract(epoch FROM due - now())::float8 AS over FROM delivery
    WHERE abonnement = $1 AND id > $2 AND failed_since IS NULL ORDER BY id LIMIT $3"""

READ_CHAIN = """
    SELECT id, key, message, attempts, 0.0::float8 AS over FROM delivery
    WHERE abonnement = $1 AND key = $2 AND id <= $3 AND failed_since IS NULL ORDER BY id LIMIT $4"""

DONE = "DELETE FROM delivery WHERE id = ANY($1)"

FAILED = """
    UPDATE delivery d SET attempts = f.attempts, error = f.error,
        failures = d.failures || jsonb_build_object('moment', now(), 'attempt', f.attempts, 'error', f.error),
        due = CASE WHEN f.wait IS NOT NULL THEN now() + make_interval(secs => f.wait) END,
        failed_since = CASE WHEN f.wait IS NULL THEN now() END
    FROM unnest($1::bigint[], $2::int[], $3::float8[], $4::text[]) AS f(id, attempts, wait, error)
    WHERE d.id = f.id AND d.attempts < f.attempts"""

FAILING = "UPDATE queue SET failing_since = coalesce(failing_since, now()), last_error = $2 WHERE abonnement = $1"

RECOVERED = "UPDATE queue SET failing_since = NULL, pauses = 0 WHERE abonnement = $1"

RETRY_WAITING = """
    UPDATE delivery SET due = now() WHERE abonnement = $1 AND due > now() AND failed_since IS NULL"""

HOLD = "SELECT read_anew FROM queue WHERE abonnement = $1 AND lease = $2 FOR UPDATE"

UNSEEN = "SELECT 1 FROM delivery WHERE abonnement = $1 AND id > $2 AND failed_since IS NULL LIMIT 1"

RELEASE = """
    UPDATE queue SET lease = NULL, lease_until = NULL, read_anew = false, read_up_to = CASE WHEN $2 THEN 0 ELSE $3 END,
        paused_until = CASE WHEN $4::float8 > 0 THEN now() + make_interval(secs => $4) END,
        pauses = pauses + CASE WHEN $4 > 0 THEN 1 ELSE 0 END,
        due = CASE WHEN $2 THEN now() ELSE
            (SELECT min(d.due) FROM delivery d
             WHERE d.abonnement = $1 AND d.due IS NOT NULL AND d.failed_since IS NULL) END
    WHERE abonnement = $1"""

DROP_ALL = "UPDATE queue SET lease = NULL, lease_until = NULL WHERE lease = ANY($1)"


async def release(db: Executor, abonnement: UUID, lease: UUID, read_up_to: int, pause: float, again: bool) -> bool:
    """Let go of a queue, in a transaction; return False when there is more to do first.

    ``read_up_to`` is the last delivery that the worker knows; ``pause`` leaves the subscriber alone for that many
    seconds; ``again`` lets the next worker read everything anew. A queue that is not ours any more is let go as it is.
    """
    connection: Any = db.connection
    held = await connection.fetchrow(HOLD, abonnement, lease)
    if held is None:
        return True
    again = again or held["read_anew"]
    if not again and not pause and await connection.fetchval(UNSEEN, abonnement, read_up_to):
        return False
    # In a pause there may be deliveries that nobody tried yet, so all are read anew after it.
    await connection.execute(RELEASE, abonnement, again or pause > 0, read_up_to, float(pause))
    return True


UNAVAILABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The errors while PostgreSQL is away."""
