"""The mirrors of a besluit in zaken and documenten, and the protection of a closed zaak."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.problems import OBJECT, Problem, invalid
from runtime.statements import Row
from services.besluiten.besluit_velden import BesluitFields
from zgw.check import Check
from zgw.mirroring.agreement import SAME_DATES, UNFORCED, Agreement, Mirror, Notice, objectinformatieobject
from zgw.mirroring.undoing import removed
from zgw.rights import scopes
from zgw.shapes import Zaak

BIO_TABLE_NAME = "besluitinformatieobject"
GEFORCEERD_BIJWERKEN = scopes("zaken.geforceerd-bijwerken")
KENNEN = scopes("zaken.lezen", "zaken.bijwerken", "zaken.geforceerd-bijwerken")
"""Any of these for its type and level tells that a client knows of a zaak."""


@dataclass
class Zaken:
    """Facts about the old and the new zaak of a besluit."""

    alleen_open: set[str] = field(default_factory=set)
    """Those that are open, and that the client may not write to when they are closed meanwhile."""


async def zaak_ligt_binnen_de_autorisaties(check: Check[BesluitFields]) -> None:
    """zrc-006: een besluit belet dat zijn zaak wordt verwijderd en bepaalt mede hoelang die bewaard blijft; het noemt
    dus alleen een zaak van deze installatie waarvoor de client autorisaties heeft."""
    zaak = check.resolved(check.fields.zaak, Zaak)
    own = zaak and check.fields.zaak.startswith("/") and check.changed(lambda besluit: besluit.zaak)
    if zaak and own and not await _holds(check, KENNEN, zaak):
        raise check.call.lacking(KENNEN, detail="De zaak ligt buiten uw autorisaties.")


async def gesloten_zaak_is_beschermd(check: Check[BesluitFields]) -> None:
    """zrc-007: a besluit of a closed zaak is written only by who may change closed zaken (B9)."""
    old = check.stored["zaak"] if check.stored else ""
    new = "" if check.action == "destroy" else check.fields.zaak
    open_ = check.facts(Zaken).alleen_open = set()
    for path in {old, new} - {""}:
        zaak = await _zaak(check, path)
        if zaak is None or await _holds(check, GEFORCEERD_BIJWERKEN, zaak):
            continue
        if zaak.get("einddatum"):
            raise check.call.lacking(GEFORCEERD_BIJWERKEN, detail="De zaak is gesloten.")
        open_.add(path)


async def _zaak(check: Check[BesluitFields], path: str) -> Row | None:
    resolved = check.resolved(check.fields.zaak, Zaak) if check.action != "destroy" else None
    if resolved is not None and path == check.fields.zaak:
        return resolved
    try:
        return await check.call.service.references.object(check.call.caller, path)
    except Problem as e:
        # Without an answer nobody knows whether it is closed, and its mirror could not be kept right either.
        raise invalid("zaak", "pending-relations") from e


async def _holds(check: Check, wanted: frozenset[str], zaak: Mapping[str, Any]) -> bool:
    """Return whether the client has one of these scopes of the Zaken API for a zaak."""
    if check.call.caller.component:
        return True
    applicatie = await check.call.applicatie()
    rights = applicatie.rights("zrc", wanted) if applicatie else None
    return rights is not None and rights.allows(zaak["zaaktype"], zaak.get("vertrouwelijkheidaanduiding"))


def spiegel_in_zaak(check: Check[BesluitFields]) -> Agreement | None:
    """brc-006: the zaak knows its besluiten. brc-009: with the besluit its mirrors disappear."""
    old = check.stored["zaak"] if check.stored else ""
    new = "" if check.action == "destroy" else check.fields.zaak
    mirrors = [_zaakbesluit(check, zaak) for zaak in (new, old) if zaak and new != old]
    mirrors += [_document(check, row) for row in removed(check, BIO_TABLE_NAME)]
    return Agreement("zaak" if old or new else OBJECT, mirrors) if mirrors else None


def _zaakbesluit(check: Check, zaak: str) -> Mirror:
    """Return the mirror of ``besluit.zaak``, in the API that has the zaak."""
    leading = (check.resource.table, {"uuid": check.uuid, "zaak": zaak})
    return Mirror(f"{zaak}/besluiten", {"besluit": check.path}, {}, leading, headers=_headers(check, zaak))


def _headers(check: Check, zaak: str) -> Mapping[str, str]:
    """Return what tells the zaak to take or lose a besluit only while it is open, where the client may not force it."""
    return UNFORCED if zaak in check.facts(Zaken).alleen_open else {}


DATES: tuple[Callable[[BesluitFields], object], ...] = (
    lambda besluit: besluit.ingangsdatum,
    lambda besluit: besluit.vervaldatum,
)
"""The fields from which the archiving of a closed zaak may be derived."""


def zaak_hoort_van_de_wijziging(check: Check[BesluitFields]) -> Agreement | None:
    """A write of its besluit is a change of the zaak (``laatstGemuteerd``). zrc-021: until when a closed zaak is kept
    can follow from the dates of its besluiten. zrc-007: a zaak that was closed since it was looked at refuses the
    change, which then is taken back."""
    if check.stored is None or check.action == "destroy" or check.changed(lambda besluit: besluit.zaak):
        return None
    if not (zaak := check.fields.zaak).startswith("/"):
        return None
    body = {"besluit": check.path}
    if not any(check.changed(date) for date in DATES):
        body[SAME_DATES] = "1"
    return Agreement("zaak", notices=[Notice("zaken", "/_intern/besluit", body, _headers(check, zaak))])


def spiegel_in_documenten(check: Check) -> Agreement:
    """brc-005: the document knows the besluiten that it records."""
    return Agreement("informatieobject", [_document(check, check.stored or check.row)])


def _document(check: Check, row: Mapping[str, Any]) -> Mirror:
    besluit, informatieobject = row["besluit"], row["informatieobject"]
    table = check.resource.table.metadata.tables[BIO_TABLE_NAME]
    leading = (table, {"besluit": besluit, "informatieobject": informatieobject})
    return objectinformatieobject(informatieobject, f"/besluiten/api/v1/besluiten/{besluit}", "besluit", leading)
