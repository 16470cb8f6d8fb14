"""One page of a list and the number of objects in all, whatever the page and however many there are.

PostgreSQL walks in the order of the list until the page is full, which takes long when the objects that match are few,
or far away. The counts that a resource keeps (``Resource.tally``) tell where they are; without them the newest objects
are tried before all are. Only keys are walked over: of the objects before the page nothing else is read or worked out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal_column, select, union_all

from runtime.statements import Executor, Row
from zgw.request import Call
from zgw.resource import Resource
from zgw.rights import Rights

NEWEST = 20_000
"""Objects among which a first page is looked for before all others are."""
FEW = 1_000
"""Objects that may all be looked up to find those of a page."""


@dataclass(frozen=True)
class Page:
    """What is asked for: ``size`` objects after the first ``offset``, of those that meet ``criteria`` and lie within
    ``rights``, which together are ``where``; in the order ``order``, which may be the default one of the resource."""

    resource: Resource
    rights: Rights
    criteria: Sequence[ColumnElement[bool]]
    where: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]
    by_default: bool
    size: int
    offset: int

    @property
    def key(self) -> ColumnElement[Any]:
        """The column that tells the objects apart, in the order in which they were made."""
        return self.resource.table.c.id

    def keys(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the statement that finds the keys of all objects in the list that meet ``conditions`` too."""
        return select(self.key).select_from(self.resource.clause()).where(*self.where, *conditions).correlate(None)

    @property
    def limit(self) -> Any:
        """The number of objects, for LIMIT. PostgreSQL plans with a number that is written into the statement, and
        expects a tenth of everything from a parameter; but each number is another statement to remember."""
        return literal_column(str(self.size)) if self.size % 50 == 0 else self.size

    def cut(self, statement: Select[Any], offset: int) -> Select[Any]:
        """Return a statement in the order of the list, cut to the page."""
        found = statement.order_by(*self.order).limit(self.limit)
        return found.offset(offset) if offset else found


async def read_page(call: Call, db: Executor, page: Page, reading: Select[Any]) -> tuple[list[Row], int]:
    """Return the rows that ``reading`` gives for a page, and the exact number of objects in the whole list."""
    resource, offset = page.resource, page.offset

    async def rows_of(keys: Select[Any]) -> list[Row]:
        return await db.rows(reading.where(page.key == array_of(keys)).order_by(*page.order))

    async def first_rows(*conditions: ColumnElement[bool]) -> list[Row]:
        return await db.rows(page.cut(reading.where(*page.where, *conditions), 0))

    tell = resource.tally
    tally = await tell(call, db, page.rights, page.criteria, page.by_default and offset > 0) if tell else None
    if tell is None or tally is None:
        if tell is not None and page.by_default and not offset and not resource.order:
            rows = await rows_of(newest_first(page))
        else:
            rows = await rows_of(page.cut(page.keys(), offset)) if offset else await first_rows()
        if len(rows) < page.size:
            return rows, offset + len(rows)
        count = count_of(resource, page.where).params(**resource.given(call))
        return rows, await db.value(count)
    if offset >= tally.count:
        return [], tally.count
    if tally.count <= FEW:
        # An array is made without regard to what happens to it: in the way that finds all of them fastest.
        few = select(page.key).select_from(resource.clause()).where(page.key == array_of(page.keys())).correlate(None)
        return await rows_of(page.cut(few, offset)), tally.count
    if not page.by_default or not (offset or page.criteria):
        return await rows_of(page.cut(page.keys(), offset)) if offset else await first_rows(), tally.count
    if not offset:
        if not resource.order and not tally.indexed:
            rows = await first_rows(among_newest(page))
            if len(rows) == page.size:
                return rows, tally.count
        tally = await tell(call, db, page.rights, page.criteria, True) or tally
    window, offset = tally.window(offset, page.size)
    return await rows_of(page.cut(page.keys(*window), offset)), tally.count


async def number_of(call: Call, db: Executor, page: Page) -> int:
    """Return the exact number of objects in the list that a page is of."""
    tell = page.resource.tally
    tally = await tell(call, db, page.rights, page.criteria, False) if tell else None
    return tally.count if tally else int(await db.value(count_of(page.resource, page.where)))


def array_of(keys: Select[Any]) -> ColumnElement[Any]:
    """Return ``ANY (ARRAY (SELECT …))``."""
    return any_(func.array(keys.scalar_subquery()))


def among_newest(page: Page) -> ColumnElement[bool]:
    """Return the condition that keeps the newest objects."""
    return page.key > select(func.max(page.key) - NEWEST).correlate(None).scalar_subquery()


def newest_first(page: Page) -> Select[Any]:
    """Return the statement that finds a first page among the newest objects, or among all when those do not fill it."""
    recent = page.cut(page.keys(among_newest(page)), 0).cte("recent")
    short = select(func.count()).select_from(recent).scalar_subquery() < page.size
    # The offset keeps PostgreSQL from walking in order here too: it may have to walk over everything.
    others = page.keys(short).offset(0).subquery()
    rest = select(others.c.id).order_by(others.c.id.desc()).limit(page.limit).subquery()
    both = union_all(select(recent.c.id), select(rest.c.id)).subquery()
    return select(both.c.id)


def count_of(resource: Resource, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the statement that counts exactly."""
    return select(func.count()).select_from(resource.clause()).where(*where)
