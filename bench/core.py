"""GET, list and create of zaken through the whole of Samenzaak, next to the limit: ``python -m bench.core [--json
FILE]``.

Three municipalities take turns, request by request. CPU is measured per process (gateway and services together in
standalone mode, PostgreSQL); wall-clock figures depend on what else the machine does.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import psutil

from beheer import postgres, tenants
from beheer.demo import GEMEENTEN, Gemeente, catalogus
from beheer.loading import load_settings
from beheer.serve import bring_up_to_date
from bench.measure import Result, measure, postgres_processes, table
from runtime.settings import Settings
from services.catalogi.selectielijst_laden import laad

ZAKEN = 150
JSON = {"Content-Type": "application/json"}
PORT = int(os.environ.get("BENCH_PORT", "8765"))


def wait(url: str) -> None:
    """Return when something answers at ``url``; raise RuntimeError after five minutes."""
    import httpx

    for _ in range(3000):
        try:
            httpx.get(url, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


async def _seed(settings: Settings, dsn: str) -> dict[str, tuple[Gemeente, str, list[str]]]:
    """Make the municipalities, a zaaktype each, and zaken with a status, two rollen and an eigenschap, over HTTP."""
    made: dict[str, tuple[Gemeente, str, list[str]]] = {}
    admin = await asyncpg.connect(dsn)
    for name, (naam, rsin) in GEMEENTEN.items():
        await tenants.add_tenant(admin, settings, name, naam, rsin)
        gemeente = Gemeente(f"http://localhost:{settings.port}", name, "geheim" * 8)
        await tenants.add_client(admin, settings, name, gemeente.client_id, gemeente.secret, all_rights=True)
        await laad(admin, [name], str(Path(catalogus.__file__).with_name("selectielijst.json")))
        made[name] = (gemeente, "", [])
    await admin.close()
    for name, (gemeente, _, _) in made.items():
        made[name] = (gemeente, *await asyncio.to_thread(_seed_one, gemeente))
    return made


def _seed_one(gemeente: Gemeente) -> tuple[str, list[str]]:
    naam, rsin = GEMEENTEN[gemeente.name]
    root = "/catalogi/api/v1"
    cat = gemeente.post(f"{root}/catalogussen", catalogus.catalogus(naam, rsin))["url"]
    zaaktype = gemeente.post(f"{root}/zaaktypen", {**catalogus.zaaktype(cat, naam), "besluittypen": []})["url"]
    made: dict[str, list[str]] = {}
    for path, body in catalogus.onderdelen(zaaktype):
        made.setdefault(path, []).append(gemeente.post(f"{root}/{path}", body)["url"])
    gemeente.send("POST", f"{zaaktype}/publish", 200)
    zaken = []
    for _ in range(ZAKEN):
        zaak = gemeente.post("/zaken/api/v1/zaken", _zaak(zaaktype, rsin))["url"]
        zaken.append(zaak)
        for roltype in made["roltypen"][:2]:
            rol = {
                "zaak": zaak,
                "roltype": roltype,
                "betrokkeneType": "natuurlijk_persoon",
                "roltoelichting": "x",
                "betrokkeneIdentificatie": {"inpBsn": "111222333"},
            }
            gemeente.post("/zaken/api/v1/rollen", rol)
        body = {"zaak": zaak, "eigenschap": made["eigenschappen"][0], "waarde": "x"}
        gemeente.post(f"{zaak}/zaakeigenschappen", body)
        status = {"zaak": zaak, "statustype": made["statustypen"][0], "datumStatusGezet": "2026-02-01T12:00:00Z"}
        gemeente.post("/zaken/api/v1/statussen", status)
    return zaaktype, zaken


def _zaak(zaaktype: str, rsin: str) -> dict[str, Any]:
    return {
        "bronorganisatie": rsin,
        "verantwoordelijkeOrganisatie": rsin,
        "zaaktype": zaaktype,
        "omschrijving": "Buurtfeest",
        "startdatum": "2026-02-01",
    }


async def run(scale: float, split: bool = False) -> list[Result]:
    """Start everything, in one process or ``split``, seed, measure, stop; return the results."""
    home = Path(tempfile.mkdtemp(prefix="samenzaak-bench-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    os.environ.update(SAMENZAAK_CLIENT_RATE="0", SAMENZAAK_TENANT_RATE="0")
    settings = load_settings()
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        server = subprocess.Popen([sys.executable, "-m", "beheer", "serve-split" if split else "serve"])
        limit_env = {**os.environ, "BENCH_DSN": dsn}
        command = [sys.executable, "-m", "uvicorn", "--factory", "bench.limit:create", "--port", str(PORT + 1)]
        limit = subprocess.Popen([*command, "--log-level", "warning", "--no-access-log"], env=limit_env)
        try:
            wait(f"http://localhost:{PORT}/health/live")
            wait(f"http://localhost:{PORT + 1}/")
            made = await _seed(settings, dsn)
            return await _measure(made, server.pid, limit.pid, str(home / "postgres"), scale)
        finally:
            for process in (server, limit):
                process.terminate()
                process.wait(30)


def parts(pid: int, service: str) -> dict[str, Callable[[], list[psutil.Process]]]:
    """Return the processes of a server by what they do: gateway, ``service`` and others, or all of it together."""
    found: dict[str, list[psutil.Process]] = {}
    for child in psutil.Process(pid).children(recursive=True):
        words = child.cmdline()
        if "beheer.serve_service" in words:
            part = words[words.index("beheer.serve_service") + 1]
            found.setdefault(part if part in ("gateway", service) else "others", []).append(child)
    found = found or {"samenzaak": [psutil.Process(pid)]}
    return {name: lambda name=name: found[name] for name in found}  # type: ignore[misc]


async def _measure(
    made: dict[str, tuple[Gemeente, str, list[str]]], server: int, limit: int, data: str, scale: float
) -> list[Result]:
    turns = list(made.values())
    headers = [
        {"Authorization": f"Bearer {g.token()}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
        for g, _, _ in turns
    ]
    statustypen = [g.get(zaaktype)["statustypen"][0] for g, zaaktype, _ in turns]
    bodies = [orjson.dumps(_zaak(zaaktype, GEMEENTEN[g.name][1])) for g, zaaktype, _ in turns]

    def database() -> list[psutil.Process]:
        return postgres_processes(data)

    async def fetch(session: aiohttp.ClientSession, n: int) -> int:
        turn = n % 3
        zaken = turns[turn][2]
        return await _send(session, "GET", zaken[(n // 3) % len(zaken)], headers[turn])

    async def page(session: aiohttp.ClientSession, n: int) -> int:
        return await _send(session, "GET", f"http://localhost:{PORT}/zaken/api/v1/zaken", headers[n % 3])

    new: list[tuple[int, str]] = []

    async def create(session: aiohttp.ClientSession, n: int) -> int:
        url = f"http://localhost:{PORT}/zaken/api/v1/zaken"
        async with session.post(url, headers={**headers[n % 3], **JSON}, data=bodies[n % 3]) as answer:
            new.append((n % 3, orjson.loads(await answer.read())["url"]))
            return answer.status

    async def status(session: aiohttp.ClientSession, n: int) -> int:
        turn, zaak = new.pop()
        body = {"zaak": zaak, "statustype": statustypen[turn], "datumStatusGezet": "2026-02-01T12:00:00Z"}
        url = f"http://localhost:{PORT}/zaken/api/v1/statussen"
        return await _send(session, "POST", url, {**headers[turn], **JSON}, orjson.dumps(body))

    async def bare_fetch(session: aiohttp.ClientSession, n: int) -> int:
        gemeente, _, zaken = turns[n % 3]
        uuid = zaken[(n // 3) % len(zaken)].rsplit("/", 1)[1]
        schema = gemeente.name.replace("-", "_") + "_zaken"
        return await _send(session, "GET", f"http://localhost:{PORT + 1}/{schema}/{uuid}", {})

    async def bare_page(session: aiohttp.ClientSession, n: int) -> int:
        schema = turns[n % 3][0].name.replace("-", "_") + "_zaken"
        return await _send(session, "GET", f"http://localhost:{PORT + 1}/{schema}", {})

    async def bare_create(session: aiohttp.ClientSession, n: int) -> int:
        schema = turns[n % 3][0].name.replace("-", "_") + "_zaken"
        return await _send(session, "POST", f"http://localhost:{PORT + 1}/{schema}", JSON, bodies[n % 3])

    own = {**parts(server, "zaken"), "postgresql": database}
    bare = {"limit": lambda: [psutil.Process(limit)], "postgresql": database}
    return [
        await measure("GET zaak", fetch, int(6000 * scale), own),
        await measure("GET zaak, limit", bare_fetch, int(6000 * scale), bare),
        await measure("list of 100", page, int(600 * scale), own),
        await measure("list of 100, limit", bare_page, int(600 * scale), bare),
        await measure("POST zaak", create, int(1500 * scale), own, expected=201),
        await measure("POST zaak, limit", bare_create, int(1500 * scale), bare, expected=201),
        await measure("POST status", status, int(1200 * scale), own, expected=201),
    ]


async def _send(
    session: aiohttp.ClientSession, method: str, url: str, headers: dict[str, str], body: bytes | None = None
) -> int:
    async with session.request(method, url, headers=headers, data=body) as answer:
        await answer.read()
        return answer.status


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the number of requests")
    parser.add_argument("--split", action="store_true", help="separate processes, as in a cluster")
    arguments = parser.parse_args()
    results = asyncio.run(run(arguments.scale, arguments.split))
    print(table(results))
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps([r.as_json() for r in results], option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
