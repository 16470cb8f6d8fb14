"""The barrier: a write is answered when every process has heard of it, also while processes come and go."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from beheer.provision import password_of
from runtime.signals import APPLICATION, BARRIER, Signals
from runtime.tenancy import service_dsn
from tests.stack import Stack


def dsn_of(stack: Stack) -> str:
    return service_dsn(stack.dsn, "zaken", password_of(stack.settings, "zaken"))


@asynccontextmanager
async def process(stack: Stack, heard: list[str]) -> AsyncIterator[Signals]:
    """What another process listens with."""
    signals = Signals(dsn_of(stack))
    signals.on("proef", heard.append)
    await signals.start()
    yield signals
    await signals.stop()


async def test_a_listener_that_fails_keeps_the_others_from_nothing(stack: Stack) -> None:
    def failing(payload: str) -> None:
        raise ValueError(payload)

    heard: list[str] = []
    signals = Signals(dsn_of(stack))
    signals.on("proef", failing)
    signals.on("proef", heard.append)
    await signals.start()
    async with stack.admin() as admin:
        assert heard == [""]
        await admin.execute("SELECT pg_notify('proef', 'x')")
        await signals.barrier()
        assert heard == ["", "x"]
    await signals.stop()


async def test_a_change_was_heard_when_the_barrier_lets_through(stack: Stack) -> None:
    heard: list[str] = []
    async with process(stack, heard) as mine, process(stack, heard), stack.admin() as admin:
        for number in range(20):
            heard.clear()
            await admin.execute("SELECT pg_notify('proef', $1)", str(number))
            await mine.barrier()
            assert heard == [str(number)] * 2


@asynccontextmanager
async def silent(stack: Stack, seconds: float) -> AsyncIterator[asyncpg.Connection]:
    """A process that is counted but does not answer, and is gone after so many seconds."""
    connection = await asyncpg.connect(dsn_of(stack), server_settings={"application_name": APPLICATION})
    asyncio.get_running_loop().call_later(seconds, connection.terminate)
    yield connection
    with contextlib.suppress(OSError, asyncpg.InterfaceError):
        connection.terminate()


async def test_a_process_that_leaves_is_not_waited_for(stack: Stack) -> None:
    async with process(stack, []) as mine, silent(stack, 0.1):
        began = time.monotonic()
        await mine.barrier(timeout=30)
        assert 0.1 <= time.monotonic() - began < 10


async def test_a_process_that_comes_is_asked_again(stack: Stack) -> None:
    async with process(stack, []) as mine, silent(stack, 60) as late:
        asked: asyncio.Queue[str] = asyncio.Queue()
        barrier = asyncio.create_task(mine.barrier(timeout=30))
        await asyncio.sleep(0.1)
        await late.add_listener(BARRIER, lambda *given: asked.put_nowait(str(given[3])))
        assert not barrier.done()
        name = await asked.get()
        await late.execute("SELECT pg_notify('samenzaak_ack', $1)", name)
        async with asyncio.timeout(10):
            await barrier


async def test_a_process_that_stands_still_holds_up_a_write_for_a_limited_time(stack: Stack) -> None:
    async with process(stack, []) as mine, silent(stack, 60):
        began = time.monotonic()
        await mine.barrier(timeout=0.5)
        assert 0.5 <= time.monotonic() - began < 30
