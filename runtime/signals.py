"""PostgreSQL's LISTEN/NOTIFY for one process: what changed elsewhere, known here within milliseconds."""

import asyncio
import contextlib
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import asyncpg

from runtime.faults import AWAY

log = logging.getLogger("samenzaak.signals")

Listener = Callable[[str], None]
"""Gets the payload of a notification, or ``""`` when notifications may have been missed: then anything may have
changed."""


APPLICATION = "samenzaak signals"
BARRIER, ACK = "samenzaak_barrier", "samenzaak_ack"
LISTENING = """
    SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
    WHERE application_name = $1 AND datname = current_database()"""
ASK_AGAIN = 0.2
"""Seconds after which it is looked again who listens; each time twice as long."""


class Signals:
    """One listening connection, shared by everything in the process that wants to know of changes."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._acks: dict[str, asyncio.Queue[int]] = {}
        self._busy = asyncio.Lock()
        self._replies: set[asyncio.Task[None]] = set()
        self.on(BARRIER, self._reply_later)
        self.on(ACK, lambda _: None)

    def on(self, channel: str, listener: Listener) -> None:
        """Call ``listener`` for each notification on ``channel``; register before :meth:`start`."""
        self._listeners[channel].append(listener)

    @property
    def connected(self) -> bool:
        """Whether changes are being heard; while they are not, nothing may be answered from a cache."""
        return self._connection is not None and not self._connection.is_closed()

    async def start(self) -> None:
        """Connect and keep listening until :meth:`stop`, reconnecting when the connection is lost."""
        if self._task is None:
            await self._connect()
            self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def barrier(self, timeout: float = 5.0) -> bool:
        """Wait until every process has heard all changes that were committed before this call; return whether they did.

        PostgreSQL delivers notifications in the order of commit, so a process that answers a notification sent now
        has heard the earlier ones. A process that does not answer in ``timeout`` seconds is not waited for.
        """
        if not self.connected:
            return False
        name = uuid.uuid4().hex
        acks = self._acks[name] = asyncio.Queue()
        heard: set[int] = set()
        try:
            async with asyncio.timeout(timeout):
                pause = ASK_AGAIN
                while waiting := set(await self._fetch(LISTENING, APPLICATION)) - heard:
                    await self._fetch("SELECT pg_notify($1, $2)", BARRIER, name)
                    # A process that is leaving does not answer, and one that just came did not hear the question.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            while waiting - heard:
                                heard.add(await acks.get())
                            return True
                    pause *= 2
        except (*AWAY, AssertionError) as e:
            log.warning("not every process confirmed a change: %r", e)
            return False
        finally:
            del self._acks[name]
        return True

    async def _fetch(self, statement: str, *values: str) -> Any:
        assert self._connection is not None
        async with self._busy:
            return await self._connection.fetchval(statement, *values)

    def _reply_later(self, name: str) -> None:
        if name:
            task = asyncio.get_running_loop().create_task(self._reply(name))
            self._replies.add(task)
            task.add_done_callback(self._replies.discard)

    async def _reply(self, name: str) -> None:
        with contextlib.suppress(*AWAY, AssertionError):
            await self._fetch("SELECT pg_notify($1, $2)", ACK, name)

    async def _connect(self) -> None:
        connection = await asyncpg.connect(self.dsn, timeout=10, server_settings={"application_name": APPLICATION})
        try:
            for channel in self._listeners:
                await connection.add_listener(channel, self._heard)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        for channel in self._listeners:
            self._tell(channel, "")

    def _heard(self, _connection: object, pid: int, channel: str, payload: object) -> None:
        if channel == ACK and (acks := self._acks.get(str(payload))) is not None:
            acks.put_nowait(pid)
        self._tell(channel, str(payload))

    def _tell(self, channel: str, payload: str) -> None:
        for listener in self._listeners[channel]:
            try:
                listener(payload)
            except Exception:
                # The others keep copies of their own, which they would go on answering from.
                log.exception("a listener of %s failed", channel)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(1 if not self.connected else 10)
            try:
                await self._tend()
            except Exception as e:
                # Catch everything: without this task no change would ever be heard again.
                log.warning("no connection for notifications: %r", e)
                if self._connection is not None:
                    self._connection.terminate()

    async def _tend(self) -> None:
        """See whether the connection still works, or make a new one."""
        if self.connected:
            # A connection that was cut off without a word would look alive for ever.
            async with asyncio.timeout(5):
                await self._fetch("SELECT 1")
        else:
            await self._connect()
