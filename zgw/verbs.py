"""What every resource can do: list, fetch, create, replace, merge, remove.

The order of the checks is that of common.md §5: content negotiation, scope, CRS, query parameters, lookup, permission,
body, state, transaction, notification.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import ColumnElement, Select, func, insert, select, text, update
from starlette.responses import Response

from zgw import audit, outbox
from zgw.call import Call, answer, crs_headers, dump
from zgw.check import Check
from zgw.database import Executor, Row
from zgw.expand import expand, paths
from zgw.filters import conditions, unknown
from zgw.output import existing, full_reading, reading, render, within
from zgw.problems import InvalidParam, Problem, forbidden, invalid, not_found
from zgw.resource import Resource
from zgw.rights import Rights

log = logging.getLogger("samenzaak.verbs")

CONFLICT_RETRIES = 5


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
        order.append(column.desc().nulls_last() if name.startswith("-") else column.asc().nulls_last())
    return [*(order or resource.order), resource.table.c.id.desc()]


async def list_(call: Call, resource: Resource) -> Response:
    """Answer a list: what the client may see of what it asks for."""
    call.check_accept()
    rights = await call.rights(resource.scopes["list"])
    if resource.crs:
        call.check_crs(content=False)
    given = call.query()
    declared = [f for f in resource.filters if not f.search_only]
    known = [f.name for f in declared] + ["expand"]
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
    """Answer the objects that meet ``where``; ``given`` has page, pageSize, ordering and expand. Used by lists and ``_zoek``."""
    order = ordering_of(resource, given.get("ordering"), errors)
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    wanted = paths(given.get("expand"))
    where = [*where, *extra]
    if resource.parent and resource.main:
        await parent_of(call, resource, rights)
        where.append(resource.table.c[resource.parent] == call.path[f"{resource.parent}_uuid"])
    where += [within(resource, rights), existing(resource, rights)]
    statement = resource.prepared(call, reading(resource).where(*where).order_by(*order))
    if not resource.paginated:
        rows = await call.db.rows(call.tenant, statement)
        return answer(await rendered(call, resource, rows, wanted), headers=crs_headers(resource))
    page, size = page_of(call, given)
    async with call.db.acquire(call.tenant) as db:
        rows = await db.rows(statement.limit(size).offset((page - 1) * size))
        count = (page - 1) * size + len(rows)
        if len(rows) == size or (not rows and page > 1):
            count = await db.value(count_of(resource, where))
    if not rows and page > 1:
        raise not_found("Deze pagina bestaat niet.")
    content = {
        "count": count,
        "next": page_url(call, page + 1) if page * size < count else None,
        "previous": page_url(call, page - 1) if page > 1 else None,
        "results": await rendered(call, resource, rows, wanted),
    }
    return answer(content, headers=crs_headers(resource))


def count_of(resource: Resource, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the statement that counts exactly."""
    return select(func.count()).select_from(resource.clause()).where(*where)


def page_url(call: Call, page: int) -> str:
    """Return the URL of another page of this list."""
    given = [(name, value) for name, value in call.request.query_params.multi_items() if name != "page"]
    query = urlencode([*given, ("page", str(page))], safe=":/,")
    return f"{call.base}{call.request.url.path}?{query}"


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
    main = resource.main.resource
    statement = full_reading(main).add_columns(within(main, rights).label("_allowed"))
    row = await call.db.row(
        call.tenant, statement.where(main.table.c.uuid == call.path[f"{resource.parent}_uuid"], existing(main, rights))
    )
    if row is None:
        raise not_found()
    if not row["_allowed"]:
        raise forbidden()
    return row


async def find(call: Call, resource: Resource, rights: Rights, full: bool = False, extra: Sequence[Any] = ()) -> Row:
    """Return the row of the path; raise 404 when it does not exist, 403 when it may not be seen."""
    base = full_reading(resource) if full else reading(resource)
    statement = base.where(resource.table.c.uuid == call.path["uuid"], *extra)
    if resource.parent:
        statement = statement.where(resource.table.c[resource.parent] == call.path[f"{resource.parent}_uuid"])
    if not rights.everything:
        statement = statement.add_columns(within(resource, rights).label("_allowed"))
    if rights.published_only:
        statement = statement.where(existing(resource, rights))
    row = await call.db.row(call.tenant, resource.prepared(call, statement))
    if row is None:
        raise not_found()
    if not rights.everything and not row["_allowed"]:
        raise forbidden()
    return row


async def fetch(call: Call, resource: Resource) -> Response:
    """Answer one object, or 304 when the client has it already."""
    call.check_accept()
    rights = await call.rights(resource.scopes["fetch"])
    if resource.crs:
        call.check_crs(content=False)
    wanted = None
    if call.request.url.query:
        given = call.query()
        if error := unknown(given, ["expand", *resource.fetch_parameters]):
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
        known = call.request.headers.get("if-none-match")
        if known is not None and (known.strip() == "*" or tag in [part.strip() for part in known.split(",")]):
            return Response(None, 304, headers)
    return Response(body, 200, headers, "application/json")


# --- Writing --------------------------------------------------------------------------------------------------------


async def create(call: Call, resource: Resource) -> Response:
    """Answer 201 with the new object."""
    call.check_accept()
    call.check_content_type()
    rights = await call.rights(resource.scopes["create"])
    if resource.crs:
        call.check_crs(content=True)
    no_query(call)
    check = Check(call, resource, "create", {}, None)
    if resource.parent and resource.main:
        check.main = await parent_of(call, resource, rights)
    check.sent = await call.body()
    return await store(check, rights)


async def store(check: Check, rights: Rights) -> Response:
    """Store a new object from ``check.sent`` and answer 201."""
    content = await insert_object(check, rights)
    return answer(content, 201, {"Location": content["url"], **crs_headers(check.resource), **check.headers})


async def insert_object(check: Check, rights: Rights) -> dict[str, Any]:
    """Examine and store a new object; return it as the response shows it."""
    call, resource = check.call, check.resource
    if resource.main and not resource.parent:
        await check.load_main(rights)
    valid = check.parse(check.sent)
    if resource.parent and check.main is not None:
        await _same_parent(check)
    if valid:
        await check.resolve_references()
        await permit(check, rights)
    check.stop()
    for rule in resource.rules:
        await rule(check)
    check.stop()
    for derive in resource.derive:
        await derive(check)
    check.stop()
    for guard in resource.guards:
        await guard(check)
    check.stop()
    async with transaction(check) as db:
        await db.execute(insert(resource.table).values(uuid=check.uuid, **check.row))
        content, row = await written(db, check)
        await finish(db, check, None, content, row)
    await settle(check)
    return content


async def _same_parent(check: Check) -> None:
    """A nested object belongs to the parent in the path; another one in the body is refused."""
    parent = check.resource.parent
    assert check.main is not None
    if parent in check.row and check.row[parent] != check.main["uuid"]:
        p = next(p.name for p in _described(check) if p.attribute == parent)
        check.reject(p, "inconsistent-relation")
    check.row[parent] = check.main["uuid"]
    check._resolved[parent] = check.main


def _described(check: Check) -> Any:
    from zgw.describe import describe

    return describe(check.resource.fields)


async def permit(check: Check, rights: Rights) -> None:
    """Raise 403 when the new state of a main object lies outside ``rights`` (common.md §5).

    A type that cannot be resolved falls through to the 400. A level that was left out is that of the type.
    """
    typed = check.resource.typed
    if typed is None or rights.everything:
        return
    kind = check.resolved(typed.type)
    if kind is None and check.row.get(typed.type) not in rights.caps:
        return
    level = ""
    if typed.level:
        level = check.row.get(typed.level) or (kind or {}).get("vertrouwelijkheidaanduiding") or ""
    if not rights.allows(check.row[typed.type], level):
        raise forbidden()


async def replace(call: Call, resource: Resource) -> Response:
    """Answer PUT."""
    return await change(call, resource, "update")


async def merge(call: Call, resource: Resource) -> Response:
    """Answer PATCH."""
    return await change(call, resource, "partial_update")


async def change(call: Call, resource: Resource, action: str) -> Response:
    """Answer 200 with the changed object. Starts again when somebody else changed the object meanwhile."""
    call.check_accept()
    call.check_content_type()
    rights = await call.rights(resource.scopes["update"])
    if resource.crs:
        call.check_crs(content=True)
    no_query(call)
    sent: dict[str, Any] | None = None
    for _ in range(CONFLICT_RETRIES):
        stored = await find(call, resource, rights, full=True)
        if sent is None:
            sent = await call.body()
        check = Check(call, resource, action, sent, stored)
        content = await update_object(check, rights)
        if content is not None:
            return answer(content, 200, {**crs_headers(resource), **check.headers})
    raise Problem(409, "conflict", "Het object wordt tegelijk door anderen gewijzigd.")


async def update_object(check: Check, rights: Rights) -> dict[str, Any] | None:
    """Examine and store a change; return the object, or None when it was changed by somebody else meanwhile."""
    call, resource, stored = check.call, check.resource, check.stored
    assert stored is not None
    await check.load_main(rights)
    if resource.main is None:
        check.main = stored
    if check.parse(check.merge()):
        check.check_immutable()
        await check.resolve_references()
        await permit(check, rights)
    check.stop()
    for rule in (*resource.rules, *resource.derive, *resource.guards):
        await rule(check)
    check.stop()
    old = (await rendered(call, resource, [stored]))[0]
    async with transaction(check) as db:
        changed = {name: value for name, value in check.row.items() if check.stored is None or value != stored[name]}
        statement = update(resource.table).where(
            resource.table.c.uuid == check.uuid, text(f"xmin::text = '{int(stored['_version'])}'")
        )
        if not await db.execute(statement.values(**changed or {"uuid": check.uuid})):
            return None
        content, row = await written(db, check)
        await finish(db, check, old, content, row)
    await settle(check)
    return content


async def remove(call: Call, resource: Resource) -> Response:
    """Answer 204 after removing the object and what belongs to it."""
    rights = await call.rights(resource.scopes["remove"])
    no_query(call)
    stored = await find(call, resource, rights, full=True)
    check = Check(call, resource, "destroy", {}, stored)
    await remove_object(check, rights)
    return Response(None, 204)


async def remove_object(check: Check, rights: Rights) -> None:
    """Examine and perform a removal; raise 409 when something still refers to the object."""
    call, resource, stored = check.call, check.resource, check.stored
    assert stored is not None
    await check.load_main(rights)
    if resource.main is None:
        check.main = stored
    for rule in (*resource.removal_rules, *resource.guards):
        await rule(check)
    check.stop()
    old = (await rendered(call, resource, [stored]))[0]
    async with transaction(check) as db:
        for effect in resource.before_removal:
            await effect(db, check)
        await db.execute(resource.table.delete().where(resource.table.c.uuid == check.uuid))
        await finish(db, check, old, None, stored)
        if resource.main is None and resource.audited:
            await audit.forget(db, resource.table.metadata, check.uuid)
    await settle(check)


async def settle(check: Check) -> None:
    """Do what follows the commit: tell the other services, and make sure that nobody answers from an old copy."""
    for mirror in check.resource.mirrors:
        await mirror(check)
    if check.resource.mirrors:
        await outbox.release(check)
    if check.resource.cached:
        await check.call.service.signals.barrier()


async def written(db: Executor, check: Check) -> tuple[dict[str, Any], Row]:
    """Return the object as it now is, rendered and as a row."""
    resource = check.resource
    row = await db.row(full_reading(resource).where(resource.table.c.uuid == check.uuid))
    assert row is not None
    return render(resource, check.call.service.api.service, row, check.call.base), row


async def finish(
    db: Executor, check: Check, old: dict[str, Any] | None, new: dict[str, Any] | None, row: Row
) -> None:
    """Do what belongs to every write, in its transaction: effects, audit trail, notification, signal."""
    resource = check.resource
    for effect in resource.effects:
        await effect(db, check)
    if new is not None and (resource.effects or resource.after_read is not None):
        # Effects and relations by name may show in the response.
        again = await db.row(full_reading(resource).where(resource.table.c.uuid == check.uuid))
        assert again is not None
        row = again
        new.update(render(resource, check.call.service.api.service, row, check.call.base))
        if resource.after_read is not None:
            await resource.after_read(check.call, [new], [row])
    if resource.audited:
        await audit.write(db, check, old, new, row)
    shown = new or old
    assert shown is not None
    await outbox.announce(db, check, shown["url"], row)
    if resource.cached:
        await db.execute(select(func.pg_notify(f"samenzaak_{check.call.service.api.service}", check.call.tenant)))


class transaction:
    """The transaction of one write; what the database refuses becomes the error that the resource declares for it."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._context = check.call.db.transaction(check.call.tenant)

    async def __aenter__(self) -> Executor:
        return await self._context.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            await self._context.__aexit__(kind, error, traceback)
        except asyncpg.UniqueViolationError as e:
            declared = self._check.resource.unique.get(e.constraint_name or "")
            raise Problem(400, "invalid", invalid_params=[declared or InvalidParam("nonFieldErrors", "unique")]) from e
        except asyncpg.ForeignKeyViolationError as e:
            raise Problem(409, "conflict", "Er bestaan nog verwijzingen naar dit object, of het is net verwijderd.") from e
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as e:
            raise Problem(409, "conflict", "Het object wordt tegelijk door anderen gewijzigd.") from e
        except asyncpg.DataError as e:
            log.warning("refused by the database: %s", e)
            raise Problem(400, "invalid", invalid_params=[InvalidParam("nonFieldErrors", "invalid")]) from e
