"""A client that asks one thing after another, or a few at a time, is delayed and not refused; a flood is."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest

from gateway.app import Gateway
from gateway.flow import Flow, Rate
from gateway.turns import FEW, PATIENCE, Turns
from runtime.problems import Problem
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token


async def test_a_client_that_asks_one_thing_after_another_is_delayed_and_never_refused(world: World) -> None:
    """Faster than its rate, and than the rate and the turns of its municipality."""
    limits = {"client_rate": 40, "tenant_rate": 40, "tenant_concurrency": 1, "tenant_queue": 1, "client_queue": FEW}
    gateway = Gateway(replace(world.gateway.config, **limits), world.registry, world.services)  # type: ignore[arg-type]
    began = time.monotonic()

    async def one_after_another(requests: int) -> list[int]:
        return [(await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status for _ in range(requests)]

    assert await one_after_another(100) == [200] * 100
    # 80 come at once; the others wait for their tokens, a fortieth of a second each.
    assert time.monotonic() - began > 0.4
    # Nor one that has a few open.
    assert await asyncio.gather(*(one_after_another(5) for _ in range(FEW))) == [[200] * 5] * FEW
    # A flood is: what does not fit is told to come back.
    answers = await asyncio.gather(*(ask(gateway, "/zaken/api/v1/zaken", token=make_token()) for _ in range(60)))
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    assert {answer.code for answer in refused} == {(429, "throttled")}
    assert all("retry-after" in answer.headers for answer in refused)


async def test_a_flood_of_others_delays_a_client_and_does_not_get_it_refused() -> None:
    """Of as many clients as a municipality has, which fill the queue."""
    turns = Turns(1, 20, 5)
    done: Counter[str] = Counter()

    async def take(client: str) -> None:
        async with turns.turn("deventer", client):
            await asyncio.sleep(0.001)
        done[client] += 1

    async with turns.turn("deventer", "first"):
        flood = [asyncio.create_task(take(f"flood-{n % 30}")) for n in range(3000)]
        await asyncio.sleep(0)
        assert turns.waiting()["deventer"] >= 20
        patient = asyncio.create_task(take("patient"))
        await asyncio.sleep(0)
    for _ in range(4):
        await patient
        patient = asyncio.create_task(take("patient"))
    await patient
    refused = [e for e in await asyncio.gather(*flood, return_exceptions=True) if e is not None]
    assert done["patient"] == 5
    assert len(refused) > 2500
    assert all(isinstance(e, Problem) and e.status == 429 for e in refused)
    assert turns.waiting() == {}


async def test_who_has_few_open_waits_longer_for_a_rate() -> None:
    limits = Flow(Rate(0), Rate(1), Turns(0, 0, 1), 100, 5)
    for _ in range(2 + 6):
        limits.tenant_rate.take("deventer")
    waiting = [asyncio.create_task(limits.admit("deventer", "app")) for _ in range(FEW)]
    await asyncio.sleep(0)
    assert limits._waiting == {("deventer", "app"): FEW}
    with pytest.raises(Problem) as refused:
        await limits.admit("deventer", "app")
    assert refused.value.status == 429
    assert 5 * PATIENCE > limits.tenant_rate.wait("deventer") > 5
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
