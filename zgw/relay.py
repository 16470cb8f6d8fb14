"""The relay: brings the outbox of each municipality to Notificaties, and mends writes that were broken off."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import func, or_, select

from runtime.faults import AWAY
from runtime.identity import system_caller
from runtime.locks import Lock, try_lock
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from runtime.statements import among
from runtime.tenancy import tenant_of
from zgw import outbox
from zgw.mirroring.settling import mend
from zgw.request import Service

BATCH = 100
GATHER = 0.05
"""Seconds between two looks at one outbox: under load they carry many notifications each, and a single one still goes
at once."""
BUSY_ELSEWHERE = 0.2
EXPECTED = (*AWAY, httpx.HTTPError, Problem)
"""The errors while PostgreSQL or Notificaties is away."""


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

    service.signals.on(outbox.CHANNEL, look)
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
            await db.execute(table.update().where(these).values(held_until=datetime.now(UTC) + outbox.HOLD))
        if rows := [row for row in found if row not in broken_off]:
            await _bring(service, tenant, rows)
            await db.execute(table.delete().where(among(table.c.id, [row["id"] for row in rows])))
    for row in broken_off:
        await mend(service, tenant, row)
    return len(found)


async def _bring(service: Service, tenant: str, rows: Sequence[Mapping[str, Any]]) -> None:
    caller = system_caller(tenant, service.api.service, tuple(rows[0]["bases"]))

    async def tell(callee: str, path: str, body: Any) -> None:
        response = await service.internal.send(caller, callee, "POST", path, body)
        if response.status_code not in (200, 201, 204):
            raise Problem(response.status_code, "error", response.text[:500])

    if changed := [row["message"] for row in rows if outbox.TYPES in row["message"]]:
        typen = {tuple(kind) for message in changed for kind in message[outbox.TYPES]}
        await tell("autorisaties", "/_intern/gevolgd", {"typen": sorted(typen), "base": changed[-1]["base"]})
    messages = [{name: row[name] for name in ("bases", "message")} for row in rows if "kanaal" in row["message"]]
    if messages:
        await tell("notificaties", "/_intern/notificaties", {"berichten": messages})
