"""Advisory locks: every one that the program takes, by name, so that no two are the same by accident.

A lock belongs to the current schema, and with it to one municipality in one service. It is held until the end of the
transaction. Example::

    async with database.transaction(tenant) as db:
        await db.execute(lock(Lock.VERSIONS, catalogus))
"""

from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.sql.functions import Function


class Lock(StrEnum):
    """What is locked. The key tells which one, where there are more."""

    SCHEMAS = "schemas"
    """Making schemas and roles; in no schema, so one in the whole database."""
    MIGRATION = "migration"
    OUTBOX = "outbox"
    COUNTS = "counts"
    APPLICATIES = "applicaties"
    ABONNEMENTEN = "abonnementen"
    VERSIONS = "versions"


def number_of(name: Lock, key: str) -> "Function[int]":
    """Return the expression of the number under which PostgreSQL knows a lock (64 bits)."""
    return func.hashtextextended(func.concat_ws(" ", func.current_schema(), name.value, key), 0)


def lock(name: Lock, key: str = "") -> Select[tuple[None]]:
    """Return the statement that waits for a lock and takes it."""
    return select(func.pg_advisory_xact_lock(number_of(name, key)))


def try_lock(name: Lock, key: str = "") -> Select[tuple[bool]]:
    """Return the statement that takes a lock when it is free, and tells whether it did."""
    return select(func.pg_try_advisory_xact_lock(number_of(name, key)))
