"""Documents through the whole of Samenzaak in one process: ``python -m bench.documenten [--scale 1.0]``.

CPU is measured per process, as in ``bench.core``: gateway and services together, and PostgreSQL.
"""

import argparse
import asyncio
import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import psutil

from beheer import postgres, tenants
from beheer.demo import Gemeente
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.measure import Result, measure, postgres_processes, table
from runtime.settings import Settings

PORT = int(os.environ.get("BENCH_PORT", "8775"))
ROOT = f"http://localhost:{PORT}"
EIO = f"{ROOT}/documenten/api/v1/enkelvoudiginformatieobjecten"


@dataclass
class Running:
    """A server with one municipality, which has a published informatieobjecttype."""

    gemeente: Gemeente
    soort: str
    home: Path
    dsn: str
    server: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        """The process, which has the gateway and all services."""
        return self.server.pid

    async def restart(self) -> None:
        """Start the server again after it was killed."""
        self.server.wait()
        self.server = serve()
        await _answers()

    def headers(self) -> dict[str, str]:
        """Return the headers of a request."""
        return {"Authorization": f"Bearer {self.gemeente.token()}", "Content-Type": "application/json"}

    def document(self, content: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """Return the body of a document."""
        return {
            "bronorganisatie": "517439943",
            "creatiedatum": "2026-03-02",
            "titel": "Besluit op aanvraag",
            "auteur": "J. de Vries",
            "taal": "nld",
            "formaat": "application/pdf",
            "bestandsnaam": "besluit.pdf",
            "informatieobjecttype": self.soort,
            "inhoud": None if content is None else base64.b64encode(content).decode(),
            **changes,
        }


@asynccontextmanager
async def running(folder: str | None = None) -> AsyncIterator[Running]:
    """Start a server in this folder, or in a new one that is removed at the end; stop it at the end. A folder that was
    used before has its municipality already."""
    home = Path(folder or tempfile.mkdtemp(prefix="samenzaak-bench-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    os.environ.update(SAMENZAAK_CLIENT_RATE="0", SAMENZAAK_TENANT_RATE="0")
    settings = load_settings()
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        first = serve()
        found: Running | None = None
        try:
            await _answers()
            gemeente, memory = Gemeente(ROOT, "deventer", "geheim" * 8), home / "soort"
            if not memory.exists():
                memory.write_text(await _made(dsn, settings, gemeente))
            found = Running(gemeente, memory.read_text(), home, dsn, first)
            yield found
        finally:
            last = first if found is None else found.server
            last.terminate()
            last.wait(30)
    if folder is None:
        shutil.rmtree(home, ignore_errors=True)


async def _made(dsn: str, settings: Settings, gemeente: Gemeente) -> str:
    """Make the municipality; return its informatieobjecttype."""
    admin = await asyncpg.connect(dsn)
    await tenants.add_tenant(admin, settings, gemeente.name, "Deventer", "517439943")
    await tenants.add_client(admin, settings, gemeente.name, gemeente.client_id, gemeente.secret, all_rights=True)
    await admin.close()
    return await asyncio.to_thread(_soort, gemeente)


def serve() -> "subprocess.Popen[bytes]":
    """Start the server with the settings in the environment."""
    return subprocess.Popen([sys.executable, "-m", "beheer", "serve"])


async def _answers() -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(3000):
            try:
                async with session.get(f"{ROOT}/health/live"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _soort(gemeente: Gemeente) -> str:
    root = "/catalogi/api/v1"
    naam = {"naam": "Proef", "contactpersoonBeheerNaam": "Beheer"}
    catalogus = gemeente.post(f"{root}/catalogussen", {"domein": "PROEF", "rsin": "517439943", **naam})
    body = {
        "catalogus": catalogus["url"],
        "omschrijving": "Besluit",
        "vertrouwelijkheidaanduiding": "openbaar",
        "informatieobjectcategorie": "besluit",
        "beginGeldigheid": "2020-01-01",
    }
    made: str = gemeente.post(f"{root}/informatieobjecttypen", body)["url"]
    gemeente.send("POST", f"{made}/publish", 200)
    return made


async def run(scale: float) -> list[Result]:
    """Measure, and return the results."""
    async with running() as server:
        small, large = random.randbytes(10_000), random.randbytes(1_000_000)
        bodies = {size: orjson.dumps(server.document(content)) for size, content in ((10, small), (1000, large))}
        headers = server.headers()
        made = server.gemeente.post(EIO, server.document(large))["url"]
        for _ in range(100):
            server.gemeente.post(EIO, server.document(small))

        def process() -> list[psutil.Process]:
            return [psutil.Process(server.pid)]

        def database() -> list[psutil.Process]:
            return postgres_processes(str(server.home / "postgres"))

        own: dict[str, Callable[[], list[psutil.Process]]] = {"samenzaak": process, "postgresql": database}

        def sending(method: str, url: str, body: bytes | None = None) -> Callable[[aiohttp.ClientSession, int], Any]:
            async def send(session: aiohttp.ClientSession, _: int) -> int:
                async with session.request(method, url, headers=headers, data=body) as answer:
                    await answer.read()
                    return answer.status

            return send

        return [
            await measure("POST, 10 kB inline", sending("POST", EIO, bodies[10]), int(1500 * scale), own, expected=201),
            await measure("POST, 1 MB inline", sending("POST", EIO, bodies[1000]), int(300 * scale), own, expected=201),
            await measure("GET document", sending("GET", made), int(3000 * scale), own),
            await measure("download of 1 MB", sending("GET", f"{made}/download"), int(1000 * scale), own),
            await measure("list of 100", sending("GET", EIO), int(300 * scale), own),
        ]


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the number of requests")
    began = time.perf_counter()
    print(table(asyncio.run(run(parser.parse_args().scale))))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
