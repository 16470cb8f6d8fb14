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

    ``tenants`` returns the municipalities. ``at_once`` of them run at the same time. Two runs for one municipality
    begin at least ``gather`` seconds apart. ``expected`` are the errors of which the log needs no traceback.
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
        expected: tuple[type[Exception], ...] = (OSError,),
    ) -> None:
        self.name = name
        self._list_tenants = tenants
        self._work = work
        self._at_once = at_once
        self._gather = gather
        self._sweep_seconds = sweep
        self._expected = expected
        self._known: set[str] = set()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._queued: set[str] = set()
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._began: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._sweep = asyncio.Event()

    def look(self, tenant: str) -> None:
        """Run for a municipality soon: now, after the run that is under way, or ``gather`` seconds after the last."""
        if tenant in self._running:
            self._again.add(tenant)
        elif tenant not in self._queued:
            early = self._began.get(tenant, float("-inf")) + self._gather - asyncio.get_running_loop().time()
            if early > 0:
                self._later(tenant, early)
            else:
                self._cancel_timer(tenant)
                self._queued.add(tenant)
                self._queue.put_nowait(tenant)

    def look_everywhere(self) -> None:
        """Run for every municipality soon."""
        self._sweep.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self._sweep.set()
        workers = [asyncio.create_task(self._worker(), name=f"{self.name} {n}") for n in range(self._at_once)]
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._sweep.wait(), self._sweep_seconds)
                self._sweep.clear()
                try:
                    self._known = set(await self._list_tenants())
                except Exception as e:
                    self._log("the municipalities cannot be listed", e)
                    await asyncio.sleep(1)
                    self._sweep.set()
                    continue
                for gone in self._began.keys() - self._known:
                    del self._began[gone]
                    self._failures.pop(gone, None)
                for tenant in self._known:
                    self.look(tenant)
        finally:
            for timer in self._timers.values():
                timer.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _worker(self) -> None:
        while True:
            tenant = await self._queue.get()
            self._queued.discard(tenant)
            self._running.add(tenant)
            self._began[tenant] = asyncio.get_running_loop().time()
            try:
                delay = await self._run_once(tenant)
            finally:
                self._running.discard(tenant)
            if tenant not in self._known:
                # New, or just removed: the list of municipalities tells.
                self._sweep.set()
            if tenant in self._again:
                self._again.discard(tenant)
                delay = 0.0 if self._failures.get(tenant, 0) == 0 else delay
            if delay == 0:
                self.look(tenant)
            elif delay is not None:
                self._later(tenant, delay)

    async def _run_once(self, tenant: str) -> float | None:
        """Run for one municipality; return after how many seconds to look again. Its failure is not that of others."""
        try:
            delay = await self._work(tenant)
        except Exception as e:
            count = self._failures[tenant] = self._failures.get(tenant, 0) + 1
            delay = float(min(0.25 * 2 ** min(count, 10), LONGEST_DELAY))
            self._log(f"{tenant}, again in {delay:.1f} s", e)
            return delay
        self._failures.pop(tenant, None)
        return delay

    def _later(self, tenant: str, delay: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + min(delay, LONGEST_SLEEP)
        timer = self._timers.get(tenant)
        if timer is not None and timer.when() <= at:
            return
        self._cancel_timer(tenant)
        self._timers[tenant] = loop.call_at(at, self._due, tenant)

    def _due(self, tenant: str) -> None:
        self._timers.pop(tenant, None)
        self.look(tenant)

    def _cancel_timer(self, tenant: str) -> None:
        if (timer := self._timers.pop(tenant, None)) is not None:
            timer.cancel()

    def _log(self, what: str, error: Exception) -> None:
        log.warning("%s: %s: %r", self.name, what, error, exc_info=not isinstance(error, self._expected))
