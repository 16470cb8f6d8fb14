"""Notifications reach their subscribers although the relay or the worker was cancelled, at whichever await."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest

from services.notificaties import queues
from services.notificaties.abonnement import ABONNEMENT_TABLE
from services.notificaties.bericht import publish
from services.notificaties.delivery import Queue
from services.notificaties.matching import Bericht
from services.notificaties.worker import Worker
from tests.afbreken.awaits import Count, at_every_await
from tests.afbreken.rest import TENANT, at_rest
from tests.stack import PUBLIC, Stack
from zgw import relay


def bericht() -> dict[str, Any]:
    """Return a message of the kanaal zaken with a name of its own."""
    url = f"{PUBLIC}/zaken/api/v1/zaken/{uuid4()}"
    return {
        "kanaal": "zaken", "hoofdObject": url, "resource": "zaak", "resourceUrl": url, "actie": "create",
        "aanmaakdatum": "2026-11-01T12:00:00Z", "kenmerken": {},
    }  # fmt: skip


async def test_the_relay_brings_what_it_was_kept_from(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], gemeld: list[dict[str, Any]]
) -> None:
    service = still.standalone.services["zaken"]
    table = service.api.metadata.tables["outbox"]
    waiting: list[str] = []

    async def prepare() -> None:
        message = bericht()
        waiting[:] = [message["resourceUrl"]]
        async with service.database.acquire(TENANT) as db:
            await db.execute(table.insert().values(bases=[PUBLIC], message=message))

    async def right() -> None:
        assert await relay._relay_batch(service, TENANT) in (0, 1)
        assert waiting[0] in {message["resourceUrl"] for message in gemeld}
        assert await admin.fetchval(f"SELECT count(*) FROM {TENANT}_zaken.outbox") == 0
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts["relay"] = await at_every_await(lambda: relay._relay_batch(service, TENANT), right)
    await right()
    await admin.execute(f"DELETE FROM {TENANT}_zaken.outbox")


class Deliveries:
    """The queue of one subscriber, whose webhook takes everything."""

    def __init__(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = stack.standalone.services["notificaties"]
        self.abonnement = uuid4()
        self.sent: list[str] = []
        self.expected: list[str] = []
        self.workers: list[Worker] = []
        # What another worker may take at once, so that nobody waits for a lease to run out.
        monkeypatch.setattr("services.notificaties.worker.LEASE", 0.0)
        monkeypatch.setattr("services.notificaties.delivery.LINGER", 0.001)

    def worker(self) -> Worker:
        """Return a worker of a new process, that only takes queues."""
        found = Worker(self.service)
        found.webhooks.post = self.post  # type: ignore[method-assign]
        self.workers.append(found)
        return found

    async def post(self, url: str, auth: str | None, body: bytes) -> tuple[int, str]:
        """Be the webhook."""
        await asyncio.sleep(0)
        self.sent.append(body.decode())
        return 204, ""

    async def subscribe(self) -> None:
        """Make the abonnement."""
        values = {
            "uuid": self.abonnement,
            "callback_url": "https://webhook.test",
            "kanalen": [{"naam": "zaken", "filters": {}}],
            "auth": self.worker()._box.encrypt(b"x").decode(),
            "client_id": "afbreker",
        }
        async with self.service.database.transaction(TENANT) as db:
            await db.execute(ABONNEMENT_TABLE.insert().values(**values))
            await db.execute(queues.QUEUE.insert().values(abonnement=self.abonnement))

    async def add(self) -> None:
        """Publish two messages about one object."""
        message = bericht()
        for number in ("1", "2"):
            sent = {**message, "actie": number}
            await publish(self.service, TENANT, [Bericht(sent, (PUBLIC,))])
            self.expected.append(message["resourceUrl"] + number)

    async def finish(self) -> None:
        """Let a worker of a new process deliver what is left, as :meth:`Worker.run` does."""
        found = self.worker()
        for _ in range(200):
            await found._claim(TENANT)
            while found._holding:
                await asyncio.gather(*found._holding.values())
            if await self.left() == 0:
                return
        raise AssertionError("deliveries are left")

    async def left(self) -> int:
        """Return how many deliveries are to be made."""
        async with self.service.database.acquire(TENANT) as db:
            return int(await db.connection.fetchval("SELECT count(*) FROM delivery"))

    def check(self) -> None:
        """Assert that all messages were delivered, each object's in order (some twice)."""
        order = [key for key in dict.fromkeys(self.keys()) if key in set(self.expected)]
        assert order == self.expected
        self.sent.clear()
        self.expected.clear()

    def keys(self) -> list[str]:
        """Return what was sent."""
        return [m["resourceUrl"] + m["actie"] for m in map(orjson.loads, self.sent)]


@pytest.fixture
async def deliveries(still: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deliveries]:
    """A subscriber of the kanaal zaken."""
    found = Deliveries(still, monkeypatch)
    await found.subscribe()
    yield found
    async with found.service.database.acquire(TENANT) as db:
        await db.execute(ABONNEMENT_TABLE.delete())
    for one in found.workers:
        await one.webhooks.stop()


@pytest.mark.parametrize("what", ["claim", "renew", "queue", "flush", "let go", "wind down"])
async def test_deliveries_are_made_after_a_cancellation(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], deliveries: Deliveries, what: str
) -> None:
    used: list[Worker] = []
    queues: list[Queue] = []

    async def claimed() -> Queue:
        """Take the queue without running it."""
        taker = deliveries.worker()
        taker._hold = queues.append  # type: ignore[method-assign,assignment]
        await taker._claim(TENANT)
        return queues[-1]

    async def prepare() -> None:
        await deliveries.add()
        if what != "claim":
            queue = await claimed()
            if what == "renew":
                used.append(deliveries.worker())
                used[-1].queues[TENANT, queue.abonnement] = queue
            elif what in ("flush", "let go", "wind down"):
                await queue._read()
                queue._send(queue.ready.popleft())
                with pytest.MonkeyPatch.context() as patch:
                    # What was delivered is not written down yet.
                    patch.setattr(queue, "_flush_soon", lambda: None)
                    await asyncio.gather(*queue._sending)

    async def work() -> Any:
        if what == "claim":
            used.append(deliveries.worker())
            await used[-1]._claim(TENANT)
        elif what == "renew":
            await used[-1]._renew_tenant(TENANT)
        elif what == "queue":
            await queues[-1].run()
        elif what == "flush":
            await queues[-1]._flush()
        elif what == "let go":
            await queues[-1]._let_go()
        else:
            await queues[-1].wind_down()

    async def right() -> None:
        for queue in (*queues[-1:], *(queue for one in used[-1:] for queue in one.queues.values())):
            queue.abandon()
        tasks = [task for one in used[-1:] for task in one._holding.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await deliveries.finish()
        deliveries.check()
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts[f"deliveries, {what}"] = await at_every_await(work, right)
