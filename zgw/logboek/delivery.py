"""Brings the actions of each municipality to its logbook, and removes what that has confirmed.

One process at a time does this for a municipality in a service. First it finds out whose data the actions were about,
so that this is as it was then, however long the logbook is away. What a logbook does not take stays, and is brought
again: the same lines with the same numbers.
"""

import logging
from collections.abc import Sequence
from typing import Any

import httpcore
import httpx
import orjson

from runtime.cache import TenantCache
from runtime.faults import AWAY
from runtime.identity import system_caller
from runtime.locks import Lock, try_lock
from runtime.outgoing import exchange, new_pool
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from runtime.statements import Executor
from runtime.tenancy import tenant_of
from zgw.logboek import otlp
from zgw.logboek.config import Logboek
from zgw.logboek.records import CHANNEL
from zgw.logboek.subjects import resolve
from zgw.request import Service

log = logging.getLogger("samenzaak.logboek")

BATCH = 200
"""Actions that are brought at once."""
GATHER = 1.0
"""Least seconds between two looks for one municipality."""
BUSY_ELSEWHERE = 1.0
MOST_ANSWER = 64 * 1024
MOST_TYPES = 1_000
"""Zaaktypen of a municipality of which the name is remembered; a type never gets another number."""

UNRESOLVED = "SELECT id, facts FROM verwerking WHERE subjects IS NULL ORDER BY id LIMIT $1"
RESOLVED = """
    UPDATE verwerking v SET subjects = given.subjects::jsonb
    FROM unnest($1::bigint[], $2::text[]) AS given (id, subjects) WHERE v.id = given.id"""
READY = "SELECT id, facts, subjects FROM verwerking WHERE subjects IS NOT NULL ORDER BY id LIMIT $1"
DONE = "DELETE FROM verwerking WHERE id = ANY ($1::bigint[])"


class Refused(Exception):
    """A logbook did not confirm what it was brought."""


EXPECTED = (*AWAY, Problem, Refused, httpx.HTTPError)


class Delivery:
    """The deliveries of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._pools = {private: new_pool(private) for private in (False, True)}
        self._names: TenantCache[str, str] = TenantCache(MOST_TYPES)

    async def stop(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            await pool.aclose()

    async def work(self, tenant: str) -> float | None:
        """Bring a part of what waits; return after how many seconds to look again."""
        service = self.service
        logboek = await service.logs.logboeken.of(system_caller(tenant, service.api.service))
        if logboek is None:
            return None
        async with service.database.transaction(tenant) as db:
            if not await db.value(try_lock(Lock.LOGBOEK)):
                return BUSY_ELSEWHERE
            looked = await self._resolve(db, tenant, logboek)
        async with service.database.transaction(tenant) as db:
            if not await db.value(try_lock(Lock.LOGBOEK)):
                return BUSY_ELSEWHERE
            rows = await db.connection.fetch(READY, BATCH)
            if rows:
                await self._bring(tenant, logboek, rows)
                await db.connection.execute(DONE, [row["id"] for row in rows])
        return 0.0 if BATCH in (len(rows), looked) else None

    async def _resolve(self, db: Executor, tenant: str, logboek: Logboek) -> int:
        rows = await db.connection.fetch(UNRESOLVED, BATCH)
        if rows:
            found = await resolve(self.service, tenant, logboek, [row["facts"] for row in rows])
            texts = [orjson.dumps(each).decode() for each in found]
            await db.connection.execute(RESOLVED, [row["id"] for row in rows], texts)
        return len(rows)

    async def _bring(self, tenant: str, logboek: Logboek, rows: Sequence[Any]) -> None:
        names = await self._names_of(tenant, logboek, {part[0] for row in rows for part in row["subjects"] if part[0]})
        lines = [line for row in rows for line in otlp.lines_of(logboek, row["facts"], row["subjects"], names)]
        headers = [("Content-Type", otlp.CONTENT_TYPE)]
        if logboek.header:
            headers.append((logboek.header, logboek.value))
        settings = self.service.settings
        seconds = (settings.outgoing_connect_timeout, settings.outgoing_timeout)
        url, body = f"{logboek.address}/v1/traces", otlp.message_of(logboek, lines)
        try:
            status, _, told = await exchange(
                self._pools[logboek.private], "POST", url, headers, body, seconds, MOST_ANSWER
            )
            number, why = otlp.rejected(told) if status == 200 else (len(lines), told[:200].decode(errors="replace"))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError) as e:
            raise Refused(f"the logbook of {tenant} does not confirm: {e!r}") from e
        if number or status != 200:
            raise Refused(f"the logbook of {tenant} answers {status} and takes {len(lines) - number} lines: {why!r}")

    async def _names_of(self, tenant: str, logboek: Logboek, paths: set[str]) -> dict[str, str]:
        """Return the identificatie of each zaaktype, where that decides about an activity."""
        if not logboek.zaaktypen:
            return {}
        known = {path: name for path in paths if (name := self._names.get(tenant, path)) is not None}
        if wanted := {path.rpartition("/")[2]: path for path in paths - known.keys() if path.startswith("/")}:
            caller = system_caller(tenant, self.service.api.service)
            body = {"zaaktype": {"uuids": sorted(wanted)}}
            response = await self.service.internal.send(caller, "catalogi", "POST", "/_intern/versies", body)
            if response.status_code != 200:
                raise Problem(503, "error", f"De catalogi-API antwoordt met {response.status_code}.")
            for uuid, _, name in response.json().get("zaaktype", ()):
                known[wanted[uuid]] = name
                self._names.put(tenant, wanted[uuid], name)
        return known


async def deliver(service: Service) -> None:
    """Bring actions to the logbooks for ever: woken by whoever adds some, and every minute for what was left."""
    delivery = Delivery(service)
    work = PerTenant(
        f"logbook of {service.api.service}", service.database.tenants, delivery.work, gather=GATHER, expected=EXPECTED
    )
    service.background.append(work)

    def look(schema: str) -> None:
        if not schema:
            work.look_everywhere()
        elif schema.endswith(f"_{service.api.service}"):
            work.look(tenant_of(schema, service.api.service))

    service.signals.on(CHANNEL, look)
    try:
        await work.run()
    finally:
        await delivery.stop()
