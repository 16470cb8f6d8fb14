"""What waits for the logbooks of municipalities: for ``status`` and ``logboek show``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from beheer.provision import api_of
from runtime.tenancy import SERVICES, as_tenant

LATE = timedelta(minutes=15)
"""Since when an action waits, for a warning."""
WAITING = """
    SELECT count(*) AS waiting, min(created) AS oldest,
        (SELECT coalesce(sum(number), 0) FROM verwerking_gemist) AS missed
    FROM verwerking"""


@dataclass(frozen=True)
class Backlog:
    """What waits in one service, since when, and how many actions were not logged for want of room."""

    tenant: str
    service: str
    waiting: int
    oldest: datetime | None
    missed: int

    @property
    def warning(self) -> str:
        """What an operator has to be told; empty when all is well."""
        if self.missed:
            return f"{self.tenant}: {self.missed} actions of {self.service} are not in the logbook, for want of room"
        if self.oldest is not None and datetime.now(UTC) - self.oldest > LATE:
            since = f"{self.oldest:%Y-%m-%d %H:%M} UTC"
            return f"{self.tenant}: {self.waiting} actions of {self.service} wait for the logbook since {since}"
        return ""


async def backlogs(admin: asyncpg.Connection, tenants: Sequence[str]) -> list[Backlog]:
    """Return what waits, where anything waits or was missed."""
    found = []
    for tenant in tenants:
        for service in SERVICES:
            if api_of(service).logboek is None:
                continue
            async with as_tenant(admin, tenant, service) as db:
                # A schema that is not migrated yet has none.
                if await db.connection.fetchval("SELECT to_regclass('verwerking')") is None:
                    continue
                row = await db.connection.fetchrow(WAITING)
            assert row is not None
            if row["waiting"] or row["missed"]:
                found.append(Backlog(tenant, service, row["waiting"], row["oldest"], int(row["missed"])))
    return found
