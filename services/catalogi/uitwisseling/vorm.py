"""Between the rows of a file and the bodies of the API: names, empty values and references."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic.alias_generators import to_snake

from services.catalogi.besluittype import BESLUITTYPE
from services.catalogi.catalogus import CATALOGUS
from services.catalogi.eigenschap import EIGENSCHAP
from services.catalogi.geldigheid import IDENTITY
from services.catalogi.informatieobjecttype import INFORMATIEOBJECTTYPE
from services.catalogi.resultaattype import RESULTAATTYPE
from services.catalogi.roltype import ROLTYPE
from services.catalogi.statustype import STATUSTYPE
from services.catalogi.uitwisseling.bestand import Bundel
from services.catalogi.zaakobjecttype import ZAAKOBJECTTYPE
from services.catalogi.zaaktype import ZAAKTYPE
from services.catalogi.zaaktype_informatieobjecttype import ZAAKTYPE_INFORMATIEOBJECTTYPE
from zgw.fields import Fields, Property, describe
from zgw.resource import Resource
from zgw.types import Matching

RESOURCES: Mapping[str, Resource] = {
    "Catalogus": CATALOGUS,
    "InformatieObjectType": INFORMATIEOBJECTTYPE,
    "BesluitType": BESLUITTYPE,
    "ZaakType": ZAAKTYPE,
    "StatusType": STATUSTYPE,
    "ZaakTypeInformatieObjectType": ZAAKTYPE_INFORMATIEOBJECTTYPE,
    "ResultaatType": RESULTAATTYPE,
    "RolType": ROLTYPE,
    "Eigenschap": EIGENSCHAP,
    "ZaakObjectType": ZAAKOBJECTTYPE,
}
MAIN = {"InformatieObjectType": "informatieobjecttype", "BesluitType": "besluittype", "ZaakType": "zaaktype"}
"""The files of types with versions, and the name of their kind."""
FILE_OF = {kind: file for file, kind in MAIN.items()}

BY_NAME: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "ZaakType": {
        "besluittypen": ("besluittype", "besluittype_omschrijving"),
        "deelzaaktypen": ("zaaktype", "deelzaaktype_identificaties"),
    },
    "BesluitType": {"informatieobjecttypen": ("informatieobjecttype", "informatieobjecttype_omschrijvingen")},
    "ResultaatType": {
        "besluittypen": ("besluittype", "besluittype_omschrijving"),
        "informatieobjecttypen": ("informatieobjecttype", "informatieobjecttype_omschrijving"),
    },
}
"""Per file the fields that are written by name, the kind that they name, and the list of names that an export may have
beside the URLs. Open Zaak knows only the URLs; a name without a version that is valid has none, so our own exports have
both."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ZERO = re.compile(r"P(?:T?0+[YMWDHS])+")


in_snake = cache(to_snake)
"""Returns a name as the format writes it; a file has the same few names thousands of times."""


def uuid_of(value: Any) -> str:
    """Return the uuid at the end of a URL, whatever its host, or an empty string."""
    last = value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else ""
    return last.lower() if _UUID.fullmatch(last) else ""


def body_of(fields: type[Fields], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the API's body of a row: camelCase names, only what is written, empty groups and terms of nothing as
    absent."""
    found: dict[str, Any] = {}
    for p in describe(fields):
        key = next((key for key in (in_snake(p.name), p.name) if key in row), None)
        if key is None:
            continue
        value = _value(p, row[key])
        if value is None and not p.nullable and not p.required:
            continue
        found[p.name] = value
    return found


def _value(p: Property, value: Any) -> Any:
    matching = p.marker(Matching)
    if p.nullable and matching and matching.format == "duration" and isinstance(value, str) and _ZERO.fullmatch(value):
        return None
    if p.group is not None and isinstance(value, dict):
        inner = body_of(p.group, value)
        return None if p.nullable and not any(inner.values()) else inner
    item = p.item
    if item is not None and item.group is not None and isinstance(value, list):
        return [body_of(item.group, each) if isinstance(each, dict) else each for each in value]
    return value


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def snake(value: Any) -> Any:
    """Return a JSON value with all names in snake_case, as Open Zaak's exports have them."""
    if isinstance(value, dict):
        return {in_snake(name): snake(inner) for name, inner in value.items()}
    return [snake(inner) for inner in value] if isinstance(value, list) else value


class Namen:
    """The names of types by uuid: those in a file, and those that the catalogue already has."""

    def __init__(self, bundel: Bundel, known: Mapping[tuple[str, str], str] | None = None) -> None:
        self.known: dict[tuple[str, str], str] = dict(known or {})
        for file, kind in MAIN.items():
            for row in bundel.of(file):
                name = row.get(IDENTITY[kind])
                if isinstance(name, str) and (key := uuid_of(row.get("url"))):
                    self.known[kind, key] = name

    def name(self, kind: str, value: Any) -> str | None:
        """Return the name that a reference stands for: that of a URL, or the value itself. None when it leads
        nowhere."""
        if not isinstance(value, str) or not value:
            return None
        if "/" in value and (key := uuid_of(value)):
            return self.known.get((kind, key))
        return None if value.startswith(("http://", "https://")) else value

    def relations(self, file: str, row: Mapping[str, Any], body: dict[str, Any]) -> list[str]:
        """Replace what ``body`` refers to by URL with names; return the fields in which something leads nowhere."""
        lost = []
        for field, (kind, beside) in BY_NAME.get(file, {}).items():
            given = body.get(field)
            if given is None or not isinstance(given, list):
                continue
            names = [self.name(kind, value) for value in given]
            lost += [field] if None in names else []
            more = [name for name in _items(row.get(beside)) if isinstance(name, str)]
            body[field] = list(dict.fromkeys([name for name in names if name is not None] + more))
        if file == "ZaakType" and isinstance(body.get("gerelateerdeZaaktypen"), list):
            related = _items(row.get("gerelateerde_zaaktypen", row.get("gerelateerdeZaaktypen")))
            for item, source in zip(body["gerelateerdeZaaktypen"], related, strict=False):
                if not isinstance(item, dict) or not isinstance(source, dict):
                    continue
                name = source.get("zaaktype_identificatie") or self.name("zaaktype", item.get("zaaktype"))
                lost += ["gerelateerdeZaaktypen"] if not name else []
                item["zaaktype"] = name
        if file == "ZaakTypeInformatieObjectType":
            name = self.name("informatieobjecttype", body.get("informatieobjecttype"))
            lost += ["informatieobjecttype"] if not name else []
            body["informatieobjecttype"] = name
        return lost
