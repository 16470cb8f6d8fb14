"""A stack with subscribers on this machine, for who attacks abonnementen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.notificaties.abonneren import abonnement
from tests.notificaties.webhooks import Webhook
from tests.stack import Client, Stack, common_folder, running, worker

ABONNEMENT = "/notificaties/api/v1/abonnement"
CONSUMEREN = [{"component": "nrc", "scopes": ["notificaties.consumeren"]}]


@asynccontextmanager
async def notifying(tmp_path_factory: pytest.TempPathFactory, name: str, **changes: Any) -> AsyncIterator[Stack]:
    """Run the municipalities deventer and raalte, which may have callbacks on this machine."""
    usual = {"callback_allow_http": True, "callback_allow_private": True, "outgoing_timeout": 2.0}
    folder = common_folder(tmp_path_factory)
    async with running(folder, f"{name}_{worker()}", **{**usual, "delivery_waits": (0.1, 0.1), **changes}) as stack:
        await stack.add_tenant("deventer")
        await stack.add_tenant("raalte", ("raalte.test",))
        yield stack


def body(webhook: Webhook, **changes: Any) -> dict[str, Any]:
    """Return an abonnement on everything about zaken."""
    return abonnement(webhook, {"naam": "zaken", "filters": {}}, **changes)


async def consumer(stack: Stack, name: str, **extra: Any) -> Client:
    """Return a client of Deventer that may make abonnementen and nothing else."""
    return await stack.add_client("deventer", name, CONSUMEREN, **extra)
