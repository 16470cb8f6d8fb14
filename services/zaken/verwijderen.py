"""Deleting a zaak: everything that belongs to it goes as well, physically (zrc-023, zaken.md §10)."""

import logging
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from services.zaken.nummers import vervallen
from services.zaken.telling import tel_af
from services.zaken.zaak_velden import AUDITTRAIL, ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, among
from zgw.problems import OBJECT, invalid

log = logging.getLogger("samenzaak.zaken")

_c = ZAAK_TABLE.c
NODIG = (_c.uuid, _c.id, _c.zaaktype, _c.vertrouwelijkheidaanduiding, _c.identificatie, _c.bronorganisatie)


def gezin(zaak: Any) -> Any:
    """Return the statement that reads a zaak and all zaken below it, each with its depth."""
    top = select(*NODIG, literal(0).label("diepte")).where(_c.uuid == zaak).cte("gezin", recursive=True)
    return select(top.union_all(select(*NODIG, top.c.diepte + 1).where(_c.hoofdzaak == top.c.uuid)))


async def geen_besluit_verwijst_naar_de_zaak(check: Check) -> None:
    """zrc-023: a zaak in which besluiten were taken stays until those are deleted."""
    table = ZAAK_TABLE.metadata.tables["zaakbesluit"]
    zaken = [row["uuid"] for row in await check.call.db.rows(check.call.tenant, gezin(check.uuid))]
    statement = select(table.c.id).where(among(table.c.zaak, zaken)).limit(1)
    if await check.call.db.row(check.call.tenant, statement):
        check.reject(OBJECT, "related-besluiten", "Er zijn nog besluiten die naar de zaak verwijzen.")


async def deelzaken_gaan_mee(db: Executor, check: Check) -> None:
    """zrc-023: what the database does not remove by itself, and what has to be known of it afterwards.

    The zaken are locked from the top down: a deelzaak that is being added waits for this transaction, and then finds no
    hoofdzaak any more.
    """
    zaken: list[Any] = []
    level = [check.uuid]
    while level:
        statement = select(*NODIG).where(among(_c.uuid, level)).order_by(_c.uuid).with_for_update()
        zaken += await db.rows(statement)
        below = await db.rows(select(_c.uuid).where(among(_c.hoofdzaak, level)))
        level = [row["uuid"] for row in below]
    uuids = [zaak["uuid"] for zaak in zaken]
    besluit = ZAAK_TABLE.metadata.tables["zaakbesluit"]
    # Taken between the rule above and the locks.
    if await db.row(select(besluit.c.id).where(among(besluit.c.zaak, uuids)).limit(1)):
        raise invalid(OBJECT, "related-besluiten", "Er zijn nog besluiten die naar de zaak verwijzen.")
    zio = ZAAK_TABLE.metadata.tables["zaakinformatieobject"]
    rows = await db.rows(select(zio.c.zaak, zio.c.informatieobject).where(among(zio.c.zaak, uuids)))
    check.notes["documenten"] = [(f"/zaken/api/v1/zaken/{row['zaak']}", row["informatieobject"]) for row in rows]
    await vervallen(db, zaken)
    await tel_af(db, zaken)
    await db.execute(delete(AUDITTRAIL).where(among(AUDITTRAIL.c.hoofdobject, uuids)))
    await _vergeet_verwijzingen(db, uuids)
    for zaak in reversed(zaken[1:]):
        await db.execute(delete(ZAAK_TABLE).where(_c.uuid == zaak["uuid"]))


async def _vergeet_verwijzingen(db: Executor, uuids: list[Any]) -> None:
    """Take the zaken out of the relevanteAndereZaken of others."""
    for uuid in uuids:
        path = f"/zaken/api/v1/zaken/{uuid}"
        item = func.jsonb_array_elements(_c.relevante_andere_zaken).table_valued("value").alias("item")
        kept = select(func.coalesce(func.jsonb_agg(item.c.value), literal([], JSONB))).where(
            item.c.value.op("->>")("url") != path
        )
        statement = update(ZAAK_TABLE).where(
            _c.relevante_andere_zaken != literal([], JSONB), _c.relevante_andere_zaken.contains([{"url": path}])
        )
        await db.execute(statement.values(relevante_andere_zaken=kept.scalar_subquery()))


async def documenten_laten_los(check: Check) -> None:
    """zrc-023: after the commit, the documents forget the zaak, if possible; the documents themselves stay."""
    # The notification is not held until this is done: what is gone is gone, whatever Documenten answers.
    check.notes.pop("outbox", None)
    remote, caller = check.call.service.remote, check.call.caller.as_component("zaken")
    for zaak, informatieobject in check.notes.get("documenten", ()):
        service = informatieobject.split("/")[1] if informatieobject.startswith("/") else ""
        if not service:
            continue
        root = informatieobject.rsplit("/", 2)[0]
        query = urlencode({"object": check.call.base + zaak, "informatieobject": check.call.base + informatieobject})
        try:
            answer = await remote.send(caller, service, "GET", f"{root}/objectinformatieobjecten?{query}")
            for item in answer.json() if answer.status_code == 200 else ():
                await remote.send(caller, service, "DELETE", str(item["url"]).removeprefix(check.call.base))
        except (httpx.HTTPError, ValueError) as e:
            log.warning("%s still refers to %s: %r", informatieobject, zaak, e)


async def nergens_op_wachten(check: Check) -> None:
    """Say that no write of a zaak is announced later than its commit. Belongs in ``derive`` and ``removal_rules``."""
    check.notes["mirrored"] = False
