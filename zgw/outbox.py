"""The outbox: a notification is a row of the transaction that it announces; a relay brings it to Notificaties.

An answered write is therefore announced, a rolled-back one never.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Table, func, insert, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from zgw.call import Service
from zgw.caller import Caller, system_caller
from zgw.check import Check
from zgw.database import Executor, among
from zgw.problems import Problem
from zgw.tenancy import tenant_of

log = logging.getLogger("samenzaak.outbox")

BATCH = 100
HOLD = timedelta(seconds=60)
"""Longer than a call to another service and taking the write back can last."""
CHANNEL = "samenzaak_outbox"


def outbox_table(metadata: MetaData) -> Table:
    """Return the outbox's table for the metadata of a service."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("bases", JSONB, nullable=False),
        Column("message", JSONB, nullable=False),
        Column("held_until", DateTime(timezone=True)),
    )


async def announce(db: Executor, check: Check, url: str, row: Mapping[str, Any]) -> None:
    """Put the notification of this write in the outbox, when the resource has a kanaal and announces this action."""
    resource, call = check.resource, check.call
    main = resource.main.resource if resource.main else resource
    if not resource.kanaal or check.action not in resource.notify or main.kenmerken is None:
        return
    main_row = check.main if resource.main else row
    assert main_row is not None
    main_url = f"{call.base}{call.service.api.root}/{main.path}/{main_row['uuid']}" if resource.main else url
    kenmerken = {
        name: call.base + value if value.startswith("/") else value for name, value in main.kenmerken(main_row).items()
    }
    held = HOLD if resource.mirrors and check.notes.get("mirrored", True) else None
    metadata, kanaal = resource.table.metadata, resource.kanaal
    check.notes["outbox"] = await put(
        db, metadata, call.caller, kanaal, main_url, resource.name, url, check.action, kenmerken, held
    )


async def put(
    db: Executor,
    metadata: MetaData,
    caller: Caller,
    kanaal: str,
    main_url: str,
    resource: str,
    url: str,
    action: str,
    kenmerken: Mapping[str, str],
    held: timedelta | None = None,
) -> int:
    """Put one notification in the outbox and wake the relay when the transaction commits; return its id.

    A write that another service has yet to agree to is ``held``: it is announced after :func:`release`, never after
    it was taken back, and after that time when the process died in between.
    """
    message = {
        "kanaal": kanaal,
        "hoofdObject": main_url,
        "resource": resource,
        "resourceUrl": url,
        "actie": action,
        "aanmaakdatum": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "kenmerken": dict(kenmerken),
    }
    table = metadata.tables["outbox"]
    values = {"bases": list(caller.bases), "message": message, "held_until": held and datetime.now(UTC) + held}
    found: int = await db.value(insert(table).values(**values).returning(table.c.id))
    if held is None:
        await db.execute(select(func.pg_notify(CHANNEL, func.current_schema())))
    return found


async def release(check: Check) -> None:
    """Let the relay bring the notification of a write that was held."""
    if (held := check.notes.get("outbox")) is None:
        return
    table = check.resource.table.metadata.tables["outbox"]
    async with check.call.db.transaction(check.call.tenant) as db:
        await db.execute(table.update().where(table.c.id == held).values(held_until=None))
        await db.execute(select(func.pg_notify(CHANNEL, func.current_schema())))


async def relay(service: Service) -> None:
    """Bring outbox rows to Notificaties for ever: woken by commits, and every minute for what was left behind."""
    awake = asyncio.Event()
    awake.set()
    dirty: set[str] = set()
    suffix = f"_{service.api.service}"

    def heard(schema: str) -> None:
        if schema.endswith(suffix) or not schema:
            dirty.add(tenant_of(schema, service.api.service) if schema else "")
            awake.set()

    service.signals.on(CHANNEL, heard)
    dirty.add("")
    delay = 0.0
    while True:
        try:
            await asyncio.wait_for(awake.wait(), timeout=delay or 60)
        except TimeoutError:
            dirty.add("")
        awake.clear()
        todo = set(dirty)
        dirty.clear()
        try:
            tenants = await service.database.tenants() if "" in todo else sorted(todo)
            for tenant in tenants:
                while await _relay_batch(service, tenant) == BATCH:
                    pass
            delay = 0.0
        except (httpx.HTTPError, Problem, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
            dirty |= todo
            delay = min(max(delay * 2, 0.5), 30.0)
            log.warning("outbox of %s: %s; again in %.1f s", service.api.service, e, delay)


async def _relay_batch(service: Service, tenant: str) -> int:
    """Bring at most ``BATCH`` notifications of one municipality; they are removed only after they were accepted."""
    table = service.api.metadata.tables["outbox"]
    ready = or_(table.c.held_until.is_(None), table.c.held_until < func.now())
    statement = select(table).where(ready).order_by(table.c.id).limit(BATCH).with_for_update(skip_locked=True)
    async with service.database.transaction(tenant) as db:
        rows = await db.rows(statement)
        if not rows:
            return 0
        caller = system_caller(tenant, service.api.service, tuple(rows[0]["bases"]))
        messages = [row["message"] for row in rows]
        response = await service.remote.send(caller, "notificaties", "POST", "/_intern/notificaties", messages)
        if response.status_code not in (200, 201, 204):
            raise Problem(response.status_code, "error", response.text[:500])
        await db.execute(table.delete().where(among(table.c.id, [row["id"] for row in rows])))
    return len(rows)
