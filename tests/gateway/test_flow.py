"""Limits: rates per client and municipality, and turns that keep one municipality from starving the others."""

import asyncio
from dataclasses import replace

import pytest

from gateway import flow
from gateway.app import Gateway
from gateway.asgi import Receive, Scope, Send
from gateway.flow import Rate, Turns
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, ask, make_token, reply
from zgw.problems import Problem


def limited(world: World, **limits: float) -> Gateway:
    return Gateway(replace(world.gateway.config, **limits), world.registry, world.services)  # type: ignore[arg-type]


def raalte_token() -> str:
    return make_token("raalte-app", OTHER_SECRET)


async def test_a_client_that_asks_too_much_is_throttled_and_the_others_are_not(world: World) -> None:
    gateway = limited(world, client_rate=0.5)
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status == 200
    answer = await ask(gateway, "/zaken/api/v1/zaken", token=make_token())
    assert answer.code == (429, "throttled")
    assert 1 <= int(answer.headers["retry-after"]) <= 2
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200
    assert len(world.zaken.scopes) == 2


async def test_a_municipality_that_asks_too_much_is_throttled_with_all_its_clients(world: World) -> None:
    gateway = limited(world, tenant_rate=0.5)
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status == 200
    host = "deventer.example.nl"
    other = await ask(gateway, "/zaken/api/v1/zaken", token=make_token("both"), host=host)
    assert other.code == (429, "throttled")
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200


def test_a_bucket_fills_at_its_rate_and_holds_no_more_than_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("gateway.flow.time.monotonic", lambda: now)
    rate = Rate(10)
    assert [rate.take("a") for _ in range(20)] == [0.0] * 20
    assert rate.take("a") == pytest.approx(0.1)
    assert rate.take("b") == 0
    now += 0.25
    assert [rate.take("a") for _ in range(2)] == [0.0] * 2
    assert rate.take("a") == pytest.approx(0.05)
    now += 3600
    assert [rate.take("a") == 0 for _ in range(21)] == [True] * 20 + [False]
    assert Rate(0).take("a") == 0


def test_buckets_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BUCKETS_MAX", 10)
    rate = Rate(1)
    for number in range(100):
        rate.take(number)
    assert len(rate._buckets) == 10


async def test_requests_of_one_municipality_wait_and_those_of_another_do_not(world: World) -> None:
    release = asyncio.Event()
    busy: list[bytes] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        busy.append(scope["path"].encode())
        if scope["query_string"] == b"wait":
            await release.wait()
        await reply(send, 200)

    world.services["zaken"] = slow  # type: ignore[assignment]
    gateway = limited(world, tenant_concurrency=2, tenant_queue=1, queue_seconds=5)
    path = "/zaken/api/v1/zaken?wait"
    held = [asyncio.create_task(ask(gateway, path, token=make_token())) for _ in range(3)]
    async with asyncio.timeout(10):
        while gateway.flow.turns.waiting().get("deventer") != 1:
            await asyncio.sleep(0.005)
    assert len(busy) == 2
    assert gateway.flow.turns.waiting() == {"deventer": 1}
    refused = await ask(gateway, path, token=make_token())
    assert refused.code == (429, "throttled")
    assert refused.headers["retry-after"] == "1"
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200
    release.set()
    assert [answer.status for answer in await asyncio.gather(*held)] == [200] * 3
    assert gateway.flow.turns.waiting() == {}


async def test_who_waits_too_long_is_throttled_and_leaves_the_row() -> None:
    turns = Turns(1, 5, 0.01)
    async with turns.turn("deventer"):
        with pytest.raises(Problem) as refused:
            async with turns.turn("deventer"):
                raise AssertionError("there was no turn")
        assert refused.value.status == 429
        assert turns.waiting() == {"deventer": 0}
    assert turns.waiting() == {}


async def test_a_long_request_gives_up_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "SLOW_SECONDS", 0.01)
    turns = Turns(1, 5, 60)
    async with turns.turn("deventer"), asyncio.timeout(30), turns.turn("deventer"):
        pass
    assert turns.waiting() == {}


async def test_not_all_requests_give_up_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of bodies that are sent very slowly would take all connections to a service from the others."""
    monkeypatch.setattr(flow, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(flow, "SLOW_MAX", 2)
    turns = Turns(1, 5, 0.2)
    async with turns.turn("deventer"), turns.turn("deventer"):
        async with turns.turn("deventer"):
            with pytest.raises(Problem) as refused:
                async with turns.turn("deventer"):
                    raise AssertionError("there was no turn")
            assert refused.value.status == 429
            async with asyncio.timeout(0.1), turns.turn("raalte"):
                pass
        async with asyncio.timeout(30), turns.turn("deventer"):
            pass
    assert turns.waiting() == {}


async def test_a_turn_that_comes_too_late_goes_to_the_next() -> None:
    turns = Turns(1, 5, 5)

    async def wait() -> None:
        async with turns.turn("deventer"):
            pass

    async with turns.turn("deventer"):
        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    # The first has been given its turn, and is cancelled before it runs.
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert first.cancelled() or first.done()
    assert turns.waiting() == {}


async def test_a_client_that_falls_silent_within_a_body_gets_408(world: World) -> None:
    gateway = limited(world, body_timeout=0.05)
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        if sent:
            await asyncio.get_running_loop().create_future()
        sent.append(1)
        return {"type": "http.request", "body": b"half", "more_body": True}

    answers: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/zaken/api/v1/upload",
        "raw_path": b"/zaken/api/v1/upload",
        "query_string": b"",
        "headers": [(b"host", b"zgw.example.nl"), (b"authorization", b"Bearer " + make_token().encode())],
    }
    await gateway(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 408


async def test_the_turns_are_shared_with_who_asks_something_too() -> None:
    turns = Turns(4, 10, 5)
    async with turns.turn("raalte"):
        pass
    release = asyncio.Event()

    async def hold() -> None:
        async with turns.turn("deventer"):
            await release.wait()

    held = [asyncio.create_task(hold()) for _ in range(5)]
    await asyncio.sleep(0)
    assert turns.waiting() == {"deventer": 3}
    release.set()
    await asyncio.gather(*held)
    assert turns.waiting() == {}
