"""What objects of other services look like, and what those of other installations must look like before anything is
derived from them (common.md §10).

A register that a municipality configured can answer with anything. What services read of a type, document or zaak has
the kind that the standard gives it, or the reference to it is ``invalid-resource``.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, NotRequired, TypedDict, get_args, get_origin, get_type_hints

from zgw.types import LEVELS, Vertrouwelijkheid

Kind = Callable[[Any], bool]


def anything(value: Any) -> bool:
    """Return True: what is read is whether a value is true."""
    return True


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


Text = Annotated[str, text]
OptionalText = Annotated[str | None, string]
Texts = Annotated[list[str] | None, strings]
Level = Annotated[Vertrouwelijkheid, level]
Group = Annotated[dict[str, Any] | None, group]


class Zaaktype(TypedDict):
    """A zaaktype."""

    url: Text
    catalogus: Text
    identificatie: Text
    omschrijving: Text
    vertrouwelijkheidaanduiding: Level
    statustypen: NotRequired[Texts]
    deelzaaktypen: NotRequired[Texts]
    besluittypen: NotRequired[Texts]
    besluittypeOmschrijving: NotRequired[Texts]
    informatieobjecttypen: NotRequired[Texts]
    informatieobjecttypeOmschrijving: NotRequired[Texts]
    productenOfDiensten: NotRequired[Texts]


class VanZaaktype(TypedDict):
    """A type that belongs to one zaaktype."""

    url: Text
    zaaktype: Text


class Statustype(VanZaaktype):
    """A statustype."""

    omschrijving: Text
    volgnummer: Annotated[int, whole]
    isEindstatus: NotRequired[Annotated[bool, anything]]


class Resultaattype(VanZaaktype):
    """A resultaattype."""

    omschrijving: Text
    selectielijstklasse: OptionalText
    archiefnominatie: NotRequired[OptionalText]
    archiefactietermijn: NotRequired[OptionalText]
    brondatumArchiefprocedure: NotRequired[Group]


class Roltype(VanZaaktype):
    """A roltype."""

    omschrijving: Text
    omschrijvingGeneriek: Annotated[str, generiek]


class Eigenschap(VanZaaktype):
    """An eigenschap."""

    naam: Text
    specificatie: Group


class Zaakobjecttype(VanZaaktype):
    """A zaakobjecttype."""

    objecttype: OptionalText


class Informatieobjecttype(TypedDict):
    """An informatieobjecttype."""

    url: Text
    catalogus: Text
    omschrijving: Text
    vertrouwelijkheidaanduiding: Level


class Besluittype(TypedDict):
    """A besluittype."""

    url: Text
    catalogus: Text
    zaaktypen: Texts
    informatieobjecttypen: Texts
    omschrijving: NotRequired[OptionalText]
    informatieobjecttypeOmschrijvingen: NotRequired[Texts]


class Document(TypedDict):
    """An enkelvoudig informatieobject."""

    url: Text
    informatieobjecttype: Text
    identificatie: NotRequired[OptionalText]
    titel: NotRequired[OptionalText]
    status: NotRequired[OptionalText]


class Zaak(TypedDict):
    """A zaak."""

    url: Text
    zaaktype: Text
    identificatie: NotRequired[OptionalText]
    einddatum: NotRequired[OptionalText]
    vertrouwelijkheidaanduiding: NotRequired[Level]


SHAPES: Mapping[tuple[str, str], Any] = {
    ("catalogi", "zaaktypen"): Zaaktype,
    ("catalogi", "statustypen"): Statustype,
    ("catalogi", "resultaattypen"): Resultaattype,
    ("catalogi", "roltypen"): Roltype,
    ("catalogi", "eigenschappen"): Eigenschap,
    ("catalogi", "zaakobjecttypen"): Zaakobjecttype,
    ("catalogi", "informatieobjecttypen"): Informatieobjecttype,
    ("catalogi", "besluittypen"): Besluittype,
    ("documenten", "enkelvoudiginformatieobjecten"): Document,
    ("zaken", "zaken"): Zaak,
}
"""By service and collection."""


@cache
def kinds_of(shape: Any) -> Mapping[str, Kind]:
    """Return what each member of a shape must be."""
    found = {}
    for name, hint in get_type_hints(shape, include_extras=True).items():
        [annotated] = get_args(hint) if get_origin(hint) is NotRequired else [hint]
        found[name] = get_args(annotated)[1]
    return found


def fits(found: Mapping[str, Any], service: str, collection: str) -> bool:
    """Return whether an object can be one of a collection: ``fits({"url": "https://…"}, "catalogi", "zaaktypen")`` is
    False."""
    shape = SHAPES.get((service, collection))
    if shape is None:
        return True
    if any(name not in found for name in shape.__required_keys__):
        return False
    return all(kind(found[name]) for name, kind in kinds_of(shape).items() if name in found)
