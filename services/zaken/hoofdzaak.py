"""The hoofdzaak of a zaak: which zaak it may be, and what becomes of the deelzaak below it (zrc-013, zaken.md §8)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from runtime.problems import OBJECT, Again, invalid
from runtime.statements import Executor
from services.zaken.dossier import ZAAK
from services.zaken.gesloten import GEFORCEERD, LEZEN, geweigerd, is_gesloten, mag_inzien
from services.zaken.references import gelezen
from services.zaken.zaak_velden import ZAAK_TABLE, ZaakFields
from zgw.check import Check
from zgw.shapes import Zaaktype

DEELZAAK_ALS_HOOFDZAAK = ("deelzaak-als-hoofdzaak", "Een deelzaak van een deelzaak is niet toegestaan.")
HOOFDZAAK_GESLOTEN = (
    "hoofdzaak-closed",
    "De hoofdzaak is afgesloten of gearchiveerd; een open deelzaak kan er niet bij.",
)


async def hoofdzaak_mag_worden_ingezien(check: Check[ZaakFields]) -> None:
    """zrc-006: een zaak die de client niet mag inzien, krijgt van hem geen deelzaak: die zou het afsluiten beletten."""
    hoofdzaak = check.resolved(check.fields.hoofdzaak)
    if hoofdzaak and check.changed(lambda zaak: zaak.hoofdzaak) and not await mag_inzien(check, hoofdzaak):
        raise await check.call.denied(check.resource, LEZEN, None, "De hoofdzaak ligt buiten uw autorisaties.")


async def hoofdzaak_is_een_andere_zaak(check: Check[ZaakFields]) -> None:
    """zrc-013: een zaak is niet haar eigen hoofdzaak."""
    if (hoofdzaak := check.resolved(check.fields.hoofdzaak)) and hoofdzaak["uuid"] == check.uuid:
        check.reject("hoofdzaak", "self-forbidden", "Een zaak kan niet haar eigen hoofdzaak zijn.")


async def hoofdzaak_is_geen_deelzaak(check: Check[ZaakFields]) -> None:
    """zrc-013: een deelzaak van een deelzaak is niet toegestaan, ook niet door een hoofdzaak tot deelzaak te maken."""
    hoofdzaak = check.resolved(check.fields.hoofdzaak)
    if not hoofdzaak or hoofdzaak["uuid"] == check.uuid or not check.changed(lambda zaak: zaak.hoofdzaak):
        return
    nested = hoofdzaak["hoofdzaak"] is not None
    if not nested and check.stored is not None:
        nested = bool(check.stored["deelzaken"])
    if nested:
        check.reject("hoofdzaak", *DEELZAAK_ALS_HOOFDZAAK)


async def open_deelzaak_hoort_bij_open_hoofdzaak(check: Check[ZaakFields]) -> None:
    """zrc-007: een afgesloten of gearchiveerde hoofdzaak krijgt er geen open deelzaak bij, behalve van wie
    zaken.geforceerd-bijwerken heeft."""
    hoofdzaak = check.resolved(check.fields.hoofdzaak)
    if hoofdzaak and check.changed(lambda zaak: zaak.hoofdzaak) and await _blijft_open_onder(check, hoofdzaak):
        check.reject(OBJECT, *HOOFDZAAK_GESLOTEN)


async def _blijft_open_onder(check: Check, hoofdzaak: Mapping[str, Any]) -> bool:
    """Return whether the zaak would be an open deelzaak of a closed hoofdzaak, and the client may not force that."""
    if not is_gesloten(hoofdzaak) or (check.stored is not None and check.stored["einddatum"] is not None):
        return False
    return not await check.call.holds(GEFORCEERD, hoofdzaak["zaaktype"], hoofdzaak["vertrouwelijkheidaanduiding"])


async def check_hoofdzaak_unchanged(db: Executor, check: Check[ZaakFields]) -> None:
    """zrc-013, zrc-007: two zaken that become each other's deelzaak, or that of a third, at the same moment; a
    hoofdzaak that gets another zaaktype, or is closed or archived. As effect: the later one waits for the row of the
    other, and sees what became of it."""
    if check.action == "destroy":
        return
    hoofdzaak = check.resolved(check.fields.hoofdzaak)
    if hoofdzaak is None or not check.changed(lambda zaak: zaak.hoofdzaak):
        return
    c = ZAAK_TABLE.c
    above = await db.row(ZAAK.where(c.uuid == hoofdzaak["uuid"]).with_for_update(read=True))
    below = await db.row(select(c.id).where(c.hoofdzaak == check.uuid).limit(1))
    if below is not None or (above is not None and above["hoofdzaak"] is not None):
        raise invalid("hoofdzaak", *DEELZAAK_ALS_HOOFDZAAK)
    if above is not None and above["zaaktype"] != hoofdzaak["zaaktype"]:
        raise Again()
    if above is not None and await _blijft_open_onder(check, above):
        raise geweigerd(*HOOFDZAAK_GESLOTEN)


async def check_deelzaken_closed(db: Executor, check: Check[ZaakFields]) -> None:
    """zrc-007, zrc-022: a zaak with an open deelzaak is not archived, except by who has zaken.geforceerd-bijwerken. As
    effect, so that a deelzaak that comes or is reopened at the same moment is seen, or sees what became of the zaak."""
    if check.stored is None or check.action == "destroy" or is_gesloten(check.stored):
        return
    if check.fields.archiefstatus == "nog_te_archiveren":
        return
    if await check.call.holds(GEFORCEERD, check.fields.zaaktype, check.fields.vertrouwelijkheidaanduiding):
        return
    c = ZAAK_TABLE.c
    still = select(c.id).where(c.hoofdzaak == check.uuid, c.einddatum.is_(None)).limit(1)
    if await db.row(still) is not None:
        raise invalid("archiefstatus", "deelzaken-not-closed", "Niet alle deelzaken zijn afgesloten.")


async def zaaktype_past_bij_hoofdzaak(check: Check[ZaakFields]) -> None:
    """zrc-013: het zaaktype is een van de deelzaaktypen van het zaaktype van de hoofdzaak, in welke versie ook."""
    hoofdzaak, zaaktype = check.resolved(check.fields.hoofdzaak), check.resolved(check.fields.zaaktype, Zaaktype)
    if not hoofdzaak or not zaaktype or hoofdzaak["uuid"] == check.uuid:
        return
    if not (check.changed(lambda zaak: zaak.hoofdzaak) or check.changed(lambda zaak: zaak.zaaktype)):
        return
    hoofdtype = (await gelezen(check, [hoofdzaak["zaaktype"]])).get(hoofdzaak["zaaktype"])
    paths = (hoofdtype or {}).get("deelzaaktypen") or []
    if zaaktype["url"] in paths:
        return
    same = (zaaktype["catalogus"], zaaktype["identificatie"])
    allowed = await gelezen(check, paths)
    if same not in {(item.get("catalogus"), item.get("identificatie")) for item in allowed.values()}:
        check.reject("hoofdzaak", "invalid-deelzaaktype", "Het zaaktype is geen deelzaaktype van dat van de hoofdzaak.")
