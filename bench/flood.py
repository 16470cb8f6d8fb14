"""One municipality floods, another asks calmly: ``python -m bench.flood [--seconds N] [--connections N]``.

The calm one sends one request after another, with a pause between them. Its p95 while the other sends as much as it
can, over many connections, is compared with its p95 when all is quiet. Everything runs in separate processes on this
machine, the load too.
"""

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from beheer import postgres, tenants
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from beheer.split import Split

PATH = "/zaken/api/v1/zaken"
MUNICIPALITIES = (("deventer", "517439943"), ("raalte", "123456782"))
SECRET = "geheim" * 8
ALLOWED = 3.0
PAUSE = 0.01


def headers_of(tenant: str) -> dict[str, str]:
    """Return the headers of a client of ``tenant``."""
    token = tenants.make_token(f"app-{tenant}", SECRET)
    return {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326"}


async def calm(url: str, seconds: float) -> list[float]:
    """Return the sorted latencies of one client that sends a request after another, in seconds.

    Without pauses it would meet the limit of a client itself.
    """
    found: list[float] = []
    end = time.perf_counter() + seconds
    async with aiohttp.ClientSession(url, headers=headers_of("raalte")) as session:
        while time.perf_counter() < end:
            began = time.perf_counter()
            async with session.get(PATH) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"the calm municipality got {answer.status}")
            found.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
    return sorted(found)


def flood(url: str, connections: int, seconds: float, results: Any) -> None:
    """Send as much as possible over ``connections``; put how often each status came."""

    async def send() -> Counter[int]:
        statuses: Counter[int] = Counter()
        end = time.perf_counter() + seconds
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(url, headers=headers_of("deventer"), connector=connector) as session:

            async def worker() -> None:
                while time.perf_counter() < end:
                    async with session.get(PATH) as answer:
                        await answer.read()
                        statuses[answer.status] += 1
                        if answer.status == 429:
                            await asyncio.sleep(0.05)

            await asyncio.gather(*(worker() for _ in range(connections)))
        return statuses

    results.put(asyncio.run(send()))


async def _prepare(settings: Any, dsn: str) -> None:
    await bring_up_to_date(dsn, settings)
    admin = await asyncpg.connect(dsn)
    for name, rsin in MUNICIPALITIES:
        await tenants.add_tenant(admin, settings, name, name.title(), rsin)
        await tenants.add_client(admin, settings, name, f"app-{name}", SECRET, all_rights=True)
    await admin.close()


def percentile(sorted_values: list[float], part: float) -> float:
    """Return a percentile in milliseconds."""
    return sorted_values[int(len(sorted_values) * part)] * 1000


def run(seconds: float, connections: int) -> float:
    """Measure, print, and return how many times as slow the calm municipality was."""
    home = Path(tempfile.mkdtemp(prefix="samenzaak-flood-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_LOG_LEVEL="warning")
    settings = load_settings()
    with postgres.resolve_dsn(settings) as dsn:
        asyncio.run(_prepare(settings, dsn))
        split = Split(settings, dsn, 0)
        split.start()
        try:
            asyncio.run(calm(split.url, 1))
            quiet = asyncio.run(calm(split.url, seconds))
            results: Any = multiprocessing.get_context("spawn").Queue()
            flooding = multiprocessing.get_context("spawn").Process(
                target=flood, args=(split.url, connections, seconds + 3, results)
            )
            flooding.start()
            time.sleep(2)
            busy = asyncio.run(calm(split.url, seconds))
            statuses = results.get(timeout=60)
            flooding.join(30)
        finally:
            split.stop()
    factor = percentile(busy, 0.95) / percentile(quiet, 0.95)
    rates = f"{settings.tenant_rate:g}/s a municipality, {settings.client_rate:g}/s a client"
    print(f"limits: {settings.tenant_concurrency} at once, {rates}")
    for name, values in (("quiet", quiet), ("flood", busy)):
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print(f"calm municipality, {name}: {len(values)} requests, p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    answered = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    print(f"flooding municipality, {connections} connections: {answered} in {seconds + 3:.0f} s")
    print(f"p95 under the flood is {factor:.2f} times that of a quiet system (at most {ALLOWED:g} wanted)")
    return factor


def main() -> None:
    """Run it; exit status 1 when the calm municipality suffered too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    raise SystemExit(run(arguments.seconds, arguments.connections) > ALLOWED)


if __name__ == "__main__":
    main()
