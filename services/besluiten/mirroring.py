"""The mirrors of a besluit in zaken and documenten, and the protection of a closed zaak."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.problems import Problem, forbidden, invalid
from zgw.check import OBJECT, Check
from zgw.mirrors import Relation
from zgw.relations import UNFORCED, kept, mirrored, objectinformatieobject, told, zaakbesluit
from zgw.rights import scopes

BIO_TABLE_NAME = "besluitinformatieobject"
GEFORCEERD_BIJWERKEN = scopes("zaken.geforceerd-bijwerken")
KENNEN = scopes("zaken.lezen", "zaken.bijwerken", "zaken.geforceerd-bijwerken")
"""Any of these for its type and level tells that a client knows of a zaak."""


@dataclass
class Zaken:
    """What is known of the zaken, old and new, of a besluit."""

    alleen_open: set[str] = field(default_factory=set)
    """Those that are open, and that the client may not write to when they are closed meanwhile."""


async def zaak_ligt_binnen_de_autorisaties(check: Check) -> None:
    """zrc-006: een besluit belet dat zijn zaak wordt verwijderd en bepaalt mede hoelang die bewaard blijft; het noemt
    dus alleen een zaak van deze installatie waarvoor de client autorisaties heeft."""
    zaak = check.resolved("zaak")
    if zaak and check.row["zaak"].startswith("/") and check.changed("zaak") and not await _holds(check, KENNEN, zaak):
        raise forbidden("De zaak ligt buiten uw autorisaties.")


async def gesloten_zaak_is_beschermd(check: Check) -> None:
    """zrc-007: a besluit of a closed zaak is written only by who may change closed zaken (B9)."""
    old = check.stored["zaak"] if check.stored else ""
    new = "" if check.action == "destroy" else check.row["zaak"]
    open_ = check.facts(Zaken).alleen_open = set()
    for path in {old, new} - {""}:
        zaak = await _zaak(check, path)
        if zaak is None or await _holds(check, GEFORCEERD_BIJWERKEN, zaak):
            continue
        if zaak.get("einddatum"):
            raise forbidden("De zaak is gesloten. Benodigde scope: zaken.geforceerd-bijwerken.")
        open_.add(path)
    # Only a write that another service hears of has to wait for it with its notification. A besluit that is removed may
    # have documents.
    check.mirrored = old != new or check.action == "destroy" or _hoort_het(check)


async def _zaak(check: Check, path: str) -> dict[str, Any] | None:
    resolved = check.resolved("zaak") if check.action != "destroy" else None
    if resolved is not None and path == check.row["zaak"]:
        return dict(resolved)
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


async def spiegel_in_zaak(check: Check) -> None:
    """brc-006: the zaak knows its besluiten. brc-009: with the besluit its mirrors disappear."""
    old = check.stored["zaak"] if check.stored else ""
    new = "" if check.action == "destroy" else check.row["zaak"]
    relations = [
        zaakbesluit(
            zaak,
            check.path,
            (check.resource.table, {"uuid": check.uuid, "zaak": zaak}),
            forced=zaak not in check.facts(Zaken).alleen_open,
        )
        for zaak in (new, old)
        if zaak and new != old
    ]
    relations += [_document(check, row) for row in kept(check, BIO_TABLE_NAME)]
    await mirrored(check, "zaak" if old or new else OBJECT, relations)


def _hoort_het(check: Check) -> bool:
    """Return whether the zaak that a besluit stays in hears of its change: because it gets other dates, or to say
    whether it still is open, where the client may not write otherwise."""
    stays = check.stored is not None and check.row.get("zaak", "").startswith("/") and not check.changed("zaak")
    if not stays:
        return False
    dates = any(check.changed(name) for name in ("ingangsdatum", "vervaldatum"))
    return dates or check.row["zaak"] in check.facts(Zaken).alleen_open


async def zaak_hoort_van_de_wijziging(check: Check) -> None:
    """zrc-021: until when a closed zaak is kept can follow from the dates of its besluiten. zrc-007: a zaak that was
    closed since it was looked at refuses the change, which then is taken back."""
    if _hoort_het(check):
        headers = UNFORCED if check.row["zaak"] in check.facts(Zaken).alleen_open else {}
        await told(check, "zaak", "zaken", "/_intern/besluit", headers)


async def spiegel_in_documenten(check: Check) -> None:
    """brc-005: the document knows the besluiten that it records."""
    await mirrored(check, "informatieobject", [_document(check, check.stored or check.row)])


def _document(check: Check, row: Mapping[str, Any]) -> Relation:
    besluit, informatieobject = row["besluit"], row["informatieobject"]
    table = check.resource.table.metadata.tables[BIO_TABLE_NAME]
    leading = (table, {"besluit": besluit, "informatieobject": informatieobject})
    return objectinformatieobject(informatieobject, f"/besluiten/api/v1/besluiten/{besluit}", "besluit", leading)
