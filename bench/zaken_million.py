"""How fast lists, filters and searches are in a full register: ``python -m bench.zaken_million [--zaken N]``.

One municipality gets ``N`` zaken and two others a tenth of that, each zaak with a status, two rollen, an eigenschap
and a document, spread over 200 zaaktypen and ten years. Every operation is measured for a client with all rights and
for one with 150 of the zaaktypen, at concurrency 8, with another object, number or page each time. The first group is
what must be fast (p95 under 150 ms, an expanded page 400 ms), the second is everything else that may be slow. The
statements are explained: none may read all of ``zaak``.
"""

import argparse
import asyncio
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import psutil

from beheer import postgres, tenants
from beheer.demo import GEMEENTEN, Gemeente
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.core import _zaak, wait
from bench.measure import Result, measure, postgres_processes, table
from bench.zaken_fill import BEPERKT, SECRET, fill
from bench.zaken_plans import BASE, clients, statements
from runtime.tenancy import schema_of

PORT = int(os.environ.get("BENCH_PORT", "8791"))
ROOT = f"http://localhost:{PORT}"
LIMIT, LIMIT_EXPANDED = 150.0, 400.0
WARM_UP = 160
"""Requests before those that a limit holds for: enough for every connection of the pool."""
VARIANTS = 100
SQUARE = 0.01
ELSEWHERE = ("expand=", "zaaktype__omschrijving", "page=last")
"""What asks other services as well, or needs the number first: not explained."""
READ = ("omschrijving, all", "omschrijving, a twelfth of all", "omschrijving, two characters")
"""Those that may read all of ``zaak``: a part of a text that many have, or that is short."""


@dataclass(frozen=True)
class Operation:
    """Requests that take turns (path and query, or the body of ``_zoek``), and how many are sent; ``limit`` is the
    longest p95 in ms."""

    name: str
    turns: Sequence[Any]
    number: int
    limit: float | None = None


def polygon(x: float, y: float, size: float) -> dict[str, Any]:
    """Return the body of a search within a square."""
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": [ring]}}}


def operations(zaaktypen: list[str], aantal: int, seen: int, types: Mapping[str, str]) -> list[Operation]:
    """Return everything that is measured, for ``aantal`` zaken of which the client sees ``seen``; ``types`` are those
    of all statussen and resultaten."""
    statustype, resultaattype = ROOT + types["statustype"], ROOT + types["resultaattype"]
    rng = random.Random(1)
    numbers = [rng.randrange(1, aantal + 1) for _ in range(VARIANTS)]
    pages = seen // 100
    deep = [rng.randrange(int(pages * 0.6), int(pages * 0.9) + 1) for _ in range(VARIANTS)]
    middle = [rng.randrange(int(pages * 0.2), int(pages * 0.5) + 1) for _ in range(VARIANTS)]
    kinds = [f"{ROOT}/catalogi/api/v1/zaaktypen/{uuid}" for uuid in zaaktypen[:BEPERKT]]
    bsn = "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn"
    places = [polygon(6 + rng.random() * 0.28, 52.1 + rng.random() * 0.28, SQUARE) for _ in range(VARIANTS)]
    nnp = "rol__betrokkeneIdentificatie__nietNatuurlijkPersoon"
    kvk = [str(n * 10 % 500000).rjust(8, "1") for n in numbers]
    streets = [hashlib.md5(str(n % 5000).encode()).hexdigest()[:7] for n in numbers]
    loa = "urn:etoegang:core:assurance-class:loa2plus"
    given_status = [kind.replace("zaaktypen", "statustypen") for kind in kinds]
    expand = "zaken?expand=zaaktype,status.statustype,rollen"
    expanded = [expand, *(f"{expand}&page={page}" for page in deep[:3])]
    must: list[tuple[str, Sequence[Any], int]] = [
        ("first page", ["zaken"], 100),
        ("page in the middle", [f"zaken?page={page}" for page in middle], 100),
        ("deep page", [f"zaken?page={page}" for page in deep], 100),
        ("identificatie", [f"zaken?identificatie=OUD-{n:09}" for n in numbers], 200),
        ("zaaktype + startdatum", [f"zaken?zaaktype={kind}&startdatum__gte=2020-01-01" for kind in kinds], 150),
        ("rol inpBsn", [f"zaken?{bsn}={str(n % 500000).rjust(9, '9')}" for n in numbers], 200),
        ("rol nnp kvkNummer", [f"zaken?{nnp}__kvkNummer={number}" for number in kvk], 200),
        ("omschrijving, a street", [f"zaken?omschrijving={street}STRAAT" for street in streets], 200),
        ("identificatie__icontains", [f"zaken?identificatie__icontains=d-{n:09}" for n in numbers], 200),
        ("kenmerk", [f"zaken?kenmerk=oud:{n // 5 * 5}" for n in numbers], 200),
        ("ordering=startdatum", ["zaken?ordering=startdatum"], 100),
        ("ordering=-startdatum", ["zaken?ordering=-startdatum"], 100),
        ("_zoek polygon", places, 100),
    ]
    beyond: list[tuple[str, Sequence[Any], int]] = [
        ("zaaktype", [f"zaken?zaaktype={kind}" for kind in kinds], 100),
        ("einddatum__isnull=true", ["zaken?einddatum__isnull=true"], 100),
        ("archiefstatus=gearchiveerd", ["zaken?archiefstatus=gearchiveerd"], 100),
        ("archiefactiedatum__lt", ["zaken?archiefactiedatum__lt=2023-01-01"], 40),
        ("startdatum, half of all", ["zaken?startdatum__gte=2021-01-01"], 40),
        ("startdatum, the oldest tenth", ["zaken?startdatum__lt=2017-01-01"], 40),
        ("ordering=-einddatum", ["zaken?ordering=-einddatum"], 60),
        ("ordering=-startdatum, page 500", [f"zaken?ordering=-startdatum&page={min(500, pages // 2)}"], 60),
        ("rol omschrijvingGeneriek, all", ["zaken?rol__omschrijvingGeneriek=initiator"], 16),
        ("rol betrokkeneType, all", ["zaken?rol__betrokkeneType=medewerker"], 16),
        ("rol betrokkeneType, none", ["zaken?rol__betrokkeneType=vestiging"], 60),
        ("omschrijving, a twelfth of all", ["zaken?omschrijving=parkeer"], 16),
        ("omschrijving, all", ["zaken?omschrijving=aanvraag"], 16),
        ("omschrijving, two characters", ["zaken?omschrijving=xq"], 16),
        ("identificatie__icontains, few digits", ["zaken?identificatie__icontains=1234"], 16),
        ("kenmerk__bron, a fifth of all", ["zaken?kenmerk__bron=oud"], 16),
        ("zaaktype__omschrijving, all", ["zaken?zaaktype__omschrijving=e"], 24),
        ("status__statustype, all", [f"zaken?status__statustype={statustype}"], 16),
        ("status__statustype, passed", [f"zaken?status__statustype={each}" for each in given_status], 60),
        ("resultaat__resultaattype, most", [f"zaken?resultaat__resultaattype={resultaattype}"], 16),
        ("status__statustype, deep page", [f"zaken?status__statustype={statustype}&page={n}" for n in deep], 40),
        ("status__statustype, newest start", [f"zaken?status__statustype={statustype}&ordering=-startdatum"], 40),
        (
            "resultaat__resultaattype, deep page",
            [f"zaken?resultaat__resultaattype={resultaattype}&page={n}" for n in middle],
            40,
        ),
        ("kenmerk__bron, deep page", [f"zaken?kenmerk__bron=oud&page={n // 10}" for n in deep], 40),
        ("rol__machtiging, a hundredth", ["zaken?rol__machtiging=gemachtigde"], 24),
        ("rol__machtiging, all", ["zaken?rol__machtiging=eigen"], 16),
        ("rol__machtiging__loa", [f"zaken?rol__machtiging__loa={loa}"], 24),
        ("_zoek zaaktype__not_in", [{"zaaktype__not_in": kinds[:20]}], 40),
        ("zaken, page=last", ["zaken?page=last"], 24),
        ("_zoek polygon, a tenth of all", [polygon(6.1, 52.2, 0.095)], 24),
        ("_zoek polygon, all", [polygon(5, 51, 2)], 16),
        *(
            (f"{name}{more}", [f"{name}{more}"], 60)
            for name in ("statussen", "rollen", "resultaten", "zaakobjecten", "klantcontacten", "zaaknotities")
            for more in ("", f"?page={max(seen // 2000, 2)}")
        ),
        ("rollen, page in the middle", [f"rollen?page={pages}"], 24),
        ("statussen, page in the middle", [f"statussen?page={pages // 2}"], 24),
        ("rollen?omschrijvingGeneriek=initiator", ["rollen?omschrijvingGeneriek=initiator"], 40),
        ("statussen, the last of each zaak", ["statussen?indicatieLaatstGezetteStatus=true"], 16),
    ]
    return [
        *(Operation(name, turns, number, LIMIT) for name, turns, number in must),
        Operation("expanded page of 100", expanded, 60, LIMIT_EXPANDED),
        *(Operation(name, turns, number) for name, turns, number in beyond),
    ]


async def run(aantal: int, only: str, home: Path | None) -> None:
    """Start everything, fill, measure, explain, stop. A ``home`` that was filled before is used again."""
    home = home or Path(tempfile.mkdtemp(prefix="samenzaak-million-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    os.environ.update(SAMENZAAK_CLIENT_RATE="0", SAMENZAAK_TENANT_RATE="0")
    settings = load_settings()
    memory = home / "filled.json"
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        server = subprocess.Popen([sys.executable, "-m", "beheer", "serve"])
        try:
            wait(f"{ROOT}/health/live")
            if not memory.exists():
                memory.write_bytes(orjson.dumps(await fill(dsn, settings, ROOT, aantal)))
            made = orjson.loads(memory.read_bytes())
            gemeente = Gemeente(ROOT, made["name"], SECRET)
            data = str(home / "postgres")
            missed = await _measure(gemeente, made, server.pid, data, only)
            if not only:
                written = await _writes(gemeente, made["zaaktype"], made["statustype"], server.pid, data)
                print(table(written), flush=True)
                await _whole_list(Gemeente(ROOT, made["small"], SECRET), server.pid)
            await explain(dsn, gemeente.name, made, only)
            if missed:
                raise SystemExit(f"slower than they must be: {', '.join(missed)}")
        finally:
            server.terminate()
            server.wait(30)


def _groups(server: int, data: str) -> dict[str, Callable[[], list[psutil.Process]]]:
    return {"samenzaak": lambda: [psutil.Process(server)], "postgresql": lambda: postgres_processes(data)}


def _headers(gemeente: Gemeente, client: str) -> dict[str, str]:
    token = tenants.make_token(client, gemeente.secret, "bench", "Bench")
    return {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}


async def _measure(gemeente: Gemeente, made: Mapping[str, Any], server: int, data: str, only: str) -> list[str]:
    """Measure and print every operation; return those that took too long."""
    missed = []
    for label, client in (("all", gemeente.client_id), (f"{BEPERKT} types", f"beperkt-{gemeente.name}")):
        headers = _headers(gemeente, client)
        found, seen = await _some(headers)
        print(f"{label}: {seen} zaken", flush=True)
        todo = [Operation("GET zaak", found, 300, LIMIT), *operations(made["types"], made["aantal"], seen, made)]
        for must in (True, False):
            results = []
            for operation in todo:
                if re.search(only, operation.name) and (operation.limit is not None) == must:
                    send = _sender(operation.turns, headers)
                    # Each connection plans a statement anew the first five times, which is of the start, not of use.
                    enough = min(operation.number, 50) if operation.limit is None else WARM_UP
                    result = await measure(
                        f"{label}: {operation.name}", send, operation.number, _groups(server, data), warm_up=enough
                    )
                    results.append(result)
                    if operation.limit is not None and result.p95 > operation.limit:
                        missed.append(result.name)
            if results:
                print(table(results), flush=True)
    return missed


async def _some(headers: dict[str, str]) -> tuple[list[str], int]:
    """Return the URLs of some zaken, old and new, and how many the client sees."""
    found: list[str] = []
    async with aiohttp.ClientSession() as session:
        for page in (1, 10):
            async with session.get(f"{ROOT}/zaken/api/v1/zaken?page={page}", headers=headers) as answer:
                content = await answer.json()
            found += [zaak["url"] for zaak in content["results"]]
    return found, content["count"]


def _sender(turns: Sequence[Any], headers: dict[str, str]) -> Callable[[aiohttp.ClientSession, int], Awaitable[int]]:
    async def send(session: aiohttp.ClientSession, n: int) -> int:
        turn = turns[n % len(turns)]
        body = None if isinstance(turn, str) else turn
        path = "zaken/_zoek" if body else turn
        url = path if path.startswith("http") else f"{ROOT}/zaken/api/v1/{path}"
        async with session.request("POST" if body else "GET", url, headers=headers, json=body) as answer:
            await answer.read()
            return answer.status

    return send


async def _whole_list(gemeente: Gemeente, server: int) -> None:
    """Read the longest list that has no pages, and tell what it takes of the memory of the server."""
    process, most, size = psutil.Process(server), 0, 0
    before, start = process.memory_info().rss, time.perf_counter()
    url = f"{ROOT}/zaken/api/v1/zaakinformatieobjecten"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers=_headers(gemeente, gemeente.client_id)) as answer,
    ):
        async for chunk in answer.content.iter_chunked(1 << 20):
            size += len(chunk)
            most = max(most, process.memory_info().rss)
    mb, seconds = 1 << 20, time.perf_counter() - start
    print(f"all zaakinformatieobjecten of {gemeente.name}: {size // mb} MB in {seconds:.1f} s", flush=True)
    print(f"memory of the server meanwhile: + {(most - before) // mb} MB", flush=True)


async def _writes(gemeente: Gemeente, zaaktype: str, statustype: str, server: int, data: str) -> list[Result]:
    """Measure creating zaken, and adding a first status to each of them."""
    headers = _headers(gemeente, gemeente.client_id)
    body = _zaak(zaaktype, GEMEENTEN[gemeente.name][1])
    made: list[str] = []

    async def create(session: aiohttp.ClientSession, _: int) -> int:
        async with session.post(f"{ROOT}/zaken/api/v1/zaken", headers=headers, json=body) as answer:
            made.append(orjson.loads(await answer.read()).get("url", ""))
            return answer.status

    async def status(session: aiohttp.ClientSession, _: int) -> int:
        new = {"zaak": made.pop(), "statustype": ROOT + statustype, "datumStatusGezet": "2026-02-01T12:00:00Z"}
        async with session.post(f"{ROOT}/zaken/api/v1/statussen", headers=headers, json=new) as answer:
            await answer.read()
            return answer.status

    groups = _groups(server, data)
    return [
        await measure("POST zaak", create, 1000, groups, expected=201),
        await measure("POST status", status, 800, groups, expected=201),
    ]


async def explain(dsn: str, tenant: str, made: Mapping[str, Any], only: str) -> None:
    """Show how PostgreSQL finds what the lists need, and fail when it reads all of a ``zaak`` that is large."""
    admin = await asyncpg.connect(dsn, server_settings={"random_page_cost": "1.1"})
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "zaken")}"')
    bad = []
    zaaktypen, aantal = made["types"], made["aantal"]
    for label, rights in clients(zaaktypen[:BEPERKT]).items():
        for operation in operations(zaaktypen, aantal, aantal // 2, made):
            path = operation.turns[0]
            if not isinstance(path, str) or any(part in path for part in ELSEWHERE):
                continue
            if not re.search(only, operation.name):
                continue
            await admin.execute("SET plan_cache_mode = auto")
            for sql, values in await statements(admin, rights, path.replace(ROOT, BASE)):
                took = []
                # A statement that is used often gets a plan that knows nothing of its parameters.
                for mode in ("force_custom_plan", "force_generic_plan"):
                    await admin.execute(f"SET plan_cache_mode = {mode}")
                    # EXPLAIN of a statement itself knows its parameters, whatever the mode.
                    await admin.execute(f"PREPARE explained AS {sql}")
                    given = ", ".join(await literals(admin, values))
                    explained = f"EXECUTE explained ({given})" if values else "EXECUTE explained"
                    rows = await admin.fetch("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) " + explained)
                    await admin.execute("DEALLOCATE explained")
                    plan = [row[0].strip()[:160] for row in rows]
                    took.append(f"{float(plan[-1].split()[-2]):8.1f}")
                    reads = any("Seq Scan on zaak " in line and "never executed" not in line for line in plan)
                    if reads and operation.name not in READ:
                        bad.append(f"{label}: {operation.name}")
                        print("\n".join(plan), flush=True)
                print(f"{' '.join(took)} ms  {label}: {operation.name}: {' '.join(sql.split())[:60]}", flush=True)
    await admin.close()
    if bad and aantal > 100_000:
        raise SystemExit(f"these read all of zaak: {', '.join(bad)}")


async def literals(admin: asyncpg.Connection, values: Sequence[Any]) -> list[str]:
    """Return parameters as SQL has them."""
    found = []
    for value in values:
        whole = "{" + ",".join(f'"{item}"' for item in value) + "}" if isinstance(value, list | tuple) else str(value)
        found.append("NULL" if value is None else await admin.fetchval("SELECT quote_literal($1)", whole))
    return found


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zaken", type=int, default=1_000_000, help="zaken in the largest municipality")
    parser.add_argument("--only", default="", help="measure only operations whose name has this regular expression")
    parser.add_argument("--home", type=Path, help="folder to keep the database in, and to use again")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.zaken, arguments.only, arguments.home))


if __name__ == "__main__":
    main()
