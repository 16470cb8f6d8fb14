"""Cancels work at every await in turn, without looking at a clock.

A coroutine is driven by a task that counts where it waits. At the chosen await the task is cancelled: as soon as it
begins to wait, or (``late``) when what it waits for has just come, which is when a lock or a connection gets lost most
easily. So ``asyncio.timeout`` and a client that leaves can do to it whatever they may do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

MOST = 2_000
"""More awaits than any of the parts has; more are a loop."""


class Driven:
    """Awaits a coroutine, and cancels the present task at its await number ``at`` (0: never)."""

    def __init__(self, work: Coroutine[Any, Any, Any], at: int = 0, late: bool = False) -> None:
        self.work, self.at, self.late, self.awaits = work, at, late, 0

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None
        error: BaseException | None = None
        while True:
            try:
                waited = self.work.send(None) if error is None else self.work.throw(error)
            except StopIteration as e:
                return e.value
            error = None
            self.awaits += 1
            if self.awaits == self.at:
                if self.late and waited is not None:
                    waited.add_done_callback(lambda _: task.cancel())
                else:
                    asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield waited
            except BaseException as e:
                error = e


@dataclass
class Count:
    """How many awaits a part has, and how often it was cancelled."""

    awaits: int = 0
    cancelled: int = 0


Work = Callable[[], Coroutine[Any, Any, Any]]
Then = Callable[[], Awaitable[None]]


async def at_every_await(work: Work, then: Then, whole: Callable[[Any], None] = lambda _: None) -> Count:
    """Run ``work`` to its end, and then once for each of its awaits (twice: early and late), cancelled there; after
    each run ``then`` asserts that the next use is right. ``whole`` looks at the result of the run to its end."""
    driven = Driven(work())
    whole(await _run(driven))
    await then()
    count = Count(driven.awaits)
    for late in (False, True):
        for at in range(1, MOST):
            driven = Driven(work(), at, late)
            try:
                await _run(driven)
            except asyncio.CancelledError:
                count.cancelled += 1
            except Exception as e:
                raise AssertionError(f"cancelled at await {at} of {count.awaits}, late={late}: {e!r}") from e
            try:
                await then()
            except Exception as e:
                raise AssertionError(f"after a cancellation at await {at} of {count.awaits}, late={late}: {e!r}") from e
            if driven.awaits < at:
                break
        else:
            raise AssertionError(f"more than {MOST} awaits")
    assert count.cancelled, "nothing was cancelled"
    return count


async def _run(driven: Driven) -> Any:
    async def run() -> Any:
        return await driven

    return await asyncio.create_task(run())
