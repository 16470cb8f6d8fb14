"""Writing: create, replace, merge, remove.

The order of the checks is that of common.md §5: content negotiation, scope, CRS, query parameters, lookup, permission,
body, state, transaction, notification.
"""

import logging
from contextlib import AsyncExitStack
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import MetaData, func, select
from starlette.responses import Response

from runtime.problems import Again, InvalidParam, Problem
from runtime.statements import Executor, Prepared, Row
from zgw import audit, outbox
from zgw.check import Check
from zgw.expand import rendered
from zgw.fields import describe
from zgw.mirroring.settling import reach_agreement
from zgw.problems import not_unique, outside
from zgw.read import find, no_query, parent_of
from zgw.render import render
from zgw.request import Call, answer, crs_headers
from zgw.resource import Resource
from zgw.rights import EVERYTHING, Rights
from zgw.rows import deleting, hold, inserting, updating
from zgw.select import by_uuid
from zgw.types import LEVELS, URL, path_of
from zgw.unknown import tell_unknown

log = logging.getLogger("samenzaak.verbs")

CONFLICT_RETRIES = 5


async def create(call: Call, resource: Resource) -> Response:
    """Answer 201 with the new object."""
    call.check_accept()
    call.check_content_type()
    rights = await call.rights(resource.scopes["create"])
    if resource.crs:
        call.check_crs(content=True)
    no_query(call)
    main = await parent_of(call, resource, rights) if resource.parent and resource.main else None
    sent = resource.renamed(await call.body())
    tell_unknown(call, resource, sent, None)
    for attempt in range(CONFLICT_RETRIES):
        check = Check(call, resource, "create", sent, None)
        if attempt and main is not None:
            main = await parent_of(call, resource, rights)
        check.main = main
        try:
            return await store(check, rights)
        except Problem as problem:
            if not (generated_is_taken(check, problem) or passes(problem, attempt)):
                raise
    raise Problem(409, "conflict", "Anderen gebruiken tegelijk de nummers die dit object zou krijgen.")


def passes(problem: Problem, attempt: int) -> bool:
    """Return whether others stood in the way of a write, and it may start again."""
    crossed = isinstance(problem.__cause__, (asyncpg.DeadlockDetectedError, asyncpg.SerializationError))
    return attempt < CONFLICT_RETRIES - 1 and (crossed or isinstance(problem, Again))


def generated_is_taken(check: Check, problem: Problem) -> bool:
    """Return whether a value that the client left to us was given to another object at the same moment."""
    ours = {p.name for p in describe(check.resource.fields) if not str(check.sent.get(p.name) or "").strip()}
    unique = isinstance(problem.__cause__, asyncpg.UniqueViolationError)
    return unique and all(param.name in ours for param in problem.invalid_params)


async def store(check: Check, rights: Rights) -> Response:
    """Store a new object from ``check.sent`` and answer 201."""
    content = await insert_object(check, rights)
    return answer(content, 201, {"Location": content["url"], **crs_headers(check.resource), **check.headers})


async def insert_object(check: Check, rights: Rights) -> dict[str, Any]:
    """Examine and store a new object; return it as the response shows it."""
    resource = check.resource
    if resource.main and not resource.parent:
        await check.load_main(rights)
    valid = check.parse(check.sent)
    if resource.parent and check.main is not None:
        await _same_parent(check)
    if valid:
        await check.resolve_references()
        await permit(check, rights)
    else:
        await permit_type(check, rights)
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
    await outbox.look_up_catalogus(check)
    async with transaction(check) as db:
        for lock in resource.locks:
            await lock(db, check)
        if not await db.execute(inserting(check)):
            raise Again()
        await affect(db, check)
        content, row = await written(db, check)
        await finish(db, check, None, content, row)
    await settle(check)
    return content


async def _same_parent(check: Check) -> None:
    """A nested object belongs to the parent in the path; another one in the body is refused."""
    parent = check.resource.parent
    assert check.main is not None
    if parent in check.row and check.row[parent] != check.main["uuid"]:
        p = next(p.name for p in describe(check.resource.fields) if p.attribute == parent)
        check.reject(p, "inconsistent-relation")
    check.row[parent] = check.main["uuid"]
    check._resolved[parent] = check.main


async def permit(check: Check, rights: Rights) -> None:
    """Raise 403 when the new state of a main object lies outside ``rights`` (common.md §5).

    A type that cannot be resolved falls through to the 400, unless no level has to be known (besluiten.md §2). A level
    that was left out is that of the type.
    """
    typed = check.resource.typed
    if typed is None or rights.everything:
        return
    kind = check.resolved(typed.type)
    if kind is None and typed.level and check.row.get(typed.type) not in rights.caps:
        return
    level = ""
    if typed.level:
        level = check.row.get(typed.level) or (kind or {}).get("vertrouwelijkheidaanduiding") or ""
    path = check.row[typed.type]
    if not rights.allows(path, level):
        url = check.call.base + path if path.startswith("/") else path
        raise outside(typed.type, url, level if path in rights.caps else "")


async def permit_type(check: Check, rights: Rights) -> None:
    """Raise 403 for the type, and the level that was sent, when the body has errors: rights come before those
    (common.md §5)."""
    typed = check.resource.typed
    if typed is None or rights.everything:
        return
    p = next(p for p in describe(check.resource.fields) if p.attribute == typed.type)
    sent = check.sent.get(p.name)
    url = sent.strip() if isinstance(sent, str) else ""
    if not URL.fullmatch(url):
        return
    path = path_of(url, check.call.caller.bases)
    assert p.ref is not None
    level = next((check.sent.get(p.name) for p in describe(check.resource.fields) if p.attribute == typed.level), None)
    if path in rights.caps:
        if level in LEVELS and not rights.allows(path, str(level)):
            raise outside(typed.type, url, str(level))
    elif not typed.level or (await check.find(path, p.ref))[0] is not None:
        raise outside(typed.type, url)


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
    path = call.request.url.path
    stored = await find(call, resource, rights, full=True)
    sent = resource.renamed(await call.body())
    tell_unknown(call, resource, sent, stored)
    async with AsyncExitStack() as queue:
        queued = False
        for attempt in range(CONFLICT_RETRIES):
            # Who comes when others wait already does so too; they would lose from each newcomer.
            if not queued and (attempt or call.service.queued(call.tenant, path)):
                await queue.enter_async_context(call.service.turn(call.tenant, path))
                queued = True
            if queued:
                stored = await find(call, resource, rights, full=True)
            check = Check(call, resource, action, sent, stored)
            try:
                content = await update_object(check, rights)
            except Problem as problem:
                if not passes(problem, attempt):
                    raise
                continue
            if content is not None:
                return answer(content, 200, {**crs_headers(resource), **check.headers})
    raise Again()


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
    for rules in (resource.rules, resource.derive, resource.guards):
        for rule in rules:
            await rule(check)
        check.stop()
    old = (await rendered(call, resource, [stored]))[0]
    await outbox.look_up_catalogus(check)
    async with transaction(check) as db:
        for lock in resource.locks:
            await lock(db, check)
        changed = {name: value for name, value in check.row.items() if value != stored[name]}
        if not await db.execute(updating(check, changed)):
            return None
        await affect(db, check)
        content, row = await written(db, check)
        await finish(db, check, old, content, row)
    await settle(check)
    return content


async def remove(call: Call, resource: Resource) -> Response:
    """Answer 204 after removing the object and what belongs to it."""
    call.check_accept()
    rights = await call.rights(resource.scopes["remove"])
    no_query(call)
    for attempt in range(CONFLICT_RETRIES):
        stored = await find(call, resource, rights, full=True)
        try:
            await remove_object(Check(call, resource, "destroy", {}, stored), rights)
            break
        except Problem as problem:
            # Somebody who writes beside it may have stood in the way, and be gone at the next attempt.
            referred = isinstance(problem.__cause__, asyncpg.ForeignKeyViolationError)
            if not (passes(problem, attempt) or (referred and attempt < CONFLICT_RETRIES - 1)):
                raise
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
    await outbox.look_up_catalogus(check)
    async with transaction(check) as db:
        for lock in resource.locks:
            await lock(db, check)
        if resource.before_removal:
            await hold(db, check)
        for effect in resource.before_removal:
            await effect(db, check)
        # What looks around before a removal has locked the object, and may have changed it.
        own = resource.table.delete().where(resource.table.c.uuid == check.uuid)
        if not await db.execute(own if resource.before_removal else deleting(check)):
            raise Again()
        await affect(db, check)
        await finish(db, check, old, None, stored)
        if resource.main is None and resource.audited:
            await audit.forget(db, resource.table.metadata, check.uuid)
    await settle(check)


async def settle(check: Check) -> None:
    """Do what follows the commit: tell the other services, and make sure that nobody answers from an old copy."""
    await reach_agreement(check)
    if check.resource.cached:
        await check.call.service.signals.barrier()


async def written(db: Executor, check: Check) -> tuple[dict[str, Any], Row]:
    """Return the object as it now is, rendered and as a row."""
    resource = check.resource
    row = await db.row(by_uuid(resource, EVERYTHING, full=True)(uuid=check.uuid, **resource.given(check.call)))
    assert row is not None
    content = render(resource, check.call.service.api.service, row, check.call.base)
    if resource.after_read is not None:
        await resource.after_read(check.call, [content], [row])
    return content, row


async def affect(db: Executor, check: Check) -> None:
    """Change what follows from a write, before it is read back: what changes may show in the response."""
    for effect in check.resource.effects:
        await effect(db, check)


async def finish(db: Executor, check: Check, old: dict[str, Any] | None, new: dict[str, Any] | None, row: Row) -> None:
    """Do what belongs to every write, in its transaction: audit trail, notification, signal."""
    resource = check.resource
    shown = new or old
    assert shown is not None
    entry = await audit.entry_of(check, old, new, row) if resource.audited else None
    message = outbox.announcement(check, shown["url"], row)
    check.agreements = [found for mirrors in resource.mirrors if (found := mirrors(check)) is not None]
    if check.agreements:
        message = outbox.held(check, message)
    noted = await note(db, resource.table.metadata, entry, message)
    check.audit = noted.get("audit")
    if "outbox" in noted:
        check.announced.append(noted["outbox"])
    if resource.cached:
        await db.execute(select(func.pg_notify(f"samenzaak_{check.call.service.api.service}", check.call.tenant)))


async def note(
    db: Executor, metadata: MetaData, entry: dict[str, Any] | None, message: dict[str, Any] | None
) -> dict[str, Any]:
    """Add an entry to the audit trail, a notification to the outbox, or both in one statement; return their ids under
    ``audit`` and ``outbox``."""
    if entry is None and message is None:
        return {}
    wakes = message is not None and message["held_until"] is None
    statement = _noting(metadata, entry is not None, message is not None, wakes)
    row = await db.row(statement(**(entry or {}), **(message or {})))
    assert row is not None
    return {name: row[name] for name in ("audit", "outbox") if name in row}


@lru_cache
def _noting(metadata: MetaData, audited: bool, announced: bool, wakes: bool) -> Prepared:
    if audited and not announced:
        return Prepared(audit.adding(metadata))
    statement = outbox.adding(metadata, wakes)
    if audited:
        entry = audit.adding(metadata).cte("entry")
        statement = statement.add_cte(entry).returning(select(entry.c.audit).scalar_subquery().label("audit"))
    return Prepared(statement)


class transaction:  # noqa: N801 -- used as a function is, like contextlib.suppress
    """The transaction of one write; what the database refuses becomes the error that the resource declares for it."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._context = check.call.db.transaction(check.call.tenant)

    async def __aenter__(self) -> Executor:
        return await self._context.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        try:
            await self._context.__aexit__(kind, error, traceback)
            # A context made from a generator does not raise again what was raised inside it.
            if error is not None:
                raise error
        except asyncpg.UniqueViolationError as e:
            declared = self._check.resource.unique.get(e.constraint_name or "")
            if declared is not None and declared.code == "identificatie-niet-uniek":
                declared = not_unique(str(self._check.now("identificatie")))
            raise Problem(400, "invalid", invalid_params=[declared or InvalidParam("nonFieldErrors", "unique")]) from e
        except asyncpg.ForeignKeyViolationError as e:
            raise Problem(
                409, "conflict", "Er bestaan nog verwijzingen naar dit object, of het is net verwijderd."
            ) from e
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as e:
            raise Problem(409, "conflict", "Het object wordt tegelijk door anderen gewijzigd.") from e
        except asyncpg.DataError as e:
            log.warning("refused by the database: %s", e)
            raise Problem(400, "invalid", invalid_params=[InvalidParam("nonFieldErrors", "invalid")]) from e
