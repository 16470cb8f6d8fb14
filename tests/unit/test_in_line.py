"""Changes of one object take turns; nobody waits for ever, and who loses from another process tries again."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import pytest

from runtime.problems import Again
from zgw import write
from zgw.request import Service
from zgw.write import ATTEMPTS, in_line


@pytest.fixture
def call() -> Any:
    """A request to change one object, as far as the line looks at it."""
    service = object.__new__(Service)
    service._turns = WeakValueDictionary()
    url = SimpleNamespace(path="/zaken/api/v1/zaken/1")
    return SimpleNamespace(service=service, tenant="deventer", request=SimpleNamespace(url=url))


async def test_who_loses_often_from_other_processes_gets_a_turn(call: Any) -> None:
    tried: list[int] = []

    async def attempt(number: int) -> str:
        tried.append(number)
        if len(tried) < 4 * ATTEMPTS:
            raise Again()
        return "written"

    assert await in_line(call, attempt) == "written"
    assert tried == [*range(4 * ATTEMPTS)]
    assert not call.service.queued("deventer", "/zaken/api/v1/zaken/1")


async def test_who_always_loses_hears_so(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "PATIENCE", 0.05)
    tried: list[float] = []

    async def attempt(number: int) -> None:
        tried.append(time.monotonic())
        await asyncio.sleep(0.001)
        raise Again()

    with pytest.raises(Again) as refused:
        await in_line(call, attempt)
    assert refused.value.headers["Retry-After"] == "1"
    assert len(tried) > ATTEMPTS
    assert tried[-1] - tried[0] < 5


async def test_who_waits_too_long_for_a_turn_hears_so(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "PATIENCE", 0.05)
    turn = call.service.turn("deventer", "/zaken/api/v1/zaken/1")
    tried: list[int] = []

    async def attempt(number: int) -> str:
        tried.append(number)
        return "written"

    async with turn:
        with pytest.raises(Again):
            await in_line(call, attempt)
        assert not tried
        # What is not that object does not wait.
        assert await in_line(call, attempt, "/zaken/api/v1/zaken/2") == "written"
    assert await in_line(call, attempt) == "written"


async def test_changes_that_lost_take_turns(call: Any) -> None:
    busy, most = 0, 0

    async def change(n: int) -> int:
        async def attempt(number: int) -> int:
            nonlocal busy, most
            if not number:
                await asyncio.sleep(0)
                raise Again()
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.001)
            busy -= 1
            return n

        return await in_line(call, attempt)

    assert await asyncio.gather(*(change(n) for n in range(40))) == [*range(40)]
    assert most == 1
