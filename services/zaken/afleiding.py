"""The archiving of a zaak: derived when it is closed, and again when something is written that it depends on (zrc-021).

Both happen under a lock on the zaak, so that what is written at the same moment is seen by one of the two.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from services.zaken import archivering
from services.zaken.archivering import AFLEIDINGSWIJZEN, Archieffout, Archiefgegevens
from services.zaken.dossier import dossier_van
from services.zaken.remote import type_van
from services.zaken.toestand import geweigerd
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, Row

ARCHIEFVELDEN = ("archiefnominatie", "startdatum_bewaartermijn", "archiefactiedatum")
NODIG = ("uuid", "hoofdzaak", "einddatum", "archiefstatus", "afgeleid", "relevante_andere_zaken", *ARCHIEFVELDEN)
ZAAK = select(*(ZAAK_TABLE.c[name] for name in NODIG))
"""Reads of a zaak what closing and archiving look at; a geometry can be large."""


async def vergrendeld(db: Executor, zaak: uuid.UUID) -> Row | None:
    """Return the row of a zaak as it is now. Until the end of the transaction nobody else closes or reopens it."""
    return await db.row(ZAAK.where(ZAAK_TABLE.c.uuid == zaak).with_for_update(key_share=True))


async def wijzig(db: Executor, zaak: Row, values: Mapping[str, Any]) -> None:
    """Store what differs from the row of the zaak."""
    if changed := {name: value for name, value in values.items() if value != zaak[name]}:
        await db.execute(update(ZAAK_TABLE).where(ZAAK_TABLE.c.uuid == zaak["uuid"]).values(**changed))


async def archiefwaarden(
    db: Executor,
    check: Check,
    zaak: Row,
    einddatum: date,
    resultaattype: Mapping[str, Any] | None,
    einddatum_hoofdzaak: date | None = None,
) -> dict[str, Any]:
    """zrc-021: return the archiving columns of a zaak with this resultaattype, closed at ``einddatum``.

    What a client filled in stays; what was derived before is derived again.
    """
    if resultaattype is None:
        raise geweigerd("archiefactiedatum-error", "Het resultaattype kan niet worden gelezen.")
    own = {name: None if name in zaak["afgeleid"] else zaak[name] for name in ARCHIEFVELDEN}
    try:
        dossier = await dossier_van(db, check, zaak, einddatum, resultaattype, einddatum_hoofdzaak)
        found = archivering.afgeleid(resultaattype, dossier, Archiefgegevens(**own))
    except Archieffout as e:
        raise geweigerd("archiefactiedatum-error", f"De archiefactiedatum kan niet worden bepaald: {e}.") from e
    values = {name: getattr(found, name) for name in ARCHIEFVELDEN}
    return {**values, "afgeleid": [name for name in ARCHIEFVELDEN if own[name] is None]}


async def leid_opnieuw_af(
    db: Executor, check: Check, uuid: uuid.UUID, wijzen: Collection[str] = AFLEIDINGSWIJZEN
) -> None:
    """zrc-021: derive the archiving of a zaak again if it is closed and its afleidingswijze is one of ``wijzen``; an
    archived one keeps what it has.

    Data from which no date can be derived are refused, as they would have been at closing.
    """
    zaak = await vergrendeld(db, uuid)
    if zaak is None or zaak["einddatum"] is None or zaak["archiefstatus"] != "nog_te_archiveren":
        return
    table = ZAAK_TABLE.metadata.tables["resultaat"]
    resultaat = await db.row(select(table.c.resultaattype).where(table.c.zaak == uuid))
    if resultaat is None:
        await wijzig(db, zaak, {**dict.fromkeys(zaak["afgeleid"]), "afgeleid": []})
        return
    resultaattype = await type_van(check, resultaat["resultaattype"])
    if resultaattype is not None and archivering.afleidingswijze(resultaattype) in wijzen:
        await wijzig(db, zaak, await archiefwaarden(db, check, zaak, zaak["einddatum"], resultaattype))


BESLUIT_WIJZEN = ("ingangsdatum_besluit", "vervaldatum_besluit")
BRONNEN: Mapping[str, Collection[str]] = {
    "resultaat": AFLEIDINGSWIJZEN,
    "zaakbesluit": BESLUIT_WIJZEN,
    "zaakeigenschap": ("eigenschap",),
    "zaakobject": ("zaakobject",),
}
"""By the name of a resource the afleidingswijzen that look at it."""
BRONNEN_IN_DE_ZAAK: Mapping[str, Collection[str]] = {
    "startdatum_bewaartermijn": AFLEIDINGSWIJZEN,
    "relevante_andere_zaken": ("gerelateerde_zaak",),
    "hoofdzaak": ("hoofdzaak",),
}
"""The same of the attributes of the zaak itself."""


async def herbereken(db: Executor, check: Check) -> None:
    """zrc-021: derive again after a write of a resource below a zaak that is closed, and stays so until the commit.
    Belongs in ``effects``."""
    assert check.main is not None
    if check.main["einddatum"] is not None:
        await leid_opnieuw_af(db, check, check.main["uuid"], BRONNEN[check.resource.name])


async def volg_de_zaak(db: Executor, check: Check) -> None:
    """zrc-021: derive again when a closed zaak itself gets another start of its retention, or names other zaken.
    Belongs in ``effects`` of the zaak."""
    for attribute, wijzen in BRONNEN_IN_DE_ZAAK.items():
        if check.action != "destroy" and check.stored is not None and check.changed(attribute):
            await leid_opnieuw_af(db, check, check.uuid, wijzen)


async def leid_verwante_zaken_af(db: Executor, check: Check) -> None:
    """zrc-021: derive again what is kept for as long as the zaak of ``check``, which was closed or reopened, says."""
    assert check.main is not None
    c = ZAAK_TABLE.c
    names_it = c.relevante_andere_zaken.contains([{"url": f"/zaken/api/v1/zaken/{check.main['uuid']}"}])
    # The second condition is that of the index.
    statement = select(c.uuid).where(names_it, c.relevante_andere_zaken != literal([], JSONB), c.einddatum.is_not(None))
    for row in await db.rows(statement.order_by(c.id)):
        await leid_opnieuw_af(db, check, row["uuid"], ("gerelateerde_zaak",))
