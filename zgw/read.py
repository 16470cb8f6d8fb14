"""Reading one object within the rights of the client."""

import hashlib
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from runtime.problems import Problem, forbidden, not_found
from runtime.statements import Row
from zgw.expand import expandable, paths, rendered
from zgw.filters import unknown
from zgw.render import render
from zgw.request import Call, crs_headers, dump
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.select import by_uuid, existing, full_reading, reading, within


def no_query(call: Call) -> None:
    """Raise 400 when the request has any query parameter."""
    if call.request.url.query and (error := unknown(call.query(), ())):
        raise Problem(400, "invalid", invalid_params=[error])


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
        # One object is shown however large it is.
        call.heavy = True
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
    given = [part.strip() for line in call.request.headers.getlist("if-none-match") for part in line.split(",")]
    return given == ["*"] or tag in [part.removeprefix("W/") for part in given]
