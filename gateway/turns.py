"""Turns: how many requests of one municipality, and of one client of it, are under way at the same time.

Turns keep a municipality that asks much from taking the processors from the others: only a few of its requests are
worked on at the same time, and the rest of them wait in a queue of its own. The others do not wait in that queue. How
many are worked on is shared: the more municipalities ask something, the fewer requests each has under way.

A request that lasts gives up its turn and goes on in a place for slow exchanges. Those places, and those in the queue,
are shared between the clients of the municipality: no client takes more places than it leaves free, so that another
client always finds one.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.limits import throttled
from gateway.upstream import POOL_SIZE

SLOW_SECONDS = 0.25
"""A request that lasts longer gives up its turn while it goes on: it moves a document or waits for somebody else, and
takes little of the processors. Without that, four uploads would stop a municipality."""

SLOW_MAX = POOL_SIZE // 4
"""How many requests of a municipality may have given up their turn; further ones keep it until one of those ends. Each
holds a connection to a service, which all municipalities share: a client that sends hundreds of bodies very slowly
may delay only itself."""

FEW = 4
"""So many requests of a client may always wait, however many of others do: a client that asks one thing after another
is delayed and not refused, because most applications do not repeat what is refused, or take it for an answer."""

PATIENCE = 3.0
"""How much longer than others the requests of such a client may wait."""

ACTIVE_SECONDS = 1.0
"""How long a municipality counts as one that asks something, after its last request."""


@dataclass
class _Client:
    """One client of a municipality: how many of its requests have a turn, how many gave it up, and which wait."""

    client_id: str
    busy: int = 0
    slow: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


@dataclass
class _Queue:
    """One municipality: the same for all its clients together. The client whose turn was longest ago is the first."""

    tenant: str
    busy: int = 0
    slow: int = 0
    waiting: int = 0
    clients: OrderedDict[str, _Client] = field(default_factory=OrderedDict)

    def client(self, client_id: str) -> _Client:
        """Return the client, which is known until nothing of it is under way any more."""
        found = self.clients.get(client_id)
        if found is None:
            found = self.clients[client_id] = _Client(client_id)
        return found


class Turns:
    """At most ``at_once`` requests of a municipality at the same time, and ``places`` that wait. 0 at once: no limit.

    When others ask something too, it is the municipality's share of ``at_once``, and at least one.
    """

    def __init__(self, at_once: int, places: int, wait_seconds: float) -> None:
        self.at_once = at_once
        self.places = places
        self.wait_seconds = wait_seconds
        self._queues: dict[str, _Queue] = {}
        # Municipalities with a recent request, the least recent first.
        self._active: OrderedDict[str, float] = OrderedDict()

    def waiting(self) -> dict[str, int]:
        """Return how many requests wait, by municipality."""
        return {tenant: queue.waiting for tenant, queue in self._queues.items()}

    @asynccontextmanager
    async def turn(self, tenant: str, client_id: str) -> Any:
        """Wait for a turn and hold it; raise Problem 429 when the queue is full or the wait too long."""
        if not self.at_once:
            yield
            return
        self._note(tenant)
        queue = self._queues.get(tenant)
        if queue is None:
            queue = self._queues[tenant] = _Queue(tenant)
        client = queue.client(client_id)
        if not queue.waiting and queue.busy < self._share() and _has_place(queue, client):
            queue.busy += 1
            client.busy += 1
        else:
            await self._wait(queue, client)
        with self._held(queue, client):
            yield

    def _share(self) -> int:
        return max(1, -(-self.at_once // max(1, len(self._active))))

    def _note(self, tenant: str) -> None:
        now = time.monotonic()
        self._active[tenant] = now
        self._active.move_to_end(tenant)
        while now - next(iter(self._active.values())) > ACTIVE_SECONDS:
            self._active.popitem(last=False)

    async def _wait(self, queue: _Queue, client: _Client) -> None:
        few = len(client.waiting) < FEW and self.places > 0
        free = self.places - queue.waiting
        if not few and (free <= 0 or len(client.waiting) >= max(1, free)):
            self._forget(queue, client)
            raise throttled(1.0, "Er wachten te veel verzoeken van deze gemeente of applicatie.")
        turn = asyncio.get_running_loop().create_future()
        client.waiting.append(turn)
        queue.waiting += 1
        self._pass_on(queue)
        try:
            async with asyncio.timeout(self.wait_seconds * (PATIENCE if few else 1)):
                await turn
        except BaseException as e:
            if turn in client.waiting:
                client.waiting.remove(turn)
                queue.waiting -= 1
            elif not turn.cancelled():
                # The turn was granted just after its request stopped waiting: pass it on.
                self._end(queue, client)
            self._forget(queue, client)
            if isinstance(e, TimeoutError):
                raise throttled(1.0, "Er zijn te veel verzoeken van deze gemeente of applicatie tegelijk.") from None
            raise

    @contextmanager
    def _held(self, queue: _Queue, client: _Client) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        given_up = False
        timer: asyncio.TimerHandle

        def give_up() -> None:
            nonlocal given_up, timer
            if queue.slow < SLOW_MAX:
                given_up = True
                queue.slow += 1
                client.slow += 1
                self._end(queue, client)
            else:
                timer = loop.call_later(SLOW_SECONDS, give_up)

        timer = loop.call_later(SLOW_SECONDS, give_up)
        try:
            yield
        finally:
            timer.cancel()
            if given_up:
                queue.slow -= 1
                client.slow -= 1
                self._pass_on(queue)
                self._forget(queue, client)
            else:
                self._end(queue, client)

    def _end(self, queue: _Queue, client: _Client) -> None:
        queue.busy -= 1
        client.busy -= 1
        self._pass_on(queue)
        self._forget(queue, client)

    def _pass_on(self, queue: _Queue) -> None:
        """Give the turns that are free to those who wait: one client after the other."""
        while queue.waiting and queue.busy < self._share():
            client = next((c for c in queue.clients.values() if c.waiting and _has_place(queue, c)), None)
            if client is None:
                return
            queue.clients.move_to_end(client.client_id)
            turn = client.waiting.popleft()
            queue.waiting -= 1
            if not turn.done():
                turn.set_result(None)
                queue.busy += 1
                client.busy += 1

    def _forget(self, queue: _Queue, client: _Client) -> None:
        """Drop a client, and its municipality, of which nothing is under way any more."""
        if client.busy or client.slow or client.waiting:
            return
        if queue.clients.get(client.client_id) is client:
            del queue.clients[client.client_id]
        if not queue.clients and self._queues.get(queue.tenant) is queue:
            del self._queues[queue.tenant]


def _has_place(queue: _Queue, client: _Client) -> bool:
    """Return whether a client may have one more request under way, which may turn out to be slow."""
    return client.busy + client.slow < max(1, SLOW_MAX - queue.slow)
