"""What objects of other installations must look like before anything is derived from them (common.md §10).

A register that a municipality configured can answer with anything. What services read of a type, document or zaak has
the kind that the standard gives it, or the reference to it is ``invalid-resource``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from zgw.types import LEVELS

Kind = Callable[[Any], bool]


def text(value: Any) -> bool:
    """Return whether a value is a text that has something in it."""
    return isinstance(value, str) and value != ""


def string(value: Any) -> bool:
    """Return whether a value is a text, or nothing."""
    return value is None or isinstance(value, str)


def strings(value: Any) -> bool:
    """Return whether a value is a list of texts, or nothing."""
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def level(value: Any) -> bool:
    """Return whether a value is a vertrouwelijkheidaanduiding."""
    return isinstance(value, str) and value in LEVELS


def whole(value: Any) -> bool:
    """Return whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def group(value: Any) -> bool:
    """Return whether a value is a group of single values and lists of texts, or nothing."""
    if value is None:
        return True
    single = (str, int, bool, type(None))
    return isinstance(value, dict) and all(isinstance(item, single) or strings(item) for item in value.values())


GENERIEK = (
    "adviseur", "behandelaar", "belanghebbende", "beslisser", "initiator", "klantcontacter", "zaakcoordinator",
    "mede_initiator",
)  # fmt: skip


def generiek(value: Any) -> bool:
    """Return whether a value is an omschrijvingGeneriek of a roltype."""
    return isinstance(value, str) and value in GENERIEK


SHAPES: Mapping[tuple[str, str], tuple[Mapping[str, Kind], Mapping[str, Kind]]] = {
    ("catalogi", "zaaktypen"): (
        {
            "url": text,
            "catalogus": text,
            "identificatie": text,
            "omschrijving": text,
            "vertrouwelijkheidaanduiding": level,
        },
        {
            "statustypen": strings,
            "deelzaaktypen": strings,
            "besluittypen": strings,
            "besluittypeOmschrijving": strings,
            "informatieobjecttypen": strings,
            "informatieobjecttypeOmschrijving": strings,
            "productenOfDiensten": strings,
        },
    ),
    ("catalogi", "statustypen"): ({"url": text, "zaaktype": text, "omschrijving": text, "volgnummer": whole}, {}),
    ("catalogi", "resultaattypen"): (
        {"url": text, "zaaktype": text, "omschrijving": text, "selectielijstklasse": string},
        {"archiefnominatie": string, "archiefactietermijn": string, "brondatumArchiefprocedure": group},
    ),
    ("catalogi", "roltypen"): (
        {"url": text, "zaaktype": text, "omschrijving": text, "omschrijvingGeneriek": generiek},
        {},
    ),
    ("catalogi", "eigenschappen"): ({"url": text, "zaaktype": text, "naam": text, "specificatie": group}, {}),
    ("catalogi", "zaakobjecttypen"): ({"url": text, "zaaktype": text, "objecttype": string}, {}),
    ("catalogi", "informatieobjecttypen"): (
        {"url": text, "catalogus": text, "omschrijving": text, "vertrouwelijkheidaanduiding": level},
        {},
    ),
    ("catalogi", "besluittypen"): (
        {"url": text, "catalogus": text, "zaaktypen": strings, "informatieobjecttypen": strings},
        {"omschrijving": string, "informatieobjecttypeOmschrijvingen": strings},
    ),
    ("documenten", "enkelvoudiginformatieobjecten"): (
        {"url": text, "informatieobjecttype": text},
        {"identificatie": string, "titel": string, "status": string},
    ),
    ("zaken", "zaken"): (
        {"url": text, "zaaktype": text},
        {"identificatie": string, "einddatum": string, "vertrouwelijkheidaanduiding": level},
    ),
}
"""By service and collection: what an object must have, and what else is read of it where it has that."""


def fits(found: Mapping[str, Any], service: str, collection: str) -> bool:
    """Return whether an object can be one of a collection: ``fits({"url": "https://…"}, "catalogi", "zaaktypen")`` is
    False."""
    needed, read = SHAPES.get((service, collection), ({}, {}))
    if any(name not in found or not kind(found[name]) for name, kind in needed.items()):
        return False
    return all(kind(found[name]) for name, kind in read.items() if name in found)
