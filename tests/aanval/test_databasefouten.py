"""What PostgreSQL cannot do now is no 500: 507 when its disk is full, else 503 with Retry-After.

The errors are raised by triggers, when a statement runs and when it is committed; some are made to happen.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from tests.besluiten.wereld import ZAKEN, ZIOS, Werk, deelbaar
from tests.maak import Maak
from tests.stack import Client, Stack
from tests.waiting import until

SCHEMA = "deventer_zaken"
PASSING = (
    "08006", "25006", "53000", "53200", "53300", "53400", "55P03", "57014", "57P01", "57P02", "57P03", "58000", "58030",
)  # fmt: skip
CROSSED = ("40001", "40P01")
FAILING = """
    CREATE FUNCTION {schema}.faal() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'de proef' USING ERRCODE = {code}; END $$;
    CREATE CONSTRAINT TRIGGER faal AFTER INSERT OR UPDATE OR DELETE ON {schema}.{table}
        DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION {schema}.faal();"""


@pytest.fixture(scope="module")
async def werk(api: Client, maak: Maak) -> Werk:
    """The types that the requests work with."""
    return await deelbaar(api, maak)


@asynccontextmanager
async def failing(stack: Stack, code: str, schema: str, table: str, when: str = "IMMEDIATE") -> AsyncIterator[None]:
    """Let every write to a table fail with an SQLSTATE, by its statement or by its commit."""
    async with stack.admin() as admin:
        await admin.execute(FAILING.format(schema=schema, table=table, code=f"'{code}'", when=when))
        await admin.execute(f"GRANT EXECUTE ON FUNCTION {schema}.faal() TO PUBLIC")
        try:
            yield
        finally:
            await admin.execute(f"DROP FUNCTION {schema}.faal() CASCADE")


def told(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code, after asserting what every such answer has."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code, answer.json()["code"]


def expected(code: str) -> tuple[int, str]:
    """Return the answer to an SQLSTATE."""
    if code == "53100":
        return 507, "insufficient_storage"
    return (409, "conflict") if code in CROSSED else (503, "service_unavailable")


@pytest.mark.parametrize("code", ["53100", *PASSING, *CROSSED])
async def test_a_write_that_the_database_cannot_do_now(
    stack: Stack, werk: Werk, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who loses from others tries again for as long as this; here nobody ever wins.
    monkeypatch.setattr("zgw.write.PATIENCE", 2.0)
    zaak = await werk.zaak()
    body = (await werk.api.get(zaak)).json()
    new = {name: body[name] for name in ("bronorganisatie", "verantwoordelijkeOrganisatie", "zaaktype", "startdatum")}
    for when in ("IMMEDIATE", "DEFERRED"):
        async with failing(stack, code, SCHEMA, "zaak", when):
            assert told(await werk.api.post(ZAKEN, new)) == expected(code)
            assert told(await werk.api.patch(zaak, {"omschrijving": "anders"})) == expected(code)
            assert told(await werk.api.delete(zaak)) == expected(code)
    assert (await werk.api.get(zaak)).json() == body
    async with failing(stack, code, "deventer_documenten", "document"):
        answer = await werk.api.post("/documenten/api/v1/enkelvoudiginformatieobjecten", await _document(werk))
        assert told(answer) == expected(code)


async def _document(werk: Werk) -> dict[str, Any]:
    from tests.documenten.maak_document import body

    return body(werk.types.informatieobjecttype)


@pytest.mark.parametrize("code", ["53100", "57P01", "25006"])
async def test_a_mirror_that_cannot_be_made_now_takes_the_write_back(stack: Stack, werk: Werk, code: str) -> None:
    zaak, document = await werk.zaak(), await werk.document()
    async with failing(stack, code, "deventer_documenten", "objectinformatieobject"):
        answer = await werk.api.post(ZIOS, {"zaak": zaak, "informatieobject": document})
        assert told(answer) == expected(code)
    assert (await werk.api.get(ZIOS, params={"zaak": zaak})).json() == []
    assert await werk.objecten(document) == []


BLOCKED = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


@asynccontextmanager
async def locked(stack: Stack, table: str, end: str) -> AsyncIterator[None]:
    """Let whoever reads a table wait, until ``end`` (a function of PostgreSQL) is called on its process."""
    async with stack.admin() as admin, stack.admin() as other:
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")

        async def ending() -> None:
            while True:
                for row in await other.fetch(BLOCKED):
                    await other.execute(f"SELECT {end}($1)", row["pid"])
                await asyncio.sleep(0.01)

        task = asyncio.create_task(ending())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await transaction.rollback()


@pytest.mark.parametrize("query", [{}, {"pageSize": "1"}])
async def test_a_read_that_a_migration_crosses_is_read_again(stack: Stack, werk: Werk, query: dict[str, str]) -> None:
    zaak, mine = await werk.zaak(), {"zaaktype": werk.types.url}
    async with stack.admin() as admin, stack.admin() as other:
        async with admin.transaction():
            await admin.execute(f"LOCK TABLE {SCHEMA}.rol IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(
                werk.api.get(ZAKEN, params={**query, **mine}) if query else werk.api.get(zaak)
            )
            while not await other.fetch(BLOCKED):
                await asyncio.sleep(0.01)
            # The reader has the table of zaken and waits longest, so it is the one that PostgreSQL ends.
            await admin.execute(f"LOCK TABLE {SCHEMA}.zaak IN ACCESS EXCLUSIVE MODE")
            assert not reading.done()
        answer = await reading
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_read_that_is_broken_off(stack: Stack, werk: Werk, end: str) -> None:
    zaak = await werk.zaak()
    for table in (f"{SCHEMA}.zaak", "deventer_autorisaties.applicatie"):
        async with locked(stack, table, end):
            await _forget_rights(stack)
            for request in (werk.api.get(zaak), werk.api.get(ZAKEN), werk.api.patch(zaak, {"omschrijving": "x"})):
                assert told(await request) == (503, "service_unavailable"), table
    assert (await werk.api.get(zaak)).status_code == 200


async def _forget_rights(stack: Stack) -> None:
    """Let every process ask Autorisaties again."""
    async with stack.admin() as admin:
        await admin.execute("SELECT pg_notify('samenzaak_autorisaties', 'deventer')")
    await stack.standalone.signals.barrier()


async def test_a_database_without_places_for_connections(stack: Stack, werk: Werk) -> None:
    zaak = await werk.zaak()
    async with stack.admin() as admin:
        name = await admin.fetchval("SELECT current_database()")
        await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0')
        try:
            await _disconnect(admin)
            for request in _requests(werk, zaak):
                assert told(await request) == (503, "service_unavailable")
        finally:
            await admin.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1')
    await until(lambda: _works(werk, zaak), "it does not work again")


def _requests(werk: Werk, zaak: str) -> list[Awaitable[httpx.Response]]:
    return [werk.api.get(zaak), werk.api.get(ZAKEN), werk.api.patch(zaak, {"omschrijving": "x"})]


async def _works(werk: Werk, zaak: str) -> bool:
    return (await werk.api.get(zaak)).status_code == 200


async def _disconnect(admin: asyncpg.Connection) -> None:
    """End all other connections to the database."""
    await admin.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
