"""The operator's view of the deliveries of a municipality, and commands about them: ``samenzaak notifications``.

All functions take an ``Executor`` that is that of the municipality (``database.acquire(tenant)``, or
``runtime.tenancy.as_tenant`` with a connection of the administrator), and run in a transaction of the caller where they
change something::

    async with database.transaction("deventer") as db:
        await retry(db, [3141])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import delete, func, select

from runtime.statements import Executor
from runtime.tenancy import as_tenant, schema_of
from services.notificaties.abonnement import ABONNEMENT_TABLE
from services.notificaties.queues import CHANNEL


@dataclass(frozen=True)
class Subscriber:
    """One abonnement: how its deliveries go.

    ``waiting`` are still to be delivered, ``failed`` are parked after the last attempt. ``failing_since`` and
    ``paused_until`` are None while all goes well.
    """

    abonnement: UUID
    callback_url: str
    client_id: str
    waiting: int
    failed: int
    oldest: datetime | None
    failing_since: datetime | None
    last_error: str | None
    paused_until: datetime | None


@dataclass(frozen=True)
class Delivery:
    """One message for one subscriber. ``next_attempt`` is None when it waits for an earlier one, or is parked."""

    id: int
    abonnement: UUID
    created: datetime
    attempts: int
    next_attempt: datetime | None
    failed_since: datetime | None
    error: str | None
    failures: list[dict[str, Any]]
    """Each attempt that failed: ``moment``, ``attempt`` (a retry begins again with 1) and ``error``."""
    message: dict[str, Any]


@dataclass(frozen=True)
class Stats:
    """All deliveries of a municipality together."""

    subscribers: int
    failing: int
    waiting: int
    failed: int
    oldest: datetime | None


_SUBSCRIBERS = """
    SELECT a.uuid AS abonnement, a.callback_url, a.client_id, coalesce(d.waiting, 0) AS waiting,
        coalesce(d.failed, 0) AS failed, d.oldest, q.failing_since, q.last_error,
        CASE WHEN q.paused_until > now() THEN q.paused_until END AS paused_until
    FROM abonnement a JOIN queue q ON q.abonnement = a.uuid LEFT JOIN (
        SELECT abonnement, count(*) FILTER (WHERE failed_since IS NULL) AS waiting,
            count(*) FILTER (WHERE failed_since IS NOT NULL) AS failed,
            min(created) FILTER (WHERE failed_since IS NULL) AS oldest
        FROM delivery GROUP BY abonnement) d ON d.abonnement = a.uuid
    ORDER BY d.oldest NULLS LAST, a.id"""

_DELIVERIES = """
    SELECT id, abonnement, created, attempts, due AS next_attempt,
        failed_since, error, failures, message
    FROM delivery WHERE ($1::uuid IS NULL OR abonnement = $1) AND (NOT $2 OR failed_since IS NOT NULL)
        AND ($3::bigint IS NULL OR id = $3)
    ORDER BY id LIMIT $4"""

_LOCK = """
    SELECT abonnement FROM queue WHERE abonnement IN (SELECT abonnement FROM delivery WHERE id = ANY($1))
    ORDER BY abonnement FOR UPDATE"""

_RETRY = """
    UPDATE delivery SET attempts = 0, due = now(), failed_since = NULL
    WHERE id = ANY($1) AND (failed_since IS NOT NULL OR due IS NOT NULL)"""

_READ_ANEW = """
    UPDATE queue SET due = now(), read_up_to = 0, read_anew = true, paused_until = NULL WHERE abonnement = ANY($1)"""

_SELECTED = """
    SELECT array_agg(id) FROM delivery
    WHERE ($1::uuid IS NULL OR abonnement = $1) AND (NOT $2 OR failed_since IS NOT NULL)"""


async def subscribers(db: Executor) -> list[Subscriber]:
    """Return all abonnementen, those whose oldest message waits longest first (``notifications list``)."""
    return [Subscriber(**row) for row in await _connection(db).fetch(_SUBSCRIBERS)]


async def stats(db: Executor) -> Stats:
    """Return the totals of the municipality (``notifications stats``)."""
    found = await subscribers(db)
    return Stats(
        subscribers=len(found),
        failing=len([s for s in found if s.failing_since]),
        waiting=sum(s.waiting for s in found),
        failed=sum(s.failed for s in found),
        oldest=min((s.oldest for s in found if s.oldest), default=None),
    )


async def deliveries(
    db: Executor, abonnement: UUID | None = None, *, only_failed: bool = False, limit: int = 100
) -> list[Delivery]:
    """Return deliveries that were not made yet, oldest first (``notifications list --subscriber``)."""
    rows = await _connection(db).fetch(_DELIVERIES, abonnement, only_failed, None, limit)
    return [_delivery(row) for row in rows]


async def show(db: Executor, delivery: int) -> Delivery | None:
    """Return one delivery with its message, or None when it does not exist (``notifications show``)."""
    row = await _connection(db).fetchrow(_DELIVERIES, None, False, delivery, 1)
    return _delivery(row) if row else None


async def selected(db: Executor, abonnement: UUID | None, only_failed: bool = True) -> list[int]:
    """Return the ids of the parked (or all) deliveries of a subscriber or the municipality, for retry and drop."""
    return list(await _connection(db).fetchval(_SELECTED, abonnement, only_failed) or [])


async def retry(db: Executor, ids: Sequence[int]) -> int:
    """Try these deliveries now, with a new series of attempts if they fail; return how many (``notifications retry``).

    A parked message arrives after later ones of its hoofdObject, which did not wait for it.
    """
    queues = await _locked(db, ids)
    count = _count(await _connection(db).execute(_RETRY, list(ids)))
    await _wake(db, queues)
    return count


async def drop(db: Executor, ids: Sequence[int]) -> int:
    """Give these deliveries up for ever; return how many (``notifications drop``)."""
    queues = await _locked(db, ids)
    count = _count(await _connection(db).execute("DELETE FROM delivery WHERE id = ANY($1)", list(ids)))
    await _wake(db, queues)
    return count


async def resume(db: Executor, abonnement: UUID) -> None:
    """Try everything that waits for a subscriber now, after a fault at its side was mended (``retry --subscriber``)."""
    sql = "SELECT abonnement FROM queue WHERE abonnement = $1 FOR UPDATE"
    queues = [row["abonnement"] for row in await _connection(db).fetch(sql, abonnement)]
    sql = "UPDATE delivery SET due = now() WHERE abonnement = $1 AND due > now() AND failed_since IS NULL"
    await _connection(db).execute(sql, abonnement)
    await _wake(db, queues)


async def forget_client(admin: asyncpg.Connection, tenant: str, client_id: str) -> int:
    """Remove the abonnementen of a client, with what is still to be delivered; return how many
    (``samenzaak client remove``). Deliveries under way are the last."""
    schema, table = schema_of(tenant, "notificaties"), ABONNEMENT_TABLE
    async with as_tenant(admin, tenant, "notificaties") as db:
        rows = await db.rows(delete(table).where(table.c.client_id == client_id).returning(table.c.uuid))
        for row in rows:
            await db.execute(select(func.pg_notify(CHANNEL, f"{schema} {row['uuid']}")))
    return len(rows)


async def _locked(db: Executor, ids: Sequence[int]) -> list[UUID]:
    return [row["abonnement"] for row in await _connection(db).fetch(_LOCK, list(ids))]


async def _wake(db: Executor, queues: Sequence[UUID]) -> None:
    if queues:
        await _connection(db).execute(_READ_ANEW, list(queues))
        await _connection(db).execute("SELECT pg_notify('samenzaak_delivery', current_schema() || ' read_anew')")


def _connection(db: Executor) -> Any:
    return db.connection


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])


def _delivery(row: Any) -> Delivery:
    failures = row["failures"]
    # As a text on the administrator's own connection.
    failures = orjson.loads(failures) if isinstance(failures, str) else failures
    return Delivery(**{**row, "failures": failures, "message": orjson.loads(row["message"])})
