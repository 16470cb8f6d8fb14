"""How large the objects of an answer are, which PostgreSQL tells before they are read.

Few objects are large. A row comes without what makes it large, says so in ``_large``, and is read again as a whole when
all large ones together are not too much.
"""

import operator
from collections.abc import Sequence
from functools import cache, reduce
from typing import Any, get_origin

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, false, func, literal_column, not_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from runtime.problems import InvalidParam, Problem
from runtime.statements import Executor, Row, among
from zgw.fields import Property, describe
from zgw.render import reading_text
from zgw.request import Call
from zgw.resource import Resource
from zgw.select import Fixed, properties, reading
from zgw.types import Length, Matching, Ref, Shown

MAX_READ = 16 * 1024**2
"""Bytes of large objects that are in memory for one answer."""
MAX_WRITTEN = 32 * 1024**2
"""Bytes of an answer with ``expand``, in which an object may be written many times."""
SMALL = 32 * 1024
"""Bytes that all unlimited properties of an object have together, if it is not large."""
TINY = 1024
"""Bytes in which PostgreSQL keeps JSON that needs no closer look."""


def too_large(name: str, reason: str) -> Problem:
    """Return the 400 for an answer that would be too large, with the parameter that makes it so."""
    return Problem(400, "invalid", invalid_params=[InvalidParam(name, "answer-too-large", reason)])


def unlimited(p: Property) -> bool:
    """Return whether nothing in its type limits how large a value is."""
    groups = [p.group, p.item.group if p.item else None, *(p.variants.models.values() if p.variants else ())]
    inside = [unlimited(member) for group in groups if group for member in describe(group)]
    if p.variants or p.group:
        return any(inside)
    if p.item or p.type is dict or get_origin(p.type) is dict:
        return True
    limits = [m for m in p.markers if isinstance(m, Ref | Matching) or getattr(m, "maximum", None)]
    return p.type is str and not any(isinstance(m, Ref | Matching | Length | Shown) for m in limits)


@cache
def large_columns(resource: Resource) -> dict[str, Property]:
    """Return the properties that are stored and have no limit, by attribute."""
    columns = resource.table.c
    found = {p.attribute: p for p in properties(resource) if p.attribute in columns and unlimited(p)}
    return {name: p for name, p in found.items() if isinstance(columns[name].type, JSONB | Text)}


def length_of(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the bytes of a value as text."""
    return func.octet_length(cast(column, Text) if isinstance(column.type, JSONB) else column)


def is_small(column: ColumnElement[Any], maximum: int) -> ColumnElement[bool]:
    """Return whether a value has at most so many bytes; null has none."""
    # Written into the statement: each parameter would cost time in every list.
    most: ColumnElement[int] = literal_column(str(maximum))
    if not isinstance(column.type, JSONB):
        return length_of(column) <= most
    # Numbers with an exponent take far fewer bytes in the database, and so does what was compressed.
    tiny = and_(func.pg_column_size(column) < literal_column(str(TINY)), func.pg_column_compression(column).is_(None))
    return case((tiny, true()), (func.pg_column_size(column) > most, false()), else_=length_of(column) <= most)


@cache
def bounded(resource: Resource, text: bool) -> Select[Any]:
    """Return the statement of :func:`zgw.render.reading_text` (``text``) or :func:`zgw.select.reading` that leaves out
    what makes a row large."""
    statement = reading_text(resource) if text else reading(resource)
    large = large_columns(resource)
    if not large:
        return statement
    columns = {(p.name if text else name): resource.table.c[name] for name, p in large.items()}
    small = {name: is_small(column, SMALL // len(columns)) for name, column in columns.items()}
    found: list[Any] = []
    for shown in statement.selected_columns:
        if shown.name in small:
            whole: Any = getattr(shown, "element", shown)
            found.append(Fixed(case((small[shown.name], whole))).label(shown.name))
        else:
            found.append(shown)
    found.append(Fixed(not_(and_(*small.values()))).label("_large"))
    return select(*found).select_from(resource.clause())


def weight(resource: Resource) -> ColumnElement[int]:
    """Return the bytes of all unlimited properties of an object."""
    found = [func.coalesce(length_of(resource.table.c[name]), 0) for name in large_columns(resource)]
    return reduce(operator.add, found)


async def completed(
    call: Call, db: Executor, resource: Resource, text: bool, rows: Sequence[Row], name: str = ""
) -> list[Row]:
    """Return rows of :func:`bounded` as a whole.

    When the large ones are too much together this raises a 400 for the parameter ``name``; without one, only the rows
    until then are returned, and at least one.
    """
    if not large_columns(resource) or not any(row["_large"] for row in rows):
        return list(rows)
    call.heavy = True
    key = "url" if text else "uuid"
    large = [row[key] for row in rows if row["_large"]]
    table = resource.table
    sizes = {
        row["uuid"]: row["bytes"]
        for row in await db.rows(
            select(table.c.uuid, weight(resource).label("bytes")).where(among(table.c.uuid, large))
        )
    }
    some, total = 0, 0
    for row in rows:
        size = sizes.get(row[key], 0) if row["_large"] else 0
        if total + size > MAX_READ and some:
            if name:
                raise too_large(name, f"Het antwoord zou groter zijn dan {MAX_READ // 1024**2} MiB.")
            break
        total += size
        some += 1
    call.hold(total)
    kept = [row[key] for row in rows[:some] if row["_large"]]
    statement = (
        (reading_text if text else reading)(resource).where(among(table.c.uuid, kept)).params(**resource.given(call))
    )
    whole = {row[key]: row for row in await db.rows(statement)}
    # Rows that were removed meanwhile are gone.
    return [whole.get(row[key], row) for row in rows[:some] if not row["_large"] or row[key] in whole]
