"""Holds up what goes on in the database, so that the order of two requests is not left to chance."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.stack import Stack


@asynccontextmanager
async def transaction(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of somebody else; what it locks is free at the end of the block."""
    async with stack.admin() as admin, admin.transaction():
        await admin.execute("SET LOCAL search_path TO deventer_zaken")
        yield admin


async def waiting(stack: Stack, number: int = 1) -> None:
    """Return when so many statements wait for a lock."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with stack.admin() as admin, asyncio.timeout(10):
        while await admin.fetchval(sql) < number:
            await asyncio.sleep(0.01)
