"""What rights that follow types cost: ``python -m bench.rights_following [--zaken N] [--home FOLDER]``.

A municipality with ``N`` zaken of 200 zaaktypen, of which each three are the versions of one type. The same lists,
filters and searches for a client with all rights, one that follows 40 types by name, one that names the same 120
versions, and one that follows the catalogue. Then an Applicatie that follows a catalogue of 2,000 types with three
versions each: what it is to show it, and to tell a service.
"""

import argparse
import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg
import orjson
import psutil

from beheer import postgres, tenants
from beheer.demo import GEMEENTEN, Gemeente, catalogus
from beheer.loading import load_settings
from beheer.runner import Standalone
from beheer.serve import bring_up_to_date
from bench.core import wait
from bench.measure import measure, postgres_processes, table
from bench.zaken_fill import SECRET, load, more_types, types
from runtime.identity import OPERATOR, system_caller
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.catalogi.selectielijst_laden import laad

PORT = int(os.environ.get("BENCH_PORT", "8795"))
ROOT = f"http://localhost:{PORT}"
NAME = next(iter(GEMEENTEN))
VERSIONS, FOLLOWED, LARGE = 3, 40, 2_000
CLIENTS = ("alles", "volgt", "versies", "catalogus", "groot")
STREETS = [hashlib.md5(str(n).encode()).hexdigest()[:7] for n in range(100)]
"""What some omschrijvingen have in them (``bench.zaken_fill``)."""
APPLICATIES = "/autorisaties/api/v1/applicaties"


def grant(**of: Any) -> dict[str, Any]:
    """Return an autorisatie to read zaken."""
    return {"component": "zrc", "scopes": ["zaken.lezen"], "maxVertrouwelijkheidaanduiding": "zaakvertrouwelijk", **of}


async def register(admin: asyncpg.Connection, dsn: str, settings: Settings, aantal: int) -> list[str]:
    """Make the municipality, its types and zaken; return the uuids of its zaaktypen."""
    naam, rsin = GEMEENTEN[NAME]
    await tenants.add_tenant(admin, settings, NAME, naam, rsin)
    gemeente = Gemeente(ROOT, NAME, SECRET)
    await tenants.add_client(admin, settings, NAME, gemeente.client_id, SECRET, all_rights=True)
    await laad(admin, [NAME], str(Path(catalogus.__file__).with_name("selectielijst.json")))
    own = await asyncio.to_thread(types, gemeente)
    own.pop("zaaktype")
    found = await more_types(dsn, NAME)
    await load(dsn, NAME, rsin, aantal, found, own)
    return found


async def fill(dsn: str, settings: Settings, aantal: int, home: Path) -> dict[str, Any]:
    """Make the register, unless ``bench.zaken_million`` did, and clients; return the uuids of its zaaktypen."""
    admin = await asyncpg.connect(dsn)
    filled, gemeente = home / "filled.json", Gemeente(ROOT, NAME, SECRET)
    if filled.exists():
        found = orjson.loads(filled.read_bytes())["types"]
    else:
        found = await register(admin, dsn, settings, aantal)
    for client in CLIENTS:
        await tenants.add_client(admin, settings, NAME, client, SECRET, credentials_only=True)
    schema = schema_of(NAME, "catalogi")
    named = "'SOORT-' || (array_position($1::uuid[], uuid) - 1) / $2::int"
    await admin.execute(f'UPDATE "{schema}".zaaktype SET identificatie = {named}', found, VERSIONS)
    large = await _large(admin, schema, gemeente)
    await admin.close()
    one = f"{ROOT}/catalogi/api/v1/zaaktypen/"
    whole = gemeente.send("GET", f"/catalogi/api/v1/zaaktypen/{found[0]}", 200)["catalogus"]
    rights: dict[str, list[dict[str, Any]]] = {
        "alles": [],
        "volgt": [grant(zaaktype=one + found[n * VERSIONS], alleVersies=True) for n in range(FOLLOWED)],
        "versies": [grant(zaaktype=one + uuid) for uuid in found[: FOLLOWED * VERSIONS]],
        "catalogus": [grant(catalogus=whole)],
        "groot": [grant(catalogus=large)],
    }
    for client, autorisaties in rights.items():
        body = {"clientIds": [client], "label": client, "autorisaties": autorisaties}
        await asyncio.to_thread(gemeente.post, APPLICATIES, {**body, "heeftAlleAutorisaties": not autorisaties})
    return {"types": found, "catalogus": whole}


async def _large(admin: asyncpg.Connection, schema: str, gemeente: Gemeente) -> str:
    """Make a catalogue with many types of three versions; return its URL."""
    body = {**catalogus.catalogus("Groot", GEMEENTEN[NAME][1]), "domein": "GROOT"}
    url: str = (await asyncio.to_thread(gemeente.post, "/catalogi/api/v1/catalogussen", body))["url"]
    await admin.execute(
        f"INSERT INTO \"{schema}\".zaaktype SELECT (jsonb_populate_record(z, jsonb_build_object('id', z.id + 1000 + g,"
        " 'uuid', gen_random_uuid(), 'catalogus', $2::text, 'identificatie', 'GROOT-' || g / 3))).*"
        f' FROM "{schema}".zaaktype z, generate_series(0, $1::int - 1) g'
        f' WHERE z.id = (SELECT min(id) FROM "{schema}".zaaktype)',
        LARGE * VERSIONS,
        url.rpartition("/")[2],
    )
    await admin.execute(f'ANALYZE "{schema}".zaaktype')
    return url


def operations(made: dict[str, Any]) -> list[tuple[str, list[Any], int]]:
    """Return what is measured: a name, the requests that take turns, and how many are sent."""
    kinds = [f"{ROOT}/catalogi/api/v1/zaaktypen/{uuid}" for uuid in made["types"][: FOLLOWED * VERSIONS]]
    return [
        ("first page", ["zaken"], 100),
        ("deep pages", [f"zaken?page={page}" for page in range(1000, 1100)], 100),
        ("zaaktype", [f"zaken?zaaktype={kind}" for kind in kinds], 150),
        ("startdatum, half of all", ["zaken?startdatum__gte=2021-01-01"], 40),
        ("ordering=-startdatum", ["zaken?ordering=-startdatum"], 60),
        ("count: page=last", ["zaken?page=last"], 40),
        ("_zoek, two zaaktypen", [{"zaaktype__in": kinds[n : n + 2]} for n in range(100)], 60),
        ("zaaktype and startdatum", [f"zaken?zaaktype={kind}&startdatum__gte=2020-01-01" for kind in kinds], 100),
        ("omschrijving, a street", [f"zaken?omschrijving={street}straat" for street in STREETS], 100),
        ("_zoek polygon", [{"zaakgeometrie": {"within": _square(n)}} for n in range(50)], 60),
    ]


def _square(number: int) -> dict[str, Any]:
    x, y, size = 6 + number * 0.005, 52.1 + number * 0.005, 0.01
    return {"type": "Polygon", "coordinates": [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]}


def headers_of(client: str) -> dict[str, str]:
    """Return the headers of a request of a client."""
    token = tenants.make_token(client, SECRET, "bench", "Bench")
    return {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}


async def lists(made: dict[str, Any], server: int, data: str) -> None:
    """Measure the lists for each client."""
    groups = {"samenzaak": lambda: [psutil.Process(server)], "postgresql": lambda: postgres_processes(data)}
    for name, turns, number in operations(made):
        results = []
        for client in ("alles", "versies", "volgt", "catalogus"):
            send = _sender(turns, headers_of(client))
            results.append(await measure(f"{name}: {client}", send, number, groups, warm_up=100))
        print(table(results), flush=True)


def _sender(turns: list[Any], headers: dict[str, str]) -> Callable[[aiohttp.ClientSession, int], Awaitable[int]]:
    async def send(session: aiohttp.ClientSession, n: int) -> int:
        turn = turns[n % len(turns)]
        body = None if isinstance(turn, str) else turn
        url = f"{ROOT}/zaken/api/v1/{'zaken/_zoek' if body else turn}"
        async with session.request("POST" if body else "GET", url, headers=headers, json=body) as answer:
            await answer.read()
            return answer.status

    return send


async def large(settings: Settings, dsn: str) -> None:
    """Tell size and time of an Applicatie that follows a large catalogue: shown, sent back, and told to a service."""
    standalone = Standalone(settings, dsn)
    caller = system_caller(NAME, OPERATOR, (ROOT,))

    async def timed(label: str, method: str, path: str, body: Any = None, times: int = 10) -> Any:
        cpu, start = time.process_time(), time.perf_counter()
        for _ in range(times):
            answer = await standalone.operator.send(caller, "autorisaties", method, path, body)
            assert answer.status_code == 200, answer.text[:500]
        took, used = (time.perf_counter() - start) / times * 1000, (time.process_time() - cpu) / times * 1000
        print(f"{label:32} {len(answer.content):>10,} bytes {took:8.1f} ms {used:8.1f} ms CPU", flush=True)
        return answer.json()

    try:
        for client in ("groot", "volgt", "alles"):
            shown = await timed(f"GET applicatie: {client}", "GET", f"{APPLICATIES}/consumer?clientId={quote(client)}")
            await timed(f"/_intern/client: {client}", "GET", f"/_intern/client?clientId={quote(client)}")
            path = shown["url"].removeprefix(ROOT)
            await timed(f"PUT what was shown: {client}", "PUT", path, shown, 3)
    finally:
        await standalone.stop()


async def run(aantal: int, home: Path | None) -> None:
    """Start everything, fill, measure, stop. A ``home`` that was filled before is used again, also one of
    ``bench.zaken_million``."""
    home = home or Path(tempfile.mkdtemp(prefix="samenzaak-rights-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    os.environ.update(SAMENZAAK_CLIENT_RATE="0", SAMENZAAK_TENANT_RATE="0")
    settings, memory = load_settings(), home / "rights.json"
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        server = subprocess.Popen([sys.executable, "-m", "beheer", "serve"])
        try:
            wait(f"{ROOT}/health/live")
            if not memory.exists():
                memory.write_bytes(orjson.dumps(await fill(dsn, settings, aantal, home)))
            made = orjson.loads(memory.read_bytes())
            await large(settings, dsn)
            await lists(made, server.pid, str(home / "postgres"))
        finally:
            server.terminate()
            server.wait(30)


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zaken", type=int, default=1_000_000, help="zaken in the municipality")
    parser.add_argument("--home", type=Path, help="folder to keep the database in, and to use again")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.zaken, arguments.home))


if __name__ == "__main__":
    main()
