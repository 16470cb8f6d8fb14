"""Numbers that are given out, each once: ``ZAAK-2026-0000000001``.

A counter per prefix is raised in a statement of its own, so that nobody waits for the transaction of another. Numbers
that clients chose themselves are stepped over, those of objects that were removed too.

Example::

    NUMBERS = Numbers(ZAAK_TABLE, "ZAAK", "bronorganisatie")
    check.row["identificatie"] = await NUMBERS.next(check.call, 2026, check.row["bronorganisatie"])
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Column, Table, Text, and_, bindparam, exists, func, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert
from starlette.responses import Response

from runtime.problems import invalid
from runtime.statements import Executor, Row, among
from zgw.request import Call, answer

GONE, RESERVED = "gone", "reserved"
"""Why a number is not given out: of a removed object whose client had chosen it; reserved."""
MOST = 10_000
"""Numbers that are reserved at once."""

_NUMBER = "n.prefix || lpad(n.last::text, 10, '0')"


class Numbers:
    """The numbers of one resource, whose ``table`` has them in ``identificatie``: tables ``numbers`` and
    ``numbers_taken``.

    A number is unique for one value of the column ``owner``; without one, in the whole table. ``remember`` tells
    whether there are numbers beside those of the table that are not given out.
    """

    def __init__(self, table: Table, name: str, owner: str = "", remember: bool = True) -> None:
        self.table, self.name, self.owner = table, name, owner
        self.pattern = re.compile(rf"({name}-\d{{4}}-)(\d{{10}})")
        self.counters = Table(
            "numbers",
            table.metadata,
            Column("prefix", Text, primary_key=True),
            Column("last", BigInteger, nullable=False),
            # Room on the page keeps the updates of this row from touching its index.
            postgresql_with={"fillfactor": 10},
        )
        taken = [f"EXISTS (SELECT FROM {table.name} WHERE identificatie = {_NUMBER}{self._of(owner)})"]
        self._taken: Table | None = None
        if remember:
            self._taken = Table(
                "numbers_taken",
                table.metadata,
                Column("number", Text, primary_key=True),
                Column("owner", Text, primary_key=True),
                Column("reason", Text, nullable=False),
            )
            taken.append(f"EXISTS (SELECT FROM numbers_taken WHERE number = {_NUMBER}{self._of('owner')})")
        self._next = f"""
            INSERT INTO numbers AS n (prefix, last) VALUES ($1, $2)
            ON CONFLICT (prefix) DO UPDATE SET last = n.last + excluded.last
            RETURNING last, set_config('synchronous_commit', 'off', true), {" OR ".join(taken)} AS taken"""  # noqa: S608

    @property
    def taken(self) -> Table:
        """The numbers beside those of the table that are not given out."""
        assert self._taken is not None
        return self._taken

    def _of(self, column: str) -> str:
        return f" AND {column} = $3" if self.owner else ""

    def prefix(self, year: int) -> str:
        """Return what the numbers of a year begin with."""
        return f"{self.name}-{year:04d}-"

    def raised(self, prefix: str, step: int) -> ReturningInsert[tuple[int]]:
        """Return the statement that raises a counter and returns it."""
        statement = upsert(self.counters).values(prefix=prefix, last=step)
        return statement.on_conflict_do_update(
            index_elements=[self.counters.c.prefix], set_={"last": self.counters.c.last + statement.excluded.last}
        ).returning(self.counters.c.last)

    async def next(self, call: Call, year: int, owner: Any = None) -> str:
        """Return a number that nobody else gets.

        Numbers that are taken are stepped over with steps that double, so that a register of migrated numbers is
        passed in a few steps. The counter need not reach the disk at once: the object that uses the number is committed
        later in the same log, so either both survive a crash or neither does.
        """
        prefix, step = self.prefix(year), 1
        given = [owner] if self.owner else []
        async with call.db.acquire(call.tenant) as db:
            while True:
                row = await db.connection.fetchrow(self._next, prefix, step, *given)
                assert row is not None
                if not row["taken"]:
                    return f"{prefix}{row['last']:010d}"
                step *= 2

    async def reserve(self, call: Call, owner: str, amount: int) -> list[str]:
        """Give out numbers of this year for objects that are still to be made, and return them; raise 400 for more than
        ``MOST``."""
        if amount > MOST:
            raise invalid("aantal", "max_value", f"Reserveer ten hoogste {MOST} nummers tegelijk.")
        prefix, step = self.prefix(call.today().year), amount
        c = self.table.c
        found: list[str] = []
        while len(found) < amount:
            async with call.db.transaction(call.tenant) as db:
                row = await db.row(self.raised(prefix, step))
                assert row is not None
                numbers = [f"{prefix}{n:010d}" for n in range(row["last"] - step + 1, row["last"] + 1)]
                own = select(c.identificatie).where(among(c.identificatie, numbers), c[self.owner] == owner)
                taken = {row["identificatie"] for row in await db.rows(own)}
                if self._taken is not None:
                    of = self.taken.c
                    ours = select(of.number).where(among(of.number, numbers), of.owner == owner)
                    taken |= {row["number"] for row in await db.rows(ours)}
                free = [number for number in numbers if number not in taken][: amount - len(found)]
                if free and self._taken is not None:
                    each = func.unnest(bindparam(None, free, type_=ARRAY(Text)))
                    values = select(each, literal(owner), literal(RESERVED))
                    await db.execute(insert(self.taken).from_select(["number", "owner", "reason"], values))
                found += free
            step *= 2
        return found

    async def retire(self, db: Executor, objects: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Remember the numbers of removed objects that the counter has yet to reach, so that it steps over them.

        Returns what was not remembered yet.
        """
        fresh: list[Row] = []
        counter, columns = self.counters.c, ["number", "owner", "reason"]
        for row in objects:
            if not (found := self.pattern.fullmatch(row["identificatie"])):
                continue
            passed = exists(select(1).where(counter.prefix == found[1], counter.last >= int(found[2])))
            owner = row[self.owner] if self.owner else ""
            values = select(literal(found[0]), literal(owner), literal(GONE)).where(~passed)
            statement = upsert(self.taken).from_select(columns, values).on_conflict_do_nothing()
            fresh += await db.rows(statement.returning(self.taken))
        return fresh

    async def revive(self, db: Executor, numbers: Sequence[Row]) -> None:
        """Forget again what :meth:`retire` remembered: the objects came back."""
        taken = self.taken.c
        for row in numbers:
            await db.execute(
                self.taken.delete().where(and_(taken.number == row["number"], taken.owner == row["owner"]))
            )


def numbers_answer(name: str, numbers: Sequence[str]) -> Response:
    """Return the 201 with numbers that were reserved: one as an object, more as a list of them."""
    found = [{name: number} for number in numbers]
    return answer(found[0] if len(found) == 1 else found, 201)
