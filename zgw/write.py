"""Writing: create, replace, merge, remove. Each goes through the same phases (docs/architecture.md; common.md §5):

1. negotiate: Accept, Content-Type, scope, CRS, query parameters (:func:`negotiate`)
2. find: the stored row and the main object, within the rights of the client (``zgw.read``, ``zgw.resolve``)
3. parse: the body becomes fields (``zgw.parse``)
4. resolve: what the fields refer to (``zgw.resolve``)
5. permit: the new type and level lie within the rights
6. rules: all run and report together
7. derive: what the standard fills in; then the fields become columns
8. guards: the state of the object and its main object
9. lock: the transaction begins; what else the write looks at
10. write: the row, if it and its main object still are what the rules saw (``zgw.rows``)
11. effects: other rows
12. record: the object is read back; audit trail, notification, signal, commit
13. agree: other services make or remove their mirrors; when they cannot, the write is taken back
14. answer, when nobody answers from an old copy any more

When others stand in the way, phases 2 to 12 start again (:func:`starting_again`), one change after the other
(:func:`in_line`).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import MetaData, func, select
from starlette.responses import Response

from runtime.problems import OBJECT, Again, InvalidParam, Problem
from runtime.statements import Executor, Prepared, Row
from zgw import audit, outbox
from zgw.check import Check
from zgw.expand import adapted, rendered
from zgw.fields import describe
from zgw.logboek.actions import before_removal, note_writes
from zgw.mirroring.settling import reach_agreement
from zgw.parse import parse, row_of
from zgw.problems import not_unique
from zgw.read import by_uuid, find, no_query, parent_of
from zgw.render import render
from zgw.request import Call, answer, crs_headers
from zgw.resolve import check_immutable, find_main, keep_to_parent, permit, permit_type, resolve_references
from zgw.resource import Effect, Resource, Rule
from zgw.rights import EVERYTHING, Rights
from zgw.rows import deleting, hold, inserting, updating
from zgw.unknown import read_members
from zgw.usage import count_use

log = logging.getLogger("samenzaak.write")

T = TypeVar("T")
ATTEMPTS = 5
"""How often a write is tried while others stand in its way, at least."""
PATIENCE = 10.0
"""Seconds in which a change of one object gets its turn, while others change it too."""

# --- The operations ---------------------------------------------------------------------------------------------------


async def create(call: Call, resource: Resource) -> Response:
    """Answer 201 with the new object."""
    rights = await negotiate(call, resource, "create")
    parent = await parent_of(call, resource, rights) if resource.parent else None
    sent = read_members(call, resource, await call.body(), None)

    async def attempt(number: int) -> Response:
        check = Check(call, resource, "create", sent, None)
        check.main = await parent_of(call, resource, rights) if number and resource.parent else parent
        [content] = adapted(call, resource, [await store(check, rights)])
        return answer(content, 201, {"Location": content["url"], **crs_headers(resource), **check.headers})

    return await starting_again(attempt)


async def replace(call: Call, resource: Resource) -> Response:
    """Answer PUT."""
    return await change(call, resource, "update")


async def merge(call: Call, resource: Resource) -> Response:
    """Answer PATCH."""
    return await change(call, resource, "partial_update")


async def change(call: Call, resource: Resource, action: str) -> Response:
    """Answer 200 with the changed object."""
    rights = await negotiate(call, resource, "update")
    first: Row = await find(call, resource, rights, full=True)
    sent = read_members(call, resource, await call.body(), first)

    async def attempt(number: int) -> Response:
        stored = await find(call, resource, rights, full=True) if number else first
        check = Check(call, resource, action, sent, stored)
        [content] = adapted(call, resource, [await store(check, rights)])
        return answer(content, 200, {**crs_headers(resource), **check.headers})

    return await in_line(call, attempt)


async def remove(call: Call, resource: Resource) -> Response:
    """Answer 204 after removing the object and what belongs to it."""
    rights = await negotiate(call, resource, "remove")

    async def attempt(_: int) -> Response:
        stored = await find(call, resource, rights, full=True)
        await erase(Check(call, resource, "destroy", {}, stored), rights)
        return Response(None, 204)

    return await starting_again(attempt)


async def negotiate(call: Call, resource: Resource, operation: str) -> Rights:
    """Phase 1: return the rights of the client for an operation, if the request is one that can be answered."""
    call.check_accept()
    if operation != "remove":
        call.check_content_type()
    rights = await call.rights(resource.scopes[operation])
    if resource.crs and operation != "remove":
        call.check_crs(content=True)
    no_query(call)
    return rights


async def in_line(call: Call, attempt: Callable[[int], Awaitable[T]], path: str = "") -> T:
    """Return what an attempt to change the object of the request, or that at ``path``, gives. Whoever lost from another
    change waits in line with those who did too, or they would lose from each newcomer.

    Raises Again (409 with Retry-After) after :data:`PATIENCE` seconds: in a long line, or of losing from those who are
    first in line in other processes, of which any may be first.
    """
    path = path or call.request.url.path
    if not call.service.queued(call.tenant, path):
        with suppress(Again):
            return await attempt(0)
    turn, until = call.service.turn(call.tenant, path), time.monotonic() + PATIENCE
    try:
        async with asyncio.timeout(PATIENCE):
            await turn.acquire()
    except TimeoutError:
        raise Again() from None
    try:
        for number in count(1):
            with suppress(Again):
                return await attempt(number)
            if number >= ATTEMPTS and time.monotonic() > until:
                break
    finally:
        turn.release()
    raise Again()


async def starting_again(attempt: Callable[[int], Awaitable[T]]) -> T:
    """Return what an attempt gives, which starts again while others stand in its way; raise Again (409) in the end."""
    for number in range(ATTEMPTS - 1):
        with suppress(Again):
            return await attempt(number)
    return await attempt(ATTEMPTS - 1)


# --- The phases -------------------------------------------------------------------------------------------------------


async def store(check: Check, rights: Rights) -> dict[str, Any]:
    """Phases 2 to 13 of a new or changed object; return it as the response shows it."""
    await judge(check, rights)
    old = await before(check)
    async with transaction(check) as db:
        content, row = await put(db, check)
        await finish(db, check, old, content, row)
    await settle(check)
    return content


async def judge(check: Check, rights: Rights) -> None:
    """Phases 2 to 8 of a new or changed object."""
    await find_main(check, rights)
    await take_in(check, rights)
    check.stop()
    await follow(check, check.resource.rules)
    await complete(check)


async def take_in(check: Check, rights: Rights) -> None:
    """Phases 3 to 5: what was sent becomes fields, within the rights of the client; report what is wrong with it."""
    if parse(check):
        keep_to_parent(check)
        check_immutable(check)
        await resolve_references(check)
        await permit(check, rights)
    elif check.creating:
        await permit_type(check, rights)


async def complete(check: Check) -> None:
    """Phases 7 and 8 of a write that the rules allow."""
    await follow(check, check.resource.derive)
    check.row = row_of(check)
    await follow(check, check.resource.guards)


async def before(check: Check) -> dict[str, Any] | None:
    """Return what the object was, as responses show it, and find out what its notification tells beside that."""
    await outbox.look_up_catalogus(check)
    return None if check.stored is None else (await rendered(check.call, check.resource, [check.stored]))[0]


async def put(db: Executor, check: Check) -> tuple[dict[str, Any], Row]:
    """Phases 9 to 11 of a new or changed object; return it as :func:`written` does."""
    await run(db, check, check.resource.locks)
    if not await db.execute(inserting(check) if check.stored is None else updating(check)):
        raise Again()
    await run(db, check, check.resource.effects)
    return await written(db, check)


async def erase(check: Check, rights: Rights) -> None:
    """Phases 2 to 13 of a removal; raise 409 when something still refers to the object."""
    resource, stored = check.resource, check.stored
    assert stored is not None
    await find_main(check, rights)
    await follow(check, (*resource.removal_rules, *resource.guards))
    old = await before(check)
    async with transaction(check) as db:
        await take_away(db, check)
        await finish(db, check, old, None, stored)
        if resource.main is None and resource.audited:
            await audit.forget(db, resource.table.metadata, check.uuid)
    await settle(check)


async def take_away(db: Executor, check: Check) -> None:
    """Phases 9 to 11 of a removal."""
    resource = check.resource
    await run(db, check, resource.locks)
    await before_removal(db, check)
    if resource.before_removal:
        await hold(db, check)
    await run(db, check, resource.before_removal)
    # before_removal locked the row already, and may have changed it, so its version may differ.
    own = resource.table.delete().where(resource.table.c.uuid == check.uuid)
    if not await db.execute(own if resource.before_removal else deleting(check)):
        raise Again()
    await run(db, check, resource.effects)


async def follow(check: Check, rules: Sequence[Rule]) -> None:
    """Run rules, and raise the 400 with everything that they reported."""
    for rule in rules:
        await rule(check)
    check.stop()


async def run(db: Executor, check: Check, effects: Sequence[Effect]) -> None:
    for effect in effects:
        await effect(db, check)


async def settle(check: Check) -> None:
    """Do what follows the commit: tell the other services, and make sure that nobody answers from an old copy."""
    await reach_agreement(check)
    count_use(check)
    if check.resource.cached:
        await check.call.service.signals.barrier()


async def written(db: Executor, check: Check) -> tuple[dict[str, Any], Row]:
    """Return the object as it now is, rendered and as a row."""
    resource = check.resource
    row = await db.row(by_uuid(resource, EVERYTHING, full=True)(uuid=check.uuid, **resource.given(check.call)))
    assert row is not None
    [content] = render(resource, check.call.service.api.service, [row], check.call.base)
    if resource.after_read is not None:
        await resource.after_read(check.call, [content], [row])
    return content, row


async def finish(db: Executor, check: Check, old: dict[str, Any] | None, new: dict[str, Any] | None, row: Row) -> None:
    """Do what belongs to every write, in its transaction: audit trail, notification, signal."""
    resource = check.resource
    entry, message = await told(check, old, new, row)
    if check.agreements:
        message = outbox.held(check, message)
    await note_of(db, check, entry, message)
    await note_writes(db, [check])
    if resource.cached:
        await db.execute(select(func.pg_notify(f"samenzaak_{check.call.service.api.service}", check.call.tenant)))


async def told(
    check: Check, old: dict[str, Any] | None, new: dict[str, Any] | None, row: Row
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the entry in the audit trail and the notification of a write, and work out what other services have to
    agree to."""
    resource = check.resource
    shown = new or old
    assert shown is not None
    entry = await audit.entry_of(check, old, new, row) if resource.audited else None
    check.agreements += [found for mirrors in resource.mirrors if (found := mirrors(check)) is not None]
    return entry, outbox.announcement(check, shown["url"], row)


async def note_of(db: Executor, check: Check, entry: dict[str, Any] | None, message: dict[str, Any] | None) -> None:
    """Note the entry, the notification, or both of a write, which remembers their ids."""
    noted = await note(db, check.resource.table.metadata, entry, message)
    check.audit = noted.get("audit", check.audit)
    if "outbox" in noted:
        check.announced.append(noted["outbox"])


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
    """The transaction of one write; what the database refuses becomes the error that the resource declares for it, or
    Again when others stood in the way."""

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
        except REFUSALS as e:
            raise refused(self._check, e) from e


REFUSALS = (
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.DataError,
)


def refused(check: Check, error: asyncpg.PostgresError) -> Problem:
    """Return what a write that the database refuses is answered with."""
    if isinstance(error, asyncpg.UniqueViolationError):
        declared = check.resource.unique.get(error.constraint_name or "")
        if declared is not None and declared.code == "identificatie-niet-uniek":
            declared = not_unique(str(check.now("identificatie")))
        if check.creating and declared is not None and given_out(check, declared.name):
            return Again("Anderen gebruiken tegelijk de nummers die dit object zou krijgen.")
        return Problem(400, "invalid", invalid_params=[declared or InvalidParam(OBJECT, "unique")])
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        detail = "Er bestaan nog verwijzingen naar dit object, of het is net verwijderd."
        # Somebody who writes beside a removal may be gone at the next attempt.
        return Again(detail) if check.action == "destroy" else Problem(409, "conflict", detail)
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return Again()
    log.warning("refused by the database: %s", error)
    return Problem(400, "invalid", invalid_params=[InvalidParam(OBJECT, "invalid")])


def given_out(check: Check, name: str) -> bool:
    """Return whether the client left the value of a field to us, by its JSON name."""
    known = any(p.name == name for p in describe(check.resource.fields))
    return known and not str(check.sent.get(name) or "").strip()
