"""Closing and reopening a zaak, and what follows for its archiving (zrc-007, zrc-008, zrc-021; zaken.md §8, §9)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select

from runtime.problems import Again
from runtime.statements import Executor, Row
from services.zaken.afleiding import (
    archiefwaarden,
    deelzaken_en_resultaten,
    deelzaken_that_follow,
    leid_deelzaken_af,
    leid_verwante_zaken_af,
    wijzig,
)
from services.zaken.archivering import afleidingswijze
from services.zaken.dossier import ARCHIEFVELDEN
from services.zaken.gesloten import DOCUMENT_ONZICHTBAAR, geweigerd, is_gesloten, mag_inzien, zaak_van
from services.zaken.locks import Sluiting, check_unchanged, related_zaken_of
from services.zaken.references import Beoordeeld, deels_onzichtbaar, documenten_van, gelezen, type_van
from services.zaken.status_velden import StatusFields
from zgw.check import Check
from zgw.shapes import Statustype, fits

DEELZAAK_ONZICHTBAAR = "; er is een deelzaak bij die u niet mag inzien."


async def is_eindstatus(check: Check, statustype: Mapping[str, Any]) -> bool:
    """Return whether a statustype is the last of its zaaktype: it says so itself, or it has the highest volgnummer."""
    if "isEindstatus" in statustype:
        return bool(statustype["isEindstatus"])
    zaaktype = await type_van(check, statustype["zaaktype"])
    siblings = await gelezen(check, (zaaktype or {}).get("statustypen") or ())
    numbers = [item["volgnummer"] for item in siblings.values() if fits(item, "catalogi", "statustypen")]
    return all(number <= statustype["volgnummer"] for number in numbers)


async def weiger_wat_niet_klaar_is(
    check: Check,
    zaak: Any,
    deelzaken: Sequence[Row],
    resultaten: Mapping[Any, Row],
    documenten: Sequence[Mapping[str, Any]],
) -> None:
    """zrc-007: raise the 400 with the first reason why the zaak cannot be closed. What stands in the way may be
    something that the client cannot see: then it is told so."""
    if zaak not in resultaten:
        raise geweigerd("resultaat-does-not-exist", "De zaak heeft nog geen resultaat.")
    for code, reason, found in (
        ("informatieobject-locked", "Een document van de zaak is nog vergrendeld", "locked"),
        ("indicatiegebruiksrecht-unset", "Van een document is indicatieGebruiksrecht niet bekend", ""),
    ):
        wrong = [d for d in documenten if (d.get(found) if found else d.get("indicatieGebruiksrecht") is None)]
        if wrong:
            hidden = await deels_onzichtbaar(check, [str(d["url"]) for d in wrong if "url" in d])
            raise geweigerd(code, reason + (DOCUMENT_ONZICHTBAAR if hidden else "."))
    for code, reason, wrong_ones in (
        # Only an eindstatus gives an einddatum, and any other status takes it away again.
        ("deelzaken-not-closed", "Niet alle deelzaken zijn afgesloten", [d for d in deelzaken if not d["einddatum"]]),
        (
            "deelzaak-resultaat-does-not-exist",
            "Niet alle deelzaken hebben een resultaat",
            [d for d in deelzaken if d["uuid"] not in resultaten],
        ),
    ):
        if wrong_ones:
            hidden = any([not await mag_inzien(check, deelzaak) for deelzaak in wrong_ones])
            raise geweigerd(code, reason + (DEELZAAK_ONZICHTBAAR if hidden else "."))


async def zaak_is_klaar_voor_de_eindstatus(check: Check[StatusFields]) -> None:
    """zrc-007: only a zaak that is finished is closed. What other services know is asked here, before the
    transaction."""
    zaak = zaak_van(check)
    sluiting = check.facts(Sluiting)
    statustype = check.resolved(check.fields.statustype, Statustype)
    sluiting.eindstatus = statustype is not None and await is_eindstatus(check, statustype)
    if sluiting.eindstatus:

        async def read(statement: Select[Any]) -> list[Row]:
            return await check.call.db.rows(check.call.tenant, statement)

        deelzaken, resultaten = await deelzaken_en_resultaten(read, zaak["uuid"])
        documenten = await documenten_van(check, zaak["uuid"])
        await weiger_wat_niet_klaar_is(check, zaak["uuid"], deelzaken, resultaten, documenten)
        resultaattype = await type_van(check, resultaten[zaak["uuid"]]["resultaattype"])
        sluiting.gerelateerd = afleidingswijze(resultaattype) == "gerelateerde_zaak"


async def sluit_of_heropen(db: Executor, check: Check[StatusFields]) -> None:
    """Do to the zaak what its new status means, in the transaction of the status.

    Only who closes or reopens it is alone with the zaak (``lock_for_closing``); until then, what others write below it
    goes on.
    """
    sluiting = check.facts(Sluiting)
    if (zaak := sluiting.vergrendeld.get(zaak_van(check)["uuid"])) is None:
        return
    if sluiting.eindstatus:
        await sluit(db, check, zaak)
    else:
        await heropen(db, check, zaak)
    await leid_verwante_zaken_af(db, check)


async def sluit(db: Executor, check: Check[StatusFields], zaak: Row) -> None:
    """zrc-007, zrc-021: close the zaak and derive its archiving, and that of the deelzaken that waited for it."""
    deelzaken, resultaten = await deelzaken_en_resultaten(db.rows, zaak["uuid"], lock=True)
    await weiger_wat_niet_klaar_is(check, zaak["uuid"], deelzaken, resultaten, ())
    await check_unchanged(
        db, check, "zaakinformatieobject", "informatieobject", check.facts(Beoordeeld).documenten or ()
    )
    # The day is the one on the calendar of the client: half past midnight in the Netherlands is still yesterday in UTC.
    einddatum = check.fields.datum_status_gezet.date()
    resultaattype = await type_van(check, resultaten[zaak["uuid"]]["resultaattype"])
    if (
        afleidingswijze(resultaattype) == "gerelateerde_zaak"
        and not related_zaken_of(zaak) <= check.facts(Sluiting).vergrendeld.keys()
    ):
        raise Again()
    values = {"einddatum": einddatum, **await archiefwaarden(db, check, zaak, einddatum, resultaattype)}
    await wijzig(db, zaak, values)
    if deelzaken:
        await leid_deelzaken_af(db, check, {**zaak, **values})


async def heropen(db: Executor, check: Check, zaak: Row) -> None:
    """zrc-008: reopen the zaak; what closing derived goes, except for what a deelzaak owes to its hoofdzaak."""
    if zaak["hoofdzaak"] is not None:
        # It is locked, so that it is not closed or archived at the same moment.
        hoofdzaak = check.facts(Sluiting).vergrendeld.get(zaak["hoofdzaak"])
        if hoofdzaak is None:
            raise Again()
        if is_gesloten(hoofdzaak):
            hidden = "" if await mag_inzien(check, hoofdzaak) else "; u mag die niet inzien"
            raise geweigerd("hoofdzaak-closed", f"De hoofdzaak is afgesloten of gearchiveerd{hidden}.")
    deelzaken, resultaten = await deelzaken_en_resultaten(db.rows, zaak["uuid"], lock=True)
    typen = await gelezen(check, [row["resultaattype"] for row in resultaten.values()])
    leeg: dict[str, Any] = {**dict.fromkeys(ARCHIEFVELDEN), "afgeleid": []}
    keeps = zaak["hoofdzaak"] is not None and deelzaken_that_follow([zaak], resultaten, typen)
    await wijzig(db, zaak, {"einddatum": None, **({} if keeps else leeg)})
    for deelzaak in deelzaken_that_follow(deelzaken, resultaten, typen):
        await wijzig(db, deelzaak, leeg)
