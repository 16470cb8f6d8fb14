"""The archiving of a zaak: derived when it is closed, and again when something is written that it depends on (zrc-021).

Both happen under a lock on the zaak, so that what is written at the same moment is seen by one of the two.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, Uuid, literal, select, union, update
from sqlalchemy.dialects.postgresql import JSONB

from runtime.statements import Executor, Row, among
from services.zaken import archivering
from services.zaken.archivering import AFLEIDINGSWIJZEN, Archieffout, Archiefgegevens, afleidingswijze
from services.zaken.dossier import ARCHIEFVELDEN, ZAAK, brondatum_van_deelzaken, dossier_van
from services.zaken.gesloten import geweigerd, zaak_van
from services.zaken.references import gelezen, type_van
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.check import Check

Read = Callable[[Select[Any]], Awaitable[list[Row]]]


async def vergrendeld(db: Executor, zaak: uuid.UUID) -> Row | None:
    """Return the row of a zaak as it is now. Until the end of the transaction nobody else closes or reopens it or its
    deelzaken, which are locked in the order of their uuid, as ``sloten`` does."""
    c = ZAAK_TABLE.c
    family = union(select(literal(zaak, Uuid)), select(c.uuid).where(c.hoofdzaak == zaak))
    rows = await db.rows(ZAAK.where(c.uuid.in_(family)).order_by(c.uuid).with_for_update(key_share=True))
    return next((row for row in rows if row["uuid"] == zaak), None)


async def deelzaken_en_resultaten(read: Read, zaak: Any, lock: bool = False) -> tuple[list[Row], dict[Any, Row]]:
    """Return the deelzaken of a zaak, and by zaak the resultaten of itself and of those."""
    statement = ZAAK.where(ZAAK_TABLE.c.hoofdzaak == zaak).order_by(ZAAK_TABLE.c.uuid)
    deelzaken = await read(statement.with_for_update(key_share=True) if lock else statement)
    table = ZAAK_TABLE.metadata.tables["resultaat"]
    of_these = among(table.c.zaak, [zaak, *(deelzaak["uuid"] for deelzaak in deelzaken)])
    return deelzaken, {row["zaak"]: row for row in await read(select(table).where(of_these))}


def deelzaken_that_follow(
    zaken: Sequence[Row], resultaten: Mapping[Any, Row], typen: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    """Return the zaken whose retention starts with that of their hoofdzaak; those in the archive stay as they are."""
    return [
        zaak
        for zaak in zaken
        if zaak["archiefstatus"] == "nog_te_archiveren"
        and afleidingswijze(typen.get(resultaten.get(zaak["uuid"], {}).get("resultaattype", ""))) == "hoofdzaak"
    ]


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
    hoofdzaken: Mapping[uuid.UUID, date | None] = {},
) -> dict[str, Any]:
    """zrc-021: return the archiving columns of a zaak with this resultaattype, closed at ``einddatum``.

    What a client filled in stays; what was derived before is derived again.
    """
    if resultaattype is None:
        raise geweigerd("archiefactiedatum-error", "Het resultaattype kan niet worden gelezen.")
    own = {name: None if name in zaak["afgeleid"] else zaak[name] for name in ARCHIEFVELDEN}
    try:
        dossier = await dossier_van(db, check, zaak, einddatum, resultaattype, hoofdzaken)
        found = archivering.afgeleid(resultaattype, dossier, Archiefgegevens(**own))
    except Archieffout as e:
        raise geweigerd("archiefactiedatum-error", f"De archiefactiedatum kan niet worden bepaald: {e}.") from e
    values = {name: getattr(found, name) for name in ARCHIEFVELDEN}
    return {**values, "afgeleid": [name for name in ARCHIEFVELDEN if own[name] is None]}


async def leid_opnieuw_af(
    db: Executor, check: Check, uuid: uuid.UUID, wijzen: Collection[str] = AFLEIDINGSWIJZEN
) -> None:
    """zrc-021: derive the archiving of a zaak again if it is closed and its afleidingswijze is one of ``wijzen``; an
    archived one keeps what it has. Its deelzaken follow.

    Data from which no date can be derived are refused, as they would have been at closing.
    """
    zaak = await vergrendeld(db, uuid)
    if zaak is None or zaak["einddatum"] is None:
        return
    values: dict[str, Any] = {}
    table = ZAAK_TABLE.metadata.tables["resultaat"]
    resultaat = await db.row(select(table.c.resultaattype).where(table.c.zaak == uuid))
    resultaattype = await type_van(check, resultaat["resultaattype"]) if resultaat else None
    if resultaat and (resultaattype is None or afleidingswijze(resultaattype) not in wijzen):
        return
    if zaak["archiefstatus"] == "nog_te_archiveren":
        values = {**dict.fromkeys(zaak["afgeleid"]), "afgeleid": []}
        if resultaat:
            values = await archiefwaarden(db, check, zaak, zaak["einddatum"], resultaattype)
        await wijzig(db, zaak, values)
    await leid_deelzaken_af(db, check, {**zaak, **values})


async def leid_deelzaken_af(db: Executor, check: Check, hoofdzaak: Row) -> None:
    """zrc-021: derive the archiving of the closed deelzaken again whose retention starts with that of this closed
    hoofdzaak, which is given as it now is: a part is never due before its whole."""
    deelzaken, resultaten = await deelzaken_en_resultaten(db.rows, hoofdzaak["uuid"], lock=True)
    typen = await gelezen(check, [row["resultaattype"] for row in resultaten.values()]) if deelzaken else {}
    closed = [
        deelzaak
        for deelzaak in deelzaken_that_follow(deelzaken, resultaten, typen)
        if deelzaak["einddatum"] is not None
    ]
    if not closed:
        return
    hoofdzaken = {hoofdzaak["uuid"]: await brondatum_van_deelzaken(db, check, hoofdzaak)}
    for deelzaak in closed:
        kind = typen[resultaten[deelzaak["uuid"]]["resultaattype"]]
        await wijzig(db, deelzaak, await archiefwaarden(db, check, deelzaak, deelzaak["einddatum"], kind, hoofdzaken))


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
    if zaak_van(check)["einddatum"] is not None:
        await leid_opnieuw_af(db, check, zaak_van(check)["uuid"], BRONNEN[check.resource.name])


async def volg_de_zaak(db: Executor, check: Check) -> None:
    """zrc-021: derive again when a closed zaak itself gets another start of its retention, or names other zaken.
    Belongs in ``effects`` of the zaak."""
    for attribute, wijzen in BRONNEN_IN_DE_ZAAK.items():
        if check.action != "destroy" and check.stored is not None and check.differs(attribute):
            await leid_opnieuw_af(db, check, check.uuid, wijzen)


async def leid_verwante_zaken_af(db: Executor, check: Check) -> None:
    """zrc-021: derive again what is kept for as long as the zaak of ``check``, which was closed or reopened, says."""
    c = ZAAK_TABLE.c
    names_it = c.relevante_andere_zaken.contains([{"url": f"/zaken/api/v1/zaken/{zaak_van(check)['uuid']}"}])
    # The second condition is that of the index.
    statement = select(c.uuid).where(names_it, c.relevante_andere_zaken != literal([], JSONB), c.einddatum.is_not(None))
    for row in await db.rows(statement.order_by(c.id)):
        await leid_opnieuw_af(db, check, row["uuid"], ("gerelateerde_zaak",))
