"""The database itself keeps municipalities apart, whatever a query says."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from beheer.provision import password_of
from runtime.pool import Database
from runtime.problems import Problem
from runtime.tenancy import schema_of, service_dsn
from tests.stack import Stack, built
from tests.waiting import until

REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


def dsn_of(stack: Stack, service: str) -> str:
    """Return the DSN of the login role of a service."""
    return service_dsn(stack.dsn, service, password_of(stack.settings, service))


def first_table(service: str) -> str:
    """Return a table that every service has."""
    return {"notificaties": "abonnement"}.get(service, "outbox")


@pytest.mark.parametrize("service", built())
async def test_without_a_municipality_no_statement_reads_anything(stack: Stack, service: str) -> None:
    connection = await asyncpg.connect(dsn_of(stack, service))
    try:
        table = first_table(service)
        with pytest.raises(REFUSED):
            await connection.fetch(f"SELECT * FROM {table}")
        with pytest.raises(REFUSED):
            await connection.fetch(f'SELECT * FROM "{schema_of("deventer", service)}".{table}')
    finally:
        await connection.close()


@pytest.mark.parametrize("service", built())
async def test_a_municipality_cannot_read_or_write_another(stack: Stack, service: str) -> None:
    database = Database(dsn_of(stack, service), service)
    table = first_table(service)
    other = f'"{schema_of("raalte", service)}".{table}'
    async with database.acquire("deventer") as db:
        assert await db.connection.fetchval(f"SELECT count(*) >= 0 FROM {table}")
        for statement in (f"SELECT * FROM {other}", f"DELETE FROM {other}", f"TRUNCATE {other}"):
            with pytest.raises(REFUSED):
                await db.connection.execute(statement)
        with pytest.raises(REFUSED):
            await db.connection.execute(f"CREATE TABLE {table}_new (x int)")
    await database.stop()


async def test_a_service_cannot_become_another_service(stack: Stack) -> None:
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties")
    async with database.acquire("deventer") as db:
        for role in (schema_of("deventer", "zaken"), "postgres", "samenzaak_zaken"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
                await db.connection.execute(f'SET ROLE "{role}"')
        # The schema of the gateway holds the secrets of clients.
        with pytest.raises(REFUSED):
            await db.connection.fetch("SELECT * FROM gateway.client")
    await database.stop()


@pytest.mark.parametrize("tenant", ["atlantis", "deventer_zaken", 'x"; SET ROLE postgres; --', "pg_catalog", ""])
async def test_an_unknown_municipality_is_refused(stack: Stack, tenant: str) -> None:
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties")
    with pytest.raises((Problem, ValueError)):
        await database.rows(tenant, text("SELECT 1"))
    await database.stop()


async def test_a_connection_that_changes_municipality_leaves_nothing_behind(stack: Stack) -> None:
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties", size=1)
    seen = []
    for _ in range(20):
        for tenant in ("deventer", "raalte"):
            async with database.acquire(tenant) as db:
                seen.append(
                    (
                        tenant,
                        await db.connection.fetchval("SELECT current_user || ' ' || current_setting('search_path')"),
                    )
                )
    for tenant, state in seen:
        schema = schema_of(tenant, "autorisaties")
        assert state in (f"{schema} {schema}, pg_temp", f'{schema} "{schema}", pg_temp')
    await database.stop()


POISON = (
    "SET statement_timeout = 0",
    "SET default_transaction_read_only = on",
    "SET ROLE NONE",
    "SELECT pg_advisory_lock(1)",
    "SELECT set_config('search_path', 'raalte_autorisaties, pg_catalog', false)",
    "BEGIN; DECLARE open CURSOR WITH HOLD FOR SELECT 1; COMMIT",
    "LISTEN samenzaak_autorisaties",
)


async def test_what_one_municipality_sets_is_gone_for_the_next(stack: Stack) -> None:
    """Suppose that somebody could run statements of his own."""
    state = """SELECT current_user, current_setting('statement_timeout'),
        current_setting('default_transaction_read_only'), to_regclass('applicatie')::oid,
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
        (SELECT count(*) FROM pg_cursors WHERE is_holdable), (SELECT count(*) FROM pg_listening_channels())"""
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties", size=1)
    async with database.acquire("raalte") as db:
        clean = await db.connection.fetchrow(state)
        assert clean is not None
        assert clean[3:] == (clean[3], 0, 0, 0)
    async with database.acquire("deventer") as db:
        process = await db.connection.fetchval("SELECT pg_backend_pid()")
        for statement in POISON:
            await db.connection.execute(statement)
    async with database.acquire("raalte") as db:
        assert await db.connection.fetchval("SELECT pg_backend_pid()") == process
        assert await db.connection.fetchrow(state) == clean
    await database.stop()


@pytest.mark.parametrize("service", built())
async def test_no_table_can_stand_in_the_place_of_another(stack: Stack, service: str) -> None:
    """A temporary table would stay on the connection, and take the rows of the next municipality."""
    database = Database(dsn_of(stack, service), service, size=1)
    async with database.acquire("deventer") as db:
        for become in ("", "RESET ROLE; "):
            with pytest.raises(REFUSED):
                await db.connection.execute(f"{become}CREATE TEMPORARY TABLE {first_table(service)} (x int)")
    await database.stop()


@pytest.mark.parametrize("service", built())
async def test_the_most_that_a_login_role_reaches(stack: Stack, service: str) -> None:
    """docs/operators.md tells it: every municipality in this service, and nothing of the others or of the gateway."""
    connection = await asyncpg.connect(dsn_of(stack, service))
    try:
        reached = await connection.fetch("SELECT rolname FROM pg_roles WHERE pg_has_role(rolname, 'SET')")
        own = {schema_of(tenant, service) for tenant in ("deventer", "raalte")}
        assert own < {row["rolname"] for row in reached}
        assert all(row["rolname"].endswith(f"_{service}") for row in reached)
        power = await connection.fetchrow(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert power is not None
        assert not any(power)
        for statement in ("SELECT pg_read_file('/etc/passwd')", "COPY (SELECT 1) TO PROGRAM 'true'", "CREATE SCHEMA x"):
            with pytest.raises(REFUSED):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_one_municipality_never_takes_all_connections(stack: Stack) -> None:
    """However slow what it asks for is, another one is served at once."""
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties", size=4)
    slow, held = asyncio.Event(), 0

    async def hold() -> None:
        nonlocal held
        async with database.acquire("deventer"):
            held += 1
            await slow.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(hold())
        await until(lambda: database.usage()["waiting"] >= 3)
        async with asyncio.timeout(10), database.acquire("raalte") as db:
            assert await db.connection.fetchval("SELECT 1") == 1
        assert held == 3
        slow.set()
    assert held == 6
    await database.stop()


async def test_who_is_cancelled_leaves_no_work_to_the_next_one(stack: Stack) -> None:
    """A client that goes away while its answer is made must not cost others theirs."""
    database = Database(dsn_of(stack, "autorisaties"), "autorisaties", size=1)

    async def work() -> None:
        while True:
            async with database.transaction("deventer") as db:
                await db.connection.execute("SELECT count(*) FROM applicatie")

    for pause in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(pause / 20_000)
        task.cancel()
        async with database.acquire("deventer") as db:
            assert not db.connection.is_in_transaction()
            assert await db.connection.fetchval("SELECT 1") == 1
        with pytest.raises(asyncio.CancelledError):
            await task
    await database.stop()
