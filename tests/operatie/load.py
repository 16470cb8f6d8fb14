"""A steady load of reading and writing on all services, which counts every answer."""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.stack import CRS, Client

READS = (
    "/zaken/api/v1/zaken",
    "/documenten/api/v1/enkelvoudiginformatieobjecten",
    "/catalogi/api/v1/zaaktypen",
    "/besluiten/api/v1/besluiten",
    "/autorisaties/api/v1/applicaties",
    "/notificaties/api/v1/kanaal",
)
CATALOGUSSEN = "/catalogi/api/v1/catalogussen"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class Load:
    """What was answered: statuses, and what went wrong otherwise."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    stopping: bool = False

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.statuses.values()) + len(self.failures)

    async def run(self, url: str, client: Client, workers: int = 6) -> None:
        """Send requests until ``stopping``: one of every seven makes a catalogus, the others read from the services."""
        headers = {"Authorization": f"Bearer {client.token()}", **CRS}
        numbers = itertools.count(time.time_ns() % 300_000)
        async with aiohttp.ClientSession(url, headers=headers) as session:
            await asyncio.gather(*(self._worker(session, numbers, start) for start in range(workers)))

    async def _worker(self, session: aiohttp.ClientSession, numbers: Any, start: int) -> None:
        for turn in itertools.count(start):
            if self.stopping:
                return
            # Without a pause the load would take the processor from the processes that start meanwhile.
            await asyncio.sleep(0.02)
            kind = turn % (len(READS) + 1)
            began = time.perf_counter()
            try:
                if kind < len(READS):
                    answer = await session.get(READS[kind])
                else:
                    answer = await session.post(CATALOGUSSEN, json=catalogus(next(numbers)))
                text = await answer.text()
            except (aiohttp.ClientError, TimeoutError) as e:
                self.failures.append(f"{'GET' if kind < len(READS) else 'POST'} {kind}: {e!r}")
                continue
            self.slowest = max(self.slowest, time.perf_counter() - began)
            self.statuses[f"{answer.method} {answer.status}"] += 1
            if answer.status not in (200, 201):
                self.failures.append(f"{answer.method} {answer.url.path}: {answer.status} {text[:300]}")


def catalogus(number: int) -> dict[str, Any]:
    """Return the body of a catalogus that no other has."""
    domain = ""
    for _ in range(5):
        number, letter = divmod(number, len(LETTERS))
        domain += LETTERS[letter]
    return {"domein": domain, "rsin": "517439943", "contactpersoonBeheerNaam": "Beheer", "naam": domain}
