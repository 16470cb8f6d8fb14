"""The worker: takes queues that have work, delivers them, and sleeps when there is nothing to do.

Every process of the service has one. They share the queues of all municipalities between them, and are woken by
PostgreSQL at the commit that adds a delivery, or by their own clock for what has to be tried again. Where to look for
queues, and when, is the work of :class:`runtime.per_tenant.PerTenant`.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from functools import partial
from uuid import UUID

from runtime.per_tenant import PerTenant
from runtime.problems import Problem, UnknownTenant
from runtime.tenancy import tenant_of
from services.notificaties import queues
from services.notificaties.abonnement import box
from services.notificaties.delivery import AT_ONCE_PER_TENANT, Policy, Queue, Tally, read_target
from services.notificaties.webhook import Webhooks
from zgw.request import Service
from zgw.usage import DELIVERIES

log = logging.getLogger("samenzaak.notificaties")

LEASE = 15.0
"""Seconds after which another worker takes the queues of one that does not say that it lives."""
CLAIM_AT_ONCE = 8
"""Queues taken in one statement; few, so that workers that wake together share the work."""
FINISH = 2.0
"""Seconds that taking queues, and delivering what is under way, may take after the worker was told to stop."""
EXPECTED = (*queues.UNAVAILABLE, Problem)
"""The errors while PostgreSQL is away, or in a municipality that was removed or is not migrated yet."""
RECOUNT = 0.05
"""Seconds between two counts of the busy queues of each municipality."""


class Worker:
    """The queues that this process holds. ``looks`` are its looks for more, per municipality."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.policy = Policy(service.settings.delivery_waits)
        self.tally = Tally()
        self.webhooks = Webhooks(service.settings)
        self.queues: dict[tuple[str, UUID], Queue] = {}
        self._box = box(service.settings)
        self._holding: dict[tuple[str, UUID], asyncio.Task[None]] = {}
        # As many at a time as there are connections to look with.
        self.looks = PerTenant(
            "deliveries",
            service.database.tenants,
            self._claim,
            at_once=service.database.size,
            finish=FINISH,
            expected=EXPECTED,
        )
        self._renewed = time.monotonic()
        self._counted = 0.0
        self._busy: Counter[str] = Counter()
        self._stopping = False

    def heard(self, payload: str) -> None:
        """Take a signal: ``""`` (anything may have happened), a schema, or a schema and what changed in it."""
        if not payload:
            self.looks.look_everywhere()
            for queue in self.queues.values():
                queue.changed = True
                queue.wake()
            return
        schema, _, subject = payload.partition(" ")
        tenant = tenant_of(schema, "notificaties")
        for (owner, abonnement), queue in self.queues.items():
            if owner == tenant:
                if subject == "read_anew":
                    queue.again = True
                elif subject == str(abonnement):
                    queue.changed = True
                queue.wake()
        self.looks.look(tenant)

    def forget(self, tenant: str) -> None:
        """Deliver nothing any more of a municipality that was erased, not even what is in memory.

        Its deliveries have numbers that those of a municipality with the same name will have as well.
        """
        for key in [key for key in self.queues if key[0] == tenant]:
            self.queues.pop(key).abandon()
            self._holding.pop(key).cancel()

    async def run(self) -> None:
        """Work until cancelled."""
        self.service.signals.on(queues.CHANNEL, self.heard)
        self.service.background.append(self.looks)
        renewing = asyncio.get_running_loop().create_task(self._renew())
        try:
            await self.looks.run()
        finally:
            renewing.cancel()
            await self._stop()

    async def _stop(self) -> None:
        self._stopping = True
        for queue in self.queues.values():
            queue.lost = True
            queue.wake()
        if self._holding:
            # A subscriber that does not answer now gets the message again from the next worker.
            _, late = await asyncio.wait(self._holding.values(), timeout=FINISH)
            for task in late:
                task.cancel()
            for queue in self.queues.values():
                queue.abandon()
            await asyncio.gather(*late, return_exceptions=True)
        for tenant in {tenant for tenant, _ in self.queues}:
            with contextlib.suppress(*EXPECTED):
                async with self.service.database.acquire(tenant) as db:
                    await db.connection.execute(queues.DROP_ALL, self._leases(tenant))
        await self.webhooks.stop()

    async def _claim(self, tenant: str) -> float | None:
        """Take the queues with work; return the seconds until there is more, or None when nothing is known to come."""
        async with self.service.database.acquire(tenant) as db:
            rows = await db.connection.fetch(queues.CLAIM, LEASE, CLAIM_AT_ONCE)
            for row in rows:
                queue = Queue(
                    database=self.service.database,
                    tenant=tenant,
                    abonnement=row["abonnement"],
                    lease=row["lease"],
                    box=self._box,
                    post=self.webhooks.post,
                    policy=self.policy,
                    share=lambda: self._share(tenant),
                    tally=self.tally,
                    delivered=partial(self.service.usage.add, tenant, DELIVERIES),
                    cursor=row["read_up_to"],
                    pauses=row["pauses"],
                    failing=row["failing"],
                    target=read_target(self._box, row),
                )
                self._hold(queue)
            if len(rows) == CLAIM_AT_ONCE:
                return 0.0
            delay: float | None = await db.connection.fetchval(queues.NEXT, self._leases(tenant))
        # Another worker is just taking the queues that are due and were not taken.
        return None if delay is None else max(delay, 0.05)

    def _leases(self, tenant: str) -> list[UUID]:
        return [queue.lease for (owner, _), queue in self.queues.items() if owner == tenant]

    def _share(self, tenant: str) -> int:
        now = time.monotonic()
        if now - self._counted > RECOUNT:
            self._counted = now
            self._busy = Counter(owner for (owner, _), queue in self.queues.items() if queue.under_way or queue.ready)
        return max(2, AT_ONCE_PER_TENANT // max(self._busy[tenant], 1))

    def _hold(self, queue: Queue) -> None:
        key = (queue.tenant, queue.abonnement)
        before = self._holding.get(key)
        if (old := self.queues.get(key)) is not None:
            # Our own lease ran out while PostgreSQL was away, and we took the queue again.
            old.lost = True
            old.wake()
        self.queues[key] = queue
        self._holding[key] = asyncio.get_running_loop().create_task(self._run(queue, before))

    async def _run(self, queue: Queue, before: asyncio.Task[None] | None) -> None:
        """Run a queue to its end; after that look whether there is work for it again."""
        key = (queue.tenant, queue.abonnement)
        if before is not None:
            await asyncio.wait([before])
        delay = 1.0
        try:
            await queue.run()
        except Exception as e:
            known = isinstance(e, EXPECTED)
            log.warning("%s abonnement %s: interrupted: %r", queue.tenant, queue.abonnement, e, exc_info=not known)
            while not self._stopping:
                try:
                    await queue.wind_down()
                    break
                except UnknownTenant:
                    # It was erased; what is in memory is not of a municipality that gets its name.
                    queue.abandon()
                    break
                except EXPECTED:
                    await asyncio.sleep(delay)
        finally:
            if self.queues.get(key) is queue and not self._stopping:
                del self.queues[key], self._holding[key]
            self.looks.look(queue.tenant)

    # --- Leases ---

    async def _renew(self) -> None:
        """Tell every third of a lease that this worker still lives; without queues there is nothing to tell."""
        while True:
            await asyncio.sleep(LEASE / 3)
            if not self.queues:
                self._renewed = time.monotonic()
                continue
            try:
                for tenant in {tenant for tenant, _ in self.queues}:
                    await self._renew_tenant(tenant)
                self._renewed = time.monotonic()
            except EXPECTED as e:
                log.warning("cannot renew leases: %s", e)
                if time.monotonic() - self._renewed > LEASE:
                    # By now another worker may deliver these queues.
                    for queue in self.queues.values():
                        queue.lost = True
                        queue.wake()

    async def _renew_tenant(self, tenant: str) -> None:
        mine = [queue for (owner, _), queue in self.queues.items() if owner == tenant]
        async with self.service.database.acquire(tenant) as db:
            rows = await db.connection.fetch(queues.RENEW, [queue.lease for queue in mine], LEASE)
        held = {row["lease"]: row["read_anew"] for row in rows}
        for queue in mine:
            queue.lost = queue.lost or queue.lease not in held
            queue.again = queue.again or held.get(queue.lease, False)
            if queue.lost or queue.again:
                queue.awake.set()


def forget(service: Service, tenant: str) -> None:
    """Deliver nothing any more of a municipality that was erased."""
    if "worker" in service.state:
        service.state["worker"].forget(tenant)


async def deliver(service: Service) -> None:
    """Deliver notifications for ever."""
    worker = service.state["worker"] = Worker(service)
    await worker.run()
