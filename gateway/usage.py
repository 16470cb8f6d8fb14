"""What each municipality asks, by month: requests, writes and how many different users.

A request only adds to numbers in memory; every few seconds they are added to those in the database, by every gateway to
the same. A gateway that is killed loses what it counted since then; an orderly stop loses nothing. Users are stored as
hashes with a key of the municipality and the month, and only their number once the month is over.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from gateway.exchange import Exchange
from gateway.request_store import RequestStore
from runtime.faults import AWAY
from runtime.months import Months, first_of

log = logging.getLogger("samenzaak.gateway")

FLUSH_SECONDS = 5.0
STOP_SECONDS = 3.0
CLOSE_SECONDS = 3600.0
"""How often months that are over are closed."""
LATE = timedelta(days=2)
"""How long after its end a month is closed: until then a gateway that could not reach the database may add to it."""
MOST_USERS = 10_000
"""Different users of a municipality that a process remembers until it writes them; further ones are not counted."""

WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_SEARCH = b"_zoek"


@dataclass(slots=True)
class Asked:
    """What one municipality asked since the last time that it was written."""

    requests: int = 0
    writes: int = 0
    users: set[str] = field(default_factory=set)


class UsageLog:
    """The numbers of one gateway."""

    def __init__(self, store: RequestStore, time_zone: str) -> None:
        self._store = store
        self._months = Months(time_zone)
        self._waiting: dict[tuple[str, date], Asked] = {}
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    def start(self) -> None:
        """Begin to write what is counted."""
        if self._task is None:
            self._ending.clear()
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write what is left, unless that takes long."""
        if self._task is not None:
            self._ending.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._task
            self._task = None
        if self._waiting:
            log.error("what was asked is lost: %s", {key: asked.requests for key, asked in self._waiting.items()})

    def note(self, exchange: Exchange, method: str, path: bytes) -> None:
        """Count a request that is over, if it was that of a client."""
        if exchange.client_id:
            self.count(exchange.tenant, exchange.user_id, method, path, exchange.status)

    def count(self, tenant: str, user: str, method: str, path: bytes, status: int) -> None:
        """Count a request of a client of a municipality. A write is one that was carried out; searching is none."""
        key = tenant, self._months.current()
        asked = self._waiting.get(key)
        if asked is None:
            asked = self._waiting[key] = Asked()
        asked.requests += 1
        if 200 <= status < 300 and method in WRITES and not path.endswith(_SEARCH):
            asked.writes += 1
        if user and len(asked.users) < MOST_USERS:
            asked.users.add(user)

    async def flush(self) -> None:
        """Write what was counted until now; what cannot be written now is kept for the next time."""
        waiting, self._waiting = self._waiting, {}
        while waiting:
            (tenant, month), asked = next(iter(waiting.items()))
            users = [user.replace("\0", "") for user in sorted(asked.users)]
            try:
                await self._store.add_usage(tenant, month, asked.requests, asked.writes, users)
            except AWAY as e:
                log.warning("what was asked is not written yet: %r", e)
                break
            del waiting[tenant, month]
        for key, asked in waiting.items():
            later = self._waiting.setdefault(key, Asked())
            later.requests += asked.requests
            later.writes += asked.writes
            later.users |= asked.users

    async def close_months(self) -> None:
        """Keep only the number of users of the months that are over."""
        with suppress(*AWAY):
            await self._store.close_usage(first_of(self._months.today() - LATE))

    async def _run(self) -> None:
        closed, ending = time.monotonic() - CLOSE_SECONDS, False
        while not ending:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    ending = await self._ending.wait()
            try:
                if self._waiting:
                    await self.flush()
                if not ending and time.monotonic() - closed >= CLOSE_SECONDS:
                    closed = time.monotonic()
                    await self.close_months()
            except Exception:
                # Nobody who is served may notice a mistake in here.
                log.exception("the use by municipalities cannot be kept")
