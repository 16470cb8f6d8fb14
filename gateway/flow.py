"""How much one client and one municipality may ask: rates here, turns in :mod:`gateway.turns`.

Everything here is of one process of the gateway: with three replicas a municipality may ask three times as much.

A rate is a bucket of tokens that fills at a steady pace and holds :data:`BURST_SECONDS` of it. A request that finds it
empty waits for the token that will be its own: most applications do not repeat what is refused, and one that asks one
thing after another asks as fast as it is answered. It is refused only when too many of its client wait already, or
when the wait would be too long, of which a client that has few of them open takes more. While it waits it has no turn
and costs no work.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from gateway.limits import throttled
from gateway.turns import FEW, PATIENCE, Turns

BURST_SECONDS = 2.0
"""How many seconds' worth of requests may come at once."""

BUCKETS_MAX = 10_000


class Rate:
    """Buckets of tokens by key. ``per_second`` 0 lets everything through."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self.size = max(per_second * BURST_SECONDS, 1.0)
        # Tokens left at a moment; below zero when requests wait for tokens to come. An absent key has a full bucket.
        self._buckets: OrderedDict[Any, tuple[float, float]] = OrderedDict()

    def wait(self, key: Any) -> float:
        """Return in how many seconds there will be a token; 0 when there is one."""
        if not self.per_second:
            return 0.0
        return max(0.0, (1 - self._left(key, time.monotonic())) / self.per_second)

    def take(self, key: Any) -> None:
        """Take a token, also one that is not there yet."""
        self._add(key, -1)

    def give_back(self, key: Any) -> None:
        """Return a token that was not used."""
        self._add(key, 1)

    def _left(self, key: Any, now: float) -> float:
        left, moment = self._buckets.get(key, (self.size, now))
        return min(self.size, left + (now - moment) * self.per_second)

    def _add(self, key: Any, tokens: int) -> None:
        if not self.per_second:
            return
        now = time.monotonic()
        self._buckets[key] = (self._left(key, now) + tokens, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > BUCKETS_MAX:
            # The one that was used longest ago is full again, or nearly so.
            self._buckets.popitem(last=False)


@dataclass
class Flow:
    """The limits of one gateway. Of each client ``places`` requests may wait for a rate, each ``wait_seconds``."""

    client_rate: Rate
    tenant_rate: Rate
    turns: Turns
    places: int
    wait_seconds: float
    _waiting: dict[tuple[str, str], int] = field(default_factory=dict)

    async def admit(self, tenant: str, client_id: str) -> bool:
        """Wait until the rates of the client and of its municipality allow one more request, and return whether that
        took time; raise Problem 429 when too many wait or it would last too long."""
        client = (tenant, client_id)
        seconds = max(self.client_rate.wait(client), self.tenant_rate.wait(tenant))
        if seconds:
            self._check_wait(client, seconds)
        self.client_rate.take(client)
        self.tenant_rate.take(tenant)
        if not seconds:
            return False
        self._waiting[client] = self._waiting.get(client, 0) + 1
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.client_rate.give_back(client)
            self.tenant_rate.give_back(tenant)
            raise
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
        return True

    def _check_wait(self, client: tuple[str, str], seconds: float) -> None:
        waiting = self._waiting.get(client, 0)
        if waiting < self.places and seconds <= self.wait_seconds * (PATIENCE if waiting < FEW else 1):
            return
        if self.client_rate.wait(client) >= seconds:
            detail = f"Deze applicatie doet meer dan {self.client_rate.per_second:g} verzoeken per seconde."
        else:
            detail = f"Deze gemeente doet meer dan {self.tenant_rate.per_second:g} verzoeken per seconde."
        raise throttled(seconds, detail)
