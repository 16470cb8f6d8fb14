"""Background work per municipality, without a database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from runtime import per_tenant
from runtime.per_tenant import PerTenant
from tests.patching import sees


@asynccontextmanager
async def running(
    work: Callable[[str], Awaitable[float | None]], *tenants: str, **options: float
) -> AsyncIterator[PerTenant]:
    """Run work for these municipalities."""

    async def listed() -> tuple[str, ...]:
        return tenants

    found = PerTenant("test", listed, work, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert found._running == {}
        assert found._timers == {}


async def until(ready: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(10):
        while not ready():
            await asyncio.sleep(0.001)


async def test_every_municipality_is_looked_at_once_and_then_nothing_happens() -> None:
    runs: list[str] = []

    async def work(tenant: str) -> None:
        runs.append(tenant)

    async with running(work, "a", "b", "c"):
        await until(lambda: len(runs) == 3)
        for _ in range(50):
            await asyncio.sleep(0)
    assert sorted(runs) == ["a", "b", "c"]


async def test_a_look_during_a_run_makes_one_more_run() -> None:
    runs: list[str] = []
    gate = asyncio.Event()

    async def work(tenant: str) -> None:
        runs.append(tenant)
        await gate.wait()

    async with running(work, "a") as found:
        await until(lambda: runs == ["a"])
        for _ in range(3):
            found.look("a")
        gate.set()
        await until(lambda: len(runs) == 2)
        for _ in range(50):
            await asyncio.sleep(0)
    assert runs == ["a", "a"]


async def test_a_slow_municipality_does_not_stop_the_others() -> None:
    runs: list[str] = []

    async def work(tenant: str) -> None:
        runs.append(tenant)
        if tenant == "slow":
            await asyncio.Event().wait()

    async with running(work, "slow") as found:
        await until(lambda: "slow" in runs)
        for number in range(20):
            found.look(f"t{number}")
        await until(lambda: len(set(runs)) == 21)


async def test_what_fails_is_tried_again_and_logged_once_per_attempt(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.per_tenant.LONGEST_DELAY", 0.001)
    runs: list[str] = []

    async def work(tenant: str) -> None:
        runs.append(tenant)
        if len(runs) < 4:
            raise OSError("away")

    async with running(work, "a"):
        await until(lambda: len(runs) == 4)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert all("OSError('away')" in record.getMessage() for record in caplog.records)


async def test_the_work_tells_when_to_look_again() -> None:
    delays = iter([0.0, 0.001, None])
    runs: list[str] = []

    async def work(tenant: str) -> float | None:
        runs.append(tenant)
        return next(delays)

    async with running(work, "a"):
        await until(lambda: len(runs) == 3)
        await asyncio.sleep(0.02)
    assert len(runs) == 3


async def test_the_earliest_of_two_moments_counts() -> None:
    runs: list[str] = []

    async def work(tenant: str) -> float:
        runs.append(tenant)
        return 1000.0

    async with running(work, "a") as found:
        await until(lambda: bool(found._timers))
        found._look_later("a", 0.001)
        await until(lambda: len(runs) == 2)
        await until(lambda: bool(found._timers))
        found._look_later("a", 2000.0)
        assert len(found._timers) == 1


async def test_what_is_due_at_once_can_still_be_replaced() -> None:
    async def work(tenant: str) -> float:
        return 1000.0

    async with running(work, "a") as found:
        await until(lambda: bool(found._timers))
        for delay in (1e-9, 0.0, 1.0, -1.0):
            # uvloop makes another kind of timer of what is due at once.
            found._look_later("a", delay)
            assert len(found._timers) == 1


@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_when_it_is_cancelled_at_the_moment_that_it_is_told_to_look(turns: int) -> None:
    async def listed() -> list[str]:
        return []

    async def work(tenant: str) -> None:
        raise AssertionError

    found = PerTenant("test", listed, work)
    task = asyncio.create_task(found.run())
    await until(lambda: not found._sweep.is_set())
    for _ in range(10):
        await asyncio.sleep(0)
    found.look_everywhere()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=1)
    assert done


async def test_runs_of_one_municipality_are_gathered() -> None:
    runs: list[float] = []

    async def work(tenant: str) -> None:
        runs.append(asyncio.get_running_loop().time())

    async with running(work, "a", gather=0.05) as found:
        await until(lambda: len(runs) == 1)
        for _ in range(10):
            found.look("a")
            await asyncio.sleep(0)
        await until(lambda: len(runs) == 2)
    assert runs[1] - runs[0] >= 0.049


def in_memory(found: PerTenant) -> set[str]:
    """Return the municipalities of which something is remembered."""
    parts = (found._known, found._queued, found._again, found._running, found._timers, found._ended, found._failures)
    return {tenant for part in parts for tenant in part}


async def test_what_was_told_during_a_failing_run_waits_with_it() -> None:
    runs: list[str] = []
    gate = asyncio.Event()

    async def work(tenant: str) -> None:
        runs.append(tenant)
        await gate.wait()
        raise OSError("away")

    async with running(work, "a") as found:
        await until(lambda: runs == ["a"])
        found.look("a")
        gate.set()
        await until(lambda: "a" in found._timers)
        assert found._again == set()
        assert runs == ["a"]


@pytest.mark.parametrize("told", [True, False])
async def test_nothing_is_left_of_a_municipality_that_is_gone(told: bool) -> None:
    tenants, runs = ["a", "b"], list[str]()

    async def listed() -> list[str]:
        return list(tenants)

    async def work(tenant: str) -> float:
        runs.append(tenant)
        if "a" not in tenants and tenant == "a":
            raise LookupError("it is gone")
        return 1000.0

    found = PerTenant("test", listed, work, gather=1000.0)
    task = asyncio.create_task(found.run())
    await until(lambda: set(found._timers) == {"a", "b"})
    tenants.remove("a")
    if told:
        found.look("a")
        found.forget("a")
    else:
        found.look_everywhere()
    await until(lambda: in_memory(found) == {"b"})
    # Somebody who has not heard of it yet.
    found.look("a")
    await until(lambda: runs[-1] == "a" and in_memory(found) == {"b"})
    assert runs.count("a") == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_run_that_waits_is_not_made_for_a_municipality_that_is_gone() -> None:
    runs: list[str] = []
    gate = asyncio.Event()

    async def work(tenant: str) -> None:
        runs.append(tenant)
        await gate.wait()

    async with running(work, "a", "b", at_once=1) as found:
        await until(lambda: len(runs) == 1 and len(found._queued) == 1)
        [waiting] = found._queued
        found._list_tenants = lambda: asyncio.sleep(0, ("a" if waiting == "b" else "b",))
        found.forget(waiting)
        gate.set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert waiting not in runs


@pytest.mark.parametrize(("finish", "ends"), [(60.0, True), (0.001, False), (0.0, False)])
async def test_a_run_may_finish_when_the_work_is_cancelled(finish: float, ends: bool) -> None:
    gate, begun, ended = asyncio.Event(), list[str](), list[str]()

    async def work(tenant: str) -> float:
        begun.append(tenant)
        await gate.wait()
        ended.append(tenant)
        return 0.0

    async with running(work, "a", "b", "c", finish=finish) as found:
        await until(lambda: len(begun) == 2)
        task = next(task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "PerTenant.run")  # type: ignore[union-attr]
        task.cancel()
        await until(lambda: found._stopping)
        found.look("c")
        if ends:
            gate.set()
        await asyncio.gather(task, return_exceptions=True)
        assert len(ended) == (2 if ends else 0)
        # Nobody begins anything after that.
        assert len(begun) == 2


async def test_a_municipality_that_is_not_known_yet_makes_a_sweep() -> None:
    lists = 0
    runs: list[str] = []

    async def listed() -> list[str]:
        nonlocal lists
        lists += 1
        return ["a"]

    async def work(tenant: str) -> None:
        runs.append(tenant)

    found = PerTenant("test", listed, work)
    task = asyncio.create_task(found.run())
    await until(lambda: runs == ["a"])
    found.look("new")
    await until(lambda: lists == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "new" in runs


async def test_a_list_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep

    async def soon(seconds: float) -> None:
        await real(0)

    sees(monkeypatch, per_tenant, "asyncio", sleep=soon)
    attempts = 0
    runs: list[str] = []

    async def listed() -> list[str]:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise OSError("away")
        return ["a"]

    async def work(tenant: str) -> None:
        runs.append(tenant)

    task = asyncio.create_task(PerTenant("test", listed, work).run())
    async with asyncio.timeout(10):
        while not runs:
            await real(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert attempts == 3
