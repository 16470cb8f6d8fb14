"""What a process gathers in memory and writes to the database of each municipality a moment later, off the path of any
request. A process that is killed loses what it gathered since then; an orderly stop loses nothing."""

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from runtime.faults import AWAY
from runtime.pool import Database
from runtime.problems import Problem, UnknownTenant
from runtime.statements import Executor

log = logging.getLogger("samenzaak.background")
T = TypeVar("T")


class Gathering(ABC, Generic[T]):
    """Gathers for one service: ``what``, for the log, is written after ``seconds``."""

    def __init__(self, database: Database, what: str, seconds: float) -> None:
        self._database = database
        self._what = what
        self._seconds = seconds
        self._waiting: dict[str, list[T]] = {}
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    @abstractmethod
    async def write(self, db: Executor, tenant: str, items: list[T]) -> None:
        """Write what was gathered of a municipality, all or nothing."""

    def merged(self, items: list[T]) -> list[T]:
        """Return the same in fewer items, where that is possible."""
        return items

    def gather(self, tenant: str, item: T) -> None:
        """Take something to be written soon."""
        self._waiting.setdefault(tenant, []).append(item)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._flush_later())

    def forget(self, tenant: str) -> None:
        """Forget what was gathered of a municipality that was erased; when any may have been (``""``) the next flush
        finds out which."""
        self._waiting.pop(tenant, None)

    async def flush(self) -> None:
        """Write what was gathered until now; what cannot be written now is kept for the next time."""
        async with self._writing:
            waiting, self._waiting = self._waiting, {}
            for tenant, items in waiting.items():
                items = self.merged(items)
                try:
                    async with self._database.transaction(tenant) as db:
                        await self.write(db, tenant, items)
                except UnknownTenant:
                    continue
                except (*AWAY, Problem) as e:
                    log.warning("%s: %s of %s not written yet: %r", tenant, self._what, self._database.service, e)
                    self._waiting[tenant] = items + self._waiting.get(tenant, [])

    async def stop(self) -> None:
        """Write what is left, while the database can be used."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.flush()
        for tenant, items in self._waiting.items():
            log.error("%s: %s of %s lost: %d", tenant, self._what, self._database.service, len(items))

    async def _flush_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._seconds)
            # Not in this task, which is cancelled at the end: half a flush would write twice, or not at all.
            await asyncio.shield(asyncio.get_running_loop().create_task(self.flush()))
        self._task = None
