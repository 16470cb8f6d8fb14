"""One queue at work: the deliveries of one abonnement, in order per hoofdObject, many hoofdObjecten at a time."""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken

from runtime.pool import Database
from runtime.problems import UnknownTenant
from services.notificaties import queues

log = logging.getLogger("samenzaak.notificaties")

Post = Callable[[str, str, bytes], Awaitable[tuple[int, str]]]

READ_AHEAD = 200
"""Deliveries that are read at once; fewer than half of it in memory asks for more."""
CHAIN = 50
"""Deliveries of one hoofdObject that are read at once after the first of them had failed."""
MOST_AT_ONCE = 16
AT_ONCE_PER_TENANT = 64
"""Messages under way to one subscriber, and to all busy subscribers of one municipality together (but 2 to each)."""
LONGEST_PAUSE = 12
"""How many times the first wait a subscriber that seems to be down is left alone at most."""
LINGER = 0.5
"""Seconds that an empty queue is held, so that a steady stream does not take and leave it for every message."""


@dataclass(frozen=True)
class Policy:
    """When a delivery is tried again, and when a subscriber is left alone. Jitter only lengthens."""

    waits: tuple[float, ...]
    jitter: float = 0.1
    failures: int = 5
    """So many attempts in a row must fail before a subscriber is left alone."""

    def wait(self, attempts: int) -> float | None:
        """Return the seconds until the next attempt after ``attempts`` failed ones, or None when that was the last."""
        if attempts > len(self.waits):
            return None
        return self._lengthened(self.waits[attempts - 1])

    def pause_after(self, pauses: int) -> float:
        """Return how long a subscriber is left alone after ``pauses`` earlier pauses: at first a part of the wait
        before the second attempt, at most some times that (5 seconds and 5 minutes)."""
        return self._lengthened(min(self.waits[0] / 5 * 2 ** min(pauses, 20), self.waits[0] * LONGEST_PAUSE))

    def _lengthened(self, seconds: float) -> float:
        return seconds * (1 + self.jitter * random.random())  # noqa: S311 - spreading load is no secret


@dataclass
class Item:
    """One delivery in memory."""

    id: int
    key: int
    body: str
    attempts: int


@dataclass
class Target:
    """Where the messages go."""

    url: str
    auth: str


@dataclass
class Tally:
    """Counts of a worker, for benchmarks and metrics."""

    delivered: int = 0
    failed: int = 0
    parked: int = 0


@dataclass
class Queue:
    """The queue of one abonnement, held by this process.

    In memory is a part of what is to be delivered. Everything up to ``cursor`` has been read; of a hoofdObject in
    ``behind`` there may be rows up to there that are not in memory, because an earlier one failed.
    """

    database: Database
    tenant: str
    abonnement: UUID
    lease: UUID
    box: Fernet
    post: Post
    policy: Policy
    share: Callable[[], int]
    """How many messages may be under way to this subscriber now."""
    tally: Tally
    delivered: Callable[[int], None]
    """Is told how many deliveries were made, once that is written down."""
    cursor: int
    pauses: int
    failing: bool
    target: Target | None
    lost: bool = False
    """The lease is gone, or the process stops: begin nothing new."""
    again: bool = False
    """Let go as soon as possible, so that everything is read anew."""
    changed: bool = False
    """The abonnement changed or is gone."""
    chains: dict[int, deque[Item]] = field(default_factory=dict)
    ready: deque[int] = field(default_factory=deque)
    behind: set[int] = field(default_factory=set)
    due: list[tuple[float, int]] = field(default_factory=list)
    """A heap of hoofdObjecten of ``behind``, by the moment that they are read again, on the clock of this process."""
    queued: int = 0
    under_way: int = 0
    all_read: bool = False
    speed: int = 2
    failures: int = 0
    done: list[int] = field(default_factory=list)
    failed: list[tuple[int, int, float | None, str]] = field(default_factory=list)
    recovered: bool = False
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    _flushing: asyncio.Task[None] | None = None
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def wake(self) -> None:
        """There may be new deliveries."""
        self.all_read = False
        self.awake.set()

    async def run(self) -> None:
        """Deliver until there is nothing to do, then let go of the queue."""
        if self.pauses:
            # The subscriber seemed to be down: one message tells whether it still is.
            self.failures, self.speed = self.policy.failures - 1, 1
        for row in await self._fetch(queues.HEADS, self.abonnement):
            self._wait_for(row["key"], row["over"])
        idle_since: float | None = None
        while True:
            self.awake.clear()
            if self.changed:
                await self._look_up_target()
            stopping = self.lost or self.again or self.failures >= self.policy.failures or self.target is None
            if not stopping:
                await self._read()
                while self.ready and self.under_way < min(self.speed, self.share()):
                    self._send(self.ready.popleft())
            if self.under_way or (self.ready and not stopping):
                idle_since = None
                await self._sleep(max(0.01, self.due[0][0] - time.monotonic()) if self.due else None)
                continue
            if stopping:
                await self._let_go()
                return
            now = time.monotonic()
            idle_since = idle_since or now
            next_due = self.due[0][0] if self.due else now + 2 * LINGER
            lingered = now - idle_since >= LINGER
            if lingered and self.all_read and next_due - now > LINGER:
                if await self._let_go():
                    return
                self.all_read = False
            elif self.all_read:
                await self._sleep(max(0.0, (next_due if lingered else min(idle_since + LINGER, next_due)) - now))

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.awake.wait()
        except TimeoutError:
            return

    async def _fetch(self, statement: str, *values: Any) -> list[Any]:
        async with self.database.acquire(self.tenant) as db:
            found: list[Any] = await db.connection.fetch(statement, *values)
            return found

    async def _look_up_target(self) -> None:
        self.changed = False
        rows = await self._fetch(queues.TARGET, self.abonnement)
        self.target = read_target(self.box, rows[0]) if rows else None

    # --- Reading ---

    async def _read(self) -> None:
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            await self._read_chain(heappop(self.due)[1])
        if self.all_read or self.queued >= READ_AHEAD // 2:
            return
        self.all_read = True
        rows = await self._fetch(queues.READ, self.abonnement, self.cursor, READ_AHEAD)
        if len(rows) == READ_AHEAD:
            self.all_read = False
        for row in rows:
            key = row["key"]
            self.cursor = row["id"]
            if key in self.behind:
                continue
            if row["over"] is not None and key not in self.chains:
                self._wait_for(key, row["over"])
            else:
                self._append(Item(row["id"], key, row["message"], row["attempts"]))

    async def _read_chain(self, key: int) -> None:
        if key in self.chains:
            # The operator lets several deliveries of one hoofdObject be tried again, and the first brought them all.
            return
        # Otherwise deliveries that were made but not yet removed would be read again.
        await self._flushed()
        rows = await self._fetch(queues.READ_CHAIN, self.abonnement, key, self.cursor, CHAIN)
        if len(rows) < CHAIN:
            self.behind.discard(key)
        for row in rows:
            self._append(Item(row["id"], key, row["message"], row["attempts"]))

    def _append(self, item: Item) -> None:
        chain = self.chains.get(item.key)
        if chain is None:
            chain = self.chains[item.key] = deque()
            self.ready.append(item.key)
        chain.append(item)
        self.queued += 1

    def _wait_for(self, key: int, seconds: float) -> None:
        """Keep the deliveries of a hoofdObject out of memory until its first one is tried again."""
        self.behind.add(key)
        heappush(self.due, (time.monotonic() + max(seconds, 0.0), key))
        self.queued -= len(self.chains.pop(key, ()))

    # --- Sending ---

    def _send(self, key: int) -> None:
        self.under_way += 1
        task = asyncio.get_running_loop().create_task(self._deliver(self.chains[key][0]))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, item: Item) -> None:
        if self.target is None:
            raise RuntimeError("nothing is sent without a target")
        try:
            status, text = await self.post(self.target.url, self.target.auth, item.body.encode())
            if 200 <= status < 300:
                what = (self.tenant, self.abonnement, item.id, item.attempts + 1, status)
                log.info("%s abonnement %s: delivery %d made at attempt %d: %d", *what)
                self._succeeded(item)
            else:
                self._failed(item, f"{status}: {text}" if status else text)
        finally:
            self.under_way -= 1
            self.awake.set()

    def _succeeded(self, item: Item) -> None:
        self.tally.delivered += 1
        self.done.append(item.id)
        self.failures = 0
        self.speed = min(self.speed * 2, MOST_AT_ONCE)
        if self.failing:
            self.failing = False
            self.recovered = True
        chain = self.chains[item.key]
        chain.popleft()
        self.queued -= 1
        if chain:
            self.ready.append(item.key)
        else:
            del self.chains[item.key]
            if item.key in self.behind:
                heappush(self.due, (0.0, item.key))
        self._flush_soon()

    def _failed(self, item: Item, text: str) -> None:
        attempts = item.attempts + 1
        wait = self.policy.wait(attempts)
        self.tally.failed += 1
        self.tally.parked += wait is None
        again = "parked" if wait is None else f"again in {wait:.0f} s"
        what = (self.tenant, self.abonnement, item.id, attempts, again, text)
        log.warning("%s abonnement %s: delivery %d failed at attempt %d, %s: %s", *what)
        self.failed.append((item.id, attempts, wait, text))
        self.failures += 1
        self.failing = True
        self.speed = max(1, self.speed // 2)
        self._wait_for(item.key, wait or 0.0)
        self._flush_soon()

    # --- Writing down what happened ---

    def _flush_soon(self) -> asyncio.Task[None]:
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.get_running_loop().create_task(self._flush())
        return self._flushing

    async def _flushed(self) -> None:
        """Wait until everything that happened is in the database."""
        while self.done or self.failed or (self._flushing is not None and not self._flushing.done()):
            await asyncio.shield(self._flush_soon())

    async def _flush(self) -> None:
        """Write what happened; while PostgreSQL is away, keep trying. What is written late may be delivered twice."""
        while self.done or self.failed:
            done, failed, recovered = self.done, self.failed, self.recovered
            self.done, self.failed, self.recovered = [], [], False
            delay = 0.1
            while True:
                try:
                    await self._write(done, failed, recovered)
                    self.delivered(len(done))
                    break
                except UnknownTenant:
                    # The municipality was erased, and these deliveries with it.
                    break
                except Exception as e:
                    # Catch everything: losing this would deliver everything once more.
                    log.warning("%s abonnement %s: cannot be written down: %r", self.tenant, self.abonnement, e)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 2.0)
        self.awake.set()

    async def _write(self, done: list[int], failed: list[tuple[int, int, float | None, str]], recovered: bool) -> None:
        if not failed and not recovered:
            async with self.database.acquire(self.tenant) as db:
                await db.connection.execute(queues.DONE, done)
            return
        async with self.database.transaction(self.tenant) as db:
            if done:
                await db.connection.execute(queues.DONE, done)
            if failed:
                columns = [list(column) for column in zip(*failed, strict=True)]
                await db.connection.execute(queues.FAILED, *columns)
                await db.connection.execute(queues.FAILING, self.abonnement, failed[-1][3])
            elif recovered:
                await db.connection.execute(queues.RECOVERED, self.abonnement)
        if recovered and self.pauses:
            # The subscriber was down and is back: what waits for its turn need not wait any longer.
            self.pauses = 0
            await self._fetch(queues.RETRY_WAITING, self.abonnement)
            self.again = True

    async def wind_down(self) -> None:
        """Wait for the messages under way, write everything down, and let go of the queue."""
        self.lost = True
        while self._sending:
            await asyncio.wait(self._sending)
        await self._let_go()

    def abandon(self) -> None:
        """Stop at once; what is under way will be delivered again."""
        for task in (*self._sending, *([self._flushing] if self._flushing else [])):
            task.cancel()

    async def _let_go(self) -> bool:
        """Let go of the queue; return False when there is more to do first."""
        await self._flushed()
        pause = 0.0
        if self.failures >= self.policy.failures and not self.lost and self.target is not None:
            pause = self.policy.pause_after(self.pauses)
            log.warning("%s abonnement %s: left alone for %.0f s", self.tenant, self.abonnement, pause)
        elif self.target is None:
            pause = self.policy.waits[0] * LONGEST_PAUSE
        again = self.again or self.lost or bool(self.chains)
        async with self.database.transaction(self.tenant) as db:
            return await queues.release(db, self.abonnement, self.lease, self.cursor, pause, again)


def read_target(box: Fernet, row: Any) -> Target | None:
    """Return where messages go, or None when the credentials cannot be decrypted, as with another secret key."""
    try:
        return Target(row["callback_url"], box.decrypt(row["auth"]).decode())
    except InvalidToken:
        log.error("the credentials of a callback cannot be decrypted with the present secret key")
        return None
