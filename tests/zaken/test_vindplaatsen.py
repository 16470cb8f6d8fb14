"""What is kept of zaken so that lists find them: right whoever writes, in whatever order, and for older zaken too."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from beheer import migrate
from runtime.statements import compile_statement
from services.zaken.zaak import ZAAK
from services.zaken.zaak_vindplaats import TYPEN, has
from tests.beheer.schemas import EERSTE, FIRST, make_empty
from tests.maak import Maak
from tests.stack import Stack
from tests.zaken.vindplaatsen import check_kept
from tests.zaken.zaakmaker import Zaakmaker
from zgw.pages import Page
from zgw.rights import EVERYTHING

BEFORE = "0007_what_municipalities_use_by"
STATUS = "INSERT INTO status (zaak, statustype, datum_status_gezet) VALUES ($1, $2, $3::text::timestamptz)"


async def kept_status(admin: asyncpg.Connection, zaak: str) -> Any:
    """Return the statustype that is kept of a zaak."""
    return await admin.fetchval("SELECT statustype FROM zaak_typen JOIN zaak ON id = zaak_id WHERE uuid = $1", zaak)


@pytest.mark.parametrize("first", ["early", "late"])
async def test_of_two_statussen_at_the_same_moment_the_later_one_is_kept(
    zaken: Zaakmaker, stack: Stack, first: str
) -> None:
    """Whichever is written first: the other waits for it, and sees it."""
    zaak = (await zaken.zaak())["uuid"]
    moments = {"early": "2026-01-01T12:00:00Z", "late": "2026-01-02T12:00:00Z"}
    second = next(name for name in moments if name != first)
    async with stack.admin() as one, stack.admin() as other:
        for connection in (one, other):
            await connection.execute("SET search_path TO deventer_zaken")
        transaction = one.transaction()
        await transaction.start()
        await one.execute(STATUS, zaak, first, moments[first])
        task = asyncio.create_task(other.execute(STATUS, zaak, second, moments[second]))
        _, waiting = await asyncio.wait([task], timeout=0.3)
        assert waiting
        await transaction.commit()
        await task
        assert await kept_status(one, zaak) == "late"


async def test_a_status_that_is_changed_or_removed_in_sql_is_followed(zaken: Zaakmaker, stack: Stack) -> None:
    zaak = (await zaken.zaak())["uuid"]
    async with stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_zaken")
        for number in (1, 2, 3):
            await admin.execute(STATUS, zaak, f"s{number}", f"2026-01-0{number}T12:00:00Z")
        changes = {
            "UPDATE status SET statustype = 's4' WHERE statustype = 's3' AND zaak = $1": "s4",
            "UPDATE status SET datum_status_gezet = '2026-02-01Z' WHERE statustype = 's1' AND zaak = $1": "s1",
            "DELETE FROM status WHERE statustype = 's1' AND zaak = $1": "s4",
            "DELETE FROM status WHERE zaak = $1": None,
        }
        for sql, expected in changes.items():
            await admin.execute(sql, zaak)
            assert await kept_status(admin, zaak) == expected
        await check_kept(admin, "deventer_zaken")


async def test_zaken_of_before_the_migration_are_found(stack: Stack) -> None:
    """Those that the first release stored, with a status more and brons, are kept and counted as new ones are."""
    tenant = f"vind{time.time_ns() % 10**9}"
    async with stack.admin() as admin:
        with stack._roles_alone():
            schema = await make_empty(admin, tenant, "zaken")
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken", FIRST)
        data = (Path(EERSTE) / "zaken.sql").read_text()
        await admin.execute(f"SET search_path TO {schema}; SET session_replication_role = replica;\n{data}")
        await admin.execute("RESET session_replication_role; RESET search_path")
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken", BEFORE)
        await admin.execute(f"SET search_path TO {schema}")
        zaak = await admin.fetchval("SELECT zaak FROM resultaat")
        await admin.execute(STATUS, zaak, "/ouder", "2020-01-01T12:00:00Z")
        await admin.execute("UPDATE zaak SET kenmerken = '[]'")
        brons = [{"bron": bron, "kenmerk": "1"} for bron in ("a b", "c", "c")]
        await admin.execute("UPDATE zaak SET kenmerken = $2 WHERE uuid = $1", zaak, json.dumps(brons))
        await admin.execute("RESET search_path")
        await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken")
        await check_kept(admin, schema)
        await check_counted(admin, schema)
        await admin.execute(f"SET search_path TO {schema}")
        assert await admin.fetchval("SELECT count(*) FROM zaak_typen WHERE statustype IS NOT NULL") > 0
        assert [row["bron"] for row in await admin.fetch("SELECT bron FROM zaak_bron ORDER BY 1")] == ["a b", "c"]
        await admin.execute("RESET search_path")


async def check_counted(admin: asyncpg.Connection, schema: str) -> None:
    """Fail when the totals of what is kept differ from what is there."""
    await admin.execute(f"SET search_path TO {schema}")
    for table in ("zaak_typen", "zaak_bron"):
        there = await admin.fetchval(f"SELECT count(*) FROM {table}")
        totals = "SELECT coalesce(sum(total), 0)::bigint FROM counts WHERE kind = $1"
        blocks = "SELECT coalesce(sum(n), 0)::bigint FROM counts, unnest(numbers) n WHERE kind = $1"
        assert [await admin.fetchval(sql, table) for sql in (totals, blocks)] == [there, there]
    await admin.execute("RESET search_path")


async def test_the_newest_zaken_with_a_statustype_are_read_in_order(maak: Maak, stack: Stack) -> None:
    """The index has them in the order of the list, so nothing is sorted, and what is read does not grow with how many
    there are."""
    condition = has(TYPEN.c.statustype == "/catalogi/api/v1/statustypen/x")
    page = Page(ZAAK, EVERYTHING, [condition], [condition], [ZAAK.table.c.id.desc()], True, 100, 0)
    sql, values = compile_statement(page.cut(page.keys(), 0))
    async with stack.admin() as admin, admin.transaction():
        await admin.execute("SET LOCAL search_path TO deventer_zaken; SET LOCAL enable_sort TO off")
        await admin.execute("SET LOCAL enable_seqscan TO off; SET LOCAL enable_bitmapscan TO off")
        await admin.execute("SET LOCAL enable_hashjoin TO off; SET LOCAL enable_mergejoin TO off")
        plan = "\n".join(row[0] for row in await admin.fetch(f"EXPLAIN {sql}", *values))
    assert "zaak_typen_statustype" in plan
    assert "Sort" not in plan
