"""What we serve beside the standard: every parameter, property and operation of ours that it does not have.

An extension is marked where it is declared (``EXTENSION``, ``beside_standard``, ``Resource.extensions``,
``Described.extension``), so that the OAS tells of it: ``x-samenzaak-extensie``. What belongs to more than one
declaration has a row below, which says what it is for. The contract test fails on an extension that has neither, on a
row without an extension, and on a mark on something that the standard has; so these are exactly what vendors cannot
count on elsewhere.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .compare import counterpart, matches, parent
from .contract import Contract
from .schema import Flat, is_below


@dataclass(frozen=True)
class Extension:
    """One extension. ``service``, ``operation`` and ``path`` are patterns (``a|b``, ``*``); ``what`` is ``operation``,
    ``parameter``, ``request``, ``response``, or ``document`` for what belongs to no operation. A value beside those of
    the standard is told as ``path=value``."""

    reason: str
    service: str
    operation: str
    what: str
    path: str = ""

    def covers(self, extra: Extra) -> bool:
        """Return whether this row is about ``extra``."""
        given = (extra.service, extra.operation, extra.what, extra.path)
        declared = (self.service, self.operation, self.what, self.path)
        return all(matches(pattern, text) for pattern, text in zip(declared, given, strict=True))


@dataclass(frozen=True)
class Extra:
    """Something of ours that the standard does not have."""

    service: str
    operation: str
    what: str
    path: str = ""


EXTENSIONS = [
    Extension("The version of Samenzaak that serves the API.", "*", "", "document", "info.x-samenzaak-versie"),
    Extension(
        "The size of a page, where the standard fixes it at 100.", "*", "*_list|*__zoek", "parameter", "query:pageSize"
    ),
    Extension(
        "The reason of a write, for the audit trail, with every write.",
        "*",
        "*",
        "parameter",
        "header:x-audit-toelichting|header:x-nlx-logrecord-id",
    ),
    Extension(
        "A condition on every object that can be fetched.", "besluiten", "*_read", "parameter", "header:if-none-match"
    ),
    Extension("HEAD on every object that can be fetched.", "besluiten", "*_headers", "operation"),
    Extension(
        "Answers to writes have the schema of answers to reads; they expand nothing.",
        "zaken|catalogi|documenten|besluiten",
        "*",
        "response",
        "*_expand*",
    ),
    Extension(
        "Related objects of a zaakeigenschap.",
        "zaken",
        "zaakeigenschap_list|zaakeigenschap_retrieve",
        "parameter",
        "query:expand",
    ),
    Extension(
        "A new status shows what one that is read shows.",
        "zaken",
        "status_create",
        "response",
        "zaakinformatieobjecten",
    ),
    Extension("One number is answered as an object (Z8).", "zaken", "zaaknummer_reserveren", "response", "zaaknummer"),
    Extension(
        "A choice of properties as the text of the standard describes it (zrc-029).",
        "zaken",
        "zaak__zoek",
        "request",
        "fields[]",
    ),
    Extension(
        "The names of related types beside their URLs, for clients of 1.3.",
        "catalogi",
        "zaaktype_*|besluittype_*",
        "response",
        "*resultaattypeOmschrijving|*informatieobjecttypeOmschrijving",
    ),
    Extension(
        "Publishing takes an empty body, as existing clients send it.",
        "catalogi",
        "*_publish",
        "request",
        "application/json",
    ),
    Extension(
        "A member that only the answer of the standard has can be changed as well.",
        "documenten",
        "enkelvoudiginformatieobject_partial_update",
        "request",
        "tonenAanInitiator",
    ),
]


MARK, VALUES = "x-samenzaak-extensie", "x-samenzaak-extensie-waarden"


@dataclass(frozen=True)
class Marked:
    """Something that the OAS says is beside the standard. ``place`` is an operationId or the name of a schema."""

    place: str
    what: str
    name: str
    description: str


def without_marked(oas: Mapping[str, Any]) -> tuple[dict[str, Any], list[Marked]]:
    """Return an OAS without what it marks as beside the standard, and what that was: what remains is compared with the
    standard, so a mark on something of the standard makes a difference."""
    found: list[Marked] = []
    left = copy.deepcopy(dict(oas))
    for path, item in list(left["paths"].items()):
        for method, operation in list(item.items()):
            name = operation["operationId"]
            if MARK in operation:
                found.append(Marked(name, "operation", f"{method.upper()} {path}", operation.get("description", "")))
                del item[method]
                continue
            marked = [each for each in operation["parameters"] if MARK in each]
            found += [Marked(name, "parameter", each["name"], each.get("description", "")) for each in marked]
            operation["parameters"] = [each for each in operation["parameters"] if MARK not in each]
            for each in operation["parameters"]:
                found += _unmark(each["schema"], name, each["name"], "parameter")
    for name, schema in left["components"]["schemas"].items():
        found += _unmark(schema, name, "", "property")
    return left, found


def _unmark(schema: Any, place: str, name: str, what: str) -> list[Marked]:
    """Remove what is marked from a schema, in place, and return it."""
    if isinstance(schema, list):
        return [each for part in schema for each in _unmark(part, place, name, what)]
    if not isinstance(schema, dict):
        return []
    found: list[Marked] = []
    if values := schema.pop(VALUES, None):
        for part in (schema, *schema.get("allOf", ())):
            if "enum" in part:
                part["enum"] = [value for value in part["enum"] if value not in values]
        found += [Marked(place, "value", f"{name}: {value}", schema.get("description", "")) for value in values]
    properties = schema.get("properties", {})
    for key in [key for key, value in properties.items() if isinstance(value, dict) and MARK in value]:
        found.append(Marked(place, what, key, properties[key].get("description", "")))
        del properties[key]
        if key in schema.get("required", ()):
            schema["required"] = [each for each in schema["required"] if each != key]
    for key, part in schema.items():
        if key == "properties":
            for inner, value in part.items():
                found += _unmark(value, place, inner, what)
        else:
            found += _unmark(part, place, name, what)
    return found


def extras(service: str, normative: Contract, ours: Contract) -> Iterator[Extra]:
    """Yield what ``ours`` has beside ``normative``; what lies below an extra property is not repeated."""
    known = set()
    for operation in normative.operations.values():
        served = counterpart(operation, ours)
        if served is None:
            continue
        known.add(served.name)
        names = [*beside(served.parameters, operation.parameters), *values(served.parameters, operation.parameters)]
        found = [Extra(service, operation.name, "parameter", name) for name in names]
        for side in ("request", "response"):
            standard = getattr(operation, side)
            for media_type, body in getattr(served, side).items():
                if media_type in standard:
                    names = beside(body.flat, standard[media_type].flat)
                    names += values(body.flat, standard[media_type].flat) if side == "request" else []
                    found += [Extra(service, operation.name, side, name) for name in names]
                else:
                    found.append(Extra(service, operation.name, side, media_type))
        yield from found
    yield from (Extra(service, name, "operation") for name in ours.operations if name not in known)


def document_extras(service: str, ours: Mapping[str, Any]) -> Iterator[Extra]:
    """Yield what the document of ``ours`` has of its own that belongs to no operation."""
    yield from (Extra(service, "", "document", f"info.{name}") for name in ours["info"] if name.startswith("x-"))


def beside(ours: Flat, standard: Flat) -> list[str]:
    """Return the paths that only ``ours`` has, without those below another of them."""
    more = [path for path in ours if path not in standard]
    return [path for path in more if not is_below(path, more) and parent(path) not in more]


def values(ours: Flat, standard: Flat) -> list[str]:
    """Return the values that clients may send only to us: ``query:ordering[]=trefwoord``."""
    return [
        f"{path}={value}"
        for path, facts in ours.items()
        if "enum" in facts and "enum" in standard.get(path, ())
        for value in facts["enum"]
        if value not in standard[path]["enum"]
    ]
