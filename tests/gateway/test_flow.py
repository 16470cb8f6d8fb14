"""Limits: rates per client and municipality, and turns that keep one municipality from starving the others."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gateway import flow
from gateway import registry as registries
from gateway import turns as turns_module
from gateway.app import Gateway
from gateway.asgi import Receive, Scope, Send
from gateway.flow import Flow, Rate
from gateway.limits import Pace
from gateway.turns import FEW, Turns
from runtime import identity
from runtime.problems import Problem
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, ask, make_token, reply
from tests.patching import sees


def limited(world: World, **limits: float) -> Gateway:
    return Gateway(replace(world.gateway.config, **limits), world.registry, world.services)  # type: ignore[arg-type]


def raalte_token() -> str:
    return make_token("raalte-app", OTHER_SECRET)


async def test_a_client_that_asks_too_much_waits_and_then_is_throttled_and_the_others_are_not(world: World) -> None:
    gateway = limited(world, client_rate=0.5, client_queue=0)
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status == 200
    answer = await ask(gateway, "/zaken/api/v1/zaken", token=make_token())
    assert answer.code == (429, "throttled")
    assert 1 <= int(answer.headers["retry-after"]) <= 2
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200
    assert len(world.zaken.scopes) == 2


async def test_a_municipality_that_asks_too_much_is_throttled_with_all_its_clients(world: World) -> None:
    gateway = limited(world, tenant_rate=0.5, client_queue=0)
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status == 200
    host = "deventer.example.nl"
    other = await ask(gateway, "/zaken/api/v1/zaken", token=make_token("both"), host=host)
    assert other.code == (429, "throttled")
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200


async def test_a_wait_that_would_be_too_long_is_refused_at_once(world: World) -> None:
    gateway = limited(world, client_rate=0.01, queue_seconds=20)
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=make_token())).status == 200
    answer = await ask(gateway, "/zaken/api/v1/zaken", token=make_token())
    assert answer.code == (429, "throttled")
    assert 90 <= int(answer.headers["retry-after"]) <= 100


async def test_each_that_waits_waits_for_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    now = 1000.0
    sees(monkeypatch, flow, "time", monotonic=lambda: now)
    sees(monkeypatch, flow, "asyncio", sleep=sleep)
    limits = Flow(Rate(10), Rate(0), Turns(0, 0, 1), 100, 10)
    waited = [await limits.admit("deventer", "app") for _ in range(24)]
    assert waited == [False] * 20 + [True] * 4
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert limits._waiting == {}


async def test_who_is_cancelled_while_waiting_gives_the_token_back() -> None:
    limits = Flow(Rate(0.5), Rate(0), Turns(0, 0, 1), 100, 10)
    await limits.admit("deventer", "app")
    waiting = asyncio.create_task(limits.admit("deventer", "app"))
    await asyncio.sleep(0)
    assert limits.client_rate.wait(("deventer", "app")) > 2.5
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert limits.client_rate.wait(("deventer", "app")) <= 2
    assert limits._waiting == {}


async def test_a_client_that_is_removed_while_its_request_waits_is_refused(world: World) -> None:
    gateway = limited(world, client_rate=2)
    path = "/zaken/api/v1/zaken"
    assert [(await ask(gateway, path, token=make_token())).status for _ in range(4)] == [200] * 4
    waiting = asyncio.create_task(ask(gateway, path, token=make_token()))
    async with asyncio.timeout(60):
        while not gateway.flow._waiting:
            await asyncio.sleep(0.005)
    await registries.remove_client(world.db, "deventer", "app")
    await world.heard()
    assert (await waiting).status == 403
    assert len(world.zaken.scopes) == 5
    assert identity.DENIED_HEADER in world.zaken.headers


def test_a_bucket_fills_at_its_rate_and_holds_no_more_than_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    sees(monkeypatch, flow, "time", monotonic=lambda: now)
    rate = Rate(10)

    def take(key: str) -> float:
        wait = rate.wait(key)
        if not wait:
            rate.take(key)
        return wait

    assert [take("a") for _ in range(20)] == [0.0] * 20
    assert take("a") == pytest.approx(0.1)
    assert take("b") == 0
    now += 0.25
    assert [take("a") for _ in range(2)] == [0.0] * 2
    assert take("a") == pytest.approx(0.05)
    now += 3600
    assert [take("a") == 0 for _ in range(21)] == [True] * 20 + [False]
    assert Rate(0).wait("a") == 0


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
    held = [asyncio.create_task(ask(gateway, path, token=make_token())) for _ in range(2 + FEW)]
    async with asyncio.timeout(10):
        while gateway.flow.turns.waiting().get("deventer") != FEW:
            await asyncio.sleep(0.005)
    assert len(busy) == 2
    refused = await ask(gateway, path, token=make_token())
    assert refused.code == (429, "throttled")
    assert refused.headers["retry-after"] == "1"
    assert (await ask(gateway, "/zaken/api/v1/zaken", token=raalte_token())).status == 200
    release.set()
    assert [answer.status for answer in await asyncio.gather(*held)] == [200] * len(held)
    assert gateway.flow.turns.waiting() == {}


async def test_who_waits_too_long_is_throttled_and_leaves_the_row() -> None:
    turns = Turns(1, 5, 0.01)
    async with turns.turn("deventer", "app"):
        with pytest.raises(Problem) as refused:
            async with turns.turn("deventer", "app"):
                raise AssertionError("there was no turn")
        assert refused.value.status == 429
        assert turns.waiting() == {"deventer": 0}
    assert turns.waiting() == {}


async def test_a_long_request_gives_up_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "SLOW_SECONDS", 0.01)
    turns = Turns(1, 5, 60)
    async with turns.turn("deventer", "app"), asyncio.timeout(30), turns.turn("deventer", "app"):
        pass
    assert turns.waiting() == {}


async def test_not_all_requests_give_up_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of bodies that are sent very slowly would take all connections to a service from the others."""
    monkeypatch.setattr(turns_module, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(turns_module, "SLOW_MAX", 2)
    turns = Turns(1, 5, 0.2)
    async with turns.turn("deventer", "a"), asyncio.timeout(30), turns.turn("deventer", "b"):
        async with turns.turn("deventer", "c"):
            with pytest.raises(Problem) as refused:
                async with turns.turn("deventer", "d"):
                    raise AssertionError("there was no turn")
            assert refused.value.status == 429
            async with asyncio.timeout(0.1), turns.turn("raalte", "a"):
                pass
        async with asyncio.timeout(30), turns.turn("deventer", "d"):
            pass
    assert turns.waiting() == {}


async def test_a_client_leaves_places_for_slow_exchanges_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "SLOW_SECONDS", 0.01)
    monkeypatch.setattr(turns_module, "SLOW_MAX", 8)
    turns = Turns(2, 1000, 30)
    release = asyncio.Event()
    slow: Counter[str] = Counter()

    async def exchange(client: str) -> None:
        async with turns.turn("deventer", client):
            slow[client] += 1
            await release.wait()

    held = [asyncio.create_task(exchange("many")) for _ in range(100)]
    async with asyncio.timeout(30):
        while slow["many"] < 4 or turns._queues["deventer"].busy:
            await asyncio.sleep(0.005)
    # As many as it leaves, and what was under way already when there were so many.
    assert 4 <= slow["many"] <= 5
    async with asyncio.timeout(10), turns.turn("deventer", "other"):
        pass
    held += [asyncio.create_task(exchange("other")) for _ in range(2)]
    async with asyncio.timeout(30):
        while slow["other"] < 2 or turns._queues["deventer"].busy:
            await asyncio.sleep(0.005)
    async with asyncio.timeout(10), turns.turn("deventer", "third"):
        pass
    release.set()
    await asyncio.gather(*held)
    assert turns.waiting() == {}


async def test_a_client_leaves_places_in_the_queue_to_the_others() -> None:
    turns = Turns(1, 10, 5)
    order: list[str] = []

    async def ask_once(client: str) -> None:
        async with turns.turn("deventer", client):
            order.append(client)

    async with turns.turn("deventer", "many"):
        first = [asyncio.create_task(ask_once("many")) for _ in range(20)]
        await asyncio.sleep(0)
        assert turns.waiting() == {"deventer": 5}
        second = [asyncio.create_task(ask_once("other")) for _ in range(2)]
        await asyncio.sleep(0)
    refused = [e for e in await asyncio.gather(*first, return_exceptions=True) if e is not None]
    assert [e.status for e in refused if isinstance(e, Problem)] == [429] * 15
    await asyncio.gather(*second)
    # In turn, although the five were there before.
    assert order[:4].count("other") == 2
    assert turns.waiting() == {}


async def test_who_stops_waiting_at_the_moment_of_its_turn_is_not_missed() -> None:
    turns = Turns(1, 5, 5)

    async def wait() -> None:
        async with turns.turn("deventer", "app"):
            pass

    async with turns.turn("deventer", "app"):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        # Cancelled, and passed over before it could take itself out of the queue.
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert turns.waiting() == {}


async def test_a_turn_that_comes_too_late_goes_to_the_next() -> None:
    turns = Turns(1, 5, 5)

    async def wait() -> None:
        async with turns.turn("deventer", "app"):
            pass

    async with turns.turn("deventer", "app"):
        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    # The first has been given its turn, and is cancelled before it runs.
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert first.cancelled() or first.done()
    assert turns.waiting() == {}


async def status_of_upload(gateway: Gateway, receive: Callable[[], Awaitable[dict[str, object]]]) -> object:
    """Return the status of a POST whose body comes from ``receive``."""
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
    return answers[0]["status"]


async def test_a_client_that_falls_silent_within_a_body_gets_408(world: World) -> None:
    gateway = limited(world, body_timeout=0.05)
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        if sent:
            await asyncio.get_running_loop().create_future()
        sent.append(1)
        return {"type": "http.request", "body": b"half", "more_body": True}

    assert await status_of_upload(gateway, receive) == 408


async def test_the_turns_are_shared_with_who_asks_something_too() -> None:
    turns = Turns(4, 10, 5)
    async with turns.turn("raalte", "app"):
        pass
    release = asyncio.Event()

    async def hold() -> None:
        async with turns.turn("deventer", "app"):
            await release.wait()

    held = [asyncio.create_task(hold()) for _ in range(5)]
    await asyncio.sleep(0)
    assert turns.waiting() == {"deventer": 3}
    release.set()
    await asyncio.gather(*held)
    assert turns.waiting() == {}


async def test_a_client_that_sends_a_body_drop_by_drop_gets_408(world: World) -> None:
    gateway = limited(world, slowest_rate=100, slowest_window=0.1)
    sent = 0

    async def receive() -> dict[str, object]:
        nonlocal sent
        await asyncio.sleep(0.02)
        sent += 1
        return {"type": "http.request", "body": b"x", "more_body": sent < 400}

    assert await status_of_upload(gateway, receive) == 408
    assert sent < 400


def test_a_pace_counts_only_the_time_in_which_somebody_waited() -> None:
    pace = Pace(100, 10)
    assert pace.add(9, 10)
    assert pace.left == 1
    assert pace.add(1, 990)
    assert pace.left == 10
    assert not pace.add(11, 1000)
    assert pace.add(1000, 100_000)
    assert Pace(0, 1).add(1000, 0)
