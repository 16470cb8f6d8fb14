"""What tests of the log of requests share: how a client reads its own, and other gateways of the same installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from gateway.app import Gateway
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token

OWN = "/beheer/api/v1/verzoeken"
ZAKEN = "/zaken/api/v1/zaken"
DEVENTER, RAALTE = "deventer.example.nl", "raalte.example.nl"


async def read(world: World, query: str = "", gateway: Gateway | None = None, **how: Any) -> list[dict[str, Any]]:
    """Return what a client reads of its requests: by default the client app of Deventer."""
    how.setdefault("token", make_token())
    answer = await ask(gateway or world.gateway, f"{OWN}?{query}", **how)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["results"]
    return found


@asynccontextmanager
async def gateway_with(world: World, **changes: Any) -> AsyncIterator[Gateway]:
    """Give another gateway of the same installation: its own process, as it were."""
    made = Gateway(replace(world.gateway.config, **changes), world.registry, world.services)
    made.requests.start()
    try:
        yield made
    finally:
        await made.requests.stop()
