"""Turns failures of PostgreSQL into answers: 503 while trying again may help, 507 when its disk is full."""

import errno
from collections.abc import Mapping
from typing import Any

import asyncpg

from runtime.problems import Again, Problem

RETRY_AFTER = "5"
"""Seconds after which a client tries again: embedded PostgreSQL is back by then."""

DISK_FULL = "53100"
CROSSED = ("40001", "40P01")
"""A serialization failure and a deadlock: somebody else was at it."""

PASSING = (
    "08",  # the connection was lost
    "28",  # the login was refused, as when its password is just being changed
    "3D",  # there is no such database
    "53",  # out of memory, or of connections
    "57",  # stopping, starting, crashed, or the statement took too long
    "58",  # the system below failed, as its disk
    "25006",  # a copy that only reads, as after a failover
    "25P03",  # idle in a transaction for too long
    "40",
    "55P03",  # a lock could not be had
)
"""How the SQLSTATE of failures begins that are not the fault of the request, and pass."""

LOST = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The errors beside PostgresError that asyncpg raises for a lost connection, depending on what it was doing."""

AWAY = (*LOST, asyncpg.PostgresError)
"""The errors that are raised while PostgreSQL is away."""


class Unavailable(Exception):
    """One of our own services says that it cannot work now: what was asked of this one cannot be answered either.

    No Problem, because code that makes do without an answer, or takes it for a refusal, must not do so now.
    """

    def __init__(self, status: int, headers: Mapping[str, str], detail: str) -> None:
        super().__init__(f"{status} {detail}")
        code = "insufficient_storage" if status == 507 else "service_unavailable"
        wait = {} if status == 507 else {"Retry-After": headers.get("retry-after", RETRY_AFTER)}
        self.problem = Problem(status, code, detail, headers=wait)


def unreachable(service: str) -> Problem:
    """Return the 503 for one of our own services that does not answer, to raise where its answer is needed."""
    detail = f"De {service}-API is niet bereikbaar."
    return Problem(503, "service_unavailable", detail, headers={"Retry-After": RETRY_AFTER})


def problem_of(error: BaseException) -> Problem | None:
    """Return what a client is told of a failure of PostgreSQL, or None when it is a mistake of ours (500)."""
    if isinstance(error, Unavailable):
        return error.problem
    if not isinstance(error, asyncpg.PostgresError):
        return None
    state = str(error.sqlstate or "")
    if state == DISK_FULL:
        return Problem(507, "insufficient_storage", "De database heeft geen ruimte meer.")
    if state in CROSSED:
        return Again()
    if state.startswith(PASSING) or isinstance(error, asyncpg.InvalidCachedStatementError):
        return Problem(
            503,
            "service_unavailable",
            "De database is nu niet beschikbaar.",
            headers={"Retry-After": RETRY_AFTER},
            title="De dienst is tijdelijk niet bereikbaar.",
        )
    return None


def as_postgres_error(error: BaseException, closed: bool) -> asyncpg.PostgresError | None:
    """Return what PostgreSQL would have said of a failure in talking to it, or None when it is another failure.

    ``closed`` tells whether the connection is closed by now. So whoever calls has one kind of error to look for.
    """
    if isinstance(error, asyncpg.PostgresError):
        return None
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return None
    found: Any = None
    if isinstance(error, TimeoutError):
        found = asyncpg.QueryCanceledError("PostgreSQL did not answer in time")
    elif isinstance(error, asyncpg.InternalClientError) or (closed and isinstance(error, LOST)):
        found = asyncpg.ConnectionDoesNotExistError(f"the connection was lost: {error!r}")
    return found  # type: ignore[no-any-return]
