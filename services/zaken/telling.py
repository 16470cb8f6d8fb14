"""How many zaken there are, exactly, without counting them at each request.

Per zaaktype, level and block of ids the number of zaken is kept. A write only adds a row to ``zaaktelling_delta``, in
its own transaction, so writers never wait for each other; a background task folds those rows into ``zaaktelling``.
The sum over both tables is exact at each moment. The blocks tell where a deep page begins without walking to it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    insert,
    select,
    union_all,
)
from sqlalchemy.sql.schema import SchemaItem

from services.zaken.zaak_velden import METADATA, ZAAK_TABLE
from zgw.call import Service
from zgw.check import Check
from zgw.database import Executor, among
from zgw.fields import LEVELS, Ref, Vertrouwelijkheid
from zgw.filters import Filter, conditions, reference
from zgw.problems import Problem
from zgw.resource import Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

BLOK = 32_768
"""Ids in a block: few enough to walk through one, enough to keep the number of blocks small."""
VOUW_SECONDEN = 5.0
VOUW_VANAF = 200
"""Rows that a process leaves before it folds them: so few cost a reader nothing."""
GESCHREVEN = "zaaktelling"
"""Where the service keeps how many rows it left, per municipality."""


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(
        name,
        METADATA,
        Column("zaaktype", Text, nullable=False),
        Column("vertrouwelijkheidaanduiding", Text, nullable=False),
        Column("blok", BigInteger, nullable=False),
        Column("aantal", BigInteger, nullable=False),
        *items,
    )


TELLING = _table("zaaktelling", PrimaryKeyConstraint("blok", "zaaktype", "vertrouwelijkheidaanduiding"))
DELTA = _table("zaaktelling_delta")

TOTAAL = -1
"""The block under which the sum over all blocks is kept."""

PER_BLOK = union_all(select(TELLING).where(TELLING.c.blok >= 0), select(DELTA)).subquery("telling")
SAMEN = union_all(select(TELLING).where(TELLING.c.blok == TOTAAL), select(DELTA)).subquery("telling")


def filters_on(telling: FromClause) -> list[Filter]:
    """Return the filters of ``GET /zaken`` that leave the number of zaken known, on the counts."""
    levels = telling.c.vertrouwelijkheidaanduiding
    return [
        reference("zaaktype", telling.c.zaaktype, Ref("catalogi", "zaaktypen")),
        Filter(
            "maximaleVertrouwelijkheidaanduiding",
            Vertrouwelijkheid,
            lambda level: among(levels, LEVELS[: LEVELS.index(level) + 1]),
        ),
    ]


FILTERS = {PER_BLOK: filters_on(PER_BLOK), SAMEN: filters_on(SAMEN)}

PAGING = ("page", "pageSize", "expand", "ordering")


async def tel(
    db: Executor, rights: Rights, given: Mapping[str, str], bases: tuple[str, ...], where: Sequence[ColumnElement[bool]]
) -> Tally | None:
    """Return the number of zaken that a client gets for these parameters, or None when it has to be counted."""
    criteria = {name: value for name, value in given.items() if name not in PAGING and value}
    deep = given.get("page", "1") not in ("", "1") and not given.get("ordering")
    telling = PER_BLOK if deep else SAMEN
    found = conditions(FILTERS[telling], criteria, bases, [])
    if len(found) != len(criteria) or len(found) != len(where):
        return None
    columns = telling.c
    allowed = rights.condition(columns.zaaktype, columns.vertrouwelijkheidaanduiding)
    if not deep:
        total = select(func.coalesce(func.sum(columns.aantal), 0)).where(*found, allowed)
        return Tally(int(await db.value(total)))
    statement = select(columns.blok, func.sum(columns.aantal).label("aantal")).where(*found, allowed)
    rows = await db.rows(statement.group_by(columns.blok).order_by(columns.blok.desc()))
    parts = [(ZAAK_TABLE.c.id < (row["blok"] + 1) * BLOK, int(row["aantal"])) for row in rows]
    return Tally(sum(aantal for _, aantal in parts), parts)


async def tel_mee(db: Executor, check: Check) -> None:
    """Keep the numbers right when a zaak comes or moves to another zaaktype or level. Belongs in ``effects``."""
    if check.action == "destroy":
        return
    if not (check.changed("zaaktype") or check.changed("vertrouwelijkheidaanduiding")):
        return
    check.call.service.state.setdefault(GESCHREVEN, Counter())[check.call.tenant] += 1
    if check.stored is not None:
        await tel_af(db, [check.stored])
    await db.connection.execute(BIJ, check.uuid, BLOK)


async def tel_af(db: Executor, zaken: Sequence[Mapping[str, Any]]) -> None:
    """Keep the numbers right when zaken (rows with zaaktype, level and id) go."""
    await _tel(db, zaken, -1)


async def tel_bij(db: Executor, zaken: Sequence[Mapping[str, Any]]) -> None:
    """Keep the numbers right when zaken that went come back."""
    await _tel(db, zaken, 1)


async def _tel(db: Executor, zaken: Sequence[Mapping[str, Any]], aantal: int) -> None:
    for zaak in zaken:
        values = {name: zaak[name] for name in ("zaaktype", "vertrouwelijkheidaanduiding")}
        await db.execute(insert(DELTA).values(**values, blok=zaak["id"] // BLOK, aantal=aantal))


BIJ = (
    "INSERT INTO zaaktelling_delta (zaaktype, vertrouwelijkheidaanduiding, blok, aantal) "
    "SELECT zaaktype, vertrouwelijkheidaanduiding, id / $2::bigint, 1 FROM zaak WHERE uuid = $1"
)
VOUW = (
    "WITH weg AS (DELETE FROM zaaktelling_delta RETURNING *) "
    "INSERT INTO zaaktelling AS t (zaaktype, vertrouwelijkheidaanduiding, blok, aantal) "
    "SELECT zaaktype, vertrouwelijkheidaanduiding, coalesce(blok, -1), sum(aantal) FROM weg "
    "GROUP BY GROUPING SETS ((1, 2, blok), (1, 2)) ORDER BY 3, 1, 2 "
    "ON CONFLICT (blok, zaaktype, vertrouwelijkheidaanduiding) DO UPDATE SET aantal = t.aantal + excluded.aantal"
)
ALLEEN = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.zaaktelling'))"


async def vouw(service: Service, tenant: str) -> None:
    """Fold what writers left into the totals: one statement, so that every reader sees it before or after."""
    async with service.database.transaction(tenant) as db:
        if await db.connection.fetchval(ALLEEN):
            await db.connection.execute(VOUW)


async def vouw_steeds(service: Service) -> None:
    """Fold for ever, wherever this process wrote enough. Background work of the service."""
    written: Counter[str] = service.state.setdefault(GESCHREVEN, Counter())
    while True:
        await asyncio.sleep(VOUW_SECONDEN)
        for tenant in [tenant for tenant, number in written.items() if number >= VOUW_VANAF]:
            try:
                await vouw(service, tenant)
                del written[tenant]
            except (OSError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
                log.warning("counts of %s could not be folded: %s", tenant, e)
