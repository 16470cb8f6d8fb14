"""What a municipality uses of the services, by month: what is counted, and what is measured.

Writes are counted as they are made (``runtime.usage``). What is *there* (zaken, documents, bytes) is measured once a
day, and replaces what was measured before in that month.

Example::

    ZAAK = Resource(…, uses=lambda check: {ZAKEN: 1})
    API = Api(…, start=[measuring({ZAKEN_KEPT: kept("zaak")})])
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from runtime.faults import AWAY
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from zgw.check import Check
from zgw.request import Service

ZAKEN, DOCUMENTS, BYTES, DELIVERIES = "zaken", "documents", "bytes", "deliveries"
"""Zaken and documents that were made, bytes of content that were stored, and notifications that subscribers took."""
ZAKEN_KEPT, DOCUMENTS_KEPT, BYTES_KEPT = "zaken_kept", "documents_kept", "bytes_kept"
"""What there was when it was last measured in the month."""

SWEEP_SECONDS = 3600.0
MEASURE_SECONDS = 20 * 3600.0
"""How old a measurement is before there is another one; processes that start anew do not measure again."""
LONGEST_MEASURE = 600

MEASURE = """
    INSERT INTO usage (month, name, number)
    SELECT $1, $2, ({statement})
    WHERE NOT EXISTS (
        SELECT FROM usage WHERE month = $1 AND name = $2 AND changed > now() - make_interval(secs => $3)
    )
    ON CONFLICT (month, name) DO UPDATE SET number = excluded.number, changed = now()"""


def count_use(check: Check) -> None:
    """Count a write that stays among what its municipality uses."""
    if check.resource.uses is not None:
        for name, number in check.resource.uses(check).items():
            check.call.service.usage.add(check.call.tenant, name, number)


def kept(table: str) -> str:
    """Return the query for the number of rows of a table that is counted (``zgw.counts``)."""
    totals, loose = (
        f"(SELECT coalesce(sum({number}), 0) FROM {name} WHERE kind = '{table}')"  # noqa: S608
        for name, number in (("counts", "total"), ("counts_delta", "number"))
    )
    return f"SELECT {totals} + {loose}"


async def measure(service: Service, tenant: str, measures: Mapping[str, str]) -> None:
    """Measure what a municipality has, unless that was done a short time ago."""
    month = service.usage.months.current()
    for name, statement in measures.items():
        async with service.database.transaction(tenant) as db:
            await db.connection.execute(f"SET LOCAL statement_timeout = '{LONGEST_MEASURE}s'")
            sql = MEASURE.format(statement=statement)
            await db.connection.execute(sql, month, name, MEASURE_SECONDS, timeout=LONGEST_MEASURE + 5.0)


def measuring(measures: Mapping[str, str]) -> Callable[[Service], Coroutine[Any, Any, None]]:
    """Return the background work that measures once a day: for each name a query in the schema of a municipality."""

    async def measure_usage(service: Service) -> None:
        async def work(tenant: str) -> None:
            await measure(service, tenant, measures)

        measuring = PerTenant(
            f"usage of {service.api.service}",
            service.database.tenants,
            work,
            at_once=1,
            sweep=SWEEP_SECONDS,
            expected=(*AWAY, Problem),
        )
        service.background.append(measuring)
        await measuring.run()

    return measure_usage
