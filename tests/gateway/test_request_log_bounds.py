"""What the log of requests keeps, and for how long, whatever is sent and whether or not its database answers."""

import asyncio

import pytest

from gateway.request_log import STRANGERS, WAITING
from gateway.request_store import RequestStore
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, Answer, ask, make_token
from tests.gateway.own_requests import OWN, ZAKEN, gateway_with, read


async def test_a_flood_of_strangers_takes_no_place_of_others(world: World) -> None:
    await ask(world.gateway, ZAKEN, token=make_token())
    await ask(world.gateway, "/zaken/api/v1/nothing", token=make_token())
    forged = make_token(secret=OTHER_SECRET)
    for _ in range(STRANGERS * 3):
        await ask(world.gateway, ZAKEN, token=forged)
    kept = await read(world, "pageSize=100")
    assert [each["geverifieerd"] for each in kept].count(True) == 2
    assert STRANGERS <= [each["geverifieerd"] for each in kept].count(False) <= STRANGERS + 10


async def test_the_oldest_go_first(world: World) -> None:
    async with gateway_with(world, request_log_entries=20) as small:
        for number in range(100):
            await ask(small, ZAKEN, token=make_token(), headers=[("x-request-id", f"good-{number}")])
            if number < 30:
                await ask(
                    small, "/zaken/api/v1/nothing", token=make_token(), headers=[("x-request-id", f"bad-{number}")]
                )
        kept = [each["requestId"] for each in await read(world, gateway=small)]
        assert kept == [f"good-{n}" for n in range(99, 79, -1)] + [f"bad-{n}" for n in range(29, 9, -1)]


async def test_memory_is_bounded(world: World) -> None:
    """A database that does not answer costs what was noted, and nothing else."""
    log = world.gateway.requests
    async with log._writing:
        for number in range(WAITING + 50):
            await ask(world.gateway, ZAKEN, token=make_token(), headers=[("x-request-id", str(number))])
        assert sum(len(each) for each in log._waiting.values()) == WAITING == log._number
    assert (await read(world, "pageSize=1"))[0]["requestId"] == str(WAITING + 49)
    assert (log._number, log._waiting) == (0, {})


async def test_what_waits_is_small(world: World) -> None:
    """Whatever the size of what a client sends."""
    log = world.gateway.requests
    headers = [("traceparent", "x" * 60_000)]
    async with log._writing:
        target = f"{ZAKEN}/{'a' * 7000}?page=1&zaaktype={'b' * 7000}"
        await ask(world.gateway, target, token=make_token(), headers=headers)
        [[noted]] = log._waiting.values()
        assert len(noted.path) + len(noted.query) + len(noted.trace) < 5000
    [entry] = await read(world)
    assert (len(entry["pad"]), entry["query"], entry["traceId"]) == (200, "page=1&***", None)


async def test_a_day_is_kept(world: World) -> None:
    for number, hours in enumerate((1, 23, 25, 48)):
        await world.db.execute(
            "INSERT INTO gateway.request (moment, tenant, client_id, kind, method, path, query, status, milliseconds,"
            " request_id) VALUES (now() - $1 * interval '1 hour', 'deventer', 'app', 0, 'GET', '/', '', 200, 1, $2)",
            hours,
            f"r{number}",
        )
    assert [each["requestId"] for each in await read(world)] == ["r0", "r1"]
    assert await world.db.fetchval("SELECT count(*) FROM gateway.request") == 4
    await world.gateway.requests.store.remove_old()
    assert await world.db.fetchval("SELECT count(*) FROM gateway.request") == 2


@pytest.mark.parametrize("entries", [10_000, 0], ids=["on", "turned off"])
async def test_it_tidies_by_itself(world: World, monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    await world.db.execute(
        "INSERT INTO gateway.request (moment, tenant, client_id, kind, method, path, query, status, milliseconds,"
        " request_id) VALUES (now() - interval '2 days', 'deventer', 'app', 0, 'GET', '/', '', 200, 1, 'old')"
    )
    await world.gateway.requests.stop()
    monkeypatch.setattr("gateway.request_log.TIDY_SECONDS", 0.0)
    monkeypatch.setattr("gateway.request_log.FLUSH_SECONDS", 0.01)
    async with gateway_with(world, request_log_entries=entries):
        for _ in range(500):
            if not (left := await world.db.fetchval("SELECT count(*) FROM gateway.request")):
                break
            await asyncio.sleep(0.01)
    assert left == 0


async def test_requests_are_written_without_being_read_and_at_the_end(world: World) -> None:
    async with gateway_with(world) as other:
        await ask(other, ZAKEN, token=make_token())
        for _ in range(500):
            if (written := await world.db.fetchval("SELECT count(*) FROM gateway.request")) == 1:
                break
            await asyncio.sleep(0.01)
        assert written == 1
        await ask(other, ZAKEN, token=make_token())
    assert await world.db.fetchval("SELECT count(*) FROM gateway.request") == 2


async def test_without_its_database_everybody_is_served(world: World) -> None:
    world.gateway.requests.store = RequestStore("postgresql://samenzaak_gateway@127.0.0.1:1/postgres")
    assert (await ask(world.gateway, ZAKEN, token=make_token())).status == 200
    refused: Answer = await ask(world.gateway, OWN, token=make_token())
    # What was noted is lost; the answer says that nothing can be read now.
    assert refused.code == (503, "service_unavailable")
    assert refused.headers["retry-after"] == "5"
    assert (await ask(world.gateway, ZAKEN, token=make_token())).status == 200


async def test_it_can_be_off(world: World) -> None:
    async with gateway_with(world, request_log_entries=0) as off:
        await ask(off, ZAKEN, token=make_token())
        await ask(off, ZAKEN, token=make_token(secret=OTHER_SECRET))
        assert off.requests._waiting == {}
        assert (await ask(off, OWN, token=make_token())).code == (404, "not_found")


async def test_processes_of_one_installation_share_it(world: World) -> None:
    async with gateway_with(world) as other:
        await ask(other, ZAKEN, token=make_token())
        await other.requests.flush()
        assert len(await read(world)) == 1
