"""Parts of an installation, each with its own probes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from beheer.runner import Part
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.stack import Stack

NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def part(stack: Stack, name: str, dsn: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the probes of one part, which finds the other parts nowhere."""
    urls = dict.fromkeys(SERVICES, NOWHERE)
    changed: Settings = stack.settings.model_copy(update={"service_urls": urls, "background": False, **settings})
    made = Part(changed, dsn, name)
    transport = httpx.ASGITransport(made.app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://probe") as client:
        client.app = made  # type: ignore[attr-defined]
        try:
            yield client
        finally:
            await made.stop()
