"""The connections of the console to its own schema, and to what it may read of the gateway's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import asyncpg.pool
import orjson

CONNECTIONS = 4
TIMEOUT = 10.0
"""Seconds for a connection, and for a statement."""


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
    )


class Database:
    """A pool that connects when it is first used: the console starts without a database too."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """Hand out a connection; raises what ``runtime.faults.AWAY`` names while the database is away."""
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=CONNECTIONS,
                    timeout=TIMEOUT,
                    command_timeout=TIMEOUT,
                    init=_prepare,
                    server_settings={"application_name": "samenzaak console", "search_path": ""},
                )
        async with self._pool.acquire(timeout=TIMEOUT) as connection:
            yield connection

    async def stop(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()
