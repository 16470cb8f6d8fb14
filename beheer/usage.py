"""What each municipality used, by month: put together from the gateway and from the services."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

import asyncpg

from runtime.tenancy import as_tenant
from zgw.usage import BYTES, BYTES_KEPT, DELIVERIES, DOCUMENTS, DOCUMENTS_KEPT, ZAKEN, ZAKEN_KEPT

ASKED = """
    SELECT u.tenant, u.month, requests, writes, coalesce(u.users, (
        SELECT count(*) FROM gateway.usage_user n WHERE (n.tenant, n.month) = (u.tenant, u.month)
    )) AS users
    FROM gateway.usage u WHERE u.tenant = ANY ($1) AND u.month BETWEEN $2 AND $3"""
MADE = "SELECT month, name, number FROM usage WHERE month BETWEEN $1 AND $2"
COUNTING = {
    "zaken": (ZAKEN, ZAKEN_KEPT),
    "documenten": (DOCUMENTS, DOCUMENTS_KEPT, BYTES, BYTES_KEPT),
    "notificaties": (DELIVERIES,),
}
"""The services that count, with the names under which they do."""


@dataclass
class Use:
    """The use by one municipality in one month. ``…_kept`` is what there was when that was last measured in the month,
    None when it was not."""

    month: str
    tenant: str
    requests: int = 0
    writes: int = 0
    users: int = 0
    zaken: int = 0
    documents: int = 0
    bytes: int = 0
    deliveries: int = 0
    zaken_kept: int | None = None
    documents_kept: int | None = None
    bytes_kept: int | None = None


async def usage(admin: asyncpg.Connection, tenants: Sequence[str], first: date, last: date) -> list[Use]:
    """Return the use by these municipalities in the months from ``first`` to ``last``, by month and municipality; not
    of months in which nothing was counted."""
    found: dict[tuple[date, str], Use] = {}

    def of(month: date, tenant: str) -> Use:
        return found.setdefault((month, tenant), Use(f"{month:%Y-%m}", tenant))

    for row in await admin.fetch(ASKED, tenants, first, last):
        use = of(row["month"], row["tenant"])
        use.requests, use.writes, use.users = row["requests"], row["writes"], row["users"]
    for tenant in tenants:
        for service, names in COUNTING.items():
            async with as_tenant(admin, tenant, service) as db:
                rows = await db.connection.fetch(MADE, first, last)
            for month, name, number in rows:
                if name in names:
                    setattr(of(month, tenant), name, number)
    return [found[key] for key in sorted(found)]


def as_csv(uses: Iterable[Use]) -> str:
    """Return CSV (RFC 4180) with a line of names; what is not known is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(Use)])
    writer.writeheader()
    writer.writerows(asdict(use) for use in uses)
    return out.getvalue()


def as_table(uses: Sequence[Use]) -> str:
    """Return a table for people; numbers to the right."""
    names = [field.name for field in fields(Use)]
    rows = [names, *(["-" if value is None else str(value) for value in asdict(use).values()] for use in uses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names))]

    def line(row: list[str]) -> str:
        cells = (text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in rows)
