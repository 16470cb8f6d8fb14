"""Makes the partitions of the reading log before they are needed, and removes those that were kept long enough."""

import logging
from datetime import UTC, datetime, timedelta

from runtime.faults import AWAY
from runtime.per_tenant import PerTenant
from runtime.problems import Problem
from runtime.statements import Bound
from zgw.reading_log.log import prepare
from zgw.request import Service

log = logging.getLogger("samenzaak.reading_log")

SWEEP_SECONDS = 6 * 3600.0
TIDY = "SELECT tidy_reading_log()"


async def tend(service: Service) -> None:
    """Tend the reading log of every municipality for ever."""

    async def one(tenant: str) -> float | None:
        async with service.database.acquire(tenant) as db:
            now = datetime.now(UTC)
            for moment in (now, (now.replace(day=1) + timedelta(days=32)).replace(day=1)):
                await prepare(db, moment)
            if gone := await db.value(Bound(TIDY, [])):
                log.info("%s: %d months of the reading log of %s are gone", service.api.service, gone, tenant)
        return None

    work = PerTenant(
        f"reading log of {service.api.service}",
        service.database.tenants,
        one,
        at_once=1,
        sweep=SWEEP_SECONDS,
        expected=(*AWAY, Problem),
    )
    service.background.append(work)
    await work.run()
