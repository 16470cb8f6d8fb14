"""The outbox: a notification is a row of the transaction that it announces; a relay brings it to Notificaties.

An answered write is therefore announced, a rolled-back one never. One that other services have to agree to is held
until they did, with what they have to agree to in the same row.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    Insert,
    MetaData,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from runtime.faults import AWAY
from runtime.identity import Caller
from runtime.statements import Executor, Prepared, among, parameters
from zgw.check import Check
from zgw.mirroring.agreement import for_outbox
from zgw.resource import Typed

HOLD = timedelta(seconds=60)
"""Longer than a call to another service can last. Who makes many, or takes a write back, holds on (:func:`holding`)."""
CHANNEL = "samenzaak_outbox"
TYPES = "typen"
"""The member of a message that is no notification, but tells Autorisaties of which types there are other versions."""


def outbox_table(metadata: MetaData, mirrored: bool = False) -> Table:
    """Return the outbox's table for the metadata of a service; ``mirrored`` where its writes have a side elsewhere."""
    mirrors = [Column("mirrors", JSONB(none_as_null=True))] if mirrored else []
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("bases", JSONB, nullable=False),
        Column("message", JSONB, nullable=False),
        Column("held_until", DateTime(timezone=True)),
        # What other services have to agree to (zgw/mirroring), for when the process dies before it told them.
        *mirrors,
    )


async def catalogus_of(check: Check, typed: Typed, kind: str) -> dict[str, str]:
    """Return the kenmerk that tells the catalogue of a type, or nothing when nobody can tell."""
    found = await check.call.service.references.catalogus(check.call.caller, kind)
    return {f"{typed.type}.catalogus": found} if found else {}


async def look_up_catalogus(check: Check) -> None:
    """Find out before the transaction in which catalogue the type of the main object is, which newer subscribers filter
    on (``zaaktype.catalogus``).

    The type was read to examine the write, or is known from an earlier one. When nobody can tell, the kenmerk is left
    out: that lets a message pass every filter.
    """
    resource = check.resource
    typed = (resource.main.resource if resource.main else resource).typed
    if typed is None or not resource.kanaal or check.action not in resource.notify:
        return
    kind = check.main[typed.type] if resource.main and check.main else check.now(typed.type)
    if found := await catalogus_of(check, typed, kind):
        check.kenmerken = found


def announcement(check: Check, url: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the notification of this write as a row, or None when the resource has no kanaal or does not announce
    this action."""
    resource, call = check.resource, check.call
    main = resource.main.resource if resource.main else resource
    if not resource.kanaal or check.action not in resource.notify or main.kenmerken is None or check.silent:
        return None
    main_row = check.main if resource.main else row
    assert main_row is not None
    main_url = f"{call.base}{call.service.api.root}/{main.path}/{main_row['uuid']}" if resource.main else url
    return _of(check, main_url, url, {**main.kenmerken(main_row), **check.kenmerken})


def _of(check: Check, main_url: str, url: str, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the notification of the write of ``check`` about the object at ``url``."""
    call, resource = check.call, check.resource
    # Subscribers get the same URLs, whatever host name the writer called.
    base = call.caller.canonical_base
    main_url, url = (base + found.removeprefix(call.base) for found in (main_url, url))
    kenmerken = {name: base + value if value.startswith("/") else value for name, value in known.items()}
    return message(call.caller, resource.kanaal, main_url, resource.name, url, check.action, kenmerken)


async def announce_along(
    db: Executor, check: Check, rows: Sequence[Mapping[str, Any]], catalogi: Mapping[str, Mapping[str, str]], held: bool
) -> None:
    """Announce that other main objects go along with the one that ``check`` removes, as if each was removed by itself.
    ``catalogi`` has :func:`catalogus_of` each of their types; ``held``: when other services agreed to the removal. In
    the transaction of the removal."""
    until = datetime.now(UTC) + HOLD if held else None
    resource = check.resource
    assert resource.typed is not None
    assert resource.kenmerken is not None
    statement = Prepared(adding(resource.table.metadata, False))
    for row in rows:
        url = f"{check.call.base}{check.call.service.api.root}/{resource.path}/{row['uuid']}"
        known = {**resource.kenmerken(row), **catalogi[row[resource.typed.type]]}
        added = await db.row(statement(**{**_of(check, url, url, known), "held_until": until}))
        assert added is not None
        check.announced.append(added["outbox"])


def message(
    caller: Caller, kanaal: str, main_url: str, resource: str, url: str, action: str, kenmerken: Mapping[str, str]
) -> dict[str, Any]:
    """Return a notification as a row of the outbox."""
    content = {
        "kanaal": kanaal,
        "hoofdObject": main_url,
        "resource": resource,
        "resourceUrl": url,
        "actie": action,
        "aanmaakdatum": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "kenmerken": dict(kenmerken),
    }
    return {"bases": list(caller.bases), "message": content, "held_until": None}


def held(check: Check, announced: dict[str, Any] | None) -> dict[str, Any]:
    """Return the row of a write that waits for other services to agree, to itself or to a write that goes with it. It
    is announced after :func:`release`, never after it was taken back, and by the relay when the process died in
    between. The row of a write that is not announced has no message, and is there for as long as they are told."""
    check.silent = announced is None
    row = announced or {"bases": list(check.call.caller.bases), "message": {}}
    mirrors = for_outbox(check.agreements, check.call.caller.canonical_base) if check.agreements else None
    return {**row, "held_until": datetime.now(UTC) + HOLD, "mirrors": mirrors}


def adding(metadata: MetaData, wakes: bool) -> Insert:
    """Return the statement that adds a notification (:func:`message`); it returns its id as ``outbox``, and ``wakes``
    the relay when the transaction commits."""
    table = metadata.tables["outbox"]
    names = [name for name in ("bases", "message", "held_until", "mirrors") if name in table.c]
    statement = insert(table).values(parameters(table, names))
    statement = statement.returning(table.c.id.label("outbox"))
    return statement.returning(func.pg_notify(CHANNEL, func.current_schema())) if wakes else statement


@asynccontextmanager
async def holding(checks: Sequence[Check]) -> AsyncIterator[None]:
    """Keep the notifications of writes held for as long as other services are told."""
    table, rows = _rows(checks)
    call = checks[0].call

    async def hold_on() -> None:
        while True:
            await asyncio.sleep(HOLD.total_seconds() / 3)
            until = datetime.now(UTC) + HOLD
            with contextlib.suppress(*AWAY):
                async with call.db.acquire(call.tenant) as db:
                    # Not what was released meanwhile: this may be under way when it is told to stop.
                    still = (rows, table.c.held_until.is_not(None))
                    await db.execute(table.update().where(*still).values(held_until=until))

    work = asyncio.create_task(hold_on())
    try:
        yield
    finally:
        work.cancel()


async def release(checks: Sequence[Check]) -> None:
    """Let the relay bring the notifications of writes that were held."""
    silent = [check for check in checks if check.silent]
    if silent:
        await forget(silent)
    if len(silent) == len(checks):
        return
    table, rows = _rows(checks)
    call = checks[0].call
    async with call.db.transaction(call.tenant) as db:
        await db.execute(table.update().where(rows).values(held_until=None))
        await wake(db)


async def withdraw(db: Executor, checks: Sequence[Check]) -> None:
    """Let writes that are taken back be announced no more, in the transaction that takes them back. What other services
    may have to be told stays until :func:`forget`."""
    table, rows = _rows(checks)
    await db.execute(table.delete().where(rows, table.c.mirrors.is_(None)))
    await db.execute(table.update().where(rows).values(message={}, held_until=datetime.now(UTC) + HOLD))


async def forget(checks: Sequence[Check]) -> None:
    """Remove what is left of writes: everybody who has to know of them does."""
    table, rows = _rows(checks)
    call = checks[0].call
    async with call.db.acquire(call.tenant) as db:
        await db.execute(table.delete().where(rows))


def _rows(checks: Sequence[Check]) -> tuple[Table, ColumnElement[bool]]:
    """Return the outbox, and the condition that keeps the rows of these writes."""
    table = checks[0].resource.table.metadata.tables["outbox"]
    return table, among(table.c.id, [row for check in checks for row in check.announced])


async def wake(db: Executor) -> None:
    """Let the relay look at the outbox when the transaction commits."""
    await db.execute(select(func.pg_notify(CHANNEL, func.current_schema())))
