"""How fast a client may ask: one that asks one thing after another is slowed down, one that floods is refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from beheer.protocol import Protocol
from gateway.app import Gateway
from tests.servers import serving
from tests.stack import CRS, PUBLIC, Client, Stack

PATH = "/zaken/api/v1/zaken?pageSize=1"


@asynccontextmanager
async def limited(stack: Stack, client: Client, connections: int, **limits: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An application with so many connections to a gateway with these limits."""
    gateway = Gateway(replace(stack.gateway.config, **limits), stack.gateway.registry, stack.gateway.services)
    headers = {"Authorization": f"Bearer {client.token()}", "Host": PUBLIC.removeprefix("http://"), **CRS}
    pool = httpx.Limits(max_connections=connections)
    async with (
        serving(gateway, Protocol) as url,
        httpx.AsyncClient(base_url=url, headers=headers, limits=pool, timeout=60) as http,
    ):
        yield http


async def test_who_asks_one_thing_after_another_is_never_refused(stack: Stack, api: Client) -> None:
    async with limited(stack, api, 1, client_rate=4.0) as http:
        statuses = Counter([(await http.get(PATH)).status_code for _ in range(20)])
    assert statuses == {200: 20}


async def test_the_rate_of_a_municipality_slows_its_clients_down(stack: Stack, api: Client) -> None:
    async with limited(stack, api, 2, tenant_rate=4.0) as http:

        async def ask() -> list[int]:
            return [(await http.get(PATH)).status_code for _ in range(10)]

        statuses = Counter(await ask() + await ask())
    assert statuses == {200: 20}


async def test_a_flood_is_refused_and_told_when_to_come_back(stack: Stack, api: Client) -> None:
    other = await stack.add_client("deventer", "rustig")
    async with limited(stack, api, 60, client_rate=4.0, client_queue=3) as http:
        answers = await asyncio.gather(*(http.get(PATH) for _ in range(50)))
        quiet = await http.get(PATH, headers={"Authorization": f"Bearer {other.token()}"})
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) > 20
    assert {answer.status_code for answer in refused} == {429}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert {answer.json()["code"] for answer in refused} == {"throttled"}
    assert quiet.status_code == 200
