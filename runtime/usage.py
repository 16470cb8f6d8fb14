"""What a municipality uses of a service, by month: numbers that cost a request nothing.

A request only adds to a number in memory. A few seconds later the numbers are added to those of the table, off the path
of any request; what a process that is killed had counted since then is lost. An orderly stop loses nothing.

Example::

    usage_table(METADATA)
    service.usage.add("deventer", "zaken")
"""

from datetime import date

from sqlalchemy import BigInteger, Column, Date, DateTime, MetaData, Table, Text, func

from runtime.gathering import Gathering
from runtime.months import Months
from runtime.pool import Database
from runtime.statements import Executor

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


class Usage(Gathering[tuple[tuple[date, str], int]]):
    """The numbers that one process has not written yet, of one service."""

    def __init__(self, database: Database, time_zone: str) -> None:
        super().__init__(database, "what was used", FLUSH_SECONDS)
        self.months = Months(time_zone)

    def add(self, tenant: str, name: str, number: int = 1) -> None:
        """Count something of a municipality in the present month."""
        if number:
            self.gather(tenant, ((self.months.current(), name), number))

    def merged(self, items: list[tuple[tuple[date, str], int]]) -> list[tuple[tuple[date, str], int]]:
        """Return one number for each month and name."""
        found: dict[tuple[date, str], int] = {}
        for key, number in items:
            found[key] = found.get(key, 0) + number
        return sorted(found.items())

    async def write(self, db: Executor, tenant: str, items: list[tuple[tuple[date, str], int]]) -> None:
        """Add the numbers to those of the table."""
        months, names = ([key[part] for key, _ in items] for part in range(2))
        await db.connection.execute(ADD, months, names, [number for _, number in items])
