"""How many documents there are, exactly, without counting them at each request (docs/adr/0008).

Per bronorganisatie, type, level, readiness for publication and block of ids the number of documents is kept. A trigger
adds a row to ``documenttelling_delta`` for every document that comes, goes or changes in one of these, so writers never
wait for each other; a background task folds those rows into ``documenttelling``. The sum over both is exact at each
moment. The blocks tell where a deep page begins without walking to it.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    func,
    select,
    true,
    union_all,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.schema import SchemaItem

from services.documenten.document_velden import DOCUMENT_TABLE
from services.documenten.logboek import METADATA, UNAVAILABLE
from zgw.call import Call, Service
from zgw.database import Executor
from zgw.resource import Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

BLOK = 32_768
"""Ids in a block: few enough to walk through one, enough to keep the number of blocks small. The trigger knows it."""

ALL_BLOCKS = -1
"""The block under which the sum over all blocks is kept."""

FOLD_PERIOD = 5.0
FOLD_FROM = 200
"""Rows that a reader may find beside the totals before they are folded: so few cost it nothing."""

_KEYS = ("bronorganisatie", "informatieobjecttype", "vertrouwelijkheidaanduiding")


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(
        name,
        METADATA,
        *(Column(key, Text, nullable=False) for key in _KEYS),
        Column("gereed", Boolean, nullable=False),
        Column("blok", BigInteger, nullable=False),
        Column("aantal", BigInteger, nullable=False),
        *items,
    )


TELLING = _table("documenttelling", PrimaryKeyConstraint("blok", *_KEYS, "gereed"))
DELTA = _table("documenttelling_delta")
DELTA.info["ddl"] = [
    """CREATE FUNCTION documenttelling_bijhouden() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO documenttelling_delta VALUES (OLD.bronorganisatie, OLD.informatieobjecttype,
            OLD.vertrouwelijkheidaanduiding, OLD.is_gereed_voor_publicatie IS TRUE, OLD.id / 32768, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO documenttelling_delta VALUES (NEW.bronorganisatie, NEW.informatieobjecttype,
            NEW.vertrouwelijkheidaanduiding, NEW.is_gereed_voor_publicatie IS TRUE, NEW.id / 32768, 1);
    END IF;
    RETURN NULL;
END $$""",
    """CREATE TRIGGER documenttelling_komt_of_gaat AFTER INSERT OR DELETE ON document
    FOR EACH ROW EXECUTE FUNCTION documenttelling_bijhouden()""",
    """CREATE TRIGGER documenttelling_verandert AFTER UPDATE ON document
    FOR EACH ROW WHEN ((OLD.bronorganisatie, OLD.informatieobjecttype, OLD.vertrouwelijkheidaanduiding,
        OLD.is_gereed_voor_publicatie) IS DISTINCT FROM (NEW.bronorganisatie, NEW.informatieobjecttype,
        NEW.vertrouwelijkheidaanduiding, NEW.is_gereed_voor_publicatie))
    EXECUTE FUNCTION documenttelling_bijhouden()""",
]

_loose = true().label("loose")
PER_BLOCK = union_all(
    select(TELLING, false().label("loose")).where(TELLING.c.blok != ALL_BLOCKS), select(DELTA, _loose)
).subquery("telling")
TOTAL = union_all(
    select(TELLING, false().label("loose")).where(TELLING.c.blok == ALL_BLOCKS), select(DELTA, _loose)
).subquery("telling")


async def tel(
    call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
) -> Tally | None:
    """Return the number of documents that a client gets for these criteria, or None when it has to be counted."""
    of = (PER_BLOCK if parts else TOTAL).c
    where = [rights.condition(of.informatieobjecttype, of.vertrouwelijkheidaanduiding)]
    for criterion in criteria:
        if not _by_bronorganisatie(criterion):
            return None
        where.append(of.bronorganisatie == criterion.right)
    if rights.published_only:
        where.append(of.gereed)
    sums = func.coalesce(func.sum(of.aantal), 0).label("aantal"), func.count().filter(of.loose).label("loose")
    statement = select(*sums).where(*where)
    if parts:
        statement = statement.add_columns(of.blok).group_by(of.blok).order_by(of.blok.desc())
    rows = await db.rows(statement)
    if sum(row["loose"] for row in rows) >= FOLD_FROM:
        _to_fold(call.service).add(call.tenant)
    blocks = [(row["blok"], int(row["aantal"])) for row in rows if row["aantal"]] if parts else []
    return Tally(sum(int(row["aantal"]) for row in rows), blocks, _between)


def _by_bronorganisatie(criterion: Any) -> bool:
    equals = isinstance(criterion, BinaryExpression) and criterion.operator is operators.eq
    return equals and criterion.left is DOCUMENT_TABLE.c.bronorganisatie


def _between(first: int, last: int) -> list[ColumnElement[bool]]:
    key = DOCUMENT_TABLE.c.id
    return [key >= last * BLOK, key < (first + 1) * BLOK]


# --- Folding ----------------------------------------------------------------------------------------------------------

_FOLD = (
    "WITH weg AS (DELETE FROM documenttelling_delta RETURNING *) INSERT INTO documenttelling AS t "
    "SELECT bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding, gereed, coalesce(blok, -1), "
    "sum(aantal) FROM weg GROUP BY GROUPING SETS ((1, 2, 3, 4, blok), (1, 2, 3, 4)) ORDER BY 5, 1, 2, 3, 4 "
    "ON CONFLICT (blok, bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding, gereed) "
    "DO UPDATE SET aantal = t.aantal + excluded.aantal"
)
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.documenttelling'))"


def _to_fold(service: Service) -> set[str]:
    found: set[str] = service.state.setdefault("telling", set())
    return found


async def fold(service: Service, tenant: str) -> None:
    """Fold what writers left into the totals: one statement, so that every reader sees it before or after."""
    async with service.database.transaction(tenant) as db:
        if await db.connection.fetchval(_ALONE):
            await db.connection.execute(_FOLD)


async def fold_steadily(service: Service) -> None:
    """Fold for ever, wherever a reader found much. Background work of the service."""
    wanted = _to_fold(service)
    while True:
        await asyncio.sleep(FOLD_PERIOD)
        for tenant in list(wanted):
            wanted.discard(tenant)
            try:
                await fold(service, tenant)
            except UNAVAILABLE as e:
                log.warning("counts of %s could not be folded: %s", tenant, e)
