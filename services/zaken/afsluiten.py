"""Closing and reopening a zaak, and what follows for its archiving (zrc-007, zrc-008, zrc-021; zaken.md §8, §9)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from services.zaken.afleiding import ARCHIEFVELDEN, ZAAK, archiefwaarden, leid_verwante_zaken_af, wijzig
from services.zaken.archivering import afleidingswijze
from services.zaken.remote import documenten_van, gelezen, type_van
from services.zaken.sloten import genoemd, nog_dezelfde
from services.zaken.toestand import geweigerd
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, Row, among
from zgw.problems import Again

Read = Callable[[Select[Any]], Awaitable[list[Row]]]


async def is_eindstatus(check: Check, statustype: Mapping[str, Any]) -> bool:
    """Return whether a statustype is the last of its zaaktype: it says so itself, or it has the highest volgnummer."""
    if "isEindstatus" in statustype:
        return bool(statustype["isEindstatus"])
    zaaktype = await type_van(check, statustype["zaaktype"])
    siblings = await gelezen(check, (zaaktype or {}).get("statustypen") or ())
    return all(item["volgnummer"] <= statustype["volgnummer"] for item in siblings.values())


async def deelzaken_en_resultaten(read: Read, zaak: Any, lock: bool = False) -> tuple[list[Row], dict[Any, Row]]:
    """Return the deelzaken of a zaak, and by zaak the resultaten of itself and of those."""
    statement = ZAAK.where(ZAAK_TABLE.c.hoofdzaak == zaak).order_by(ZAAK_TABLE.c.uuid)
    deelzaken = await read(statement.with_for_update(key_share=True) if lock else statement)
    table = ZAAK_TABLE.metadata.tables["resultaat"]
    of_these = among(table.c.zaak, [zaak, *(deelzaak["uuid"] for deelzaak in deelzaken)])
    return deelzaken, {row["zaak"]: row for row in await read(select(table).where(of_these))}


def weiger_wat_niet_klaar_is(
    zaak: Any, deelzaken: Sequence[Row], resultaten: Mapping[Any, Row], documenten: Sequence[Mapping[str, Any]]
) -> None:
    """zrc-007: raise the 400 with the first reason why the zaak cannot be closed."""
    if zaak not in resultaten:
        raise geweigerd("resultaat-does-not-exist", "De zaak heeft nog geen resultaat.")
    if any(document.get("locked") for document in documenten):
        raise geweigerd("informatieobject-locked", "Een document van de zaak is nog vergrendeld.")
    if any(document.get("indicatieGebruiksrecht") is None for document in documenten):
        raise geweigerd("indicatiegebruiksrecht-unset", "Van een document is indicatieGebruiksrecht niet bekend.")
    # Only an eindstatus gives an einddatum, and any other status takes it away again.
    if any(deelzaak["einddatum"] is None for deelzaak in deelzaken):
        raise geweigerd("deelzaken-not-closed", "Niet alle deelzaken zijn afgesloten.")
    if any(deelzaak["uuid"] not in resultaten for deelzaak in deelzaken):
        raise geweigerd("deelzaak-resultaat-does-not-exist", "Niet alle deelzaken hebben een resultaat.")


async def zaak_is_klaar_voor_de_eindstatus(check: Check) -> None:
    """zrc-007: only a zaak that is finished is closed. What other services know is asked here, before the
    transaction."""
    zaak = check.main
    assert zaak is not None
    check.notes["eindstatus"] = await is_eindstatus(check, check.resolved("statustype"))
    if check.notes["eindstatus"]:

        async def read(statement: Select[Any]) -> list[Row]:
            return await check.call.db.rows(check.call.tenant, statement)

        deelzaken, resultaten = await deelzaken_en_resultaten(read, zaak["uuid"])
        documenten = await documenten_van(check, zaak["uuid"])
        weiger_wat_niet_klaar_is(zaak["uuid"], deelzaken, resultaten, documenten)
        resultaattype = await type_van(check, resultaten[zaak["uuid"]]["resultaattype"])
        check.notes["gerelateerd"] = afleidingswijze(resultaattype) == "gerelateerde_zaak"


async def sluit_of_heropen(db: Executor, check: Check) -> None:
    """Do to the zaak what its new status means, in the transaction of the status.

    Only who closes or reopens it is alone with the zaak (``sloten``); until then, what others write below it goes on.
    """
    assert check.main is not None
    if (zaak := check.notes.get("vergrendeld", {}).get(check.main["uuid"])) is None:
        return
    if check.notes["eindstatus"]:
        await sluit(db, check, zaak)
    else:
        await heropen(db, check, zaak)
    await leid_verwante_zaken_af(db, check)


async def sluit(db: Executor, check: Check, zaak: Row) -> None:
    """zrc-007, zrc-021: close the zaak and derive its archiving, and that of the deelzaken that waited for it."""
    deelzaken, resultaten = await deelzaken_en_resultaten(db.rows, zaak["uuid"], lock=True)
    weiger_wat_niet_klaar_is(zaak["uuid"], deelzaken, resultaten, ())
    await nog_dezelfde(db, check, "zaakinformatieobject", "informatieobject", check.notes["documenten"])
    # The day is the one on the calendar of the client: half past midnight in the Netherlands is still yesterday in UTC.
    einddatum = check.fields.datum_status_gezet.date()
    typen = await gelezen(check, [row["resultaattype"] for row in resultaten.values()])
    resultaattype = typen.get(resultaten[zaak["uuid"]]["resultaattype"])
    if afleidingswijze(resultaattype) == "gerelateerde_zaak" and not genoemd(zaak) <= check.notes["vergrendeld"].keys():
        raise Again()
    archief = await archiefwaarden(db, check, zaak, einddatum, resultaattype)
    await wijzig(db, zaak, {"einddatum": einddatum, **archief})
    for deelzaak in volgers(deelzaken, resultaten, typen):
        resultaattype = typen[resultaten[deelzaak["uuid"]]["resultaattype"]]
        await wijzig(
            db, deelzaak, await archiefwaarden(db, check, deelzaak, deelzaak["einddatum"], resultaattype, einddatum)
        )


async def heropen(db: Executor, check: Check, zaak: Row) -> None:
    """zrc-008: reopen the zaak; what closing derived goes, except for what a deelzaak owes to its hoofdzaak."""
    if zaak["hoofdzaak"] is not None:
        # Who closes or reopens the hoofdzaak locks this zaak as well, so that one of the two sees what the other did.
        hoofdzaak = await db.row(select(ZAAK_TABLE.c.einddatum).where(ZAAK_TABLE.c.uuid == zaak["hoofdzaak"]))
        if hoofdzaak is not None and hoofdzaak["einddatum"] is not None:
            raise geweigerd("hoofdzaak-closed", "De hoofdzaak is afgesloten; heropen die eerst.")
    deelzaken, resultaten = await deelzaken_en_resultaten(db.rows, zaak["uuid"], lock=True)
    typen = await gelezen(check, [row["resultaattype"] for row in resultaten.values()])
    leeg: dict[str, Any] = {**dict.fromkeys(ARCHIEFVELDEN), "afgeleid": []}
    keeps = zaak["hoofdzaak"] is not None and volgers([zaak], resultaten, typen)
    await wijzig(db, zaak, {"einddatum": None, **({} if keeps else leeg)})
    for deelzaak in volgers(deelzaken, resultaten, typen):
        await wijzig(db, deelzaak, leeg)


def volgers(zaken: Sequence[Row], resultaten: Mapping[Any, Row], typen: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Return the zaken whose retention starts when their hoofdzaak is closed; those in the archive stay as they are."""
    return [
        zaak
        for zaak in zaken
        if zaak["archiefstatus"] == "nog_te_archiveren"
        and afleidingswijze(typen.get(resultaten.get(zaak["uuid"], {}).get("resultaattype", ""))) == "hoofdzaak"
    ]
