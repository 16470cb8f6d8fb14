"""What a municipality uses of a service, by month: numbers that cost a request nothing.

A request only adds to a number in memory. A few seconds later the numbers are added to those of the table, off the path
of any request; what a process that is killed had counted since then is lost. An orderly stop loses nothing.

Example::

    usage_table(METADATA)
    service.usage.add("deventer", "zaken")
"""

import asyncio
import logging
from datetime import date

from sqlalchemy import BigInteger, Column, Date, DateTime, MetaData, Table, Text, func

from runtime.faults import AWAY
from runtime.months import Months
from runtime.pool import Database
from runtime.problems import Problem, UnknownTenant

log = logging.getLogger("samenzaak.usage")

FLUSH_SECONDS = 5.0

ADD = """
    INSERT INTO usage (month, name, number) SELECT * FROM unnest($1::date[], $2::text[], $3::bigint[])
    ON CONFLICT (month, name) DO UPDATE SET number = usage.number + excluded.number, changed = now()"""


def usage_table(metadata: MetaData) -> Table:
    """Return the table for the metadata of a service."""
    return Table(
        "usage",
        metadata,
        Column("month", Date, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("changed", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


class Usage:
    """The numbers that one process has not written yet, of one service."""

    def __init__(self, database: Database, time_zone: str) -> None:
        self._database = database
        self.months = Months(time_zone)
        self._waiting: dict[str, dict[tuple[date, str], int]] = {}
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def add(self, tenant: str, name: str, number: int = 1) -> None:
        """Count something of a municipality in the present month."""
        if number:
            self._add(tenant, (self.months.current(), name), number)
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._flush_later())

    def _add(self, tenant: str, key: tuple[date, str], number: int) -> None:
        numbers = self._waiting.setdefault(tenant, {})
        numbers[key] = numbers.get(key, 0) + number

    def forget(self, tenant: str) -> None:
        """Forget the numbers of a municipality that was erased; when any may have been (``""``) the next flush finds
        out which."""
        self._waiting.pop(tenant, None)

    async def flush(self) -> None:
        """Write what was counted until now; what cannot be written now is kept for the next time."""
        async with self._writing:
            waiting, self._waiting = self._waiting, {}
            for tenant, numbers in waiting.items():
                rows = sorted(numbers.items())
                months, names = ([key[part] for key, _ in rows] for part in range(2))
                try:
                    async with self._database.acquire(tenant) as db:
                        await db.connection.execute(ADD, months, names, [number for _, number in rows])
                except UnknownTenant:
                    continue
                except (*AWAY, Problem) as e:
                    log.warning("%s: what was used of %s is not written yet: %r", tenant, self._database.service, e)
                    for key, number in rows:
                        self._add(tenant, key, number)

    async def stop(self) -> None:
        """Write what is left, while the database can be used."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.flush()
        if self._waiting:
            log.error("what was used of %s is lost: %s", self._database.service, self._waiting)

    async def _flush_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(FLUSH_SECONDS)
            # Not in this task, which is cancelled at the end: half a flush would count twice, or not at all.
            await asyncio.shield(asyncio.get_running_loop().create_task(self.flush()))
        self._task = None
