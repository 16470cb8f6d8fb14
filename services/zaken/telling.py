"""How many objects there are, exactly, without counting them at each request.

Per zaaktype, level and what else the filters often ask for, the number of rows of a table is kept, in all and per block
of its default order; what belongs to a zaak counts under the type and level of the zaak. Triggers (``tellers``) add a
row to ``tellingdelta`` for each change, in its own transaction, so writers never wait for each other; a background task
folds those rows into the totals. The sum over both is exact at each moment. The blocks tell where a page lies without
walking to it.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnClause,
    ColumnElement,
    FromClause,
    Identity,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.visitors import replacement_traverse

from services.zaken import zaaktelling
from services.zaken.tellers import BLOK, BLOK_SECONDEN, GROEP, Teller
from services.zaken.zaak_velden import METADATA
from zgw.call import Call, Service
from zgw.database import Executor
from zgw.problems import Problem
from zgw.resource import Count, Part, Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

VOUW_SECONDEN = 5.0
VOUW_VANAF = 200
"""Rows that a reader may find beside the totals before they are folded: so few cost it nothing."""
TE_VOUWEN = "telling"
"""Where the service keeps the municipalities that have more of them."""

TELLERS: list[Teller] = []


def _groep() -> list[Column[Any]]:
    return [Column(name, JSONB if name == "kenmerken" else Text, nullable=False) for name in GROEP]


TELLING = Table(
    "telling",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    *_groep(),
    Column("aantal", BigInteger, nullable=False),
    UniqueConstraint(*GROEP, name="telling_groep"),
)
TELLINGBLOK = Table(
    "tellingblok",
    METADATA,
    Column("soort", Text, nullable=False),
    Column("telling", BigInteger, nullable=False),
    Column("blok", BigInteger, nullable=False),
    Column("aantal", BigInteger, nullable=False),
    PrimaryKeyConstraint("soort", "telling", "blok"),
)
DELTA = Table(
    "tellingdelta",
    METADATA,
    *_groep(),
    Column("blok", BigInteger, nullable=False),
    Column("aantal", BigInteger, nullable=False),
)


def _samen(table: Table, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    return [*(table.c[name] for name in GROEP), *columns]


_los = true().label("los")
SAMEN = union_all(
    select(*_samen(TELLING, TELLING.c.aantal, false().label("los"))), select(*_samen(DELTA, DELTA.c.aantal, _los))
).subquery("telling")
PER_BLOK = union_all(
    select(*_samen(TELLING, TELLINGBLOK.c.aantal, false().label("los"), TELLINGBLOK.c.blok)).join_from(
        TELLING, TELLINGBLOK, and_(TELLINGBLOK.c.soort == TELLING.c.soort, TELLINGBLOK.c.telling == TELLING.c.id)
    ),
    select(*_samen(DELTA, DELTA.c.aantal, _los, DELTA.c.blok)),
).subquery("telling")


def geteld(table: Table, teller: Teller) -> Count:
    """Keep the numbers of a table, and return the function that tells them."""
    table.info.setdefault("ddl", []).extend(teller.ddl())
    TELLERS.append(teller)

    async def tel(
        call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
    ) -> Tally | None:
        telling = PER_BLOK if parts else SAMEN
        found = [on_counts(condition, table, teller, telling) for condition in criteria]
        where = [condition for condition in found if condition is not None]
        if len(where) < len(found):
            return None
        c = telling.c
        where += [c.soort == teller.soort, rights.condition(c.zaaktype, c.vertrouwelijkheidaanduiding)]
        sums = func.coalesce(func.sum(c.aantal), 0).label("aantal"), func.count().filter(c.los).label("los")
        statement = select(*sums).where(*where)
        if parts:
            statement = statement.add_columns(c.blok).group_by(c.blok).order_by(c.blok.desc())
        rows = await db.rows(statement)
        if sum(row["los"] for row in rows) >= VOUW_VANAF:
            call.service.state.setdefault(TE_VOUWEN, set()).add(call.tenant)
        made = [part(table, teller, row["blok"], int(row["aantal"])) for row in rows if row["aantal"]] if parts else []
        return Tally(sum(int(row["aantal"]) for row in rows), made)

    return tel


def on_counts(
    condition: ColumnElement[bool], table: Table, teller: Teller, telling: FromClause
) -> ColumnElement[bool] | None:
    """Return a condition on the rows of a table as one on their counts, or None when the counts do not know."""
    unknown = False
    kenmerken = telling.c.kenmerken

    def replace(element: Any, **_: Any) -> Any:
        nonlocal unknown
        if isinstance(element, BinaryExpression) and element.operator in (operators.is_, operators.is_not):
            name = getattr(element.left, "name", "")
            if name in teller.gevuld and element.left is table.c[name]:
                filled = "true" if element.operator is operators.is_not else "false"
                return kenmerken.op("->>")(literal_column(f"'{name}'")) == literal_column(f"'{filled}'")
        if isinstance(element, ColumnClause) and not element.is_literal:
            if element.table is table and element.name in teller.waarden:
                return kenmerken.op("->>", return_type=Text())(literal_column(f"'{element.name}'"))
            if element.table is table and not teller.zaak and element.name in GROEP:
                return telling.c[element.name]
            unknown = True
        return None

    found: ColumnElement[bool] = replacement_traverse(condition, {}, replace)
    return None if unknown else found


def part(table: Table, teller: Teller, blok: int, aantal: int) -> Part:
    """Return a block as a part of the default order."""
    if teller.moment:
        column = table.c[teller.moment]
        first, after = (func.to_timestamp(float(edge * BLOK_SECONDEN)) for edge in (blok, blok + 1))
        return Part(column >= first, column < after, aantal)
    return Part(table.c.id >= blok * BLOK, table.c.id < (blok + 1) * BLOK, aantal)


# --- Folding -------------------------------------------------------------------------------------------------------

_groep_sql = ", ".join(GROEP)
VOUW = f"""
WITH los AS (DELETE FROM tellingdelta RETURNING *),
som AS (
    INSERT INTO telling AS t ({_groep_sql}, aantal) SELECT {_groep_sql}, sum(aantal) FROM los
    GROUP BY {_groep_sql} ORDER BY {_groep_sql}
    ON CONFLICT ({_groep_sql}) DO UPDATE SET aantal = t.aantal + excluded.aantal RETURNING id, {_groep_sql}
)
INSERT INTO tellingblok AS t SELECT som.soort, som.id, los.blok, sum(los.aantal) FROM los JOIN som USING ({_groep_sql})
GROUP BY 1, 2, 3 HAVING sum(los.aantal) <> 0 ORDER BY 1, 2, 3
ON CONFLICT (soort, telling, blok) DO UPDATE SET aantal = t.aantal + excluded.aantal
"""  # noqa: S608
ALLEEN = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.telling'))"


def hertel() -> list[str]:
    """Return the statements that count everything again, for whoever fills the tables without the triggers."""
    empty = [f"DELETE FROM {table.name}" for table in (DELTA, TELLINGBLOK, TELLING)]  # noqa: S608
    return [*empty, *(teller.hertel() for teller in TELLERS), VOUW]


async def vouw(service: Service, tenant: str) -> None:
    """Fold what writers left into the totals: one statement, so that every reader sees it before or after."""
    async with service.database.transaction(tenant) as db:
        for alone, fold in ((ALLEEN, VOUW), (zaaktelling.ALLEEN, zaaktelling.VOUW)):
            if await db.connection.fetchval(alone):
                await db.connection.execute(fold)


async def vouw_steeds(service: Service) -> None:
    """Fold for ever, wherever a reader found much. Background work of the service."""
    wanted: set[str] = service.state.setdefault(TE_VOUWEN, set())
    while True:
        await asyncio.sleep(VOUW_SECONDEN)
        for tenant in list(wanted):
            wanted.discard(tenant)
            try:
                await vouw(service, tenant)
            except (OSError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
                log.warning("counts of %s could not be folded: %s", tenant, e)
