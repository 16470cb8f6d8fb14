"""Samenzaak without background work, so that every connection is known."""

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from tests.afbreken.awaits import Count
from tests.afbreken.rest import TENANT
from tests.besluiten.wereld import Werk, deelbaar
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack, common_folder, running, worker


@pytest.fixture(scope="session")
def counts() -> Iterator[dict[str, Count]]:
    """How many awaits each part has; printed at the end (``-s`` shows it)."""
    found: dict[str, Count] = {}
    yield found
    rows = [f"{part}: {count.awaits} awaits, cancelled {count.cancelled} times" for part, count in found.items()]
    total = f"all: {sum(c.awaits for c in found.values())} awaits, {sum(c.cancelled for c in found.values())} times"
    sys.stdout.write("\n".join(["", *rows, total, ""]))


def silent(stack: Stack) -> None:
    """Let the gateway not write what was asked, nor tidy it up: it does so at times of its own, on a connection of its
    own."""
    for log in (stack.gateway.usage, stack.gateway.requests):
        log.start = lambda: None  # type: ignore[method-assign]
    for service in stack.standalone.services.values():
        # So do the services: what was used, and whether a read is to be logged.
        service.usage.gather = lambda *_: None  # type: ignore[method-assign]
        service.logs.reads.wants = lambda *_: False  # type: ignore[method-assign]


@pytest.fixture(scope="session")
async def still(tmp_path_factory: pytest.TempPathFactory, lijst: Selectielijst) -> AsyncIterator[Stack]:
    """Samenzaak in this process without background work, so that every connection is known."""
    folder, own = common_folder(tmp_path_factory), dict[str, Any](selectielijst_url=lijst.root, request_log_entries=0)
    async with running(folder, f"still_{worker()}", silent, split=False, background=False, **own) as stack:
        for service in stack.standalone.services.values():
            # It writes half a second after an answer, with a connection of the pool that the tests look at.
            if service.reading_log is not None:
                service.reading_log._begin = lambda: None  # type: ignore[method-assign]
        await stack.add_tenant(TENANT, common=True)
        await stack.add_tenant("raalte", ("raalte.test",), common=True)
        yield stack


@pytest.fixture(scope="session")
async def vendor(still: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await still.add_client(TENANT, "afbreker")


@pytest.fixture(scope="session")
async def werk(vendor: Client, lijst: Selectielijst) -> Werk:
    """The types that the requests work with."""
    return await deelbaar(vendor, Maak(vendor, lijst))


@pytest.fixture
async def admin(still: Stack) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the database looks on."""
    async with still.admin() as connection:
        yield connection
