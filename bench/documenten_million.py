"""How fast the lists of documents are in a full register: ``python -m bench.documenten_million [--documents N]``.

One municipality gets ``N`` documents of 100 types, each linked to a zaak, five to each. Every filter and ordering is
measured for a client with all rights and for one with a tenth of the types, with another value each time. After that
the statements are explained.
"""

import argparse
import asyncio
import hashlib
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import asyncpg
import psutil

from beheer import tenants
from beheer.loading import load_settings
from bench.documenten import EIO, ROOT, Running, running
from bench.measure import measure, postgres_processes, table
from bench.zaken_plans import Recorder
from runtime.tenancy import schema_of
from services.documenten.document import DOCUMENT
from services.documenten.document_velden import COUNTS
from zgw.filters import conditions_for
from zgw.lists import ordering_of, rights_to
from zgw.pages import Page, read_page
from zgw.render import reading_text
from zgw.rights import EVERYTHING, Rights
from zgw.select import within

TYPES = 100
VARIANTS = 50
ALONE = "beperkt-deventer"
TRIGRAMS = "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = $1 AND indexdef ~ 'trigrams'"

FILL = """
SET session_replication_role = replica; SET maintenance_work_mem = '256MB';
CREATE TEMP TABLE kind AS SELECT n, '/catalogi/api/v1/informatieobjecttypen/' || md5(n::text)::uuid AS path
    FROM generate_series(0, $2 - 1) n;
INSERT INTO document (identificatie, bronorganisatie, creatiedatum, titel, vertrouwelijkheidaanduiding, auteur, status,
    formaat, taal, bestandsnaam, bestandsomvang, beschrijving, informatieobjecttype, trefwoorden, versie,
    begin_registratie, lock)
SELECT 'DOC-' || lpad(i::text, 9, '0'), '517439943', date '2016-01-01' + (i::bigint * 3650 / $1)::int,
    (ARRAY['Brief', 'Besluit', 'Advies', 'Foto', 'Aanvraag', 'Rapport'])[1 + i % 6] || ' '
        || substr(md5((i % 20000)::text), 1, 7) || 'straat ' || i % 200,
    CASE WHEN i % 20 < 14 THEN 'openbaar' ELSE 'zaakvertrouwelijk' END,
    'Medewerker ' || substr(md5((i % 500)::text), 1, 6),
    CASE WHEN i % 3 = 0 THEN 'definitief' ELSE '' END, CASE WHEN i % 4 = 0 THEN 'image/png' ELSE 'application/pdf' END,
    'nld', 'x.pdf', (hashint4(i) & 1048575),
    CASE WHEN i % 10 = 0 THEN 'Ontvangen per post ' || md5(i::text) ELSE '' END, path,
    CASE WHEN i % 50 = 0 THEN '["post"]'::jsonb ELSE '[]' END, 1, now(), CASE WHEN i % 1000 = 0 THEN 'x' ELSE '' END
FROM generate_series(1, $1) i JOIN kind ON n = (hashint4(i) & 2147483647) % $2 ORDER BY i;
INSERT INTO objectinformatieobject (informatieobject, object, object_type)
SELECT uuid, '/zaken/api/v1/zaken/' || md5((id / 5)::text)::uuid, 'zaak' FROM document ORDER BY id;
"""


def turns(number: int) -> list[tuple[str, Sequence[str], int]]:
    """Return (name, queries that take turns, number of requests) of everything that is measured."""
    rng = random.Random(1)
    some = [rng.randrange(1, number) for _ in range(VARIANTS)]

    def md5(value: int) -> str:
        return hashlib.md5(str(value).encode()).hexdigest()

    def uuid(value: int) -> str:
        text = md5(value)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    zaken = [f"{ROOT}/zaken/api/v1/zaken/{uuid(n // 5)}" for n in some]
    kinds = [f"{ROOT}/catalogi/api/v1/informatieobjecttypen/{uuid(n)}" for n in range(TYPES)]
    link = "objectinformatieobjecten__object"
    orders = ("auteur", "bestandsomvang", "formaat", "creatiedatum", "status", "titel", "vertrouwelijkheidaanduiding")
    return [
        ("first page", [""], 60),
        (link, [f"{link}={zaak}" for zaak in zaken], 100),
        (
            f"{link} and Type, in order",
            [f"{link}={zaak}&{link}Type=zaak&ordering=-creatiedatum" for zaak in zaken],
            100,
        ),
        ("titel, a street", [f"titel={md5(n % 20000)[:7]}STR" for n in some], 100),
        ("titel, a sixth of all", ["titel=besluit"], 12),
        ("titel, all", ["titel=straat"], 12),
        ("titel, two characters", ["titel=zq"], 12),
        ("auteur", [f"auteur=medewerker {md5(n % 500)[:6]}" for n in some], 60),
        ("beschrijving", [f"beschrijving=post {md5(n // 10 * 10)[:9]}" for n in some], 60),
        ("titel and informatieobjecttype", [f"titel=brief&informatieobjecttype={kind}" for kind in kinds[:10]], 40),
        ("informatieobjecttype", [f"informatieobjecttype={kind}" for kind in kinds[:10]], 60),
        ("vertrouwelijkheidaanduiding", ["vertrouwelijkheidaanduiding=zaakvertrouwelijk"], 40),
        ("creatiedatum, a month", ["creatiedatum__gte=2020-01-01&creatiedatum__lte=2020-01-31"], 40),
        ("creatiedatum, half of all", ["creatiedatum__gte=2021-01-01"], 16),
        ("locked", ["locked=true"], 16),
        ("trefwoorden__overlap", ["trefwoorden__overlap=post,fax"], 16),
        ("page=last", ["page=last"], 24),
        *((f"ordering={sign}{name}", [f"ordering={sign}{name}"], 40) for name in orders for sign in ("", "-")),
        ("ordering=titel, page 100", ["ordering=titel&page=100"], 24),
    ]


async def fill(server: Running, number: int) -> None:
    """Fill the register inside the database."""
    admin = await asyncpg.connect(server.dsn)
    schema = schema_of("deventer", "documenten")
    await admin.execute(f'SET search_path TO "{schema}"')
    if not await admin.fetchval("SELECT count(*) FROM document"):
        # Made at once at the end they take a fraction of the time.
        later = (
            "SELECT indexname AS name, indexdef AS made FROM pg_indexes WHERE schemaname = $1 AND indexdef ~ 'trigrams'"
        )
        indexes = await admin.fetch(later, schema)
        for index in indexes:
            await admin.execute(f'DROP INDEX "{index["name"]}"')
        began = time.perf_counter()
        await admin.execute(FILL.replace("$1", str(number)).replace("$2", str(TYPES)))
        print(f"{number} documents in {time.perf_counter() - began:.0f} s", flush=True)
        for index in indexes:
            began = time.perf_counter()
            await admin.execute(index["made"])
            size = await admin.fetchval("SELECT pg_size_pretty(pg_relation_size($1::text::regclass))", index["name"])
            print(f"{index['name']}: {size} in {time.perf_counter() - began:.0f} s", flush=True)
        for statement in COUNTS.recount():
            await admin.execute(statement)
        for name in ("document", "objectinformatieobject", "counts", "counts_delta"):
            await admin.execute(f"VACUUM ANALYZE {name}")
        kinds = [row[0] for row in await admin.fetch("SELECT DISTINCT informatieobjecttype FROM document ORDER BY 1")]
        grants = [
            {
                "component": "drc",
                "scopes": ["documenten.lezen"],
                "informatieobjecttype": ROOT + kind,
                "maxVertrouwelijkheidaanduiding": "zeer_geheim" if index % 2 else "openbaar",
            }
            for index, kind in enumerate(kinds[: TYPES // 10])
        ]
        await tenants.add_client(
            admin, load_settings(), "deventer", ALONE, server.gemeente.secret, credentials_only=True
        )
        body = {"clientIds": [ALONE], "label": "Beperkt", "autorisaties": grants}
        await asyncio.to_thread(server.gemeente.post, "/autorisaties/api/v1/applicaties", body)
    await admin.close()


async def run(number: int, only: str, home: Path | None) -> None:
    """Fill, measure, explain."""
    async with running(str(home) if home else None) as server:
        await fill(server, number)
        groups: dict[str, Callable[[], list[psutil.Process]]] = {
            "samenzaak": lambda: [psutil.Process(server.pid)],
            "postgresql": lambda: postgres_processes(str(server.home / "postgres")),
        }
        for label, client in (("all", server.gemeente.client_id), (f"{TYPES // 10} types", ALONE)):
            token = tenants.make_token(client, server.gemeente.secret, "bench", "Bench")
            found = []
            for name, queries, times in turns(number):
                if re.search(only, name):
                    send = sender(queries, {"Authorization": f"Bearer {token}"})
                    found.append(await measure(f"{label}: {name}", send, times, groups, warm_up=min(times, 20)))
            print(table(found), flush=True)
        await explain(server.dsn, number, only)


def sender(queries: Sequence[str], headers: dict[str, str]) -> Callable[[aiohttp.ClientSession, int], Awaitable[int]]:
    """Return what sends the n-th request."""

    async def send(session: aiohttp.ClientSession, n: int) -> int:
        async with session.get(f"{EIO}?{queries[n % len(queries)]}", headers=headers) as answer:
            await answer.read()
            return answer.status

    return send


async def explain(dsn: str, number: int, only: str) -> None:
    """Show how long each statement takes inside PostgreSQL, and what it reads."""
    admin = await asyncpg.connect(dsn, server_settings={"random_page_cost": "1.1"})
    await admin.execute(f'SET search_path TO "{schema_of("deventer", "documenten")}"')
    kinds = [row[0] for row in await admin.fetch("SELECT DISTINCT informatieobjecttype FROM document ORDER BY 1")]
    narrow = Rights(caps={kind: 7 if index % 2 else 0 for index, kind in enumerate(kinds[: TYPES // 10])})
    for label, rights in (("all", EVERYTHING), (f"{TYPES // 10} types", narrow)):
        for name, queries, _ in turns(number):
            if re.search(only, name) and "page=last" not in name:
                for sql, values in await statements(admin, rights, queries[0]):
                    rows = await admin.fetch("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS) " + sql, *values)
                    plan = [row[0].strip() for row in rows]
                    buffers = next((line for line in plan if line.startswith("Buffers")), "")
                    steps = {
                        line.split("(")[0].strip("-> ") for line in plan if " Scan" in line and "never" not in line
                    }
                    print(
                        f"{label}: {name}: {plan[-1].split(': ')[1]}; {buffers}; {', '.join(sorted(steps))}", flush=True
                    )
    await admin.close()


async def statements(connection: asyncpg.Connection, rights: Rights, query: str) -> list[tuple[str, list[Any]]]:
    """Return (SQL, values) of each statement that the list needs."""
    recorder = Recorder(connection)

    async def rows(_: str, statement: Any) -> Any:
        return await recorder.rows(statement)

    context: Any = {"bases": (ROOT,)}
    call: Any = SimpleNamespace(
        service=SimpleNamespace(state={}), tenant="", context=context, db=SimpleNamespace(rows=rows)
    )
    given = dict(parse_qsl(query))
    page = int(given.pop("page", "1"))
    where = await conditions_for(call, DOCUMENT.filters, given, [])
    rights = rights_to(DOCUMENT, rights, where)
    order, by_default = ordering_of(DOCUMENT, given.get("ordering"), []), "ordering" not in given
    every = [*where, within(DOCUMENT, rights)]
    asked = Page(DOCUMENT, rights, where, every, order, by_default, 100, (page - 1) * 100)
    await read_page(call, recorder, asked, reading_text(DOCUMENT))
    return recorder.made


def main() -> None:
    """Run the benchmark and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="measure only operations whose name has this regular expression")
    parser.add_argument("--home", type=Path, help="folder to keep the database in")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.documents, arguments.only, arguments.home))


if __name__ == "__main__":
    main()
