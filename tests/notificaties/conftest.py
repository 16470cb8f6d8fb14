"""Samenzaak with short waits between attempts, and without TLS for callbacks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.clients import api, maak, raalte
from tests.notificaties.webhooks import Webhook, listening
from tests.stack import Stack, common_folder, running, worker

__all__ = ["api", "maak", "raalte"]

WAITS = (0.1, 0.2, 0.2)
"""Seconds between attempts in these tests."""


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Samenzaak with the municipalities deventer and raalte."""
    settings: dict[str, Any] = {
        "callback_allow_http": True,
        "callback_allow_private": True,
        "outgoing_timeout": 2.0,
        "delivery_waits": WAITS,
    }
    async with running(common_folder(tmp_path_factory), f"nrc_{worker()}", **settings) as stack:
        await stack.add_tenant("deventer", common=True)
        await stack.add_tenant("raalte", ("raalte.test", "zaken.raalte.test"), common=True)
        yield stack


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """A subscriber that takes everything."""
    async with listening() as found:
        yield found
