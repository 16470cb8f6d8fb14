"""Reading one object within the rights of the client."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam
from starlette.responses import Response

from runtime.problems import Problem, forbidden, not_found
from runtime.statements import Prepared, Row
from zgw.expand import adapted, expandable, paths, rendered
from zgw.filters import unknown
from zgw.reading_log.read import Action
from zgw.reading_log.recorder import saw
from zgw.render import reading_text, render
from zgw.request import Call, crs_headers, dump
from zgw.resource import Resource
from zgw.rights import EVERYTHING, Rights
from zgw.select import existing, full_reading, reading, within


def no_query(call: Call) -> None:
    """Raise 400 when the request has any query parameter."""
    if call.request.scope["query_string"] and (error := unknown(call.query(), ())):
        raise Problem(400, "invalid", invalid_params=[error])


def by_uuid(
    resource: Resource, rights: Rights, full: bool = False, nested: bool = False, text: bool = False
) -> Prepared:
    """Return the statement that reads one object by its ``uuid`` (and, ``nested``, its ``parent``): ``full`` to change
    it, as ``text`` to write it out (``zgw.render``).

    Its column ``_allowed`` tells whether the object lies within ``rights``; what does not even exist within them is not
    read. Compiled once for these rights: this is the most frequent statement of all.
    """
    key = (resource, full, nested, text)
    if key not in rights.statements:
        table = resource.table
        read = full_reading if full else reading_text if text else reading
        statement = read(resource).where(table.c.uuid == bindparam("uuid"))
        if nested:
            statement = statement.where(table.c[resource.parent] == bindparam("parent"))
        statement = statement.where(existing(resource, rights))
        rights.statements[key] = Prepared(statement.add_columns(within(resource, rights).label("_allowed")))
    found: Prepared = rights.statements[key]
    return found


async def parent_of(call: Call, resource: Resource, rights: Rights) -> Row:
    """Return the parent row of a nested resource; raise 404 when it does not exist, 403 when it may not be seen."""
    assert resource.main is not None
    main = resource.main.resource
    given = {"uuid": call.path[f"{resource.parent}_uuid"]}
    return await _seen(call, main, rights, given, full=True)


async def _seen(
    call: Call,
    resource: Resource,
    rights: Rights,
    given: Mapping[str, Any],
    full: bool = False,
    nested: bool = False,
    text: bool = False,
) -> Row:
    """Return the row that :func:`by_uuid` reads; raise 404 when it does not exist, 403 when it may not be seen."""
    row = await call.db.row(call.tenant, by_uuid(resource, rights, full, nested, text)(**given))
    if row is None:
        raise not_found()
    if row["_allowed"]:
        return row
    renewed = await call.renewed(rights)
    if renewed is not rights:
        return await _seen(call, resource, renewed, given, full, nested, text)
    main = resource.main.resource if resource.main else resource
    if main.typed is None:
        raise forbidden()
    shown: Row | None = None
    if rights.scopes != main.scopes["fetch"]:
        # Who may read the object but not do this with it is told of what type it is.
        key = given["uuid"] if resource.main is None else row[resource.main.attribute]
        shown = await call.db.row(call.tenant, by_uuid(main, EVERYTHING, full=True)(uuid=key, **main.given(call)))
    raise await call.denied(main, rights.scopes, shown)


async def find(call: Call, resource: Resource, rights: Rights, full: bool = False, text: bool = False) -> Row:
    """Return the row of the path, as :func:`by_uuid` reads it; raise 404 when it does not exist, 403 when it may not be
    seen."""
    given = {"uuid": call.path["uuid"], "parent": call.path.get(f"{resource.parent}_uuid"), **resource.given(call)}
    return await _seen(call, resource, rights, given, full, bool(resource.parent), text)


async def fetch(call: Call, resource: Resource) -> Response:
    """Answer one object, or 304 when the client has it already."""
    call.check_accept()
    rights = await call.rights(resource.scopes["fetch"])
    if resource.crs:
        call.check_crs(content=False)
    wanted = None
    if call.request.scope["query_string"]:
        given = call.query()
        expands = ["expand"] if expandable(resource) else []
        if error := unknown(given, [*expands, *resource.fetch_parameters]):
            raise Problem(400, "invalid", invalid_params=[error])
        wanted = paths(given.get("expand"))
    if resource.after_read is None and not wanted:
        row = await find(call, resource, rights, text=True)
        [content] = render(resource, call.service.api.service, [row], call.base, text=True)
    else:
        # One object is shown however large it is.
        call.heavy = True
        [content] = await rendered(call, resource, [await find(call, resource, rights)], wanted)
    adapted(call, resource, [content])
    saw(call, Action.RETRIEVE, (content,))
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
