"""A new connection to PostgreSQL for the pool of a service."""

from collections.abc import Callable

import asyncpg
import orjson

from zgw.faults import LOST

CONNECT_TIMEOUT = 10.0

OnConnect = Callable[[asyncpg.Connection], None]


async def connect(
    dsn: str, service: str, statement_timeout_ms: int, on_connect: OnConnect | None
) -> asyncpg.Connection:
    """Return a new connection of the login role of ``service``, which can read no table; raise PostgresError."""
    try:
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT,
            statement_cache_size=500,
            max_cached_statement_lifetime=0,
            command_timeout=statement_timeout_ms / 1000 + 5,
            server_settings={
                "application_name": f"samenzaak {service}",
                "statement_timeout": str(statement_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "search_path": "",
                "random_page_cost": "1.1",  # Data are in memory or on flash.
                "timezone": "UTC",
            },
        )
    except LOST as e:
        raise asyncpg.CannotConnectNowError(f"PostgreSQL cannot be reached: {e!r}") from e
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text")
        if on_connect is not None:
            on_connect(connection)
    except LOST as e:
        connection.terminate()
        raise asyncpg.CannotConnectNowError(f"PostgreSQL broke off a new connection: {e!r}") from e
    except BaseException:
        # Nobody else knows of it: PostgreSQL would keep its process until this one ends.
        connection.terminate()
        raise
    return connection
