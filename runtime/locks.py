"""Advisory locks: every one that the program takes, by name, so that no two are the same by accident.

Example::

    async with database.transaction(tenant) as db:
        await db.execute(lock(Lock.VERSIONS, catalogus))

Commands that write plain SQL take the same ones::

    await admin.execute(sql(lock(Lock.SCHEMAS)))
"""

from enum import StrEnum, unique
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.functions import Function


@unique
class Lock(StrEnum):
    """The kinds of things that are locked. The key tells which one, where there are more.

    A lock belongs to the current schema, and with it to one municipality in one service. Those of ``WHOLE_DATABASE``
    belong to none: there is one in the whole database.
    """

    SCHEMAS = "schemas"
    """Making schemas and roles."""
    ERASURE = "erasure"
    """Erasing the municipality that is the key."""
    MIGRATION = "migration"
    OUTBOX = "outbox"
    COUNTS = "counts"
    LOGBOEK = "logboek"
    """Bringing actions to the logbook."""
    APPLICATIES = "applicaties"
    ABONNEMENTEN = "abonnementen"
    """The number of abonnementen of the client that is the key."""
    READING_LOG = "reading-log"
    """The partitions of the reading log."""
    VERSIONS = "versions"
    """The published versions of the types of one kind in one catalogus."""


WHOLE_DATABASE = {Lock.SCHEMAS, Lock.ERASURE}


def number_of(name: Lock, key: str) -> "Function[int]":
    """Return the expression of the number under which PostgreSQL knows a lock (64 bits)."""
    # No schema is named "*": nothing in a schema has the number of what is in none.
    schema = "*" if name in WHOLE_DATABASE else func.current_schema()
    return func.hashtextextended(func.concat_ws(" ", schema, name.value, key), 0)


def lock(name: Lock, key: str = "") -> Select[tuple[None]]:
    """Return the statement that waits for a lock and takes it, until the end of the transaction."""
    return select(func.pg_advisory_xact_lock(number_of(name, key)))


def try_lock(name: Lock, key: str = "") -> Select[tuple[bool]]:
    """Return the statement that takes a lock until the end of the transaction when it is free, and tells whether it
    did."""
    return select(func.pg_try_advisory_xact_lock(number_of(name, key)))


def try_session_lock(name: Lock, key: str = "") -> Select[tuple[bool]]:
    """Return the statement that takes a lock when it is free, and tells whether it did: until :func:`session_unlock`,
    or the end of the connection. Not for connections of a pool."""
    return select(func.pg_try_advisory_lock(number_of(name, key)))


def session_unlock(name: Lock, key: str = "") -> Select[tuple[bool]]:
    """Return the statement that lets go of a lock of :func:`try_session_lock`."""
    return select(func.pg_advisory_unlock(number_of(name, key)))


def sql(statement: Select[Any]) -> str:
    """Return one of these statements as SQL without parameters, for connections that get plain SQL."""
    dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
