"""How fast notifications arrive, with real processes: ``python -m bench.notificaties [throughput|dead|latency|burst]``.

* throughput: 10,000 deliveries wait for one fast subscriber; a worker starts. CPU per delivery of each process.
* dead: 100 subscribers of which 50 never answer, 5 messages a second; the delay of the other 50, and without the dead.
* latency: single writes; from their transaction to the subscriber, through outbox, relay and queue.
* burst: one municipality writes 100,000 notifications at once; the delay of another's.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson

from beheer.runner import build_service
from bench.system import Client, System
from runtime.memory import AnswerMemory
from runtime.signals import Signals
from runtime.tenancy import schema_of
from services.notificaties.bericht import publish
from services.notificaties.matching import Bericht

TENANTS = ("deventer", "raalte")
BATCH = 500
PER_SECOND = 5


def message(number: int, things: int) -> dict[str, Any]:
    """Return a message of another publisher; ``resource`` is the moment that it was made."""
    url = f"https://elders.example/dingen/{number % things}"
    body = {"kanaal": "proef", "hoofdObject": url, "resource": f"{time.time():.6f}", "resourceUrl": url}
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {**body, "actie": "create", "aanmaakdatum": moment, "kenmerken": {"ding": str(number)}}


Publish = Callable[[list[dict[str, Any]]], Awaitable[None]]


@asynccontextmanager
async def publishing(system: System, tenant: str) -> AsyncIterator[Publish]:
    """Give what puts messages in the queues without going through HTTP."""
    service = build_service(system.settings, system.dsn, "notificaties", Signals(system.dsn), AnswerMemory(2**26))

    async def published(messages: list[dict[str, Any]]) -> None:
        for start in range(0, len(messages), BATCH):
            await publish(service, tenant, [Bericht(m, (system.base,)) for m in messages[start : start + BATCH]])

    try:
        yield published
    finally:
        await service.database.stop()


def taken(system: System, subscriber: int) -> list[tuple[str, float, dict[str, Any]]]:
    """Return what a subscriber took: name, moment, message."""
    log = system.log_of(system.subscriber_names[subscriber])
    found = []
    for line in log.read_bytes().splitlines() if log.exists() else ():
        name, moment, body = line.split(b"\t", 2)
        found.append((name.decode(), float(moment), orjson.loads(body)))
    return found


async def until_taken(system: System, subscriber: int, count: int, patience: float = 300) -> None:
    """Wait until a subscriber took so many messages."""
    log = system.log_of(system.subscriber_names[subscriber])
    async with asyncio.timeout(patience):
        while not log.exists() or log.read_bytes().count(b"\n") < count:
            await asyncio.sleep(0.2)


def delays(values: list[float]) -> str:
    """Return the percentiles of delays in milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return "nothing arrived"
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 for part in (0.5, 0.95, 0.99)]
    texts = [f"p50 {at[0]:.0f}", f"p95 {at[1]:.0f}", f"p99 {at[2]:.0f}", f"max {ordered[-1] * 1000:.0f} ms"]
    return f"{len(ordered)} deliveries: {', '.join(texts)}"


async def world(system: System, session: aiohttp.ClientSession) -> dict[str, Client]:
    """Start what this benchmark needs but no worker, and make the kanaal of this benchmark."""
    names = ["gateway", "autorisaties", "notificaties", *system.subscriber_names]
    system.start(*names)
    await system.until_up(*names)
    clients = {tenant: Client(system, tenant, session) for tenant in TENANTS}
    for client in clients.values():
        await client.created("/notificaties/api/v1/kanaal", {"naam": "proef"})
    return clients


async def throughput(system: System, clients: dict[str, Client], count: int = 10_000) -> None:
    """Deliver what waits to one fast subscriber."""
    await clients["deventer"].subscribe(system.url_of(0, "one", "ok"), {"naam": "proef"})
    async with publishing(system, "deventer") as published:
        await published([message(n, 1000) for n in range(count)])
    system.start("worker0")
    await system.until_up("worker0")
    await until_taken(system, 0, count // 20)
    before, first = system.cpu(), time.time()
    already = len(taken(system, 0))
    await until_taken(system, 0, count)
    after = system.cpu()
    arrivals = [moment for _, moment, _ in taken(system, 0)]
    made, lasted = count - already, max(arrivals) - first
    print(f"throughput: {made / lasted:.0f} deliveries a second over {made} deliveries to one subscriber")
    for name in ("worker0", "postgres", "subscriber0"):
        print(f"  CPU of {name}: {(after[name] - before[name]) / made * 1000:.2f} ms a delivery")


async def dead(system: System, clients: dict[str, Client], seconds: float = 20) -> None:
    """Compare the delays of 50 subscribers without and with 50 others that never answer."""
    client = clients["deventer"]
    system.start("worker0")
    await system.until_up("worker0")
    for n in range(50):
        await client.subscribe(system.url_of(0, f"good{n}", "ok"), {"naam": "proef"})
    for text in ("50 that answer", "50 that answer, beside 50 that never do"):
        already = len(taken(system, 0))
        await steadily(system, seconds)
        arrived = taken(system, 0)[already:]
        print(f"dead: {text}: {delays([moment - float(m['resource']) for _, moment, m in arrived])}")
        if not text.endswith("do"):
            for n in range(50):
                await client.subscribe(system.url_of(1, f"dead{n}", "hang"), {"naam": "proef"})


async def steadily(system: System, seconds: float) -> None:
    """Publish some messages a second, and wait a little for the last."""
    async with publishing(system, "deventer") as published:
        for n in range(int(seconds * PER_SECOND)):
            await published([message(n, 50)])
            await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(3)


async def latency(system: System, clients: dict[str, Client], count: int = 200) -> None:
    """Write applicaties one by one, and compare the moment of the write with that of the arrival."""
    client = clients["deventer"]
    system.start("worker0")
    await system.until_up("worker0")
    await client.subscribe(system.url_of(0, "one", "ok"), {"naam": "autorisaties"})
    grant = {"component": "ac", "scopes": ["autorisaties.lezen"]}
    for n in range(count):
        body = {"clientIds": [f"latency-{n}-{time.time_ns()}"], "label": "proef", "autorisaties": [grant]}
        await client.created("/autorisaties/api/v1/applicaties", body)
        await asyncio.sleep(0.05)
    await until_taken(system, 0, count)
    found = [moment - written(m) for _, moment, m in taken(system, 0)[5:]]
    print(f"latency: from the transaction of a write to the subscriber: {delays(found)}")


def written(notification: dict[str, Any]) -> float:
    """Return when the transaction of a write put its notification in the outbox."""
    return datetime.fromisoformat(notification["aanmaakdatum"]).timestamp()


async def burst(system: System, clients: dict[str, Client], count: int = 100_000, seconds: float = 60) -> None:
    """Put a burst in the outbox of one municipality, and write in another one."""
    system.start("worker0")
    await system.until_up("worker0")
    await clients["deventer"].subscribe(system.url_of(0, "burst", "ok"), {"naam": "autorisaties"})
    await clients["raalte"].subscribe(system.url_of(1, "other", "ok"), {"naam": "autorisaties"})
    schema = schema_of("deventer", "autorisaties")
    admin = await asyncpg.connect(system.dsn)
    async with admin.transaction():
        await admin.execute(
            f"""INSERT INTO "{schema}".outbox (bases, message) SELECT '["{system.base}"]'::jsonb, jsonb_build_object(
                'kanaal', 'autorisaties', 'hoofdObject', '{system.base}/autorisaties/api/v1/applicaties/' || n % 5000,
                'resource', 'applicatie', 'resourceUrl', '{system.base}/autorisaties/api/v1/applicaties/' || n % 5000,
                'actie', 'update', 'aanmaakdatum', '2026-01-01T00:00:00Z', 'kenmerken', '{{}}'::jsonb)
            FROM generate_series(1, {count}) n"""
        )
        await admin.execute("SELECT pg_notify('samenzaak_outbox', $1)", schema)
    await admin.close()
    grant = {"component": "ac", "scopes": ["autorisaties.lezen"]}
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        body = {"clientIds": [f"burst-{time.time_ns()}"], "label": "proef", "autorisaties": [grant]}
        await clients["raalte"].created("/autorisaties/api/v1/applicaties", body)
        await asyncio.sleep(0.2)
    during = len(taken(system, 0))
    await asyncio.sleep(3)
    found = [moment - written(m) for _, moment, m in taken(system, 1)]
    print(f"burst: {during} of {count} delivered in {seconds:.0f} s; of the other municipality {delays(found)}")


PARTS: dict[str, Callable[[System, dict[str, Client]], Awaitable[None]]] = {
    "throughput": throughput,
    "dead": dead,
    "latency": latency,
    "burst": burst,
}


async def measure(name: str) -> None:
    """Run one part in a system of its own."""
    home = Path(tempfile.mkdtemp(prefix="samenzaak-bench-"))
    with System(home, TENANTS, workers=1, subscribers=2) as system:
        await system.prepare()
        async with aiohttp.ClientSession() as session:
            await PARTS[name](system, await world(system, session))


def main() -> None:
    """Run the parts that are named, or all."""
    for name in sys.argv[1:] or PARTS:
        asyncio.run(measure(name))


if __name__ == "__main__":
    main()
