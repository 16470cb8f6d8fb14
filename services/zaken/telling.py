"""How many objects there are, exactly, without counting them at each request.

Per zaaktype, level and what else the filters often ask for, the number of rows of a table is kept, in all and per block
of its default order; what belongs to a zaak counts under the type and level of the zaak. Triggers (``tellers``) add a
row to ``tellingdelta`` for each change, in its own transaction, so writers never wait for each other; a background task
folds those rows into the totals. The sum over both is exact at each moment. The blocks tell where a page lies without
walking to it.

The totals have a version, which every change of them renews. A process remembers what it added up of them for whom,
and asks the database only for the version and the rows beside them, in one statement.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnClause,
    ColumnElement,
    Identity,
    Select,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
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
from zgw.database import Executor, Prepared
from zgw.problems import Problem
from zgw.resource import Count, Tally
from zgw.rights import Rights

log = logging.getLogger("samenzaak.telling")

VOUW_SECONDEN = 5.0
VOUW_VANAF = 200
"""Rows that a reader may find beside the totals before they are folded: so few cost it nothing."""
TE_VOUWEN = "telling"
"""Where the service keeps the municipalities that have more of them."""

ONTHOUDEN = 100
"""Different questions of which the answer is remembered, for the rights of one client."""

NUL: ColumnElement[int] = literal_column("0", BigInteger)
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
VERSIE = Table("tellingversie", METADATA, Column("versie", Uuid, nullable=False))
"""One row: tells whether ``telling`` is still what it was."""
VERNIEUW = "UPDATE tellingversie SET versie = gen_random_uuid()"
VERSIE.info["ddl"] = [
    "INSERT INTO tellingversie VALUES (gen_random_uuid())",
    f"""\
CREATE FUNCTION telling_vernieuwd() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    {VERNIEUW};
    RETURN NULL;
END $$;
CREATE TRIGGER telling_versie AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON telling
    FOR EACH STATEMENT EXECUTE FUNCTION telling_vernieuwd()""",
]
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

    def vraag(rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool) -> Vraag | None:
        folded, loose = (where(kept, rights, criteria) for kept in (TELLING, DELTA))
        return None if folded is None or loose is None else Vraag(folded, loose, parts)

    async def tel(
        call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
    ) -> Tally | None:
        key = (teller.soort, call.tenant, parts, *(_sleutel(condition) for condition in criteria))
        known: OrderedDict[Hashable, Vraag] = rights.statements.setdefault(Vraag, OrderedDict())
        asked = known.get(key) or vraag(rights, criteria, parts)
        if asked is None:
            return None
        known[key] = asked
        known.move_to_end(key)
        if len(known) > ONTHOUDEN:
            known.popitem(last=False)
        numbers, loose = await asked.antwoord(db)
        if loose >= VOUW_VANAF:
            call.service.state.setdefault(TE_VOUWEN, set()).add(call.tenant)
        made = sorted(((block, n) for block, n in numbers.items() if n), reverse=True) if parts else []
        return Tally(sum(numbers.values()), made, partial(between, table, teller))

    return tel


class Vraag:
    """A question for numbers: per block (one in all when there are no parts), and those beside the totals."""

    def __init__(
        self, folded: Sequence[ColumnElement[bool]], loose: Sequence[ColumnElement[bool]], parts: bool
    ) -> None:
        numbers = func.unnest(TELLING.c.aantallen) if parts else TELLING.c.aantal
        blocks = func.unnest(TELLING.c.blokken) if parts else NUL
        totals = _rijen(numbers, blocks, false()).where(*folded)
        beside = _rijen(DELTA.c.aantal, DELTA.c.blok if parts else NUL, true()).where(*loose)
        # The last row is there so that the answer always has one, with the version.
        self._beside = Prepared(_sommen(beside, _rijen(NUL, NUL, false())))
        self._all = Prepared(_sommen(totals, beside, _rijen(NUL, NUL, false())))
        self._version: UUID | None = None
        self._totals: Mapping[int, int] = {}

    async def antwoord(self, db: Executor) -> tuple[dict[int, int], int]:
        """Return the numbers, and how many rows there were beside the totals. One statement gives the version and those
        rows, so what is remembered of that version belongs to them; else one statement gives everything."""
        rows = await db.rows(self._beside())
        totals = self._totals
        if rows[0]["versie"] != self._version:
            rows = await db.rows(self._all())
            totals = {row["blok"]: int(row["totaal"]) for row in rows if row["totaal"]}
            self._version, self._totals = rows[0]["versie"], totals
        found = dict(totals)
        for row in rows:
            if row["ernaast"]:
                found[row["blok"]] = found.get(row["blok"], 0) + int(row["ernaast"])
        return found, sum(row["los"] for row in rows)


def _rijen(aantal: ColumnElement[Any], blok: ColumnElement[Any], los: ColumnElement[bool]) -> Select[Any]:
    return select(aantal.label("aantal"), blok.label("blok"), los.label("los"))


def _sommen(*parts: Select[Any]) -> Select[Any]:
    rows = union_all(*parts).subquery()
    return select(
        select(VERSIE.c.versie).scalar_subquery().label("versie"),
        rows.c.blok,
        func.sum(rows.c.aantal).filter(~rows.c.los).label("totaal"),
        func.sum(rows.c.aantal).filter(rows.c.los).label("ernaast"),
        func.count().filter(rows.c.los).label("los"),
    ).group_by(rows.c.blok)


def _sleutel(condition: ColumnElement[bool]) -> Hashable:
    """Return what tells a condition from others, with its values."""
    made = condition._generate_cache_key()
    assert made is not None
    return made.key, tuple(repr(parameter.effective_value) for parameter in made.bindparams)


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
    return [*empty, *(teller.hertel() for teller in TELLERS), VOUW, VERNIEUW]


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
