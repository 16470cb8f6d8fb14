"""How many documents there are, exactly, without counting them at each request (docs/adr/0008).

Per bronorganisatie, type, level, readiness for publication and block of ids the number of documents is kept. A trigger
adds a row to ``documenttelling_delta`` for every document that comes, goes or changes in one of these, so writers never
wait for each other; a background task folds those rows into ``documenttelling``. The sum over both is exact at each
moment. The blocks tell where a deep page begins without walking to it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.schema import SchemaItem

from services.documenten.document_velden import DOCUMENT_TABLE
from services.documenten.logboek import METADATA, UNAVAILABLE
from zgw.call import Service
from zgw.database import Executor
from zgw.fields import Rsin
from zgw.filters import conditions, equal
from zgw.resource import Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

BLOK = 32_768
"""Ids in a block: few enough to walk through one, enough to keep the number of blocks small. The trigger knows it."""

ALL_BLOCKS = -1
"""The block under which the sum over all blocks is kept."""

FOLD_PERIOD = 5.0
FOLD_FROM = 200
"""Writes of a process after which it folds: so few rows cost a reader nothing."""

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
    """CREATE FUNCTION documenttelling_bijhouden() RETURNS trigger LANGUAGE plpgsql AS $$
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

PER_BLOCK = union_all(select(TELLING).where(TELLING.c.blok != ALL_BLOCKS), select(DELTA)).subquery("telling")
TOTAL = union_all(select(TELLING).where(TELLING.c.blok == ALL_BLOCKS), select(DELTA)).subquery("telling")
FILTERS = {of: [equal("bronorganisatie", of.c.bronorganisatie, Rsin)] for of in (PER_BLOCK, TOTAL)}
PAGING = ("page", "pageSize", "expand")


async def tel(
    db: Executor, rights: Rights, given: Mapping[str, str], bases: tuple[str, ...], where: Sequence[ColumnElement[bool]]
) -> Tally | None:
    """Return the number of documents that a client gets for these parameters, or None when it has to be counted."""
    criteria = {name: value for name, value in given.items() if name not in PAGING and value}
    deep = given.get("page", "1") not in ("", "1")
    found = conditions(FILTERS[PER_BLOCK if deep else TOTAL], criteria, bases, [])
    if len(found) != len(criteria) or len(found) != len(where):
        return None
    of = (PER_BLOCK if deep else TOTAL).c
    allowed = rights.condition(of.informatieobjecttype, of.vertrouwelijkheidaanduiding)
    found += [allowed, of.gereed if rights.published_only else true()]
    if not deep:
        return Tally(int(await db.value(select(func.coalesce(func.sum(of.aantal), 0)).where(*found))))
    statement = select(of.blok, func.sum(of.aantal).label("aantal")).where(*found)
    rows = await db.rows(statement.group_by(of.blok).order_by(of.blok.desc()))
    parts = [(DOCUMENT_TABLE.c.id < (row["blok"] + 1) * BLOK, int(row["aantal"])) for row in rows]
    return Tally(sum(aantal for _, aantal in parts), parts)


# --- Folding ----------------------------------------------------------------------------------------------------------

_FOLD = (
    "WITH weg AS (DELETE FROM documenttelling_delta RETURNING *) INSERT INTO documenttelling AS t "
    "SELECT bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding, gereed, coalesce(blok, -1), "
    "sum(aantal) FROM weg GROUP BY GROUPING SETS ((1, 2, 3, 4, blok), (1, 2, 3, 4)) ORDER BY 5, 1, 2, 3, 4 "
    "ON CONFLICT (blok, bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding, gereed) "
    "DO UPDATE SET aantal = t.aantal + excluded.aantal"
)
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.documenttelling'))"


def written(service: Service, tenant: str) -> None:
    """Note that this process left a row to be folded."""
    _left(service)[tenant] += 1


def _left(service: Service) -> Counter[str]:
    found: Counter[str] = service.state.setdefault("documenttelling", Counter())
    return found


async def fold(service: Service, tenant: str) -> None:
    """Fold what writers left into the totals: one statement, so that every reader sees it before or after."""
    async with service.database.transaction(tenant) as db:
        if await db.connection.fetchval(_ALONE):
            await db.connection.execute(_FOLD)


async def fold_steadily(service: Service) -> None:
    """Fold for ever, wherever this process wrote enough. Background work of the service."""
    left = _left(service)
    while True:
        await asyncio.sleep(FOLD_PERIOD)
        for tenant in [tenant for tenant, number in left.items() if number >= FOLD_FROM]:
            try:
                await fold(service, tenant)
                del left[tenant]
            except UNAVAILABLE as e:
                log.warning("counts of %s could not be folded: %s", tenant, e)
