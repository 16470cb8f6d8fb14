"""The outbox: a notification is a row of the transaction that it announces; a relay brings it to Notificaties.

An answered write is therefore announced, a rolled-back one never.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import BigInteger, Column, DateTime, Identity, Insert, MetaData, Table, func, insert, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from runtime.faults import AWAY
from runtime.identity import Caller, system_caller
from runtime.locks import Lock, try_lock
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from runtime.statements import Executor, Prepared, among, parameters
from runtime.tenancy import tenant_of
from zgw import mending
from zgw.check import Check
from zgw.request import Service
from zgw.resource import Typed

BATCH = 100
GATHER = 0.05
"""Seconds between two looks at one outbox: under load they carry many notifications each, and a single one still goes
at once."""
BUSY_ELSEWHERE = 0.2
EXPECTED = (*AWAY, httpx.HTTPError, Problem)
"""What goes wrong while PostgreSQL or Notificaties is away."""
HOLD = timedelta(seconds=60)
"""Longer than a call to another service can last. Who makes many, or takes a write back, holds on (:func:`holding`)."""
CHANNEL = "samenzaak_outbox"


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
        # What other services have to agree to (zgw/mending.py), for when the process dies before it told them.
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
    if not resource.kanaal or check.action not in resource.notify or main.kenmerken is None:
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
    found = message(call.caller, resource.kanaal, main_url, resource.name, url, check.action, kenmerken)
    if resource.mirrors and check.mirrored:
        found["held_until"] = datetime.now(UTC) + HOLD
    return found


async def announce_along(
    db: Executor, check: Check, rows: Sequence[Mapping[str, Any]], catalogi: Mapping[str, Mapping[str, str]]
) -> None:
    """Announce that other main objects go along with the one that ``check`` removes, as if each was removed by itself.
    ``catalogi`` has :func:`catalogus_of` each of their types. In the transaction of the removal."""
    resource = check.resource
    assert resource.typed is not None
    assert resource.kenmerken is not None
    statement = Prepared(adding(resource.table.metadata, False))
    for row in rows:
        url = f"{check.call.base}{check.call.service.api.root}/{resource.path}/{row['uuid']}"
        known = {**resource.kenmerken(row), **catalogi[row[resource.typed.type]]}
        added = await db.row(statement(**_of(check, url, url, known)))
        assert added is not None
        check.announced.append(added["outbox"])


def message(
    caller: Caller, kanaal: str, main_url: str, resource: str, url: str, action: str, kenmerken: Mapping[str, str]
) -> dict[str, Any]:
    """Return a notification as a row of the outbox.

    A write that another service has yet to agree to gets ``held_until``: it is announced after :func:`release`, never
    after it was taken back, and after that time when the process died in between.
    """
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


def silent(check: Check) -> dict[str, Any]:
    """Return the row of a write that is not announced, for what other services have to agree to."""
    check.silent = True
    return {"bases": list(check.call.caller.bases), "message": {}, "held_until": datetime.now(UTC) + HOLD}


def adding(metadata: MetaData, wakes: bool) -> Insert:
    """Return the statement that adds a notification (:func:`message`); it returns its id as ``outbox``, and ``wakes``
    the relay when the transaction commits."""
    table = metadata.tables["outbox"]
    names = [name for name in ("bases", "message", "held_until", "mirrors") if name in table.c]
    statement = insert(table).values(parameters(table, names))
    statement = statement.returning(table.c.id.label("outbox"))
    return statement.returning(func.pg_notify(CHANNEL, func.current_schema())) if wakes else statement


@asynccontextmanager
async def holding(check: Check) -> AsyncIterator[None]:
    """Keep the notification of a write held for as long as the calls to other services go on."""
    held = check.announced
    if not held or not check.mirrored:
        yield
        return
    table = check.resource.table.metadata.tables["outbox"]

    async def hold_on() -> None:
        while True:
            await asyncio.sleep(HOLD.total_seconds() / 3)
            until = datetime.now(UTC) + HOLD
            with contextlib.suppress(*AWAY):
                async with check.call.db.acquire(check.call.tenant) as db:
                    # Not what was released meanwhile: this may be under way when it is told to stop.
                    still = (among(table.c.id, held), table.c.held_until.is_not(None))
                    await db.execute(table.update().where(*still).values(held_until=until))

    work = asyncio.create_task(hold_on())
    try:
        yield
    finally:
        work.cancel()


async def release(check: Check) -> None:
    """Let the relay bring the notification of a write that was held."""
    held = check.announced
    if not held or not check.mirrored:
        return
    if check.silent:
        await mending.forget(check)
        return
    table = check.resource.table.metadata.tables["outbox"]
    async with check.call.db.transaction(check.call.tenant) as db:
        await db.execute(table.update().where(among(table.c.id, held)).values(held_until=None))
        await wake(db)


async def wake(db: Executor) -> None:
    """Let the relay look at the outbox when the transaction commits."""
    await db.execute(select(func.pg_notify(CHANNEL, func.current_schema())))


async def relay(service: Service) -> None:
    """Bring outbox rows to Notificaties for ever: woken by commits, and every minute for what was left behind."""
    name = service.api.service

    async def bring(tenant: str) -> float | None:
        moved = await _relay_batch(service, tenant)
        if moved is None:
            # Another process is at it; it may stop at any moment, so this one keeps an eye on it.
            return BUSY_ELSEWHERE
        return 0.0 if moved == BATCH else None

    outboxes = PerTenant(f"outbox of {name}", service.database.tenants, bring, gather=GATHER, expected=EXPECTED)
    service.background.append(outboxes)

    def look(schema: str) -> None:
        """Take a signal: the schema of an outbox, or ``""`` when anything may have happened."""
        if not schema:
            outboxes.look_everywhere()
        elif schema.endswith(f"_{name}"):
            outboxes.look(tenant_of(schema, name))

    service.signals.on(CHANNEL, look)
    await outboxes.run()


async def _relay_batch(service: Service, tenant: str) -> int | None:
    """Bring at most ``BATCH`` notifications of one municipality; return how many, or None when another process is at
    it.

    They are removed only after they were accepted. One process at a time does this, because two would overtake each
    other.
    """
    table = service.api.metadata.tables["outbox"]
    async with service.database.transaction(tenant) as db:
        if not await db.value(try_lock(Lock.OUTBOX)):
            return None
        ready = or_(table.c.held_until.is_(None), table.c.held_until < func.now())
        found = await db.rows(select(table).where(ready).order_by(table.c.id).limit(BATCH))
        broken_off = [row for row in found if row["held_until"] is not None and row.get("mirrors") is not None]
        if broken_off:
            # Nobody else takes them for as long as it may last.
            these = among(table.c.id, [row["id"] for row in broken_off])
            await db.execute(table.update().where(these).values(held_until=datetime.now(UTC) + HOLD))
        if rows := [row for row in found if row not in broken_off]:
            await _bring(service, tenant, rows)
            await db.execute(table.delete().where(among(table.c.id, [row["id"] for row in rows])))
    for row in broken_off:
        await mending.mend(service, tenant, row)
    return len(found)


async def _bring(service: Service, tenant: str, rows: Sequence[Mapping[str, Any]]) -> None:
    caller = system_caller(tenant, service.api.service, tuple(rows[0]["bases"]))
    messages = [{"bases": row["bases"], "message": row["message"]} for row in rows]
    response = await service.internal.send(
        caller, "notificaties", "POST", "/_intern/notificaties", {"berichten": messages}
    )
    if response.status_code not in (200, 201, 204):
        raise Problem(response.status_code, "error", response.text[:500])
