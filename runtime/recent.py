"""The result of a check, kept for a second: one check at a time, however many ask for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 1.0
"""How long an answer is used."""


class Recent(Generic[T]):
    """The answer of ``check``, which is at most :data:`SECONDS` old when the check itself is quick.

    Who asks never cancels a check, which goes on for whoever asks next.

        missing = Recent(database.missing)
        await missing()
    """

    def __init__(self, check: Callable[[], Awaitable[T]]) -> None:
        self._check = check
        self._task: asyncio.Task[T] | None = None
        self._until = 0.0

    async def __call__(self) -> T:
        """Return the answer; raise what the check raises."""
        task = self._task
        if task is None or (task.done() and time.monotonic() >= self._until):
            task = self._task = asyncio.create_task(self._run())
        return await asyncio.shield(task)

    async def _run(self) -> T:
        try:
            return await self._check()
        finally:
            self._until = time.monotonic() + SECONDS
