"""The beheerlog: who did what in the console that the audit trail of the standard does not have (BIO2 8.15).

Logins, accounts, clients, rights, hosts, limits, downloads of reports; what was and what is, without secrets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from fastapi import Request

from console.database import Database
from console.people import Person
from runtime.redaction import masked

ACTS = {
    "login": "Ingelogd",
    "login-failed": "Inloggen mislukt",
    "logout": "Uitgelogd",
    "password": "Wachtwoord gekozen",
    "second-factor": "Tweede factor ingesteld",
    "search-bsn": "Gezocht op BSN",
    "blocked": "Account geblokkeerd",
    "unblocked": "Account vrijgegeven",
}
"""What can be in the log, and what people read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the log; None: any."""

    tenant: str
    act: str | None = None
    user_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_WHERE = """
    WHERE tenant = $1 AND ($2::text IS NULL OR act = $2) AND ($3::text IS NULL OR user_id = $3)
    AND ($4::timestamptz IS NULL OR moment >= $4) AND ($5::timestamptz IS NULL OR moment < $5)"""


class Beheerlog:
    """The log, in the database. Rows are added and never changed."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(
        self,
        request: Request,
        person: Person,
        act: str,
        subject: str = "",
        reason: str = "",
        old: Any = None,
        new: Any = None,
    ) -> None:
        """Note one act of a person; ``act`` is one of :data:`ACTS`. What may be a BSN is made unreadable."""
        assert act in ACTS, act
        async with self._db.acquire() as db:
            await db.execute(
                "INSERT INTO console.beheerlog"
                " (tenant, role, user_id, display_name, address, request_id, act, subject, reason, old, new)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                person.tenant,
                person.role,
                person.user_id[:100],
                person.display_name[:200],
                address_of(request),
                request.headers.get("x-request-id", "")[:64],
                act,
                masked(subject)[:500],
                masked(reason)[:1000],
                old,
                new,
            )

    async def read(self, wanted: Wanted, limit: int, offset: int) -> tuple[int, Sequence[asyncpg.Record]]:
        """Return how many rows the filters leave, and those of one page, the last first."""
        values = (wanted.tenant, wanted.act, wanted.user_id, wanted.since, wanted.until)
        async with self._db.acquire() as db:
            count = await db.fetchval(f"SELECT count(*) FROM console.beheerlog {_WHERE}", *values)  # noqa: S608
            rows = await db.fetch(
                f"SELECT * FROM console.beheerlog {_WHERE} ORDER BY moment DESC, id DESC LIMIT $6 OFFSET $7",  # noqa: S608
                *values,
                limit,
                offset,
            )
            return count, rows


def address_of(request: Request) -> str:
    """Return the address that a request came from: that of the proxy where there is one."""
    return (request.client.host if request.client else "")[:64]
