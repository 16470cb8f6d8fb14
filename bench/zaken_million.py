"""How fast lists, filters and searches are in a full register: ``python -m bench.zaken_million [--zaken N]``.

One municipality gets ``N`` zaken and two others a tenth of that, each zaak with a status, two rollen and an
eigenschap, spread over 200 zaaktypen. Every operation is measured for a client with all rights and for one with 150 of
the zaaktypen, at concurrency 8, and its statements are explained: none may read all of ``zaak``.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import psutil

from beheer import postgres, tenants
from beheer.demo import GEMEENTEN, Gemeente, catalogus
from beheer.serve import bring_up_to_date
from bench.core import _zaak, wait
from bench.measure import Result, measure, postgres_processes, table
from services.catalogi.selectielijst_laden import laad
from services.zaken.telling import BLOK
from zgw.settings import Settings, load_settings
from zgw.tenancy import schema_of

PORT = int(os.environ.get("BENCH_PORT", "8791"))
ZAAKTYPEN = 200
BEPERKT = 150
SECRET = "geheim" * 8
SLOW = 150.0
POLYGON = [[[6.10, 52.20], [6.11, 52.20], [6.11, 52.21], [6.10, 52.21], [6.10, 52.20]]]

VUL = """
SET session_replication_role = replica;
CREATE TEMP TABLE soort AS SELECT row_number() OVER (ORDER BY u) - 1 AS n, '/catalogi/api/v1/zaaktypen/' || u AS pad
    FROM unnest($zaaktypen$::uuid[]) u;
INSERT INTO zaak (identificatie, bronorganisatie, omschrijving, toelichting, zaaktype, registratiedatum,
    verantwoordelijke_organisatie, startdatum, communicatiekanaal, producten_of_diensten, vertrouwelijkheidaanduiding,
    betalingsindicatie, zaakgeometrie, zaakgeometrie_box, selectielijstklasse, relevante_andere_zaken, kenmerken,
    archiefstatus, opdrachtgevende_organisatie, processobjectaard)
SELECT 'OUD-' || lpad(i::text, 9, '0'), $rsin$, 'Zaak ' || i, '', s.pad, d, $rsin$, d, '', '[]',
    CASE WHEN i % 20 < 14 THEN 'openbaar' WHEN i % 20 < 19 THEN 'zaakvertrouwelijk' ELSE 'geheim' END, '',
    jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(x, y)), box(point(x, y), point(x, y)),
    '', '[]', '[]', 'nog_te_archiveren', '', ''
FROM (SELECT i, date '2016-01-01' + (i::bigint * 3650 / $aantal$)::int AS d, 6 + random() * 0.3 AS x,
    52.1 + random() * 0.3 AS y, (hashint4(i) & 2147483647) % $soorten$ AS n
    FROM generate_series(1, $aantal$) i) g JOIN soort s USING (n) ORDER BY i;
INSERT INTO status (statustype, datum_status_gezet, statustoelichting, zaak)
    SELECT $statustype$, startdatum, '', uuid FROM zaak WHERE identificatie LIKE 'OUD-%' ORDER BY id;
INSERT INTO rol (zaak, betrokkene, betrokkene_type, afwijkende_naam_betrokkene, roltype, roltoelichting,
    indicatie_machtiging, betrokkene_identificatie, omschrijving, omschrijving_generiek)
    SELECT uuid, '', 'natuurlijk_persoon', '', $roltype$, '', '',
        jsonb_build_object('inpBsn', lpad((id % 500000)::text, 9, '9')), 'Aanvrager', 'initiator'
    FROM zaak WHERE identificatie LIKE 'OUD-%' ORDER BY id;
INSERT INTO rol (zaak, betrokkene, betrokkene_type, afwijkende_naam_betrokkene, roltype, roltoelichting,
    indicatie_machtiging, betrokkene_identificatie, omschrijving, omschrijving_generiek)
    SELECT uuid, '', 'medewerker', '', $roltype$, '', '', jsonb_build_object('identificatie', 'mw-' || id % 1000),
        'Behandelaar', 'behandelaar' FROM zaak WHERE identificatie LIKE 'OUD-%' ORDER BY id;
INSERT INTO zaakeigenschap (zaak, eigenschap, waarde, naam)
    SELECT uuid, $eigenschap$, 'x', 'kleur' FROM zaak WHERE identificatie LIKE 'OUD-%' ORDER BY id;
DELETE FROM zaaktelling_delta; DELETE FROM zaaktelling;
INSERT INTO zaaktelling SELECT zaaktype, vertrouwelijkheidaanduiding, coalesce(id / $blok$, -1), count(*) FROM zaak
    GROUP BY GROUPING SETS ((1, 2, id / $blok$), (1, 2));
DROP TABLE soort;
SET session_replication_role = origin;
"""


async def load(dsn: str, tenant: str, rsin: str, aantal: int, zaaktypen: list[str], made: dict[str, str]) -> None:
    """Fill the register of a municipality inside the database."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "zaken")}"')
    values = {
        "zaaktypen": "'{" + ",".join(zaaktypen) + "}'",
        "rsin": f"'{rsin}'",
        "aantal": str(aantal),
        "soorten": str(ZAAKTYPEN),
        "blok": str(BLOK),
        **{name: f"'{path}'" for name, path in made.items()},
    }
    script = re.sub(r"\$(\w+)\$", lambda found: values[found[1]], VUL)
    await admin.execute(script)
    for name in ("zaak", "status", "rol", "zaakeigenschap", "zaaktelling", "zaaktelling_delta"):
        await admin.execute(f"VACUUM ANALYZE {name}")
    await admin.execute("CHECKPOINT")
    await admin.close()


async def more_types(dsn: str, tenant: str) -> list[str]:
    """Copy the zaaktype of a municipality until there are enough; return their uuids."""
    admin = await asyncpg.connect(dsn)
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "catalogi")}"')
    await admin.execute(
        "INSERT INTO zaaktype SELECT (jsonb_populate_record(z, jsonb_build_object('id', z.id + g, 'uuid',"
        " gen_random_uuid(), 'identificatie', 'KOPIE-' || g))).* FROM zaaktype z, generate_series(1, $1) g",
        ZAAKTYPEN - 1,
    )
    await admin.execute("SELECT setval(pg_get_serial_sequence('zaaktype', 'id'), (SELECT max(id) FROM zaaktype))")
    found = [str(row["uuid"]) for row in await admin.fetch("SELECT uuid FROM zaaktype ORDER BY uuid")]
    await admin.close()
    return found


def types(gemeente: Gemeente) -> dict[str, str]:
    """Make one zaaktype with everything that belongs to it; return stored paths."""
    naam, rsin = GEMEENTEN[gemeente.name]
    root = "/catalogi/api/v1"
    cat = gemeente.post(f"{root}/catalogussen", catalogus.catalogus(naam, rsin))["url"]
    zaaktype = gemeente.post(f"{root}/zaaktypen", {**catalogus.zaaktype(cat, naam), "besluittypen": []})["url"]
    made: dict[str, str] = {}
    for path, body in catalogus.onderdelen(zaaktype):
        if path != "zaaktype-informatieobjecttypen":
            made.setdefault(path, gemeente.post(f"{root}/{path}", body)["url"])
    gemeente.send("POST", f"{zaaktype}/publish", 200)
    found = {"statustype": made["statustypen"], "roltype": made["roltypen"], "eigenschap": made["eigenschappen"]}
    return {"zaaktype": zaaktype} | {name: url[url.index("/catalogi/") :] for name, url in found.items()}


def restricted(gemeente: Gemeente, zaaktypen: list[str]) -> None:
    """Give the second client 150 zaaktypen, with two different caps."""
    base = f"http://localhost:{PORT}/catalogi/api/v1/zaaktypen"
    grants = [
        {
            "component": "zrc",
            "scopes": ["zaken.lezen"],
            "zaaktype": f"{base}/{uuid}",
            "maxVertrouwelijkheidaanduiding": "zeer_geheim" if index % 2 else "zaakvertrouwelijk",
        }
        for index, uuid in enumerate(zaaktypen[:BEPERKT])
    ]
    grants.append({"component": "ztc", "scopes": ["catalogi.lezen"]})
    body = {"clientIds": [f"beperkt-{gemeente.name}"], "label": "Beperkt", "autorisaties": grants}
    gemeente.post("/autorisaties/api/v1/applicaties", body)


def operations(root: str, zaaktypen: list[str], aantal: int) -> dict[str, tuple[str, Any, int]]:
    """Return (path, body, number of requests) of everything that is measured."""
    kind = f"http://localhost:{PORT}/catalogi/api/v1/zaaktypen/{zaaktypen[7]}"
    pages = aantal // 100
    bsn = str(4711 % 500000).rjust(9, "9")
    area = {"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": POLYGON}}}
    return {
        "first page": (root, None, 100),
        "page in the middle": (f"{root}?page={pages // 2}", None, 60),
        "deep page": (f"{root}?page={int(pages * 0.7)}", None, 60),
        "identificatie": (f"{root}?identificatie=OUD-000004711", None, 200),
        "zaaktype + startdatum": (f"{root}?zaaktype={kind}&startdatum__gte=2020-01-01", None, 100),
        "rol inpBsn": (f"{root}?rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn={bsn}", None, 200),
        "ordering=startdatum": (f"{root}?ordering=startdatum", None, 100),
        "ordering=-startdatum": (f"{root}?ordering=-startdatum", None, 100),
        "ordering, page 500": (f"{root}?ordering=-startdatum&page={min(500, pages // 2)}", None, 60),
        "startdatum, half of all": (f"{root}?startdatum__gte=2021-01-01", None, 40),
        "_zoek polygon": (f"{root}/_zoek", area, 60),
        "expand page of 100": (f"{root}?expand=zaaktype,status.statustype,rollen", None, 40),
    }


async def fill(dsn: str, settings: Settings, aantal: int) -> dict[str, Any]:
    """Make the municipalities, their types and clients, and fill the registers; return what the measuring needs."""
    admin = await asyncpg.connect(dsn)
    made: dict[str, Any] = {}
    for number, (name, (naam, rsin)) in enumerate(GEMEENTEN.items()):
        await tenants.add_tenant(admin, settings, name, naam, rsin)
        gemeente = Gemeente(f"http://localhost:{PORT}", name, SECRET)
        await tenants.add_client(admin, settings, name, gemeente.client_id, SECRET, all_rights=True)
        await tenants.add_client(admin, settings, name, f"beperkt-{name}", SECRET, credentials_only=True)
        await laad(admin, [name], str(Path(catalogus.__file__).with_name("selectielijst.json")))
        own = await asyncio.to_thread(types, gemeente)
        zaaktype = own.pop("zaaktype")
        found = await more_types(dsn, name)
        start = time.perf_counter()
        size = aantal if number == 0 else max(aantal // 10, 1000)
        await load(dsn, name, rsin, size, found, own)
        print(f"{name}: {size} zaken in {time.perf_counter() - start:.0f} s", flush=True)
        await asyncio.to_thread(restricted, gemeente, found)
        types_ = {"types": found, "zaaktype": zaaktype, "statustype": own["statustype"]}
        made = made or {"name": name, "aantal": aantal, **types_}
    await admin.close()
    return made


async def run(aantal: int, only: str, home: Path | None) -> None:
    """Start everything, fill, measure, explain, stop. A ``home`` that was filled before is used again."""
    home = home or Path(tempfile.mkdtemp(prefix="samenzaak-million-"))
    os.environ.update(SAMENZAAK_HOME=str(home), SAMENZAAK_PORT=str(PORT), SAMENZAAK_LOG_LEVEL="warning")
    settings = load_settings()
    memory = home / "filled.json"
    with postgres.resolve_dsn(settings) as dsn:
        await bring_up_to_date(dsn, settings)
        server = subprocess.Popen([sys.executable, "-m", "beheer.cli", "serve"])
        try:
            wait(f"http://localhost:{PORT}/health/live")
            if not memory.exists():
                memory.write_bytes(orjson.dumps(await fill(dsn, settings, aantal)))
            made = orjson.loads(memory.read_bytes())
            gemeente = Gemeente(f"http://localhost:{PORT}", made["name"], SECRET)
            data = str(home / "postgres")
            results = await _measure(gemeente, made["types"], made["aantal"], server.pid, data, only)
            if not only:
                results += await _writes(gemeente, made["zaaktype"], made["statustype"], server.pid, data)
            print(table(results), flush=True)
            await explain(dsn, gemeente.name, made["types"], made["aantal"])
        finally:
            server.terminate()
            server.wait(30)


def _groups(server: int, data: str) -> dict[str, Callable[[], list[psutil.Process]]]:
    return {"samenzaak": lambda: [psutil.Process(server)], "postgresql": lambda: postgres_processes(data)}


async def _measure(
    gemeente: Gemeente, zaaktypen: list[str], aantal: int, server: int, data: str, only: str
) -> list[Result]:
    root = f"http://localhost:{PORT}/zaken/api/v1/zaken"
    results = []
    for label, client in (("all", gemeente.client_id), (f"{BEPERKT} types", f"beperkt-{gemeente.name}")):
        token = tenants.make_token(client, gemeente.secret, "bench", "Bench")
        headers = {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
        async with aiohttp.ClientSession() as session, session.get(root, headers=headers) as answer:
            page = await answer.json()
        print(f"{label}: count {page['count']}", flush=True)
        single = page["results"][0]["url"]
        todo = {"GET zaak": (single, None, 300), **operations(root, zaaktypen, min(aantal, page["count"]))}
        for name, (url, body, number) in todo.items():
            if only in name:
                send = _sender(url, headers, body)
                results.append(await measure(f"{label}: {name}", send, number, _groups(server, data)))
                print(table(results[-1:]).splitlines()[1], flush=True)
    return results


def _sender(url: str, headers: dict[str, str], body: Any) -> Callable[[aiohttp.ClientSession, int], Awaitable[int]]:
    async def send(session: aiohttp.ClientSession, _: int) -> int:
        async with session.request("POST" if body else "GET", url, headers=headers, json=body) as answer:
            await answer.read()
            return answer.status

    return send


async def _writes(gemeente: Gemeente, zaaktype: str, statustype: str, server: int, data: str) -> list[Result]:
    """Measure creating zaken, and adding a first status to each of them."""
    headers = {"Authorization": f"Bearer {gemeente.token()}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
    base = f"http://localhost:{PORT}"
    body = _zaak(zaaktype, GEMEENTEN[gemeente.name][1])
    made: list[str] = []

    async def create(session: aiohttp.ClientSession, _: int) -> int:
        async with session.post(f"{base}/zaken/api/v1/zaken", headers=headers, json=body) as answer:
            made.append(orjson.loads(await answer.read()).get("url", ""))
            return answer.status

    async def status(session: aiohttp.ClientSession, _: int) -> int:
        new = {"zaak": made.pop(), "statustype": base + statustype, "datumStatusGezet": "2026-02-01T12:00:00Z"}
        async with session.post(f"{base}/zaken/api/v1/statussen", headers=headers, json=new) as answer:
            await answer.read()
            return answer.status

    groups = _groups(server, data)
    return [
        await measure("POST zaak", create, 1000, groups, expected=201),
        await measure("POST status", status, 800, groups, expected=201),
    ]


async def explain(dsn: str, tenant: str, zaaktypen: list[str], aantal: int) -> None:
    """Show how PostgreSQL finds what the lists need, and fail when it reads all of ``zaak``."""
    from bench.zaken_plans import statements

    admin = await asyncpg.connect(dsn)
    await admin.execute(f'SET search_path TO "{schema_of(tenant, "zaken")}"')
    bad = []
    for name, sql, values in statements(zaaktypen[:BEPERKT], zaaktypen[7], aantal):
        # A statement that is used often gets a plan that knows nothing of its parameters.
        for mode in ("force_custom_plan", "force_generic_plan"):
            await admin.execute(f"SET plan_cache_mode = {mode}")
            rows = await admin.fetch("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) " + sql, *values)
            plan = [row[0].strip() for row in rows]
            reads_all = any(line.removeprefix("->").strip().startswith("Seq Scan on zaak ") for line in plan)
            took = float(plan[-1].split()[-2])
            scans = [line.partition(" on zaak")[0] for line in plan if " on zaak" in line]
            found = [re.sub(r".*(?:using|on) ", "", scan) for scan in scans]
            print(f"{took:8.1f} ms  {name} ({mode[6:-5]}): {', '.join(dict.fromkeys(found))}", flush=True)
            if reads_all or took > SLOW:
                bad.append(name)
                print("\n".join(plan), flush=True)
    await admin.close()
    if bad:
        raise SystemExit(f"these read too much of zaak: {', '.join(bad)}")


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zaken", type=int, default=1_000_000, help="zaken in the largest municipality")
    parser.add_argument("--only", default="", help="measure only operations with this in their name")
    parser.add_argument("--home", type=Path, help="folder to keep the database in, and to use again")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.zaken, arguments.only, arguments.home))


if __name__ == "__main__":
    main()
