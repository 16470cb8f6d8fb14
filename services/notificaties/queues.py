"""The queues: every delivery that is still to be made, and per abonnement who makes them.

A delivery is a row of ``bezorging`` until its subscriber has taken it. ``wachtrij`` has one row per abonnement. One
worker at a time holds a queue, by a lease that it renews; so order is kept within one process, and workers share the
queues between them. Whoever adds deliveries or lets go of a queue locks its row first. That gives two certainties:
the numbers of the deliveries of an abonnement appear in order, and no delivery is added unseen while a worker lets go.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from runtime.statements import Executor
from services.notificaties.kanaal import METADATA
from services.notificaties.matching import Bericht

CHANNEL = "samenzaak_bezorging"
"""Wakes the workers. The payload is the schema of the municipality, and after a space the abonnement that changed."""

WACHTRIJ = Table(
    "wachtrij",
    METADATA,
    Column("abonnement", Uuid, ForeignKey("abonnement.uuid", ondelete="CASCADE"), primary_key=True),
    # The lease of the worker that holds the queue, and until when if it does not say that it still lives.
    Column("houder", Uuid),
    Column("tot", DateTime(timezone=True)),
    # When there is work; null when there is none.
    Column("volgende", DateTime(timezone=True)),
    # Of the deliveries up to this one, all that are left wait behind one that failed. 0 while the queue is held.
    Column("gelezen", BigInteger, nullable=False, server_default="0"),
    # The operator changed deliveries: whoever holds the queue begins anew.
    Column("herlezen", Boolean, nullable=False, server_default=text("false")),
    # A subscriber that seems to be down is left alone for a while; how often in a row that happened.
    Column("pauze_tot", DateTime(timezone=True)),
    Column("pauzes", Integer, nullable=False, server_default="0"),
    Column("faalt_sinds", DateTime(timezone=True)),
    Column("laatste_fout", Text),
    postgresql_with={"fillfactor": "50"},
)

BEZORGING = Table(
    "bezorging",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    # To the queue and not to the abonnement: whoever adds deliveries has locked the queue, so that no lock of an
    # abonnement that is being removed is waited for.
    Column("abonnement", Uuid, ForeignKey("wachtrij.abonnement", ondelete="CASCADE"), nullable=False),
    Column("sleutel", BigInteger, nullable=False),
    Column("bericht", Text, nullable=False),
    Column("aangemaakt", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Attempts made; the next one (null when none was made); and since when it is parked as failed.
    Column("poging", Integer, nullable=False, server_default="0"),
    Column("volgende", DateTime(timezone=True)),
    Column("mislukt", DateTime(timezone=True)),
    # The last failure, and all of them: moment, attempt and failure.
    Column("fout", Text),
    Column("fouten", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
)
Index("bezorging_volgorde", BEZORGING.c.abonnement, BEZORGING.c.id)
Index("bezorging_sleutel", BEZORGING.c.abonnement, BEZORGING.c.sleutel, BEZORGING.c.id)
Index(
    "bezorging_volgende",
    BEZORGING.c.abonnement,
    BEZORGING.c.volgende,
    postgresql_where=BEZORGING.c.volgende.is_not(None),
)
Index("bezorging_mislukt", BEZORGING.c.abonnement, postgresql_where=BEZORGING.c.mislukt.is_not(None))

LOCK = """
    SELECT abonnement, volgende IS NULL OR volgende > now() AS rust FROM wachtrij WHERE abonnement = ANY($1)
    ORDER BY abonnement FOR NO KEY UPDATE"""

ADD = """
    WITH nieuw AS (
        INSERT INTO bezorging (abonnement, sleutel, bericht) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])
    ), wakker AS (
        UPDATE wachtrij SET volgende = now() WHERE abonnement = ANY($4)
    )
    SELECT pg_notify('samenzaak_bezorging', current_schema())"""


async def add(db: Executor, berichten: Sequence[tuple[Bericht, Sequence[UUID]]]) -> None:
    """Store the deliveries of messages, in this order, in the transaction of ``db``; its commit wakes the workers."""
    wanted = sorted({abonnement for _, ontvangers in berichten for abonnement in ontvangers})
    if not wanted:
        return
    locked = {row["abonnement"]: row["rust"] for row in await db.connection.fetch(LOCK, wanted)}
    abonnementen, sleutels, teksten = [], [], []
    for bericht, ontvangers in berichten:
        tekst = orjson.dumps(bericht.message).decode()
        for abonnement in ontvangers:
            if abonnement in locked:
                abonnementen.append(abonnement)
                sleutels.append(bericht.sleutel)
                teksten.append(tekst)
    idle = [abonnement for abonnement, rest in locked.items() if rest]
    await db.connection.execute(ADD, abonnementen, sleutels, teksten, idle)


# --- What a worker does with queues ---------------------------------------------------------------------------------

CLAIM = """
    WITH vrij AS (
        SELECT abonnement, gelezen FROM wachtrij
        WHERE volgende <= now() AND (pauze_tot IS NULL OR pauze_tot <= now()) AND (houder IS NULL OR tot < now())
        ORDER BY volgende LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    UPDATE wachtrij w SET houder = gen_random_uuid(), tot = now() + make_interval(secs => $1), gelezen = 0,
        herlezen = false, pauze_tot = NULL
    FROM vrij, abonnement a WHERE w.abonnement = vrij.abonnement AND a.uuid = w.abonnement
    RETURNING w.abonnement, w.houder, vrij.gelezen, w.pauzes, w.faalt_sinds IS NOT NULL AS faalt,
        a.callback_url, a.auth"""

NEXT = """
    SELECT extract(epoch FROM
        min(greatest(volgende, pauze_tot, CASE WHEN houder IS NOT NULL THEN tot END)) - now())::float8
    FROM wachtrij WHERE volgende IS NOT NULL AND (houder IS NULL OR houder <> ALL($1))"""

RENEW = """
    UPDATE wachtrij SET tot = now() + make_interval(secs => $2)
    WHERE houder = ANY($1) RETURNING houder, herlezen"""

TARGET = "SELECT callback_url, auth FROM abonnement WHERE uuid = $1"

HEADS = """
    SELECT sleutel, extract(epoch FROM volgende - now())::float8 AS over FROM bezorging
    WHERE abonnement = $1 AND volgende IS NOT NULL AND mislukt IS NULL"""

READ = """
    SELECT id, sleutel, bericht, poging, extract(epoch FROM volgende - now())::float8 AS over FROM bezorging
    WHERE abonnement = $1 AND id > $2 AND mislukt IS NULL ORDER BY id LIMIT $3"""

READ_CHAIN = """
    SELECT id, sleutel, bericht, poging, 0.0::float8 AS over FROM bezorging
    WHERE abonnement = $1 AND sleutel = $2 AND id <= $3 AND mislukt IS NULL ORDER BY id LIMIT $4"""

DONE = "DELETE FROM bezorging WHERE id = ANY($1)"

FAILED = """
    UPDATE bezorging b SET poging = f.poging, fout = f.fout,
        fouten = b.fouten || jsonb_build_object('moment', now(), 'poging', f.poging, 'fout', f.fout),
        volgende = CASE WHEN f.wacht IS NOT NULL THEN now() + make_interval(secs => f.wacht) END,
        mislukt = CASE WHEN f.wacht IS NULL THEN now() END
    FROM unnest($1::bigint[], $2::int[], $3::float8[], $4::text[]) AS f(id, poging, wacht, fout)
    WHERE b.id = f.id AND b.poging < f.poging"""

FAILING = "UPDATE wachtrij SET faalt_sinds = coalesce(faalt_sinds, now()), laatste_fout = $2 WHERE abonnement = $1"

RECOVERED = "UPDATE wachtrij SET faalt_sinds = NULL, pauzes = 0 WHERE abonnement = $1"

RETRY_WAITING = """
    UPDATE bezorging SET volgende = now() WHERE abonnement = $1 AND volgende > now() AND mislukt IS NULL"""

HOLD = "SELECT herlezen FROM wachtrij WHERE abonnement = $1 AND houder = $2 FOR UPDATE"

UNSEEN = "SELECT 1 FROM bezorging WHERE abonnement = $1 AND id > $2 AND mislukt IS NULL LIMIT 1"

RELEASE = """
    UPDATE wachtrij SET houder = NULL, tot = NULL, herlezen = false, gelezen = CASE WHEN $2 THEN 0 ELSE $3 END,
        pauze_tot = CASE WHEN $4::float8 > 0 THEN now() + make_interval(secs => $4) END,
        pauzes = pauzes + CASE WHEN $4 > 0 THEN 1 ELSE 0 END,
        volgende = CASE WHEN $2 THEN now() ELSE
            (SELECT min(b.volgende) FROM bezorging b
             WHERE b.abonnement = $1 AND b.volgende IS NOT NULL AND b.mislukt IS NULL) END
    WHERE abonnement = $1"""

DROP_ALL = "UPDATE wachtrij SET houder = NULL, tot = NULL WHERE houder = ANY($1)"


async def release(db: Executor, abonnement: UUID, lease: UUID, gelezen: int, pause: float, again: bool) -> bool:
    """Let go of a queue, in a transaction; return False when there is more to do first.

    ``gelezen`` is the last delivery that the worker knows; ``pause`` leaves the subscriber alone for that many
    seconds; ``again`` lets the next worker read everything anew. A queue that is not ours any more is let go as it is.
    """
    connection: Any = db.connection
    held = await connection.fetchrow(HOLD, abonnement, lease)
    if held is None:
        return True
    again = again or held["herlezen"]
    if not again and not pause and await connection.fetchval(UNSEEN, abonnement, gelezen):
        return False
    # In a pause there may be deliveries that nobody tried yet, so all are read anew after it.
    await connection.execute(RELEASE, abonnement, again or pause > 0, gelezen, float(pause))
    return True


UNAVAILABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What goes wrong while PostgreSQL is away."""
