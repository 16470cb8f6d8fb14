"""Reading: lists, searches and single objects, each one statement within the rights of the client."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, any_, func, select
from starlette.responses import Response

from zgw.call import Call, answer, crs_headers, dump
from zgw.database import Row
from zgw.expand import expand, expandable, paths
from zgw.filters import conditions, unknown
from zgw.output import by_uuid, existing, full_reading, listable, listed, listing, reading, render, within
from zgw.problems import InvalidParam, Problem, forbidden, invalid, not_found
from zgw.resource import Resource
from zgw.rights import Rights

log = logging.getLogger("samenzaak.verbs")


def no_query(call: Call) -> None:
    """Raise 400 when the request has any query parameter."""
    if call.request.url.query and (error := unknown(call.query(), ())):
        raise Problem(400, "invalid", invalid_params=[error])


def page_of(call: Call, given: Mapping[str, str]) -> tuple[int, int]:
    """Return (page, size); raise 404 for a page that is no positive number, 400 for a wrong size."""
    settings = call.service.settings
    number, size = given.get("page") or "1", given.get("pageSize") or str(settings.page_size)
    if not (number.isascii() and number.isdigit()) or not 0 < int(number) < 10**9:
        raise not_found("Deze pagina bestaat niet.")
    if not (size.isascii() and size.isdigit()) or int(size) < 1:
        raise invalid("pageSize", "invalid")
    return int(number), min(int(size), settings.page_size_max)


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
    where = conditions(declared, given, call.caller.bases, errors)
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
    if resource.parent and resource.main:
        await parent_of(call, resource, rights)
        where = [*where, resource.table.c[resource.parent] == call.path[f"{resource.parent}_uuid"]]
    where = [*where, within(resource, rights), existing(resource, rights)]
    plain = not wanted and listable(resource)
    read = listing(resource) if plain else reading(resource)
    statement = read.order_by(*order)
    if given_parameters := resource.given(call):
        statement = statement.params(**given_parameters)
    if not resource.paginated:
        rows = await call.db.rows(call.tenant, statement.where(*where))
        return answer(await _shown(call, resource, rows, wanted, plain), headers=crs_headers(resource))
    page, size = page_of(call, given)
    offset = (page - 1) * size
    async with call.db.acquire(call.tenant) as db:
        tally = None
        if resource.tally is not None:
            tally = await resource.tally(db, rights, given, call.caller.bases, criteria)
        if page == 1:
            statement = statement.where(*where).limit(size)
        else:
            skipped: list[ColumnElement[bool]] = []
            if tally is not None and not given.get("ordering"):
                skipped, offset = tally.skip(offset)
            statement = statement.where(_on_page(resource, [*where, *skipped], order, size, offset))
        rows = await db.rows(statement)
        count = (page - 1) * size + len(rows)
        if tally is not None:
            count = tally.count
        elif len(rows) == size or (not rows and page > 1):
            count = await db.value(count_of(resource, where))
    if not rows and page > 1:
        raise not_found("Deze pagina bestaat niet.")
    content = {
        "count": count,
        "next": page_url(call, page + 1) if page * size < count else None,
        "previous": page_url(call, page - 1) if page > 1 else None,
        "results": await _shown(call, resource, rows, wanted, plain),
    }
    return answer(content, headers=crs_headers(resource))


def _on_page(
    resource: Resource, where: Sequence[ColumnElement[bool]], order: Sequence[Any], size: int, offset: int
) -> ColumnElement[bool]:
    """Return the condition that keeps the objects of one page. Only keys are walked over to find them: for the objects
    before the page nothing else is read or worked out."""
    key = resource.table.c.id
    keys = select(key).select_from(resource.clause()).where(*where).order_by(*order).limit(size).offset(offset)
    return key == any_(func.array(keys.correlate(None).scalar_subquery()))


def count_of(resource: Resource, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the statement that counts exactly."""
    return select(func.count()).select_from(resource.clause()).where(*where)


def page_url(call: Call, page: int) -> str:
    """Return the URL of another page of this list."""
    given = [(name, value) for name, value in call.request.query_params.multi_items() if name != "page"]
    query = urlencode([*given, ("page", str(page))], safe=":/,")
    return f"{call.base}{call.request.url.path}?{query}"


async def _shown(
    call: Call, resource: Resource, rows: Sequence[Row], wanted: Any, plain: bool
) -> Sequence[dict[str, Any]]:
    if plain:
        return listed(resource, call.service.api.service, rows, call.base)
    return await rendered(call, resource, rows, wanted)


async def rendered(call: Call, resource: Resource, rows: Sequence[Row], wanted: Any = None) -> list[dict[str, Any]]:
    """Return the JSON objects of rows, completed and expanded."""
    service = call.service.api.service
    items = [render(resource, service, row, call.base) for row in rows]
    if resource.after_read is not None and items:
        await resource.after_read(call, items, rows)
    if wanted:
        await expand(call, resource, items, wanted)
    return items


async def parent_of(call: Call, resource: Resource, rights: Rights) -> Row:
    """Return the parent row of a nested resource; raise 404 when it does not exist, 403 when it may not be seen."""
    assert resource.main is not None
    statement = by_uuid(resource.main.resource, rights, full=True)
    return _seen(await call.db.row(call.tenant, statement(uuid=call.path[f"{resource.parent}_uuid"])))


def _seen(row: Row | None) -> Row:
    if row is None:
        raise not_found()
    if not row["_allowed"]:
        raise forbidden()
    return row


async def find(call: Call, resource: Resource, rights: Rights, full: bool = False, extra: Sequence[Any] = ()) -> Row:
    """Return the row of the path; raise 404 when it does not exist, 403 when it may not be seen."""
    parameters = resource.given(call)
    if not extra:
        statement = by_uuid(resource, rights, full, bool(resource.parent))
        parent = call.path.get(f"{resource.parent}_uuid")
        return _seen(await call.db.row(call.tenant, statement(uuid=call.path["uuid"], parent=parent, **parameters)))
    base = full_reading(resource) if full else reading(resource)
    special = base.where(resource.table.c.uuid == call.path["uuid"], existing(resource, rights), *extra)
    if resource.parent:
        special = special.where(resource.table.c[resource.parent] == call.path[f"{resource.parent}_uuid"])
    special = special.add_columns(within(resource, rights).label("_allowed"))
    return _seen(await call.db.row(call.tenant, special.params(**parameters)))


async def fetch(call: Call, resource: Resource) -> Response:
    """Answer one object, or 304 when the client has it already."""
    call.check_accept()
    rights = await call.rights(resource.scopes["fetch"])
    if resource.crs:
        call.check_crs(content=False)
    wanted = None
    if call.request.url.query:
        given = call.query()
        expands = ["expand"] if expandable(resource) else []
        if error := unknown(given, [*expands, *resource.fetch_parameters]):
            raise Problem(400, "invalid", invalid_params=[error])
        wanted = paths(given.get("expand"))
    row = await find(call, resource, rights)
    if resource.after_read is None and not wanted:
        content = render(resource, call.service.api.service, row, call.base)
    else:
        content = (await rendered(call, resource, [row], wanted))[0]
    return conditional(call, content, crs_headers(resource) if resource.crs else {}, resource.etag)


def conditional(call: Call, content: Any, headers: dict[str, str], etag: bool = True) -> Response:
    """Return 200 with a strong ETag over the bytes, or 304 when ``If-None-Match`` names it (common.md §9)."""
    body = dump(content)
    if etag:
        tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        headers["ETag"] = tag
        if known(call, tag):
            return Response(None, 304, headers)
    return Response(body, 200, headers, "application/json")


def known(call: Call, tag: str) -> bool:
    """Return whether ``If-None-Match`` names this ETag, which a proxy that compresses has made a weak one."""
    given = call.request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in given.split(",")]
