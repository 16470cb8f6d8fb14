"""Import of many zaaktypen, and CPU of the lists of the Catalogi API: ``python -m bench.catalogi [zaaktypen]``.

A running server is asked, by two municipalities with copies of a real catalogue. That of ``zwaar`` has everything that
belongs to the zaaktypen (43 related URLs each); that of ``gewoon`` as much as the zaaktypen of three other public
catalogues have on average (5 statustypen, 4 resultaattypen, 5 roltypen, 1 eigenschap, 9 documents: 24 URLs).

CPU is that of the whole server (gateway and services) and of PostgreSQL, as the kernel counts it, for one request at a
time. Other work on the machine only makes a request dearer, so beside the median stands the cheapest tenth.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import aiohttp
import asyncpg
import psutil

from beheer import postgres, tenants
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.core import parts, wait
from bench.measure import postgres_processes
from services.catalogi.selectielijst_laden import laad
from services.catalogi.uitwisseling.bestand import FILES, Rows, lees, schrijf

ROOT = "/catalogi/api/v1"
PORT = int(os.environ.get("BENCH_PORT", "8768"))
DATA = Path(__file__).parents[1] / "tests" / "data"
PATHS = ("zaaktypen", "zaaktypen?datumGeldigheid=2026-01-01", "statustypen", "zaaktypen?identificatie=bestaat-niet")
WARM_UP, REQUESTS = 20, 150
USUAL = {"StatusType": 5, "ResultaatType": 4, "RolType": 5, "Eigenschap": 1, "ZaakTypeInformatieObjectType": 9}
SECRET = "geheim" * 8


def copies(zaaktypen: int) -> dict[str, Rows]:
    """Return the real catalogue with its zaaktypen repeated under other names and uuids."""
    rows = lees((DATA / "catalogi" / "vrzl-evenementen.zip").read_bytes()).rows
    found = {file: list(rows[file]) for file in rows}
    for number in range(1, -(-zaaktypen // len(rows["ZaakType"]))):

        def other(url: str, number: int = number) -> str:
            return url[:-36] + str(uuid.UUID(int=uuid.UUID(url[-36:]).int ^ (number << 64)))

        for file in ("ZaakType", *FILES[4:9]):
            for row in rows[file]:
                row = {**row, "url": other(row["url"])}
                if file == "ZaakType":
                    row["identificatie"] = f"{row['identificatie'][:44]} {number}"
                else:
                    row["zaaktype"] = other(row["zaaktype"])
                found[file].append(row)
    return found


def usual(rows: dict[str, Rows]) -> dict[str, Rows]:
    """Return a catalogue whose zaaktypen have as much as is usual."""
    found = dict(rows)
    for file, most in USUAL.items():
        by_zaaktype: dict[str, Rows] = defaultdict(list)
        for row in rows[file]:
            by_zaaktype[row["zaaktype"]].append(row)
        found[file] = [row for some in by_zaaktype.values() for row in some[:most]]
    found["RolType"] = [
        {**row, "url": f"http://x/{uuid.uuid4()}", "omschrijving": f"Rol {number}"}
        for row in found["RolType"]
        for number in range(USUAL["RolType"])
    ]
    return found


class Gemeente:
    """A municipality with a client that has all rights."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = f"http://localhost:{PORT}{ROOT}"
        self.headers = {"Authorization": f"Bearer {tenants.make_token(f'bench-{name}', SECRET)}"}

    async def load(self, server: Sequence[psutil.Process], rows: dict[str, Rows]) -> None:
        """Import a catalogue and print what that took."""
        headers = {**self.headers, "Content-Type": "application/zip"}
        start, cpu = time.perf_counter(), cpu_ms(server)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/_import", data=schrijf(rows), headers=headers) as answer,
        ):
            assert answer.status == 200, (await answer.text())[:1000]
        seconds, cpu = time.perf_counter() - start, (cpu_ms(server) - cpu) / 1000
        size = f"{len(rows['ZaakType'])} zaaktypen, {sum(map(len, rows.values()))} rows"
        print(f"{self.name}: import of {size}: {seconds:.1f} s, of which {cpu:.1f} s CPU of the server")

    async def warm_up(self) -> None:
        """Let the server open the connections to PostgreSQL that it will use."""
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(self.ask(session, "zaaktypen") for _ in range(8)))

    async def ask(self, session: aiohttp.ClientSession, path: str) -> int:
        """Return the size of an answer."""
        async with session.get(f"{self.url}/{path}", headers=self.headers) as answer:
            assert answer.status == 200, await answer.text()
            return len(await answer.read())


def cpu_ms(processes: Iterable[psutil.Process]) -> float:
    """Return the CPU milliseconds that all threads of these processes have used, to the nanosecond."""
    total = 0
    for process in processes:
        for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(thread.read_text().split()[0])
    return total / 1e6


async def measure(gemeente: Gemeente, path: str, groups: Mapping[str, Sequence[psutil.Process]]) -> list[str]:
    """Return the line about one list: its size, and the CPU of a request."""
    spent: list[list[float]] = []
    size = 0
    async with aiohttp.ClientSession() as session:
        for _ in range(WARM_UP):
            size = await gemeente.ask(session, path)
        for _ in range(REQUESTS):
            before = [cpu_ms(processes) for processes in groups.values()]
            await gemeente.ask(session, path)
            # Work after the answer belongs to the request too.
            await asyncio.sleep(0.002)
            spent.append([cpu_ms(processes) - start for processes, start in zip(groups.values(), before, strict=True)])
    cells = [f"{gemeente.name}: {path}", f"{size // 1024}"]
    for values in (*zip(*spent, strict=True), [sum(each) for each in spent]):
        ordered = sorted(values)
        cells.append(f"{ordered[len(ordered) // 10]:.1f} ({ordered[len(ordered) // 2]:.1f})")
    return cells


async def run(zaaktypen: int, split: bool) -> list[list[str]]:
    """Start a server, fill it, measure, stop; return the lines of the table."""
    home = Path(tempfile.mkdtemp(prefix="samenzaak-bench-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    os.environ.update(SAMENZAAK_CLIENT_RATE="0", SAMENZAAK_TENANT_RATE="0")
    settings = load_settings()
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        admin = await asyncpg.connect(dsn)
        for name, rsin in (("zwaar", "000000012"), ("gewoon", "000000024")):
            await tenants.add_tenant(admin, settings, name, name, rsin)
            await tenants.add_client(admin, settings, name, f"bench-{name}", SECRET, all_rights=True)
        await laad(admin, ["zwaar", "gewoon"], str(DATA / "selectielijst"))
        server = subprocess.Popen([sys.executable, "-m", "beheer", "serve-split" if split else "serve"])
        try:
            wait(f"http://localhost:{PORT}/health/live")
            own: dict[str, list[psutil.Process]] = {}
            for name, processes in parts(server.pid, "catalogi").items():
                own[name] = processes()
            zwaar, gewoon = Gemeente("zwaar"), Gemeente("gewoon")
            await zwaar.load([process for group in own.values() for process in group], copies(zaaktypen))
            await gewoon.load([process for group in own.values() for process in group], usual(copies(100)))
            # PostgreSQL does this by itself within a minute.
            for name in ("zwaar", "gewoon"):
                for kind in ("zaaktype", "informatieobjecttype", "besluittype", "statustype"):
                    await admin.execute(f'ANALYZE "{name}_catalogi".{kind}')
            await zwaar.warm_up()
            await gewoon.warm_up()
            groups = {**own, "postgresql": postgres_processes(str(home / "postgres"))}
            head = ["CPU ms of a request: cheapest tenth (median)", "KB", *groups, "together"]
            return [head] + [await measure(gemeente, path, groups) for gemeente in (gewoon, zwaar) for path in PATHS]
        finally:
            await admin.close()
            server.terminate()
            server.wait(30)


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zaaktypen", type=int, nargs="?", default=500, help="how many to import")
    parser.add_argument("--split", action="store_true", help="separate processes, as in a cluster")
    arguments = parser.parse_args()
    lines = asyncio.run(run(arguments.zaaktypen, arguments.split))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


if __name__ == "__main__":
    main()
