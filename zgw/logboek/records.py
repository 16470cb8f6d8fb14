"""The actions that wait to be logged: rows of the database until the logbook has confirmed them.

The action of a write is a row of its transaction. Reads, and requests that failed, are gathered in memory for less than
a second, which is what a process that is killed may lose of them.

A row has the facts of the action; ``subjects`` are null until it is known whose data it was about. There is a bound to
the number of rows; what would be more is counted in ``verwerking_gemist``, which is an alarm.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, MetaData, Table, func, text
from sqlalchemy.dialects.postgresql import JSONB

from runtime.gathering import Gathering
from runtime.pool import Database
from runtime.statements import Executor

log = logging.getLogger("samenzaak.logboek")

CHANNEL = "samenzaak_logboek"
FLUSH_SECONDS = 0.5
MOST_IN_MEMORY = 10_000
"""Actions of a municipality that a process gathers while the database is away; of more the log tells each."""

ADD = """
    WITH kept AS (
        INSERT INTO verwerking (facts, subjects)
        SELECT facts::jsonb, subjects::jsonb FROM unnest($1::text[], $2::text[]) AS given (facts, subjects)
        WHERE coalesce((SELECT max(id) - min(id) FROM verwerking), 0) < $3
        RETURNING 1
    ), missed AS (
        INSERT INTO verwerking_gemist AS m (one, number)
        SELECT true, cardinality($1) WHERE NOT EXISTS (SELECT FROM kept)
        ON CONFLICT (one) DO UPDATE SET number = m.number + excluded.number, last = now()
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM missed), pg_notify('samenzaak_logboek', current_schema())"""


def logboek_tables(metadata: MetaData) -> None:
    """Add the tables to the metadata of a service that handles data of persons."""
    Table(
        "verwerking",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("created", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("facts", JSONB, nullable=False),
        Column("subjects", JSONB(none_as_null=True)),
        Index("verwerking_open", "id", postgresql_where=text("subjects IS NULL")),
    )
    Table(
        "verwerking_gemist",
        metadata,
        Column("one", Boolean, primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("first", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("last", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )


def milliseconds() -> int:
    """Return the moment of now, as log lines have it."""
    return time.time_ns() // 1_000_000


async def add(
    db: Executor, tenant: str, records: Sequence[tuple[dict[str, Any], list[list[str]] | None]], most: int
) -> None:
    """Add actions, each with whose data it was about if that is known, and wake who delivers them."""
    facts = [orjson.dumps(each).decode() for each, _ in records]
    subjects = [None if each is None else orjson.dumps(each).decode() for _, each in records]
    if await db.connection.fetchval(ADD, facts, subjects, most):
        log.error("%s: %d actions are not logged: so many wait for the logbook already", tenant, len(records))


class Gathered(Gathering[dict[str, Any]]):
    """The actions that one process of a service has not written yet."""

    def __init__(self, database: Database, most: int) -> None:
        """``most`` rows may wait in the database for one municipality."""
        super().__init__(database, "actions for the logbook", FLUSH_SECONDS)
        self._most = most

    def add(self, tenant: str, facts: dict[str, Any]) -> None:
        """Take an action to be written soon."""
        if len(self._waiting.get(tenant, ())) >= MOST_IN_MEMORY:
            log.error("%s: an action is not logged: the database is away for too long", tenant)
        else:
            self.gather(tenant, facts)

    async def write(self, db: Executor, tenant: str, items: list[dict[str, Any]]) -> None:
        """Add the actions to those that wait."""
        await add(db, tenant, [(each, None) for each in items], self._most)
