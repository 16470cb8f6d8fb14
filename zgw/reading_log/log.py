"""The sink that keeps reads in the reading log of their municipality: in memory, and half a second later in its table.

What a process has not written yet is lost when it is killed, half a second of reads and what is being written; an
orderly end loses nothing. While the database is away reads wait, up to a bound in rows and objects. What does not fit
any more is lost; it is counted (``samenzaak_reading_log_lost``), and the log itself tells how many, once it can.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from runtime.faults import AWAY
from runtime.identity import Caller, system_caller
from runtime.locks import Lock, lock
from runtime.pool import Database
from runtime.problems import Problem, UnknownTenant
from runtime.statements import Bound, Executor
from runtime.trace import trace_of
from zgw.reading_log.hidden import Hasher
from zgw.reading_log.read import Action, Read, is_recorded
from zgw.reading_log.rows import COLUMNS, MOMENT, row_of
from zgw.reading_log.table import TABLE

log = logging.getLogger("samenzaak.reading_log")

FLUSH_SECONDS = 0.5
LONGEST_PAUSE = 10.0
"""Most seconds between two attempts while the database is away."""
STOP_SECONDS = 10.0
"""How long the end of a process waits for the database."""
TOLD_SECONDS = 60.0
"""How often at most the log of the process tells of reads that are lost."""
BATCH = 1_000
"""Reads that are written together."""
BATCH_OBJECTS = 50_000
MOST = 20_000
"""Reads that wait, of all municipalities together."""
MOST_OBJECTS = 400_000
"""Objects in them, each some 150 bytes."""

PREPARE = "SELECT prepare_reading_log($1)"
WRITTEN = "SELECT EXISTS (SELECT FROM reading_log WHERE moment = $1 AND id = $2)"


@dataclass
class Batch:
    """Reads of one municipality that are written together: all of them, or none."""

    reads: list[Read] = field(default_factory=list)
    objects: int = 0
    rows: list[Sequence[Any]] | None = None
    """What is written, once that was tried: it may be there already, when the connection was lost on the way back."""


@dataclass
class Lost:
    """Reads of one municipality that could not be recorded: how many, and when."""

    number: int
    first: float
    last: float


class ReadingLog:
    """The reading log of one service in one process."""

    def __init__(self, service: str, database: Database, hasher: Hasher) -> None:
        self.service, self.hasher = service, hasher
        self.lost = 0
        """How many reads this process has lost."""
        self._database = database
        self._waiting: dict[str, deque[Batch]] = {}
        self._reads = 0
        self._objects = 0
        self._losses: dict[str, Lost] = {}
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many reads are not written yet."""
        return self._reads

    def wants(self, caller: Caller, action: Action) -> bool:
        """Return whether the municipality records this of the client."""
        return is_recorded(caller.inzage, action)

    def take(self, read: Read) -> None:
        """Keep a read, in the event loop that serves the requests."""
        tenant, number = read.caller.tenant, len(read.known)
        if self._reads >= MOST or self._objects + number > MOST_OBJECTS:
            self._lose(tenant, [read])
            return
        batches = self._waiting.get(tenant)
        if batches is None:
            batches = self._waiting[tenant] = deque()
        if not batches or batches[-1].rows is not None or self._full(batches[-1]):
            batches.append(Batch())
        batches[-1].reads.append(read)
        batches[-1].objects += number
        self._reads += 1
        self._objects += number
        if self._timer is None and self._task is None:
            self._later(FLUSH_SECONDS)

    async def flush(self) -> None:
        """Write what waits. What cannot be written now is tried again later."""
        self._cancel_timer()
        await self._write_all()
        self._again()

    async def stop(self) -> None:
        """Write what waits, or tell what is lost when the database does not take it in time."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.flush()
                while self._reads:
                    await asyncio.sleep(0.2)
                    await self.flush()
        except TimeoutError:
            log.error("%s: the process ends while the database is away", self.service)
        self._cancel_timer()
        for tenant in list(self._waiting):
            self._drop(tenant)
        self._tell(at_once=True)

    def forget(self, tenant: str) -> None:
        """Write nothing of a municipality that was erased; ``""``: of any that may have been, which its write tells."""
        if tenant:
            self._remove(tenant)
            self._losses.pop(tenant, None)

    # --- Writing ------------------------------------------------------------------------------------------------------

    def _later(self, seconds: float) -> None:
        # In a context of its own: that of the request which is answered now says when it began.
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin, context=Context())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def _run(self) -> None:
        try:
            await self._write_all()
        finally:
            self._task = None
            self._again()

    def _again(self) -> None:
        """Look later for what is left."""
        if (self._reads or self._losses) and self._timer is None and self._task is None:
            self._later(min(FLUSH_SECONDS * 2 ** min(self._failures, 10), LONGEST_PAUSE))

    async def _write_all(self) -> None:
        async with self._writing:
            failed = False
            for tenant in list(dict.fromkeys((*self._waiting, *self._losses))):
                try:
                    await self._write(tenant)
                except UnknownTenant:
                    self.forget(tenant)
                except (*AWAY, Problem) as e:
                    failed = True
                    log.warning("%s: the reading log of %s cannot be written: %r", self.service, tenant, e)
                except Exception:
                    # Nobody who is served may notice a mistake in here, and the others are written all the same.
                    failed = True
                    log.exception("%s: the reading log of %s failed", self.service, tenant)
            self._failures = self._failures + 1 if failed else 0
            self._tell()

    async def _write(self, tenant: str) -> None:
        async with self._database.acquire(tenant) as db:
            while batches := self._waiting.get(tenant):
                batch = batches[0]
                if batch.rows is None:
                    batch.rows = [row for read in batch.reads if (row := self._row(read)) is not None]
                    await self._store(db, batch.rows)
                elif batch.rows and not await db.value(Bound(WRITTEN, [batch.rows[0][MOMENT], batch.rows[0][0]])):
                    await self._store(db, batch.rows)
                self._done(tenant, batch)
            if (lost := self._losses.get(tenant)) is not None:
                told = Lost(lost.number, lost.first, lost.last)
                await self._store(db, [row_of(self._told_of(tenant, told), self.hasher)])
                log.error("%s: %d reads of %s are not in the reading log", self.service, told.number, tenant)
                lost.number -= told.number
                if not lost.number:
                    self._losses.pop(tenant, None)

    def _row(self, read: Read) -> Sequence[Any] | None:
        try:
            return row_of(read, self.hasher)
        except Exception:
            log.exception("%s: a read cannot be written down", self.service)
            self.lost += 1
            return None

    async def _store(self, db: Executor, rows: Sequence[Sequence[Any]]) -> None:
        try:
            await copy(db, rows)
        except asyncpg.CheckViolationError:
            # Nobody made the partition of this month in time.
            for month in {row[MOMENT].replace(day=1, hour=0, minute=0): row[MOMENT] for row in rows}.values():
                await prepare(db, month)
            await copy(db, rows)
        except (asyncpg.DataError, ValueError, TypeError):
            # One that cannot be stored must not keep the others from it.
            log.exception("%s: reads are written one by one", self.service)
            for row in rows:
                try:
                    await copy(db, [row])
                except (asyncpg.DataError, ValueError, TypeError):
                    self.lost += 1

    def _done(self, tenant: str, batch: Batch) -> None:
        # It may have been erased meanwhile.
        if (batches := self._waiting.get(tenant)) and batches[0] is batch:
            batches.popleft()
            self._reads -= len(batch.reads)
            self._objects -= batch.objects
            if not batches:
                del self._waiting[tenant]

    # --- What is lost -------------------------------------------------------------------------------------------------

    def _full(self, batch: Batch) -> bool:
        return len(batch.reads) >= BATCH or batch.objects >= BATCH_OBJECTS

    def _lose(self, tenant: str, reads: Sequence[Read]) -> None:
        self.lost += len(reads)
        first, last = reads[0].moment, reads[-1].moment
        known = self._losses.setdefault(tenant, Lost(0, first, last))
        known.number += len(reads)
        known.first, known.last = min(known.first, first), max(known.last, last)
        if self._timer is None and self._task is None:
            self._later(FLUSH_SECONDS)

    def _drop(self, tenant: str) -> None:
        """Take for lost what waits of a municipality."""
        if reads := [read for batch in self._remove(tenant) for read in batch.reads]:
            self.lost += len(reads)
            first, last = reads[0].moment, reads[-1].moment
            known = self._losses.setdefault(tenant, Lost(0, first, last))
            known.number += len(reads)

    def _remove(self, tenant: str) -> deque[Batch]:
        batches = self._waiting.pop(tenant, deque())
        for batch in batches:
            self._reads -= len(batch.reads)
            self._objects -= batch.objects
        return batches

    def _tell(self, at_once: bool = False) -> None:
        if self._losses and (at_once or time.monotonic() - self._told > TOLD_SECONDS):
            self._told = time.monotonic()
            for tenant, lost in self._losses.items():
                log.error("%s: %d reads of %s are not in the reading log", self.service, lost.number, tenant)

    def _told_of(self, tenant: str, lost: Lost) -> Read:
        given = {"aantal": lost.number, "vanaf": _moment(lost.first), "tot": _moment(lost.last)}
        return own_read(system_caller(tenant, self.service), self.service, Action.LOST, given)


def own_read(caller: Caller, service: str, action: Action, given: Mapping[str, Any], reason: str = "") -> Read:
    """Return the read that tells of the log itself: that it was read, that something is lost, that a choice changed."""
    now, trace = time.time(), trace_of("")
    return Read(now, caller, service, "", action, trace, now, reason, "", given, {}, 0, ())


async def copy(db: Executor, rows: Sequence[Sequence[Any]]) -> None:
    """Add rows (:func:`zgw.reading_log.rows.row_of`): all of them, or none."""
    await db.connection.copy_records_to_table(TABLE, records=rows, columns=COLUMNS)


async def prepare(db: Executor, moment: Any) -> None:
    """Make the partition of the month of a moment, if it is not there."""
    async with db.connection.transaction():
        await db.execute(lock(Lock.READING_LOG))
        await db.value(Bound(PREPARE, [moment]))


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
