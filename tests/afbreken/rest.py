"""Asserts that nothing is left over: no connection, transaction or place of a pool."""

from typing import Any

import asyncpg

from runtime.pool import Database
from tests.stack import Stack
from tests.waiting import until

TENANT = "deventer"
BACKENDS = """
    SELECT pid, state, application_name, query FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""

LOCKS = """
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND d.datname = current_database()"""


async def backends(admin: asyncpg.Connection, *known: Any) -> None:
    """Assert that PostgreSQL serves exactly these connections, and that none of them is in a transaction."""
    pids = {connection.get_server_pid() for connection in known if connection is not None}
    assert not any(connection.is_in_transaction() for connection in known if connection is not None)

    rows: list[asyncpg.Record] = []

    async def right() -> bool:
        rows[:] = await admin.fetch(BACKENDS)
        return {row["pid"] for row in rows} == pids and all(row["state"] == "idle" for row in rows)

    try:
        await until(right)
    except AssertionError:
        raise AssertionError(f"there are {[tuple(row) for row in rows]}, and known are {pids}") from None


def pooled(stack: Stack, *more: Database) -> list[asyncpg.Connection]:
    """Return the open connections of all pools, after asserting that none is in use and all places are free."""
    found: list[asyncpg.Connection] = []
    for pool in (*(service.database for service in stack.standalone.services.values()), *more):
        assert pool.usage() == {"busy": 0, "idle": len(pool._idle), "max": pool.size, "waiting": 0}
        free, *shares = pool._shares.all()
        assert free._value == pool.size
        assert {share._value for share in shares} <= {pool.size - pool.size // 4}
        found += [connection for connection in pool._idle if not connection.is_closed()]
    return found


async def at_rest(stack: Stack, admin: asyncpg.Connection, *more: Any, pool: Database | None = None) -> None:
    """Assert that every pool is whole, that of a test too, and that nothing else is connected than what is known."""
    own = (stack.standalone.signals._connection, stack.standalone.registry._connection)
    await backends(admin, *pooled(stack, *([pool] if pool else [])), *own, *more)
