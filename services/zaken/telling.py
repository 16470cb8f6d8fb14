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
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnClause,
    ColumnElement,
    Identity,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    literal_column,
    null,
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
from zgw.resource import Count, Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

VOUW_SECONDEN = 5.0
VOUW_VANAF = 200
"""Rows that a reader may find beside the totals before they are folded: so few cost it nothing."""
TE_VOUWEN = "telling"
"""Where the service keeps the municipalities that have more of them."""

TELLERS: list[Teller] = []


def _kolommen() -> list[Column[Any]]:
    return [Column(name, JSONB if name == "kenmerken" else Text, nullable=False) for name in GROEP]


TELLING = Table(
    "telling",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    *_kolommen(),
    Column("aantal", BigInteger, nullable=False),
    Column("blokken", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("aantallen", ARRAY(BigInteger), nullable=False, server_default="{}"),
    UniqueConstraint(*GROEP, name="telling_groep"),
)
"""``aantallen`` holds the numbers in the ``blokken``. Arrays, because all are read at once, for hundreds of groups."""
DELTA = Table(
    "tellingdelta",
    METADATA,
    *_kolommen(),
    Column("blok", BigInteger, nullable=False),
    Column("aantal", BigInteger, nullable=False),
)


def geteld(table: Table, teller: Teller) -> Count:
    """Keep the numbers of a table, and return the function that tells them."""
    table.info.setdefault("ddl", []).extend(teller.ddl())
    TELLERS.append(teller)

    def where(kept: Table, rights: Rights, criteria: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]] | None:
        found = [on_counts(condition, table, teller, kept) for condition in criteria]
        known = [condition for condition in found if condition is not None]
        own = [kept.c.soort == teller.soort, rights.condition(kept.c.zaaktype, kept.c.vertrouwelijkheidaanduiding)]
        return [*own, *known] if len(known) == len(found) else None

    async def tel(
        call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
    ) -> Tally | None:
        folded, loose = (where(kept, rights, criteria) for kept in (TELLING, DELTA))
        if folded is None or loose is None:
            return None
        numbers = func.unnest(TELLING.c.aantallen) if parts else TELLING.c.aantal
        blocks = func.unnest(TELLING.c.blokken) if parts else null()
        both = union_all(
            select(numbers.label("aantal"), blocks.label("blok"), false().label("los")).where(*folded),
            select(DELTA.c.aantal, DELTA.c.blok, true()).where(*loose),
        ).subquery()
        sums = (func.sum(both.c.aantal).label("aantal"), func.count().filter(both.c.los).label("los"))
        if parts:
            rows = await db.rows(select(both.c.blok, *sums).group_by(both.c.blok).order_by(both.c.blok.desc()))
        else:
            rows = await db.rows(select(*sums))
        if sum(row["los"] for row in rows) >= VOUW_VANAF:
            call.service.state.setdefault(TE_VOUWEN, set()).add(call.tenant)
        made = [(row["blok"], int(row["aantal"])) for row in rows if row["aantal"]] if parts else []
        return Tally(sum(int(row["aantal"] or 0) for row in rows), made, partial(between, table, teller))

    return tel


def on_counts(condition: ColumnElement[bool], table: Table, teller: Teller, kept: Table) -> ColumnElement[bool] | None:
    """Return a condition on the rows of a table as one on what is kept of them, or None when that does not tell."""
    unknown = False
    kenmerken = kept.c.kenmerken

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
                return kept.c[element.name]
            unknown = True
        return None

    found: ColumnElement[bool] = replacement_traverse(condition, {}, replace)
    return None if unknown else found


def between(table: Table, teller: Teller, first: int, last: int) -> list[ColumnElement[bool]]:
    """Return the conditions that keep the rows in the blocks from ``first`` down to ``last``."""
    if teller.moment:
        begin, end = (func.to_timestamp(float(blok * BLOK_SECONDEN)) for blok in (last, first + 1))
        return [table.c[teller.moment] >= begin, table.c[teller.moment] < end]
    return [table.c.id >= last * BLOK, table.c.id < (first + 1) * BLOK]


# --- Folding -------------------------------------------------------------------------------------------------------

_groep = ", ".join(GROEP)
VOUW = f"""
WITH los AS (DELETE FROM tellingdelta RETURNING *),
per_blok AS (SELECT {_groep}, blok, sum(aantal)::bigint AS n FROM los GROUP BY {_groep}, blok)
INSERT INTO telling AS t ({_groep}, aantal, blokken, aantallen)
SELECT {_groep}, sum(n), array_agg(blok), array_agg(n) FROM per_blok GROUP BY {_groep} ORDER BY {_groep}
ON CONFLICT ({_groep}) DO UPDATE SET aantal = t.aantal + excluded.aantal, (blokken, aantallen) = (
    SELECT coalesce(array_agg(blok ORDER BY blok), '{{}}'), coalesce(array_agg(n ORDER BY blok), '{{}}') FROM (
        SELECT blok, sum(n)::bigint AS n FROM (
            SELECT unnest(t.blokken) AS blok, unnest(t.aantallen) AS n
            UNION ALL SELECT unnest(excluded.blokken), unnest(excluded.aantallen)
        ) beide GROUP BY blok HAVING sum(n) <> 0
    ) samen
)
"""  # noqa: S608
ALLEEN = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.telling'))"


def hertel() -> list[str]:
    """Return the statements that count everything again, for whoever fills the tables without the triggers."""
    empty = [f"DELETE FROM {table.name}" for table in (DELTA, TELLING)]  # noqa: S608
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
