"""Waits for what a test is about instead of for a time, and holds up what goes on in the database, so that the order of
two requests is not left to chance."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.stack import Stack


async def until(found: Callable[[], Any], what: str = "", seconds: float = 60) -> Any:
    """Return what ``found()`` gives, or an awaitable that it gives, as soon as that is true; fail with ``what`` after a
    time that no machine needs."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                result = found()
                if isinstance(result, Awaitable):
                    result = await result
                if result:
                    return result
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(what or f"not within {seconds:.0f} s") from None


@asynccontextmanager
async def transaction(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of somebody else; what it locks is free at the end of the block."""
    async with stack.admin() as admin, admin.transaction():
        await admin.execute("SET LOCAL search_path TO deventer_zaken")
        yield admin


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
"""How many statements wait for a lock."""


async def waiting(stack: Stack, number: int = 1) -> None:
    """Return when so many statements wait for a lock."""
    async with stack.admin() as admin:

        async def enough() -> bool:
            return bool(await admin.fetchval(WAITING) >= number)

        await until(enough, f"never were {number} statements waiting")
