"""How many objects there are, exactly, without counting them at each request (docs/adr/0009).

Per type, level and what else the filters often ask for, the number of rows of a table is kept, in all and per block of
its default order; what belongs to a main object counts under the type and level of that. Triggers (``counts.sql``) add
a row to ``counts_delta`` for each change, in its own transaction, so writers never wait for each other; a background
task folds those rows into the totals in ``counts``. The sum over both is exact at each moment. The blocks tell where a
page lies without walking to it.

The totals have a version, which every change of them renews. A process remembers what it added up of them for whom,
and asks the database only for the version and the rows beside them, in one statement.

Example::

    COUNTS = Counts(ZAAK_TABLE, "zaaktype")
    ZAAK = Resource(…, tally=COUNTS.of(ZAAK_TABLE, values=("archiefstatus",), filled=("einddatum",)))
    ROL = Resource(…, tally=COUNTS.of(ROL_TABLE, "zaak", values=("roltype",)))
    API = Api(…, start=[COUNTS.fold_steadily])
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from sqlalchemy.sql.elements import BinaryExpression, Null, True_
from sqlalchemy.sql.visitors import replacement_traverse

from runtime.locks import Lock, try_lock
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from runtime.sql_files import SqlFile
from runtime.statements import Executor, Prepared
from zgw.request import Call, Service
from zgw.resource import Count
from zgw.rights import Rights
from zgw.tally import Tally

BLOCK = 32_768
"""Ids in a block: few enough to walk through one, enough to keep the number of blocks small. The triggers know it."""
BLOCK_SECONDS = 30 * 86_400
"""The width of a block of what is ordered by a moment."""

FOLD_PERIOD = 5.0
"""Least seconds between two folds for one municipality."""
FOLD_FROM = 200
"""Rows that a reader may find beside the totals before they are folded: so few cost it nothing."""
SWEEP_PERIOD = 600.0
"""Seconds between two looks at what nobody reads."""
FOLDING = "counts"
"""Where the service keeps what folds in the background."""

QUESTIONS = 100
"""Different questions of which the answer is remembered, for the rights of one client."""

ZERO: ColumnElement[int] = literal_column("0", BigInteger)


sql = SqlFile(__file__)

Restrict = Callable[[Rights], ColumnElement[bool] | None]


@dataclass(frozen=True, eq=False)
class Counted:
    """A table that is counted, and what is told apart: the values of some columns, and of others only whether they are
    filled, or true. ``reference`` is the column that refers to the main object, empty when the table has a type and a
    level itself; ``moment`` the column that the list is ordered by, instead of the id. ``key`` is the column of the
    main object that is referred to: with the id of that, the list is in the order of the main objects."""

    table: Table
    main: str
    type: str
    level: str
    reference: str = ""
    values: Sequence[str] = ()
    filled: Sequence[str] = ()
    true: Sequence[str] = ()
    moment: str = ""
    key: str = "uuid"

    def facts(self, row: str) -> str:
        """Return the SQL of the facts of a row."""
        facts = [f"'{name}', {row}.{name}" for name in self.values]
        facts += [f"'{name}', {row}.{name} IS NOT NULL" for name in self.filled]
        facts += [f"'{name}', {row}.{name} IS TRUE" for name in self.true]
        return f"jsonb_build_object({', '.join(facts)})"

    def block(self, row: str) -> str:
        """Return the SQL of the block of a row."""
        if self.moment:
            return f"floor(extract(epoch FROM {row}.{self.moment}) / {BLOCK_SECONDS})::bigint"
        return f"{row}.{self.reference if self.key == 'id' else 'id'} / {BLOCK}"

    def _sql(self, name: str, row: str, **more: object) -> str:
        """Return a statement, about this table, in which ``row`` is what a row of it is called."""
        names = {"main": self.main, "type": self.type, "level": self.level, "reference": self.reference}
        names["key"] = self.key
        return sql(name, kind=self.table.name, **names, row=row, facts=self.facts(row), block=self.block(row), **more)

    def triggers(self) -> list[str]:
        """Return the statements that make the triggers, for ``Table.info``."""
        one = "count_under_main" if self.reference else "count_own"
        own = (self.reference,) if self.reference else (self.type, self.level)
        columns = [*own, *self.values, *self.filled, *self.true, *([self.moment] if self.moment else ())]
        old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
        minus, plus = self._sql(one, "OLD", number=-1), self._sql(one, "NEW", number=1)
        more = {"columns": ", ".join(columns), "old": old, "new": new, "minus": minus, "plus": plus}
        made = [self._sql("count_each", "NEW", **more)]
        return [*made, self._sql("count_all_below", "o")] if self.reference else made

    def recount(self) -> str:
        """Return the statement that counts everything again, as new rows of ``counts_delta``."""
        return self._sql("recount_under_main" if self.reference else "recount_own", "o")

    def on_counts(self, condition: ColumnElement[bool], kept: Table) -> ColumnElement[bool] | None:
        """Return a condition on the rows of the table as one on what is kept of them, or None when that does not
        tell."""
        unknown = False

        def fact(name: str) -> ColumnElement[str]:
            return kept.c.facts.op("->>", return_type=Text())(literal_column(f"'{name}'"))

        def replace(element: Any, **_: Any) -> Any:
            nonlocal unknown
            if isinstance(element, BinaryExpression) and element.operator in (operators.is_, operators.is_not):
                name = getattr(element.left, "name", "")
                kinds = ((self.filled, Null, operators.is_not), (self.true, True_, operators.is_))
                for names, right, positive in kinds:
                    if name in names and element.left is self.table.c[name] and isinstance(element.right, right):
                        return fact(name) == literal_column("'true'" if element.operator is positive else "'false'")
            if isinstance(element, ColumnClause) and not element.is_literal:
                if element.table is self.table and element.name in self.values:
                    return fact(element.name)
                if element.table is self.table and not self.reference and element.name in (self.type, self.level):
                    return kept.c.type if element.name == self.type else kept.c.level
                unknown = True
            return None

        found: ColumnElement[bool] = replacement_traverse(condition, {}, replace)
        return None if unknown else found

    def between(self, first: int, last: int) -> list[ColumnElement[bool]]:
        """Return the conditions that keep the rows in the blocks from ``first`` down to ``last``."""
        if self.moment:
            begin, end = (func.to_timestamp(float(block * BLOCK_SECONDS)) for block in (last, first + 1))
            return [self.table.c[self.moment] >= begin, self.table.c[self.moment] < end]
        return [self.table.c.id >= last * BLOCK, self.table.c.id < (first + 1) * BLOCK]


class Counts:
    """The counts of one service: its tables ``counts``, ``counts_delta`` and ``counts_version``.

    ``main`` is the table of the main objects, which have a type and a level in the columns of these names.
    """

    def __init__(self, main: Table, type_: str, level: str = "vertrouwelijkheidaanduiding") -> None:
        self._main, self._type, self._level = main, type_, level
        self._counted: list[Counted] = []
        self._tallies: dict[str, Count] = {}
        group = [("kind", Text), ("type", Text), ("level", Text), ("facts", JSONB)]

        def grouped() -> list[Column[Any]]:
            return [Column(name, kind, nullable=False) for name, kind in group]

        self.totals = Table(
            "counts",
            main.metadata,
            Column("id", BigInteger, Identity(), primary_key=True),
            *grouped(),
            Column("total", BigInteger, nullable=False),
            # Arrays, because all are read at once, for hundreds of groups.
            Column("blocks", ARRAY(BigInteger), nullable=False, server_default="{}"),
            Column("numbers", ARRAY(BigInteger), nullable=False, server_default="{}"),
            UniqueConstraint(*(name for name, _ in group), name="counts_group"),
        )
        self.delta = Table(
            "counts_delta",
            main.metadata,
            *grouped(),
            Column("block", BigInteger, nullable=False),
            Column("number", BigInteger, nullable=False),
        )
        self.version = Table("counts_version", main.metadata, Column("version", Uuid, nullable=False))
        self.version.info["ddl"] = [sql("first_version"), sql("new_version_with_each_change")]

    def of(
        self,
        table: Table,
        reference: str = "",
        *,
        values: Sequence[str] = (),
        filled: Sequence[str] = (),
        true: Sequence[str] = (),
        moment: str = "",
        key: str = "uuid",
        restrict: Restrict | None = None,
    ) -> Count:
        """Count a table, and return the function that tells the numbers (``Resource.tally``).

        For the rest see :class:`Counted`; ``restrict`` is that of the resource.
        """
        counted = Counted(table, self._main.name, self._type, self._level, reference, values, filled, true, moment, key)
        table.info.setdefault("ddl", []).extend(counted.triggers())
        self._counted.append(counted)

        async def tally(
            call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
        ) -> Tally | None:
            key = (table, call.tenant, parts, *(_key_of(condition) for condition in criteria))
            known: OrderedDict[Hashable, Question] = rights.statements.setdefault(Question, OrderedDict())
            question = known.get(key) or self._question(counted, rights, criteria, parts, restrict)
            if question is None:
                return None
            known[key] = question
            known.move_to_end(key)
            if len(known) > QUESTIONS:
                known.popitem(last=False)
            numbers, loose = await question.ask(db)
            folding: PerTenant | None = call.service.state.get(FOLDING)
            if folding is not None and loose >= FOLD_FROM:
                folding.look(call.tenant)
            made = sorted(((block, n) for block, n in numbers.items() if n), reverse=True) if parts else []
            return Tally(sum(numbers.values()), made, partial(Counted.between, counted))

        self._tallies[table.name] = tally
        return tally

    def through(
        self, own: Count, kept_for: Callable[[ColumnElement[bool]], tuple[Table, ColumnElement[bool]] | None]
    ) -> Count:
        """Return the count ``own`` of the main objects, which then also tells how many have a row that meets a
        condition in a table of ``zgw.kept``, which is counted by the id of the main object. ``kept_for`` returns that
        table and the condition on its rows for a criterion that is one."""
        between = partial(Counted.between, next(each for each in self._counted if each.table is self._main))

        async def tally(
            call: Call, db: Executor, rights: Rights, criteria: Sequence[ColumnElement[bool]], parts: bool
        ) -> Tally | None:
            found = kept_for(criteria[0]) if len(criteria) == 1 else None
            if found is None:
                return await own(call, db, rights, criteria, parts)
            table, condition = found
            told = await self._tallies[table.name](call, db, rights, [condition], parts)
            return told and replace(told, between=between, indexed=True)

        return tally

    def _question(
        self,
        counted: Counted,
        rights: Rights,
        criteria: Sequence[ColumnElement[bool]],
        parts: bool,
        restrict: Restrict | None,
    ) -> "Question | None":
        """Return the question for these numbers, or None when the counts do not have them."""
        own = restrict(rights) if restrict else None
        asked = [*criteria, *([] if own is None else [own])]

        def where(kept: Table) -> list[ColumnElement[bool]] | None:
            found = [counted.on_counts(condition, kept) for condition in asked]
            known = [condition for condition in found if condition is not None]
            ours = [kept.c.kind == counted.table.name, rights.condition(kept.c.type, kept.c.level)]
            return [*ours, *known] if len(known) == len(found) else None

        folded, loose = where(self.totals), where(self.delta)
        return None if folded is None or loose is None else Question(self, folded, loose, parts)

    def recount(self) -> list[str]:
        """Return the statements that count everything again, for whoever fills the tables without the triggers."""
        empty = [f"DELETE FROM {table.name}" for table in (self.delta, self.totals)]  # noqa: S608
        return [*empty, *(counted.recount() for counted in self._counted), sql("fold"), sql("new_version")]

    async def fold(self, service: Service, tenant: str) -> None:
        """Fold what writers left into the totals, unless somebody else does."""
        async with service.database.transaction(tenant) as db:
            if await db.value(try_lock(Lock.COUNTS)):
                await db.connection.execute(sql("fold"))

    async def fold_steadily(self, service: Service) -> None:
        """Fold for ever, wherever a reader or a sweep finds much. Background work of the service."""

        async def work(tenant: str) -> None:
            async with service.database.acquire(tenant) as db:
                much = await db.connection.fetchval(sql("much_to_fold"), FOLD_FROM - 1)
            if much:
                await self.fold(service, tenant)

        folding = service.state[FOLDING] = PerTenant(
            f"counts of {service.api.service}",
            service.database.tenants,
            work,
            at_once=1,
            gather=FOLD_PERIOD,
            sweep=SWEEP_PERIOD,
            expected=(OSError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError),
        )
        service.background.append(folding)
        await folding.run()


class Question:
    """A question for numbers: per block (one in all when there are no parts), and those beside the totals."""

    def __init__(
        self, of: Counts, folded: Sequence[ColumnElement[bool]], loose: Sequence[ColumnElement[bool]], parts: bool
    ) -> None:
        numbers = func.unnest(of.totals.c.numbers) if parts else of.totals.c.total
        blocks = func.unnest(of.totals.c.blocks) if parts else ZERO
        totals = _rows(numbers, blocks, false()).where(*folded)
        beside = _rows(of.delta.c.number, of.delta.c.block if parts else ZERO, true()).where(*loose)
        # The last row is there so that the answer always has one, with the version.
        self._beside = Prepared(_sums(of.version, beside, _rows(ZERO, ZERO, false())))
        self._all = Prepared(_sums(of.version, totals, beside, _rows(ZERO, ZERO, false())))
        self._version: UUID | None = None
        self._totals: Mapping[int, int] = {}

    async def ask(self, db: Executor) -> tuple[dict[int, int], int]:
        """Return the numbers, and how many rows there were beside the totals. One statement gives the version and those
        rows, so what is remembered of that version belongs to them; else one statement gives everything."""
        rows = await db.rows(self._beside())
        totals = self._totals
        if rows[0]["version"] != self._version:
            rows = await db.rows(self._all())
            totals = {row["block"]: int(row["total"]) for row in rows if row["total"]}
            self._version, self._totals = rows[0]["version"], totals
        found = dict(totals)
        for row in rows:
            if row["beside"]:
                found[row["block"]] = found.get(row["block"], 0) + int(row["beside"])
        return found, sum(row["loose"] for row in rows)


def _rows(number: ColumnElement[Any], block: ColumnElement[Any], loose: ColumnElement[bool]) -> Select[Any]:
    return select(number.label("number"), block.label("block"), loose.label("loose"))


def _sums(version: Table, *parts: Select[Any]) -> Select[Any]:
    rows = union_all(*parts).subquery()
    return select(
        select(version.c.version).scalar_subquery().label("version"),
        rows.c.block,
        func.sum(rows.c.number).filter(~rows.c.loose).label("total"),
        func.sum(rows.c.number).filter(rows.c.loose).label("beside"),
        func.count().filter(rows.c.loose).label("loose"),
    ).group_by(rows.c.block)


def _key_of(condition: ColumnElement[bool]) -> Hashable:
    """Return what tells a condition from others, with its values."""
    made = condition._generate_cache_key()
    assert made is not None
    return made.key, tuple(repr(parameter.effective_value) for parameter in made.bindparams)
