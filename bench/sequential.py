"""One client reads one object after another: ``python -m bench.sequential [--requests N]``.

It sends its requests over one connection to ``samenzaak serve`` with the usual limits, as an import does. None of them
may be refused, however fast they are answered. Everything runs on this machine.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp
import asyncpg

from beheer import postgres, tenants
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.system import free_ports
from runtime.settings import Settings

PATH = "/zaken/api/v1/zaken"
SECRET = "geheim" * 8
SECONDS = 600.0
"""When it gives up."""


async def _prepare(settings: Settings, dsn: str) -> None:
    await bring_up_to_date(dsn, settings)
    admin = await asyncpg.connect(dsn)
    await tenants.add_tenant(admin, settings, "deventer", "Deventer", "517439943")
    await tenants.add_client(admin, settings, "deventer", "import", SECRET, all_rights=True)
    await admin.close()


async def read_all(url: str, requests: int) -> tuple[Counter[int], float]:
    """Return how often each status came, and how many seconds it took."""
    headers = {"Authorization": f"Bearer {tenants.make_token('import', SECRET)}", "Accept-Crs": "EPSG:4326"}
    statuses: Counter[int] = Counter()
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(url, headers=headers, connector=connector) as session, asyncio.timeout(SECONDS):
        while True:
            try:
                async with session.get("/health/live") as answer:
                    await answer.read()
                    break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.2)
        began = time.perf_counter()
        for _ in range(requests):
            async with session.get(PATH) as answer:
                await answer.read()
                statuses[answer.status] += 1
    return statuses, time.perf_counter() - began


def run(requests: int) -> Counter[int]:
    """Measure, print, and return how often each status came."""
    home = Path(tempfile.mkdtemp(prefix="samenzaak-sequential-"))
    port = free_ports(1)[0]
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_LOG_LEVEL="warning", SAMENZAAK_PORT=str(port))
    settings = load_settings()
    with postgres.resolve_dsn(settings) as dsn:
        asyncio.run(_prepare(settings, dsn))
        command = [sys.executable, "-c", "from beheer.cli import app; app(['serve'])"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                statuses, seconds = asyncio.run(read_all(f"http://127.0.0.1:{port}", requests))
            finally:
                server.terminate()
    answered = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    print(f"limit: {settings.client_rate:g}/s a client")
    print(f"{answered} in {seconds:.0f} s, {requests / seconds:.0f} a second")
    return statuses


def main() -> None:
    """Run it; exit status 1 when anything was not answered with 200."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    raise SystemExit(set(run(parser.parse_args().requests)) != {200})


if __name__ == "__main__":
    main()
