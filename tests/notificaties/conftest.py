"""Samenzaak with short waits between attempts, and without TLS for callbacks."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.maak import Maak
from tests.notificaties.webhooks import Webhook, listening
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack, running

WAITS = (0.1, 0.2, 0.2)
"""Seconds between attempts in these tests."""


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Samenzaak with the municipalities deventer and raalte."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    base = tmp_path_factory.getbasetemp()
    folder: Path = base.parent if worker != "main" else base
    settings: dict[str, Any] = {"callback_allow_http": True, "outgoing_timeout": 2.0, "delivery_waits": WAITS}
    async with running(folder, f"nrc_{worker}", **settings) as stack:
        await stack.add_tenant("deventer")
        await stack.add_tenant("raalte", ("raalte.test", "zaken.raalte.test"))
        yield stack


@pytest.fixture(scope="session")
async def api(stack: Stack) -> Client:
    """A client of Deventer with all rights, in the stack of this folder."""
    return await stack.add_client("deventer", "alles-deventer")


@pytest.fixture(scope="session")
async def raalte(stack: Stack) -> Client:
    """A client of Raalte with all rights, on Raalte's own host name, in the stack of this folder."""
    return await stack.add_client("raalte", "alles-raalte", host="http://raalte.test")


@pytest.fixture(scope="session")
def maak(api: Client, lijst: Selectielijst) -> Maak:
    """Makes catalogue types in Deventer, in the stack of this folder."""
    return Maak(api, lijst)


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """A subscriber that takes everything."""
    async with listening() as found:
        yield found
