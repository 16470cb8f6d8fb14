"""How much one client and one municipality may ask: rates, and turns.

Everything here is of one process of the gateway: with three replicas a municipality may ask three times as much.

A rate is a bucket of tokens that fills at a steady pace and holds :data:`BURST_SECONDS` of it. Turns keep a
municipality that asks much from taking the processors from the others: only a few of its requests are worked on at the
same time, and the rest of them wait in a row of its own. The others do not wait in that row. How many are worked on
is shared: the more municipalities ask something, the fewer requests each has under way.
"""

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.upstream import POOL_SIZE
from zgw.problems import Problem

BURST_SECONDS = 2.0
"""How many seconds' worth of requests may come at once."""

SLOW_SECONDS = 0.25
"""A request that lasts longer gives up its turn while it goes on: it moves a document or waits for somebody else, and
takes little of the processors. Without that, four uploads would stop a municipality."""

SLOW_MAX = POOL_SIZE // 4
"""How many requests of a municipality may have given up their turn; further ones keep it until one of those ends. Each
holds a connection to a service, and those are for all municipalities: who sends hundreds of bodies very slowly must
only keep himself waiting."""

BUCKETS_MAX = 10_000


class Rate:
    """Buckets of tokens by key. ``per_second`` 0 lets everything through."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.size = max(per_second * BURST_SECONDS, 1.0)
        # The tokens that were left at a moment; who is absent has a full bucket.
        self._buckets: OrderedDict[Any, tuple[float, float]] = OrderedDict()

    def take(self, key: Any) -> float:
        """Take a token and return 0, or return the seconds until there will be one."""
        if not self.per_second:
            return 0.0
        now = time.monotonic()
        left, moment = self._buckets.get(key, (self.size, now))
        left = min(self.size, left + (now - moment) * self.per_second)
        if left < 1:
            return (1 - left) / self.per_second
        self._buckets[key] = (left - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > BUCKETS_MAX:
            # The one that was used longest ago is full again, or nearly so.
            self._buckets.popitem(last=False)
        return 0.0


@dataclass
class _Row:
    """One municipality: how many of its requests have a turn, how many gave it up, and which wait for one."""

    busy: int = 0
    slow: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


ACTIVE_SECONDS = 1.0
"""How long a municipality counts as one that asks something, after its last request."""


class Turns:
    """At most ``at_once`` requests of a municipality at the same time, and ``row`` that wait; 0: no limit.

    When others ask something too, it is the municipality's share of ``at_once``, and at least one.
    """

    def __init__(self, at_once: int, row: int, wait_seconds: float) -> None:
        self.at_once = at_once
        self.row = row
        self.wait_seconds = wait_seconds
        self._rows: dict[str, _Row] = {}
        # Who asked something lately, the longest ago first.
        self._active: OrderedDict[str, float] = OrderedDict()

    def _share(self) -> int:
        return max(1, -(-self.at_once // max(1, len(self._active))))

    def _note(self, tenant: str) -> None:
        now = time.monotonic()
        self._active[tenant] = now
        self._active.move_to_end(tenant)
        while now - next(iter(self._active.values())) > ACTIVE_SECONDS:
            self._active.popitem(last=False)

    def waiting(self) -> dict[str, int]:
        """Return how many requests wait, by municipality."""
        return {tenant: len(row.waiting) for tenant, row in self._rows.items()}

    @asynccontextmanager
    async def turn(self, tenant: str) -> Any:
        """Wait for a turn and hold it; raise Problem 429 when the row is full or the wait too long."""
        if not self.at_once:
            yield
            return
        self._note(tenant)
        row = self._rows.get(tenant)
        if row is None:
            row = self._rows[tenant] = _Row()
        if row.busy < self._share() and not row.waiting:
            row.busy += 1
        else:
            await self._wait(tenant, row)
        with self._held(tenant, row):
            yield

    async def _wait(self, tenant: str, row: _Row) -> None:
        if len(row.waiting) >= self.row:
            raise throttled(1.0, "Er wachten te veel verzoeken van deze gemeente.")
        turn = asyncio.get_running_loop().create_future()
        row.waiting.append(turn)
        try:
            async with asyncio.timeout(self.wait_seconds):
                await turn
        except BaseException as e:
            if turn.done() and not turn.cancelled():
                # The turn came at the moment that nobody waited for it any more.
                self._pass_on(tenant, row)
            else:
                row.waiting.remove(turn)
            if isinstance(e, TimeoutError):
                raise throttled(1.0, "Er zijn te veel verzoeken van deze gemeente tegelijk.") from None
            raise

    @contextmanager
    def _held(self, tenant: str, row: _Row) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        given_up = False
        timer: asyncio.TimerHandle

        def give_up() -> None:
            nonlocal given_up, timer
            if row.slow < SLOW_MAX:
                given_up = True
                row.slow += 1
                self._pass_on(tenant, row)
            else:
                timer = loop.call_later(SLOW_SECONDS, give_up)

        timer = loop.call_later(SLOW_SECONDS, give_up)
        try:
            yield
        finally:
            timer.cancel()
            if given_up:
                row.slow -= 1
                self._forget(tenant, row)
            else:
                self._pass_on(tenant, row)

    def _pass_on(self, tenant: str, row: _Row) -> None:
        row.busy -= 1
        while row.waiting and row.busy < self._share():
            turn = row.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                row.busy += 1
        self._forget(tenant, row)

    def _forget(self, tenant: str, row: _Row) -> None:
        if not (row.busy or row.slow):
            self._rows.pop(tenant, None)


def throttled(seconds: float, detail: str) -> Problem:
    """Return the 429, which tells when to come back."""
    return Problem(429, "throttled", detail, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


@dataclass
class Flow:
    """The limits of one gateway."""

    client_rate: Rate
    tenant_rate: Rate
    turns: Turns

    def check_rate(self, tenant: str, client_id: str) -> None:
        """Raise Problem 429 for a client or a municipality that asks too much."""
        if wait := self.client_rate.take((tenant, client_id)):
            raise throttled(
                wait, f"Deze applicatie doet meer dan {self.client_rate.per_second:g} verzoeken per seconde."
            )
        if wait := self.tenant_rate.take(tenant):
            raise throttled(wait, f"Deze gemeente doet meer dan {self.tenant_rate.per_second:g} verzoeken per seconde.")
