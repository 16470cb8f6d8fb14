"""Several writes in one transaction: all of them happen, or none (docs/adr/0016).

Each write is that of its own operation: the same phases (``zgw.write``), rules, locks, trail and notification. What
differs is when they run:

1. every body becomes fields, and what these refer to is looked up; everything that is wrong is told at once
2. the rules of the head, the main object that all others belong to
3. the transaction begins, and locks what all of them need
4. the head is written; then, one after the other, the rest goes through its rules and is written. What they read, they
   read in the transaction (``Call.inside``), so that each sees what those before it wrote
5. trail and notifications are noted in the order of the standard, whatever order the writes needed
6. after the commit other services agree to all of it, or all of it is taken back

Example::

    head = Write(Check(call, ZAAK, "create", sent["zaak"], None), rights["zaak"])
    rest = [Write(Check(call, ROL, "create", …), rights["rollen"]) …]
    return await store_together([head, *rest], read=read)
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from runtime.problems import Again, InvalidParam, Problem
from runtime.statements import Executor, Row
from zgw import outbox
from zgw.api import Member
from zgw.check import Check
from zgw.expand import adapted
from zgw.fields import by_attribute
from zgw.logboek.actions import note_writes
from zgw.mirroring.settling import reach_agreement
from zgw.request import Call
from zgw.resolve import find_main
from zgw.resource import Rule
from zgw.rights import Rights
from zgw.usage import count_use
from zgw.write import (
    REFUSALS,
    before,
    complete,
    follow,
    note_of,
    put,
    refused,
    take_away,
    take_in,
    told,
    written,
)

T = TypeVar("T")


@dataclass(eq=False)
class Write:
    """One of the writes. ``check.within`` tells where it is in the body; ``rules`` are those that only hold here."""

    check: Check
    rights: Rights
    rules: "Sequence[Rule[Any]]" = ()
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None
    row: Row = field(default_factory=dict)


def below(head: Check, member: Member, sent: Mapping[str, Any], index: int | None = None) -> Check:
    """Return the check of a new object of the head, from the member of the body, and its place in a list. Which object
    it belongs to is not for the client to say."""
    main = member.resource.main
    assert main is not None
    name = by_attribute(member.resource.fields)[main.attribute].name
    check = Check(head.call, member.resource, "create", {**sent, name: head.call.base + head.path}, None)
    check.within = member.name if index is None else f"{member.name}.{index}"
    return check


class Errors:
    """What is wrong with any of the writes, under its name in the whole body."""

    def __init__(self) -> None:
        self.params: list[InvalidParam] = []

    @contextmanager
    def of(self, check: Check) -> Iterator[None]:
        """Gather what is wrong with one write. What is not about its body goes on: 403, 409."""
        try:
            yield
            check.stop()
        except Problem as problem:
            self.add(check, problem)

    def add(self, check: Check, problem: Problem, prefixed: bool = False) -> None:
        """Add the errors of one write, or those that have their whole names already; raise what is not about its
        body."""
        if problem.status != 400 or not problem.invalid_params:
            raise problem
        check.errors.clear()
        found = problem.invalid_params
        self.params += found if prefixed else [replace(param, name=check.named(param.name)) for param in found]

    def stop(self) -> None:
        """Raise the 400 with everything that was gathered, if anything was."""
        if self.params:
            raise Problem(400, "invalid", invalid_params=self.params)


async def store_together(
    writes: Sequence[Write],
    read: Callable[[Executor, Call], Awaitable[T]],
    *,
    lock: Callable[[Executor], Awaitable[None]] | None = None,
    trail: Sequence[str] = (),
    announced: Sequence[str] = (),
) -> T:
    """Write all of these, the head first and the others in the order in which they need each other; return what
    ``read`` finds at the end of the transaction.

    ``lock`` locks at its beginning what any of them would lock, in the order that all keep to. ``trail`` and
    ``announced`` are the members of the body in the order in which their entries and notifications are noted.
    Raises Problem: 400 with everything that is wrong, 403, and Again when others stand in the way.
    """
    head, *rest = writes
    call, errors = head.check.call, Errors()
    for write in writes:
        with errors.of(write.check):
            if write.check.action != "destroy":
                await take_in(write.check, write.rights)
    if errors.params:
        await _forbid(head.check, rest)
    errors.stop()
    await _judge_head(head, errors)
    async with call.service.joining.of(call.tenant), call.service.joining.free:
        try:
            async with call.db.transaction(call.tenant) as db:
                inside = call.inside(db)
                for write in writes:
                    write.check.call = inside
                if lock is not None:
                    await lock(db)
                if not errors.params:
                    await _carry_out(db, head, errors)
                for write in rest:
                    await _examine(write, errors)
                    if not errors.params:
                        await _carry_out(db, write, errors)
                errors.stop()
                await _record(db, writes, trail, announced)
                answer = await read(db, inside)
        except REFUSALS as e:
            # Refused by the commit itself, or in locking: others stood in the way.
            raise Again() from e
        finally:
            for write in writes:
                write.check.call = call
    await reach_agreement(*(write.check for write in writes))
    for write in writes:
        count_use(write.check)
    return answer


async def _forbid(head: Check, rest: Sequence[Write]) -> None:
    """Raise 403 when the client may not write below the head, as that is stored: rights come before mistakes (common.md
    §5)."""
    typed, stored = head.resource.typed, head.stored
    if typed is None or stored is None:
        return
    for write in rest:
        if not write.rights.allows(stored[typed.type], stored[typed.level] if typed.level else None):
            raise await head.call.denied(head.resource, write.rights.scopes, stored)


async def _judge_head(head: Write, errors: Errors) -> None:
    """Phases 6 to 8 of the head, before the transaction as ever. What belongs to one that cannot be made cannot be
    judged."""
    check = head.check
    with errors.of(check):
        await find_main(check, head.rights)
        await follow(check, (*check.resource.rules, *head.rules))
    if not errors.params:
        with errors.of(check):
            await complete(check)
            head.old = await before(check)
    if check.creating:
        errors.stop()


async def _examine(write: Write, errors: Errors) -> None:
    """Phases 6 to 8 of another write, in the transaction. When something is wrong with one before it only its rules are
    asked: what it would see of the main object is not so."""
    check = write.check
    with errors.of(check):
        await find_main(check, write.rights)
        if check.action == "destroy":
            await follow(check, (*check.resource.removal_rules, *check.resource.guards))
        else:
            await follow(check, (*check.resource.rules, *write.rules))
            if not errors.params:
                await complete(check)
        if not errors.params:
            write.old = await before(check)


async def _carry_out(db: Executor, write: Write, errors: Errors) -> None:
    """Phases 9 to 11."""
    check = write.check
    try:
        with errors.of(check):
            if check.action == "destroy":
                await take_away(db, check)
                assert check.stored is not None
                write.row = check.stored
            else:
                write.new, write.row = await put(db, check)
    except REFUSALS as e:
        # PostgreSQL takes no more statements in this transaction.
        errors.add(check, refused(check, e))
        errors.stop()


async def _record(db: Executor, writes: Sequence[Write], trail: Sequence[str], announced: Sequence[str]) -> None:
    """Phase 12: note the entries and notifications, which are all held when other services have to agree to any."""
    messages = []
    for write in _in_order(writes, trail):
        entry, message = await told(write.check, write.old, write.new, write.row)
        await note_of(db, write.check, entry, None)
        messages.append((write, message))
    known = dict(messages)
    held = any(write.check.agreements for write in writes)
    for write in _in_order(writes, announced or trail):
        message = known[write]
        if held and (message is not None or write.check.agreements):
            message = outbox.held(write.check, message)
        await note_of(db, write.check, None, message)
    await note_writes(db, [write.check for write in writes])


def _in_order(writes: Sequence[Write], names: Sequence[str]) -> list[Write]:
    """Return the writes in the order of the members that they come from; those of one member as they are."""
    places = {name: place for place, name in enumerate(names)}
    return sorted(writes, key=lambda write: places.get(write.check.within.partition(".")[0], len(places)))


async def answered(db: Executor, writes: Sequence[Write]) -> dict[str, Any]:
    """Return the objects of these writes as they are at the end, as responses show them, by the members of the
    body that they come from: one, or a list in the order of the body. Those that were removed are not among them."""
    found: dict[str, Any] = {}
    lists: dict[str, dict[int, Any]] = {}
    for write in writes:
        if write.check.action != "destroy":
            content, _ = await written(db, write.check)
            adapted(write.check.call, write.check.resource, [content])
            name, _, index = write.check.within.partition(".")
            if index:
                lists.setdefault(name, {})[int(index)] = content
            else:
                found[name] = content
    return {**found, **{name: [items[index] for index in sorted(items)] for name, items in lists.items()}}
