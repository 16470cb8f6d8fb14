"""What a list of zaken reads of other tables: no more than each zaak asks for."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg

from beheer import migrate
from runtime.statements import among, compile_statement
from services.zaken.zaak import ZAAK
from tests.beheer.schemas import EERSTE, FIRST, make_empty
from tests.stack import Stack
from tests.zaken.zaakmaker import Zaakmaker
from zgw.sizes import bounded

BEFORE = "0005_substatussen_and_the_last"
"""The migration before the one that tells which zaken were related."""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan and all that is below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def looks(admin: asyncpg.Connection, keys: list[str]) -> Counter[str]:
    """Return how often a list of these zaken looks something up in each table."""
    statement = bounded(ZAAK, True).where(among(ZAAK.table.c.uuid, keys))
    sql, values = compile_statement(statement)
    found = await admin.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {sql}", *values)
    times: Counter[str] = Counter()
    for node in nodes(json.loads(found)[0]["Plan"]):
        if "Relation Name" in node:
            times[node["Relation Name"]] += node["Actual Loops"]
    return times


async def test_a_zaak_that_was_never_related_is_not_looked_up(zaken: Zaakmaker, stack: Stack) -> None:
    a, b, c = [await zaken.zaak() for _ in range(3)]
    keys = [zaak["uuid"] for zaak in (a, b, c)]
    async with stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_zaken")
        assert (await looks(admin, keys))["gerelateerde_zaak"] == 0
        related = {"gerelateerdeZaken": [{"url": b["url"]}]}
        assert (await zaken.api.patch(a["url"], related)).status_code == 200
        assert (await looks(admin, keys))["gerelateerde_zaak"] == 2
        assert (await zaken.api.patch(b["url"], {"gerelateerdeZaken": []})).status_code == 200
        assert [(await zaken.lees(zaak))["gerelateerdeZaken"] for zaak in (a, b)] == [[], []]


async def test_the_trail_is_looked_at_once_for_a_zaak(zaken: Zaakmaker, stack: Stack) -> None:
    keys = [(await zaken.zaak())["uuid"] for _ in range(3)]
    async with stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_zaken")
        assert (await looks(admin, keys))["audittrail"] == 3
        sql = "UPDATE zaak SET laatst_gemuteerd = NULL WHERE uuid::text = ANY($1)"
        await admin.execute(sql, keys)
        assert (await looks(admin, keys))["audittrail"] == 3


MANY = """
SET LOCAL session_replication_role = replica; SET LOCAL search_path TO deventer_zaken;
INSERT INTO zaakobject (zaak, object, zaakobjecttype, object_type, object_type_overige, relatieomschrijving)
    SELECT gen_random_uuid(), '', '', 'pand', '', '' FROM generate_series(1, 2000);
INSERT INTO zaakeigenschap (zaak, eigenschap, waarde, naam)
    SELECT gen_random_uuid(), '', 'x', 'kleur' FROM generate_series(1, 2000);
ANALYZE zaakobject, zaakeigenschap
"""


async def test_what_belongs_to_a_zaak_is_read_in_order(stack: Stack) -> None:
    """Its objects and eigenschappen are not sorted for each zaak: an index has them in order."""
    sql, values = compile_statement(bounded(ZAAK, True).where(among(ZAAK.table.c.uuid, [])))
    async with stack.admin() as admin:
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute(MANY)
        plan = json.loads(await admin.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values))[0]["Plan"]
        await transaction.rollback()
    used = {node.get("Index Name") for node in nodes(plan)}
    assert {"zaakobject_zaak", "zaakeigenschap_zaak"} <= used
    sorts = [node for node in nodes(plan) if node["Node Type"].endswith("Sort")]
    below = {each.get("Relation Name") for node in sorts for each in nodes(node)}
    assert not below & {"zaakobject", "zaakeigenschap"}


async def test_zaken_that_were_related_before_the_migration(stack: Stack) -> None:
    tenant = f"voor{time.time_ns() % 10**9}"
    async with stack.admin() as admin:
        with stack._roles_alone():
            schema = await make_empty(admin, tenant, "zaken")
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken", FIRST)
        data = (Path(EERSTE) / "zaken.sql").read_text()
        await admin.execute(f"SET search_path TO {schema}; SET session_replication_role = replica;\n{data}")
        await admin.execute("RESET session_replication_role; RESET search_path")
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken", BEFORE)
        one, two = [row["uuid"] for row in await admin.fetch(f"SELECT uuid FROM {schema}.zaak LIMIT 2")]
        sql = f"INSERT INTO {schema}.gerelateerde_zaak (zaak, andere) VALUES ($1, $2), ($2, $1)"
        await admin.execute(sql, one, two)
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken")
        marked = await admin.fetch(f"SELECT uuid FROM {schema}.zaak WHERE gerelateerd")
        assert {row["uuid"] for row in marked} == {one, two}
        await admin.execute(f"DROP SCHEMA {schema} CASCADE")
