"""Background work per municipality, without a database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from runtime.per_tenant import PerTenant


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
        assert found._running == set()


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
        found._later("a", 0.001)
        await until(lambda: len(runs) == 2)
        await until(lambda: bool(found._timers))
        found._later("a", 2000.0)
        assert len(found._timers) == 1


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

    monkeypatch.setattr("runtime.per_tenant.asyncio.sleep", soon)
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
