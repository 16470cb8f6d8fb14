"""The registry of the gateway, signals and the pool are right after a cancellation, at whichever await that was."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from beheer.runner import build_registry, own_dsn
from gateway import registry as clients
from gateway.config import secret_box
from runtime.pool import Database
from runtime.signals import Signals
from runtime.statements import Executor
from tests.afbreken.awaits import Count, at_every_await
from tests.afbreken.rest import LOCKS, TENANT, at_rest
from tests.stack import Stack


@pytest.mark.parametrize("begin", ["connected", "fresh"])
@pytest.mark.parametrize("what", ["missing", "current"])
async def test_the_registry_never_reads_an_old_snapshot(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], what: str, begin: str
) -> None:
    # Its signals do not listen, so that each use reads the database.
    reg = build_registry(still.settings, still.dsn, Signals(still.dsn))
    names: list[str] = []

    async def changes_are_seen() -> None:
        names.append(f"nieuw-{uuid4().hex}")
        await clients.add_client(admin, secret_box(still.settings), TENANT, names[-1], "x" * 40)
        assert await reg.missing() == ""
        found = {name for _, name in (await reg.current()).clients}
        assert names[-1] in found
        if len(names) > 1:
            assert names[-2] not in found
            await at_rest(still, admin, reg._connection)
        await clients.remove_client(admin, TENANT, names[-1])
        if begin == "fresh":
            await reg.stop()

    try:
        counts[f"registry.{what} {begin}"] = await at_every_await(getattr(reg, what), changes_are_seen)
    finally:
        await reg.stop()


async def heard_again(signals: Signals, heard: list[str], admin: asyncpg.Connection) -> None:
    """Assert that a change is heard, and that the barrier lets through only after that."""
    if not signals.connected:
        await signals._tend()
    name = uuid4().hex
    await admin.execute("SELECT pg_notify('proef', $1)", name)
    await signals.barrier(timeout=30)
    assert name in heard
    assert not signals._acks
    assert not signals._busy.locked()


@pytest.mark.parametrize("what", ["barrier", "check", "reconnect"])
async def test_changes_are_heard_after_a_cancellation(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count], what: str
) -> None:
    heard: list[str] = []
    signals = Signals(own_dsn(still.settings, still.dsn, "zaken"))
    signals.on("proef", heard.append)
    await signals._connect()

    async def work() -> None:
        if what == "barrier":
            await signals.barrier(timeout=30)
            return
        if what == "reconnect" and signals._connection is not None:
            signals._connection.terminate()
        await signals._tend()

    async def right() -> None:
        await heard_again(signals, heard, admin)
        await at_rest(still, admin, signals._connection)

    try:
        counts[f"signals {what}"] = await at_every_await(work, right)
    finally:
        await signals.stop()


async def test_listening_that_was_cancelled_leaves_no_connection(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    made: list[Signals] = []

    async def work() -> None:
        made.append(Signals(own_dsn(still.settings, still.dsn, "zaken")))
        await made[-1].start()

    async def right() -> None:
        assert made[-1].connected or made[-1]._task is None
        await made[-1].stop()
        await at_rest(still, admin)

    counts["signals.start and stop"] = await at_every_await(work, right)


async def insert(db: Executor) -> None:
    await db.connection.execute("INSERT INTO numbers VALUES (gen_random_uuid()::text, 1)")


async def by_acquire(pool: Database) -> None:
    async with pool.acquire(TENANT) as db:
        await insert(db)


async def by_transaction(pool: Database) -> None:
    async with pool.transaction(TENANT) as db:
        await insert(db)
        await db.value(text("SELECT pg_advisory_xact_lock(77)"))


async def by_rolled_back(pool: Database) -> None:
    with suppress(LookupError):
        async with pool.transaction(TENANT) as db:
            await insert(db)
            raise LookupError


async def by_settings(pool: Database) -> None:
    async with pool.acquire(TENANT) as db:
        await db.connection.execute("SET search_path TO public")
        await db.connection.execute("SELECT pg_advisory_lock(78)")
        await db.connection.execute("SELECT pg_advisory_unlock(78)")
        await db.connection.execute("RESET search_path")
        await db.connection.execute(f'SET search_path TO "{TENANT}_zaken", pg_temp')


async def by_tenants(pool: Database) -> None:
    assert TENANT in await pool.tenants()


async def by_missing(pool: Database) -> None:
    assert await pool.missing() == ""


USES: list[Callable[[Database], Awaitable[None]]] = [
    by_acquire, by_transaction, by_rolled_back, by_settings, by_tenants, by_missing,
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("begin", ["fresh", "switch", "same"])
async def test_a_pool_gives_the_right_role_without_a_transaction(
    still: Stack,
    admin: asyncpg.Connection,
    counts: dict[str, Count],
    use: Callable[[Database], Awaitable[None]],
    begin: str,
) -> None:
    known = still.standalone.services["zaken"].database.known
    pool = Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 1, known=known)

    async def role(tenant: str) -> None:
        async with pool.acquire(tenant) as db:
            row = await db.connection.fetchrow("SELECT current_user, current_schema")
            assert not db.connection.is_in_transaction()
        assert row is not None
        assert tuple(row) == (f"{tenant}_zaken", f"{tenant}_zaken")

    async def prepare() -> None:
        if begin == "fresh":
            await pool.stop()
            pool._stopped = False
        for tenant in {"fresh": (), "switch": ("raalte", "raalte"), "same": (TENANT,)}[begin]:
            await role(tenant)

    async def right() -> None:
        await at_rest(still, admin, pool=pool)
        for tenant in ("raalte", TENANT, "raalte"):
            await role(tenant)
        assert await admin.fetchval(LOCKS) == 0
        await prepare()

    await prepare()

    async def work() -> None:
        await use(pool)

    counts[f"pool {use.__name__} {begin}"] = await at_every_await(work, right)
    await pool.stop()
    await at_rest(still, admin)


async def test_who_waits_for_a_connection_loses_no_place(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    pool = Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 1)
    holders: list[asyncio.Task[None]] = []

    async def hold(inside: asyncio.Event) -> None:
        async with pool.acquire(TENANT) as db:
            inside.set()
            await db.connection.fetchval("SELECT 1")

    async def work() -> None:
        inside = asyncio.Event()
        holders[:] = [asyncio.create_task(hold(inside))]
        await inside.wait()
        # Another that waits behind this one must be woken when this one does not take its turn.
        behind = asyncio.create_task(pool.rows(TENANT, text("SELECT 1")))
        holders.append(behind)  # type: ignore[arg-type]
        async with pool.acquire(TENANT) as db:
            await db.connection.fetchval("SELECT 1")

    async def right() -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*holders)
            await pool.rows(TENANT, text("SELECT 1"))
        await at_rest(still, admin, pool=pool)

    counts["pool, waiting"] = await at_every_await(work, right)
    await pool.stop()


async def test_stopping_a_pool_leaves_no_connection(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    pools: list[Database] = []

    async def prepare() -> None:
        pools.append(Database(own_dsn(still.settings, still.dsn, "zaken"), "zaken", 4))
        await asyncio.gather(*(pools[-1].rows(tenant, text("SELECT 1")) for tenant in (TENANT, "raalte")))

    async def work() -> None:
        await pools[-1].stop()

    async def right() -> None:
        await pools[-1].stop()
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts["pool.stop"] = await at_every_await(work, right)
    await pools[-1].stop()
