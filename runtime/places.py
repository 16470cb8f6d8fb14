"""Places for heavy work in one process: one at a time of a municipality, and few in all; and shares of places, of which
no municipality has all.

Example::

    PLACES = Places(2, queue=5, patience=10.0)

    async with PLACES.of(tenant):
        …
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakValueDictionary


class Occupied(Exception):
    """Too many of the municipality wait for its place already, or it did not become free in time."""


@dataclass(eq=False)
class _Turn:
    """The one place of a municipality."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Places:
    """``most`` places in all. At most ``queue`` of a municipality wait for its place, for ``patience`` seconds."""

    def __init__(self, most: int, queue: int | None = None, patience: float | None = None) -> None:
        self.queue = queue
        self.patience = patience
        self._free = asyncio.Semaphore(most)
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, tenant: str) -> AsyncIterator[None]:
        """Wait for the place of a municipality, and for one of the process; raise Occupied when there is none."""
        turn = self._turns.get(tenant) or self._turns.setdefault(tenant, _Turn())
        if self.queue is not None and turn.waiting >= self.queue:
            raise Occupied
        turn.waiting += 1
        try:
            async with asyncio.timeout(self.patience), AsyncExitStack() as held:
                await held.enter_async_context(turn.lock)
                await held.enter_async_context(self._free)
                kept = held.pop_all()
        except TimeoutError as e:
            raise Occupied from e
        finally:
            turn.waiting -= 1
        async with kept:
            yield


class Shares:
    """``size`` places, of which one municipality has at most ``most``: the rest is left to others, however slow what it
    asks for. ``async with shares.of(tenant), shares.free: …``"""

    def __init__(self, size: int, most: int) -> None:
        self.free = asyncio.Semaphore(size)
        self._shares: defaultdict[str, asyncio.Semaphore] = defaultdict(partial(asyncio.Semaphore, most))

    def of(self, tenant: str) -> asyncio.Semaphore:
        """Return the share of a municipality, which is waited for first: who waits there keeps nobody else waiting."""
        return self._shares[tenant]

    def all(self) -> list[asyncio.Semaphore]:
        """Return what somebody may wait for."""
        return [self.free, *self._shares.values()]
