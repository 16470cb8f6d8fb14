"""APIs outside this installation, as far as a municipality has configured them. Nothing else is ever fetched."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import fields
from typing import Any, TypeVar

import httpx

from runtime.cache import HeardCache
from runtime.identity import Caller
from runtime.internal import Internal
from runtime.outgoing import External, Outside, find
from runtime.signals import Signals

log = logging.getLogger("samenzaak.externals")
T = TypeVar("T")

AT_ONCE = 8
"""Requests to APIs elsewhere that one request of a client makes at the same time."""


class Externals:
    """The configured APIs, as one service asks them."""

    def __init__(self, internal: Internal, signals: Signals) -> None:
        self._internal = internal
        self._outside = Outside(internal.settings)
        self._configured: HeardCache[None, list[External]] = HeardCache(1, signals, "samenzaak_autorisaties")

    def forget(self, tenant: str) -> None:
        """Forget what is known of a municipality; of all of them when ``tenant`` is ``""``."""
        self._configured.drop(tenant)

    async def stop(self) -> None:
        """Close the connections."""
        await self._outside.stop()

    async def request(self, caller: Caller, method: str, url: str, body: Any = None) -> tuple[int, Any] | None:
        """Return (status, JSON) of a request to a configured API, or None when it may not or cannot be made."""
        api = find(await self.configured(caller) or (), url)
        return None if api is None else await self._outside.request(api, caller, method, url, body)

    async def fetch(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the JSON object at a URL, or None when it may not or cannot be fetched."""
        answered = await self.request(caller, "GET", url)
        return answered[1] if answered and answered[0] == 200 and isinstance(answered[1], dict) else None

    async def opened(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the JSON object at a URL of a register that is open to every client: the selection list, or an API
        that the municipality opened for ``expand``; or None."""
        if url.startswith(f"{self._internal.settings.selectielijst_url}/"):
            return await self.selectielijst(caller, url)
        api = find(await self.configured(caller) or (), url)
        return await self.fetch(caller, url) if api is not None and api.expand else None

    async def selectielijst(self, caller: Caller, url: str) -> dict[str, Any] | None:
        """Return the object of the selection list at a URL, which the Catalogi service keeps, or None."""
        me = caller.as_component(self._internal.service)
        try:
            answer = await self._internal.send(me, "catalogi", "POST", "/_intern/selectielijst", {"url": url})
        except httpx.HTTPError:
            return None
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    async def refers_to(self, caller: Caller, url: str) -> bool:
        """Return whether a URL belongs to a configured API; also when that cannot be found out."""
        known = await self.configured(caller)
        return known is None or find(known, url) is not None

    async def configured(self, caller: Caller) -> list[External] | None:
        """Return the APIs that the municipality has configured, or None when that cannot be found out."""
        if (known := self._configured.get(caller.tenant, None)) is not None:
            return known
        changes = self._configured.changes
        me = caller.as_component(self._internal.service)
        try:
            response = await self._internal.send(me, "autorisaties", "GET", "/_intern/external")
        except httpx.HTTPError as e:
            log.error("autorisaties cannot be reached: %r", e)
            return None
        if response.status_code != 200:
            return None
        rows = response.json()
        names = {field.name for field in fields(External)}
        # Another version may tell more or less. What it left out is asked again, until it has been replaced.
        known = [External(**{name: row[name] for name in names & row.keys()}) for row in rows]
        if all(names <= row.keys() for row in rows):
            self._configured.keep(caller.tenant, None, known, changes)
        return known


async def at_once(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Do ``work`` for each item, for at most ``AT_ONCE`` of them at the same time; raise what the first of them raises
    and leave the rest."""
    todo = iter(items)

    async def worker() -> None:
        for item in todo:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(worker())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
