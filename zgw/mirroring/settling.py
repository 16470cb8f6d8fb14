"""After the commit: other services agree, or the write is taken back; and what was broken off is told after all.

A write with an agreement holds its notification until the other services agreed (``zgw.outbox.held``). A row of the
outbox that is still held after its time is a write that was broken off: by a crash, a cancellation, or a database that
was away. Its relay mends it. The leading side decides, as it then is; what leads to something that does not exist any
more is removed, as ``samenzaak check relations --repair`` does.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
from sqlalchemy import select

from runtime.faults import AWAY, Unavailable
from runtime.identity import system_caller
from runtime.problems import Problem, invalid
from zgw import outbox
from zgw.check import Check
from zgw.mirroring.agreement import Agreement, Mirror, from_outbox
from zgw.mirroring.leading import Asker
from zgw.mirroring.telling import CHANGES, Failed, tell
from zgw.mirroring.undoing import take_back
from zgw.request import Service

log = logging.getLogger("samenzaak.mirroring")


async def reach_agreement(*checks: Check) -> None:
    """Tell other services of the writes of one committed transaction, given in the order in which they were made, and
    then let them be announced.

    When one does not agree all are taken back. Raises 400 ``pending-relations`` on the field of the agreement, 403 when
    the service refused what the client may not do, 503 when it cannot work now.
    """
    agreements = [(check, agreement) for check in checks for agreement in check.agreements]
    if not agreements:
        return
    asker = Asker(checks[0].call.service, checks[0].call.caller)
    told = True
    async with outbox.holding(checks):
        for check, agreement in agreements:
            try:
                await tell(asker, agreement)
            except Failed as failure:
                told = await _take_back(checks, asker, check.named(agreement.field), failure)
                break
    if told:
        await outbox.release(checks)


async def _take_back(checks: Sequence[Check], asker: Asker, refused: str, failure: Failed) -> bool:
    """Take writes back, let everybody know, and raise what the client hears, of the field ``refused``. Return when they
    stay, because somebody else has taken the place of what was removed: whether everybody knows."""
    for check in checks:
        log.warning("%s of %s is taken back: %s", check.action, check.path, failure)
    back = await take_back(checks)
    told = True
    try:
        for agreement in (agreement for check in checks for agreement in check.agreements):
            await tell(asker, agreement, again=True)
    except Failed:
        # The other service is often still down. The relay tells it later.
        told = False
    if back:
        if told:
            await outbox.forget(checks)
        raise failure.problem or invalid(refused, "pending-relations") from failure
    return told


async def mend(service: Service, tenant: str, row: Mapping[str, Any]) -> None:
    """Tell others what a write that was broken off had to tell them, and let it be announced; ``row`` is that of the
    outbox. What fails now is tried again when the row is held no longer."""
    caller = system_caller(tenant, service.api.service, tuple(row["bases"]))
    asker = Asker(service, replace(caller, canonical=row["mirrors"]["base"]))
    table = service.api.metadata.tables["outbox"]
    try:
        removed = await _tell_what_is_left(asker, from_outbox(service.api.metadata, row["mirrors"]))
        this = table.c.id == row["id"]
        async with service.database.acquire(tenant) as db:
            announced = table.update().where(this).values(held_until=None, mirrors=None)
            await db.execute(announced if row["message"] and not removed else table.delete().where(this))
    except (*AWAY, Failed, Unavailable, Problem, httpx.HTTPError) as e:
        log.warning("%s %s: a write that was broken off is not mended yet: %r", tenant, service.api.service, e)
        return
    log.info("%s %s: a write that was broken off is mended: %s", tenant, service.api.service, row["message"])


async def _tell_what_is_left(asker: Asker, agreement: Agreement) -> bool:
    """Tell others; return whether what was written is removed, because it cannot be without what they refused."""
    removed = False
    for _ in range(CHANGES + len(agreement.mirrors)):
        try:
            await tell(asker, agreement, again=True)
        except Failed as failure:
            if failure.gone is None:
                raise
            await _let_go(asker, failure.gone)
            removed |= list(failure.gone.leading[1]) == ["uuid"]
        else:
            return removed
    raise Failed("others keep changing the relations")


async def _let_go(asker: Asker, mirror: Mirror) -> None:
    """Remove what leads to an object that does not exist, through the API: the object, or the field that says so."""
    table, known = mirror.leading
    service = asker.service
    resource = next(r for r in service.api.resources if r.table is table)
    leading = select(table.c.uuid).where(*(table.c[name] == value for name, value in known.items()))
    for row in await service.database.rows(asker.caller.tenant, leading):
        path = f"{service.api.root}/{resource.path}/{row['uuid']}"
        emptied = {name: "" for name in known if name != "uuid"} if "uuid" in known else {}
        method = "PATCH" if emptied else "DELETE"
        response = await service.internal.send(asker.caller, service.api.service, method, path, emptied or None)
        if response.status_code not in (200, 204, 404):
            raise Failed(f"{method} {path}: {response.status_code} {response.text[:500]}")
