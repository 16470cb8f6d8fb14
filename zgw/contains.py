"""Filters that look for a part of a text, without regard to case, in registers of any size (docs/adr/0015).

Every three successive characters of the text are in an index, by a function of our own: no extension of PostgreSQL is
needed. The index finds the objects that have all those of what is looked for. When those are many, or what is looked
for is shorter than three characters, the list is walked over instead, and each text compared.

Example::

    contains_index(ZAAK_TABLE, "omschrijving")
    FILTERS = [*beside_standard(contains("omschrijving", ZAAK_TABLE.c.omschrijving))]
"""

from typing import Annotated, Any

from sqlalchemy import ARRAY, ColumnElement, Index, Table, Text, and_, cast, func, literal_column, select

from runtime.statements import among
from zgw.filters import Filter
from zgw.request import Call
from zgw.types import Length

TRIGRAMS = """CREATE FUNCTION trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS $$ SELECT ARRAY(SELECT substr(value, i, 3) FROM generate_series(1, length(value) - 2) i) $$"""
"""The cost keeps PostgreSQL from calling it for every row in the place of using the index."""
SHORTEST = 3
"""Characters that the index can look for."""
MOST = 5_000
"""Objects that are looked up by the index; of more it is no longer the shortest way to a page and a number."""
LONGEST = 1_000
"""Characters of what is looked for: no text of these is longer."""


def contains_index(table: Table, *names: str) -> None:
    """Add the index that finds parts of the texts in these columns of a table."""
    needed = table.metadata.info.setdefault("ddl", [])
    if TRIGRAMS not in needed:
        needed.append(TRIGRAMS)
    for name in names:
        Index(f"{table.name}_{name}_trigrams", _trigrams(table.c[name]), postgresql_using="gin")


def contains(name: str, column: ColumnElement[Any]) -> Filter:
    """Return a filter on the texts that have the value anywhere in them, for a column with its :func:`contains_index`
    in a table with ``id``. Its condition is the one that the index meets; :func:`lookup_of` has the quickest one."""

    def condition(value: str) -> ColumnElement[bool]:
        return and_(_trigrams(column).op("@>", is_comparison=True)(_few_trigrams(value)), has(column, value))

    async def lookup(call: Call, value: str) -> ColumnElement[bool]:
        if len(value) < SHORTEST:
            return has(column, value)
        key: Any = column.table.c.id
        rows = await call.db.rows(call.tenant, select(key).where(condition(value)).limit(MOST + 1))
        return has(column, value) if len(rows) > MOST else among(key, [row["id"] for row in rows])

    return Filter(name, Annotated[str, Length(LONGEST)], condition, lookup=lookup)


def has(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Return the condition that a text has the value in it, whatever the case of either."""
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(func.lower(f"%{escaped}%"))


def _few_trigrams(value: str) -> ColumnElement[Any]:
    """Return every third of the trigrams of what is looked for, and the last: they cover it. Each one more is looked up
    for every object that has the rarest of them."""
    text = func.lower(cast(value, Text))
    last = func.length(text) - literal_column(str(SHORTEST - 1))
    starts = func.generate_series(literal_column("1"), last, literal_column(str(SHORTEST))).column_valued("start")
    third = func.array(select(_trigram(text, starts)).scalar_subquery())
    return func.array_append(third, _trigram(text, last))


def _trigram(text: ColumnElement[Any], start: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.substr(text, start, literal_column(str(SHORTEST)))


def _trigrams(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.trigrams(func.lower(text), type_=ARRAY(Text))
