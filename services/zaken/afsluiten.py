"""Closing and reopening a zaak, and what follows for its archiving (zrc-007, zrc-008, zrc-021; zaken.md §8, §9)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select, update

from services.zaken import archivering
from services.zaken.archivering import Archieffout, Archiefgegevens
from services.zaken.dossier import dossier_van
from services.zaken.remote import documenten_van, gelezen, rijen_van_zaken, type_van
from services.zaken.zaak_velden import ZAAK_TABLE
from zgw.check import Check
from zgw.database import Executor, Row, among
from zgw.problems import OBJECT, InvalidParam, Problem

ARCHIEFVELDEN = ("archiefnominatie", "startdatum_bewaartermijn", "archiefactiedatum")


async def is_eindstatus(check: Check, statustype: Mapping[str, Any]) -> bool:
    """Return whether a statustype is the last of its zaaktype: it says so itself, or it has the highest volgnummer."""
    if "isEindstatus" in statustype:
        return bool(statustype["isEindstatus"])
    zaaktype = await type_van(check, statustype["zaaktype"])
    siblings = await gelezen(check, (zaaktype or {}).get("statustypen") or ())
    return all(item["volgnummer"] <= statustype["volgnummer"] for item in siblings.values())


async def sluit_of_heropen(check: Check) -> None:
    """Work out what a new status means for the zaak; :func:`werk_zaken_bij` stores it."""
    zaak, statustype = check.main, check.resolved("statustype")
    assert zaak is not None
    if await is_eindstatus(check, statustype):
        await sluit(check, zaak)
    elif zaak["einddatum"] is not None:
        await heropen(check, zaak)


def geweigerd(code: str, reason: str) -> Problem:
    """Return the 400 for a zaak that cannot be closed or reopened now."""
    return Problem(400, "invalid", invalid_params=[InvalidParam(OBJECT, code, reason)])


def tegelijk() -> Problem:
    """Return the 409 for a zaak that is no longer what the rules looked at."""
    return Problem(409, "conflict", "De zaak wordt tegelijk door anderen gewijzigd.")


async def sluit(check: Check, zaak: Row) -> None:
    """zrc-007: close the zaak, unless it is not finished yet; the first reason found is the answer."""
    resultaten = await rijen_van_zaken(check, "resultaat", [zaak["uuid"], *zaak["deelzaken"]])
    per_zaak = {row["zaak"]: row for row in resultaten}
    if zaak["uuid"] not in per_zaak:
        raise geweigerd("resultaat-does-not-exist", "De zaak heeft nog geen resultaat.")
    documenten = await documenten_van(check, zaak["uuid"])
    if any(document.get("locked") for document in documenten):
        raise geweigerd("informatieobject-locked", "Een document van de zaak is nog vergrendeld.")
    if any(document.get("indicatieGebruiksrecht") is None for document in documenten):
        raise geweigerd("indicatiegebruiksrecht-unset", "Van een document is indicatieGebruiksrecht niet bekend.")
    deelzaken: list[Row] = []
    if zaak["deelzaken"]:
        statement = select(ZAAK_TABLE).where(among(ZAAK_TABLE.c.uuid, zaak["deelzaken"]))
        deelzaken = await check.call.db.rows(check.call.tenant, statement)
        # Only an eindstatus gives an einddatum, and any other status takes it away again.
        if any(deelzaak["einddatum"] is None for deelzaak in deelzaken):
            raise geweigerd("deelzaken-not-closed", "Niet alle deelzaken zijn afgesloten.")
        if any(deelzaak["uuid"] not in per_zaak for deelzaak in deelzaken):
            raise geweigerd("deelzaak-resultaat-does-not-exist", "Niet alle deelzaken hebben een resultaat.")
    # The day is the one on the calendar of the client: half past midnight in the Netherlands is still yesterday in UTC.
    einddatum = check.fields.datum_status_gezet.date()
    typen = await gelezen(check, [row["resultaattype"] for row in resultaten])
    changes = {
        "einddatum": einddatum,
        **await afleiding(check, zaak, einddatum, typen[per_zaak[zaak["uuid"]]["resultaattype"]]),
    }
    check.notes["zaken"] = {zaak["uuid"]: changes}
    for deelzaak in deelzaken:
        kind = typen.get(per_zaak[deelzaak["uuid"]]["resultaattype"])
        if kind and archivering.volgt_hoofdzaak(kind) and deelzaak["archiefstatus"] == "nog_te_archiveren":
            found = await afleiding(check, deelzaak, deelzaak["einddatum"], kind, einddatum)
            check.notes["zaken"][deelzaak["uuid"]] = found


async def heropen(check: Check, zaak: Row) -> None:
    """zrc-008: reopen the zaak; what closing derived goes, except for what a deelzaak owes to its hoofdzaak."""
    rows = await rijen_van_zaken(check, "resultaat", [zaak["uuid"], *zaak["deelzaken"]])
    typen = await gelezen(check, [row["resultaattype"] for row in rows])
    volgers = {row["zaak"] for row in rows if archivering.volgt_hoofdzaak(typen.get(row["resultaattype"]))}
    if zaak["hoofdzaak"]:
        statement = select(ZAAK_TABLE.c.einddatum).where(ZAAK_TABLE.c.uuid == zaak["hoofdzaak"])
        hoofdzaak = await check.call.db.row(check.call.tenant, statement)
        if hoofdzaak is not None and hoofdzaak["einddatum"] is not None:
            raise geweigerd("hoofdzaak-closed", "De hoofdzaak is afgesloten; heropen die eerst.")
    leeg: dict[str, Any] = {**dict.fromkeys(ARCHIEFVELDEN), "afgeleid": []}
    keeps = zaak["hoofdzaak"] and zaak["uuid"] in volgers
    check.notes["zaken"] = {zaak["uuid"]: {"einddatum": None, **({} if keeps else leeg)}}
    for deelzaak in zaak["deelzaken"]:
        if deelzaak in volgers:
            check.notes["zaken"][deelzaak] = leeg


async def afleiding(
    check: Check,
    zaak: Row,
    einddatum: date,
    resultaattype: Mapping[str, Any],
    einddatum_hoofdzaak: date | None = None,
    db: Executor | None = None,
) -> dict[str, Any]:
    """zrc-021: return the archiving columns of a zaak with this resultaattype, closed at ``einddatum``.

    What a client filled in stays; what was derived before is derived again.
    """
    own = {name: None if name in zaak["afgeleid"] else zaak[name] for name in ARCHIEFVELDEN}
    dossier = await dossier_van(check, zaak, einddatum, resultaattype, einddatum_hoofdzaak, db)
    try:
        found = archivering.afgeleid(resultaattype, dossier, Archiefgegevens(**own))
    except Archieffout as e:
        raise geweigerd("archiefactiedatum-error", f"De archiefactiedatum kan niet worden bepaald: {e}.") from e
    values = {name: getattr(found, name) for name in ARCHIEFVELDEN}
    return {**values, "afgeleid": [name for name in ARCHIEFVELDEN if own[name] is None]}


async def werk_zaken_bij(db: Executor, check: Check) -> None:
    """Store what :func:`sluit_of_heropen` worked out, in the transaction of the status.

    The lock makes statuses of one zaak wait for each other; a zaak that was closed, reopened or archived since it was
    read is a conflict, because the rules judged another state.
    """
    zaak = check.main
    assert zaak is not None
    c = ZAAK_TABLE.c
    lock = select(c.einddatum, c.archiefstatus).where(c.uuid == zaak["uuid"]).with_for_update(key_share=True)
    now = await db.row(lock)
    changes = check.notes.get("zaken", {})
    if now is None or any(now[name] != zaak[name] for name in ("einddatum", "archiefstatus")):
        raise tegelijk()
    if changes.get(zaak["uuid"], {}).get("einddatum") is not None:
        if await db.row(select(c.id).where(c.hoofdzaak == zaak["uuid"], c.einddatum.is_(None)).limit(1)):
            raise tegelijk()
    elif changes and zaak["hoofdzaak"] is not None:
        hoofdzaak = await db.row(select(c.einddatum).where(c.uuid == zaak["hoofdzaak"]).with_for_update(read=True))
        if hoofdzaak is not None and hoofdzaak["einddatum"] is not None:
            raise tegelijk()
    for key, values in changes.items():
        await db.execute(update(ZAAK_TABLE).where(c.uuid == key).values(**values))


async def herbereken(db: Executor, check: Check) -> None:
    """zrc-021: derive the archiving of a closed zaak again, because something that it depends on was written.

    Belongs in ``effects`` of the resources below a zaak. An archived zaak keeps what it has. Data from which no date
    can be derived are refused, as they would have been at closing.
    """
    zaak = check.main
    if zaak is None or zaak["einddatum"] is None or zaak["archiefstatus"] != "nog_te_archiveren":
        return
    tables = ZAAK_TABLE.metadata.tables
    resultaat = await db.row(select(tables["resultaat"]).where(tables["resultaat"].c.zaak == zaak["uuid"]))
    if resultaat is None:
        values: dict[str, Any] = {**dict.fromkeys(zaak["afgeleid"]), "afgeleid": []}
    else:
        resultaattype = await type_van(check, resultaat["resultaattype"])
        if resultaattype is None:
            return
        values = await afleiding(check, zaak, zaak["einddatum"], resultaattype, db=db)
    if changed := {name: value for name, value in values.items() if value != zaak[name]}:
        await db.execute(update(ZAAK_TABLE).where(ZAAK_TABLE.c.uuid == zaak["uuid"]).values(**changed))
