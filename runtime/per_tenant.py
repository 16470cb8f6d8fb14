"""Background work per municipality: one run at a time for each, a few municipalities at once, none waits for another.

Example::

    outbox = PerTenant("outbox", database.tenants, relay_batch, gather=0.05)
    signals.on("samenzaak_outbox", outbox.look)
    await outbox.run()  # until it is cancelled
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable

log = logging.getLogger("samenzaak.background")

Work = Callable[[str], Awaitable[float | None]]
"""Does what there is to do for one municipality now. Returns after how many seconds to look again (0: at once), or None
when nothing is known to come."""

LONGEST_DELAY = 10.0
"""Most seconds between two attempts after failures."""
LONGEST_SLEEP = 3600.0


class PerTenant:
    """Runs ``work`` for each municipality that has something to do: when told so, and at each sweep for all of them.

    ``tenants`` returns the municipalities. ``at_once`` of them run at the same time. Between two runs for one
    municipality are at least ``gather`` seconds, and at most ``sweep``. ``expected`` are the errors of which the log
    needs no traceback. A run that is under way when :meth:`run` is cancelled may take ``finish`` seconds more.
    """

    def __init__(
        self,
        name: str,
        tenants: Callable[[], Awaitable[Iterable[str]]],
        work: Work,
        *,
        at_once: int = 2,
        gather: float = 0.0,
        sweep: float = 60.0,
        finish: float = 0.0,
        expected: tuple[type[Exception], ...] = (OSError,),
    ) -> None:
        self.name = name
        self._list_tenants = tenants
        self._work = work
        self._at_once = at_once
        self._gather = gather
        self._sweep_seconds = sweep
        self._finish = finish
        self._expected = expected
        self._sweep = asyncio.Event()
        self._stopping = False
        # The municipalities at the last sweep; those that wait for their run, and those of which it is under way.
        self._known: set[str] = set()
        self._queued: set[str] = set()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._running: dict[str, asyncio.Task[None]] = {}
        # Those to run once more after that, those to run later, when the last run ended, how many failed in a row.
        self._again: set[str] = set()
        self._timers: dict[str, tuple[float, asyncio.Handle]] = {}
        self._ended: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    def look(self, tenant: str) -> None:
        """Run for a municipality soon: now, after the run that is under way, or ``gather`` seconds after the last."""
        if tenant in self._running:
            self._again.add(tenant)
        elif tenant not in self._queued and not self._stopping:
            early = self._ended.get(tenant, float("-inf")) + self._gather - asyncio.get_running_loop().time()
            if early > 0:
                self._look_later(tenant, early)
            else:
                self._cancel_timer(tenant)
                self._queued.add(tenant)
                self._queue.put_nowait(tenant)

    def look_everywhere(self) -> None:
        """Run for every municipality soon."""
        self._sweep.set()

    def forget(self, tenant: str) -> None:
        """Keep nothing in memory of a municipality that is gone; one with its name is found by the sweep that follows.

        ``""``: any may be gone. The run that is under way is not stopped.
        """
        self._drop(tenant)
        self.look_everywhere()

    async def run(self) -> None:
        """Work until cancelled."""
        self.look_everywhere()
        workers = {asyncio.create_task(self._worker(), name=f"{self.name} {n}") for n in range(self._at_once)}
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._sweep_seconds):
                        await self._sweep.wait()
                self._sweep.clear()
                try:
                    self._known = set(await self._list_tenants())
                except Exception as e:
                    self._log("the municipalities cannot be listed", e)
                    await asyncio.sleep(1)
                    self.look_everywhere()
                    continue
                for gone in {*self._timers, *self._ended, *self._failures} - self._known:
                    self._drop(gone)
                for tenant in self._known:
                    self.look(tenant)
        finally:
            await self._stop(workers)

    async def _stop(self, workers: set[asyncio.Task[None]]) -> None:
        self._stopping = True
        for tenant in list(self._timers):
            self._cancel_timer(tenant)
        busy = set(self._running.values()) if self._finish else set()
        for worker in workers - busy:
            worker.cancel()
        try:
            if busy:
                await asyncio.wait(busy, timeout=self._finish)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _worker(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        while not self._stopping:
            # The queue gives what it has at once: without this, work that waits for nothing would stop everything else.
            await asyncio.sleep(0)
            tenant = await self._queue.get()
            if tenant not in self._queued:
                continue  # It was forgotten.
            self._queued.discard(tenant)
            self._running[tenant] = me
            try:
                delay = await self._run_once(tenant)
            finally:
                del self._running[tenant]
            again = tenant in self._again
            self._again.discard(tenant)
            if tenant not in self._known:
                # New, or just removed: the list of municipalities tells.
                self._drop(tenant)
                self.look_everywhere()
            elif delay == 0 or (again and tenant not in self._failures):
                self.look(tenant)
            elif delay is not None:
                self._look_later(tenant, delay)

    async def _run_once(self, tenant: str) -> float | None:
        """Run for one municipality; return after how many seconds to look again. Its failure is not that of others."""
        try:
            delay = await self._work(tenant)
        except Exception as e:
            count = self._failures[tenant] = self._failures.get(tenant, 0) + 1
            delay = float(min(0.25 * 2 ** min(count, 10), LONGEST_DELAY))
            self._log(f"{tenant}, again in {delay:.1f} s", e)
        else:
            self._failures.pop(tenant, None)
        self._ended[tenant] = asyncio.get_running_loop().time()
        return delay

    def _look_later(self, tenant: str, delay: float) -> None:
        """Look in ``delay`` seconds, or when it is to be looked before that, then."""
        if self._stopping:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + min(delay, LONGEST_SLEEP)
        if tenant not in self._timers or self._timers[tenant][0] > at:
            self._cancel_timer(tenant)
            self._timers[tenant] = at, loop.call_at(at, self._due, tenant)

    def _due(self, tenant: str) -> None:
        del self._timers[tenant]
        self.look(tenant)

    def _cancel_timer(self, tenant: str) -> None:
        if (timer := self._timers.pop(tenant, None)) is not None:
            timer[1].cancel()

    def _drop(self, tenant: str) -> None:
        self._cancel_timer(tenant)
        for found in (self._known, self._queued, self._again):
            found.discard(tenant)
        self._ended.pop(tenant, None)
        self._failures.pop(tenant, None)

    def _log(self, what: str, error: Exception) -> None:
        log.warning("%s: %s: %r", self.name, what, error, exc_info=not isinstance(error, self._expected))
