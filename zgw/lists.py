"""Lists and searches: each one statement within the rights of the client."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import BinaryExpression, BindParameter, ColumnElement, Select
from sqlalchemy.sql import operators
from starlette.responses import Response, StreamingResponse

from runtime.problems import OBJECT, InvalidParam, Problem, not_found
from runtime.statements import Row
from zgw.expand import adapted, expandable, paths, rendered
from zgw.filters import conditions_for, unknown
from zgw.pages import Page, number_of, read_page
from zgw.read import parent_of
from zgw.reading_log.recorder import answered, saw_list
from zgw.render import render
from zgw.request import Call, answer, crs_headers, dump
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.select import existing, within
from zgw.sizes import bounded, completed

log = logging.getLogger("samenzaak.verbs")


LAST = 0
"""The number of the page that is asked for as ``page=last``."""


def page_of(call: Call, given: Mapping[str, str]) -> tuple[int, int]:
    """Return (page, size); raise 404 for a page that is no positive number, or else :data:`LAST`. A size that cannot be
    is the usual one, or the largest."""
    settings = call.service.settings
    number, size = given.get("page") or "1", (given.get("pageSize") or "").lstrip("0")
    if number == "last":
        number = str(LAST)
    elif not (number.isascii() and number.isdigit()) or not 0 < int(number) < 10**9:
        raise not_found("Deze pagina bestaat niet.")
    if not (size.isascii() and size.isdigit()):
        return int(number), settings.page_size
    return int(number), min(int(size[:9]), settings.page_size_max)


def last_page(count: int, size: int) -> int:
    """Return the number of the last page, which is the first when there is nothing: ``last_page(101, 100) == 2``."""
    return max(1, -(-count // size))


def ordering_of(resource: Resource, value: str | None, errors: list[InvalidParam]) -> list[ColumnElement[Any]]:
    """Return the ORDER BY of ``ordering``, always with a unique last column so that pages are stable."""
    order: list[ColumnElement[Any]] = []
    for name in (part.strip() for part in (value or "").split(",")):
        if not name:
            continue
        column = resource.ordering.get(name.removeprefix("-"))
        if column is None:
            errors.append(InvalidParam("ordering", "invalid_choice"))
            continue
        sorted_ = column.desc() if name.startswith("-") else column.asc()
        # An index can be read in both directions, but not with its nulls at the other end.
        order.append(sorted_.nulls_last() if getattr(column, "nullable", True) else sorted_)
    last = resource.table.c.id
    ascending = len(order) > 0 and not (value or "").strip().startswith("-")
    return [*(order or resource.order), last.asc() if ascending else last.desc()]


async def list_(call: Call, resource: Resource) -> Response:
    """Answer a list: what the client may see of what it asks for."""
    call.check_accept()
    rights = await call.rights(resource.scopes["list"])
    if resource.crs:
        call.check_crs(content=False)
    given = call.query()
    declared = [f for f in resource.filters if not f.search_only]
    known = [f.name for f in declared]
    known += ["expand"] if expandable(resource) else []
    known += ["page", "pageSize"] if resource.paginated else []
    known += ["ordering"] if resource.ordering else []
    if error := unknown(given, known):
        raise Problem(400, "invalid", invalid_params=[error])
    errors: list[InvalidParam] = []
    where = await conditions_for(call, declared, given, errors)
    return await search(call, resource, rights, where, given, errors)


async def search(
    call: Call,
    resource: Resource,
    rights: Rights,
    where: list[ColumnElement[bool]],
    given: Mapping[str, str],
    errors: list[InvalidParam],
    extra: Sequence[ColumnElement[bool]] = (),
) -> Response:
    """Answer the objects that meet ``where``; ``given`` has page, pageSize, ordering and expand. Used by lists and
    ``_zoek``."""
    order = ordering_of(resource, given.get("ordering"), errors)
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    wanted = paths(given.get("expand"))
    criteria = where = [*where, *extra]
    rights = rights_to(resource, rights, criteria)
    if resource.parent and resource.main:
        await parent_of(call, resource, rights)
        where = [*where, resource.table.c[resource.parent] == call.path[f"{resource.parent}_uuid"]]
    where = [*where, within(resource, rights), existing(resource, rights)]
    text = not wanted and resource.after_read is None
    statement = bounded(resource, text)
    if given_parameters := resource.given(call):
        statement = statement.params(**given_parameters)
    if not resource.paginated:
        statement = statement.where(*where).order_by(*order)
        if len(order) == 1:
            return await everything(call, resource, statement, wanted, text)
        async with call.db.acquire(call.tenant) as db:
            rows = await completed(call, db, resource, text, await db.rows(statement), OBJECT)
        return answer(await _shown(call, resource, rows, wanted, text), headers=crs_headers(resource))
    page, size = page_of(call, given)
    by_default = not given.get("ordering")
    asked = Page(resource, rights, criteria, where, order, by_default, size, (page - 1) * size)
    async with call.db.acquire(call.tenant) as db:
        if page == LAST:
            page = last_page(await number_of(call, db, asked), size)
            asked = replace(asked, offset=(page - 1) * size)
        found, count = await read_page(call, db, asked, statement)
        found = await completed(call, db, resource, text, found, "pageSize")
    if not found and page > 1:
        raise not_found("Deze pagina bestaat niet.")
    content = {
        "count": count,
        "next": page_url(call, page + 1) if page * size < count else None,
        "previous": page_url(call, page - 1) if page > 1 else None,
        "results": await _shown(call, resource, found, wanted, text),
    }
    return answer(content, headers=crs_headers(resource))


AT_ONCE = 1_000
"""Objects of an unpaginated list that are in memory at the same time."""


async def everything(call: Call, resource: Resource, statement: Select[Any], wanted: Any, text: bool) -> Response:
    """Answer all objects of ``statement``, newest first, as one array. A long one is sent while it is read: the
    standard gives some lists no pages, however many objects there are."""
    key = resource.table.c.id
    statement = statement.add_columns(key.label("_id")).limit(AT_ONCE)

    async def read(after: Row | None) -> tuple[list[Row], Row | None]:
        """Return the next rows, and the last one of these when there may be more."""
        where = () if after is None else (key < after["_id"],)
        async with call.db.acquire(call.tenant) as db:
            found = await db.rows(statement.where(*where))
            some = await completed(call, db, resource, text, found)
        if not some:
            return [], found[-1] if len(found) == AT_ONCE else None
        # A row that was read again as a whole has no ``_id``; the row that it came from has.
        name = "url" if text else "uuid"
        last = next(row for row in reversed(found) if row[name] == some[-1][name])
        return some, last if len(found) == AT_ONCE or last is not found[-1] else None

    async def shown(rows: Sequence[Row]) -> list[dict[str, Any]]:
        items = [dict(item) for item in await _shown(call, resource, rows, wanted, text)]
        for item in items:
            item.pop("_id", None)
        return items

    rows, last = await read(None)
    items = await shown(rows)
    if last is None:
        return answer(items, headers=crs_headers(resource))

    if call.seen is not None:
        call.seen.later = True

    async def parts() -> AsyncIterator[bytes]:
        try:
            yield b"[" + dump(items)[1:-1]
            after: Row | None = last
            started = bool(items)
            while after is not None:
                more, after = await read(after)
                if more:
                    yield (b"," if started else b"") + dump(await shown(more))[1:-1]
                    started = True
            yield b"]"
        finally:
            # Also of a client that left: it was shown what had been sent until then.
            answered(call)

    return StreamingResponse(parts(), 200, crs_headers(resource), "application/json")


def rights_to(resource: Resource, rights: Rights, criteria: Sequence[ColumnElement[bool]]) -> Rights:
    """Return the rights that matter where only objects of one type are asked for."""
    column = resource.table.c[resource.typed.type] if resource.typed else None
    for found in criteria:
        equal = isinstance(found, BinaryExpression) and found.operator is operators.eq and found.left is column
        if equal and isinstance(found.right, BindParameter):
            return rights.of_type(str(found.right.value))
    return rights


def page_url(call: Call, page: int) -> str:
    """Return the URL of another page of this list."""
    given = [(name, value) for name, value in call.request.query_params.multi_items() if name != "page"]
    query = urlencode([*given, ("page", str(page))], safe=":/,")
    return f"{call.caller.canonical_base}{call.request.url.path}?{query}"


async def _shown(
    call: Call, resource: Resource, rows: Sequence[Row], wanted: Any, text: bool
) -> Sequence[dict[str, Any]]:
    if text:
        items = render(resource, call.service.api.service, rows, call.base, text=True)
    else:
        items = await rendered(call, resource, rows, wanted)
    saw_list(call, resource, items)
    return adapted(call, resource, items)
