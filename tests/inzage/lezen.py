"""What tests of the reading log share: a municipality of their own with one of everything, and what its log has."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from gateway import reading_choices
from runtime.statements import Executor
from runtime.tenancy import as_tenant
from tests import wereld as werelden
from tests.stack import Client, Stack
from zgw.reading_log.read import Kind

LOGS = ("zaken", "documenten", "besluiten", "autorisaties")
BSN = "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn"


@dataclass
class Gemeente:
    """A municipality, a client with all rights, and one object of every resource."""

    stack: Stack
    name: str
    client: Client
    wereld: werelden.Wereld

    def url(self, name: str) -> str:
        """Return the URL of the object of a collection: ``zaken/rollen``."""
        return self.wereld[name]

    def uuid(self, name: str) -> str:
        """Return its uuid."""
        return uuid_of(self.wereld[name])

    async def choose(self, choice: str) -> None:
        """Record this from the next request on."""
        await self._set(lambda admin: reading_choices.set_choice(admin, self.name, choice))

    async def leave_out(self, client: Client, reason: str) -> None:
        """Record nothing of a client; without a reason: again."""
        if reason:
            await self._set(lambda admin: reading_choices.leave_out(admin, self.name, client.client_id, reason))
        else:
            await self._set(lambda admin: reading_choices.take_in(admin, self.name, client.client_id))

    async def _set(self, change: Callable[[Any], Awaitable[None]]) -> None:
        async with self.stack.admin() as admin:
            await change(admin)
        assert await self.stack.standalone.signals.barrier()

    async def log(self, *services: str) -> list[dict[str, Any]]:
        """Return what the log has now, the oldest first."""
        await written(self.stack)
        found: list[dict[str, Any]] = []
        async with self.stack.admin() as admin:
            for service in services or LOGS:
                async with as_tenant(admin, self.name, service) as db:
                    found += [{**row, "service": service} for row in await everything(db)]
        return sorted(found, key=lambda row: row["moment"])

    async def of(self, answer: httpx.Response) -> list[dict[str, Any]]:
        """Return what the log has of one request."""
        return [row for row in await self.log() if row["request_id"] == answer.headers["X-Request-ID"]]

    async def one(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the one row that the log has of a request."""
        assert answer.status_code < 400, answer.text
        [row] = await self.of(answer)
        return row


async def everything(db: Executor) -> list[dict[str, Any]]:
    """Return all rows of a log with their uuids as texts."""
    rows = await db.connection.fetch("SELECT * FROM reading_log ORDER BY moment, id")
    return [{**row, "objects": [str(one) for one in row["objects"]]} for row in rows]


async def written(stack: Stack) -> None:
    """Return when all that was read until now is in the log."""
    if stack.split is not None:
        # Other processes write within a second.
        await asyncio.sleep(1.5)
    for service in stack.standalone.services.values():
        if service.reading_log is not None:
            await service.reading_log.flush()
            assert service.reading_log.waiting == 0


def uuid_of(url: str) -> str:
    """Return the uuid at the end of a URL."""
    return url.rpartition("/")[2]


def kinds_of(row: dict[str, Any]) -> list[Kind]:
    """Return the kind of each object of a row."""
    codes = list(row["kinds"])
    return [Kind(code // 16) for code in (codes if len(codes) > 1 else codes * len(row["objects"]))]
