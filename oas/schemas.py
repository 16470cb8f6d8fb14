"""From ``Fields`` classes to the schemas of an OpenAPI 3.0.3 document.

What a type or a marker states is said here once more, for readers: ``Length(80)`` as ``maxLength``, ``Ref`` as
``format: uri``. ``Shown`` overrules the limits of a string, and pydantic's ``WithJsonSchema`` the schema as a whole.
"""

import re
import types
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

from pydantic import WithJsonSchema

from zgw.fields import Fields, Property, describe, unwrap
from zgw.types import Extension, Length, Matching, Ref, Shown, Whole

Schema = dict[str, Any]

BESIDE_STANDARD: Schema = {"x-samenzaak-extensie": True}
"""The mark of a property, a parameter or an operation that the standard does not have."""
VALUES_BESIDE = "x-samenzaak-extensie-waarden"
"""The mark of an enum with the values that the standard does not have."""


class Side(StrEnum):
    """The purpose of a schema, request or response: a field may differ between them."""

    REQUEST = "request"
    PATCH = "patch"
    RESPONSE = "response"
    QUERY = "query"


@dataclass
class Schemas:
    """The named schemas of one document: each ``Fields`` class is written once, and referred to."""

    known: dict[str, Schema] = field(default_factory=dict)
    _owners: dict[str, Any] = field(default_factory=dict)

    def named(self, name: str, schema: Schema) -> Schema:
        """Add a schema under a name and return the reference to it."""
        self.known[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def claim(self, owner: Any, name: str, module: str = "") -> tuple[str, bool]:
        """Return the name under which ``owner`` is kept, and whether it is new there.

        Two files of a service may have a class of the same name; the second one gets the name of its file in front.
        """
        last = module.rpartition(".")[2].title().replace("_", "")
        candidates = [name, f"{last}{name}", *(f"{last}{name}{number}" for number in range(2, 100))]
        found = next(each for each in candidates if self._owners.get(each, owner) == owner)
        new = found not in self._owners
        self._owners[found] = owner
        return found, new

    def group(self, fields: type[Fields], side: Side) -> Schema:
        """Return the reference to the schema of a group of fields."""
        inside = Side.REQUEST if side in (Side.REQUEST, Side.PATCH) else Side.RESPONSE
        name, new = self.claim((fields, inside), name_of(fields) + _suffix(inside), fields.__module__)
        if new:
            # The place is taken before the members are written, because a group may contain itself.
            self.known[name] = {}
            self.known[name].update(self.properties(fields, inside))
            shown = self.known[name]["properties"]
            # An answer shows nearly every member, also of a group without value. Clients tell variants apart by that.
            left_out = {p.name for p in describe(fields) if p.left_out}
            if inside is Side.RESPONSE and (always := [m for m in shown if m not in left_out]):
                self.known[name]["required"] = always
                shown.update({m: or_empty(s) for m, s in shown.items() if s.get("format") in ("uri", "email")})
        return {"$ref": f"#/components/schemas/{name}"}

    def body(self, fields: type[Fields], side: Side, ignored: type[Fields] = Fields) -> Schema:
        """Return the reference to the schema of a whole request, or of the response of an action. A request may have
        ``ignored`` too, without effect."""
        name, new = self.claim((fields, side, "body"), name_of(fields) + _suffix(side), fields.__module__)
        if new:
            self.named(name, self.properties(fields, side))
            for p in describe(ignored):
                extra = {"description": "Wordt genegeerd: de waarde wordt afgeleid."}
                self.known[name]["properties"].setdefault(p.name, beside(self.value(p, side), extra))
            left_out = {p.name for p in describe(fields) if p.left_out}
            if side is Side.RESPONSE and (always := [m for m in self.known[name]["properties"] if m not in left_out]):
                self.known[name]["required"] = always
            if side is Side.PATCH:
                self.known[name].pop("required", None)
        return {"$ref": f"#/components/schemas/{name}"}

    def content(self, schema: Schema, kinds: Sequence[str]) -> Schema:
        """Return a body of one of these media types. Only the first refers to the schema: clients cannot tell kinds
        with the same schema apart, and send the last one."""
        whole = self.known.get(schema.get("$ref", "").rpartition("/")[2], schema)
        return {kind: {"schema": whole if i else schema} for i, kind in enumerate(kinds)}

    def properties(self, fields: type[Fields], side: Side) -> Schema:
        """Return the schema of an object with these fields."""
        shown = [p for p in describe(fields) if not (p.write_only and side is Side.RESPONSE)]
        schema: Schema = {"type": "object"}
        if description := summary_of(fields.__doc__ if fields.__doc__ != Fields.__doc__ else ""):
            schema["description"] = description
        if required := [p.name for p in shown if p.required]:
            schema["required"] = required
        schema["properties"] = {p.name: self.value(p, side) for p in shown}
        return schema

    def value(self, p: Property, side: Side) -> Schema:
        """Return the schema of one property."""
        schema, extra = self.bare(p, side), Schema()
        if _nullable(p, side):
            # Strictly this says something only beside a `type`. Beside `allOf` it is what generators of clients read;
            # what a strict reader wants instead (a `type` here, or a union with null) they read wrongly.
            extra["nullable"] = True
            if "enum" in schema and None not in schema["enum"]:
                schema = {**schema, "enum": [*schema["enum"], None]}
        if side is not Side.RESPONSE and not p.required and isinstance(p.default, str | int) and p.default != "":
            extra["default"] = p.default
        if p.write_only:
            extra["writeOnly"] = True
        if (extension := p.marker(Extension)) is not None:
            extra |= {VALUES_BESIDE: list(extension.values)} if extension.values else BESIDE_STANDARD
        return beside(schema, extra)

    def bare(self, p: Property, side: Side) -> Schema:
        """Return the schema of the type and the markers of a property."""
        if (given := p.marker(WithJsonSchema)) is not None:
            return dict(given.json_schema or {})
        if (variants := p.variants) is not None:
            models = [model for model in dict.fromkeys(variants.models.values()) if model]
            # Another property tells which it is, and several may fit. A client that takes the first one that fits takes
            # the one with the most members, and so loses nothing.
            models = sorted(models, key=lambda model: -len(model.model_fields))
            options = [self.group(model, side) for model in models]
            return {"anyOf": options} if len(options) > 1 else options[0]
        if p.group is not None:
            return self.group(p.group, side)
        if (item := p.item) is not None:
            return {"type": "array", "items": self.value(item, side), **_sizes(p, side, "Items")}
        if p.choices:
            return {"type": _type_of_choices(p), "enum": list(p.choices)}
        if get_origin(p.type) in (Union, types.UnionType):
            return {"anyOf": [self.value(_anonymous(option), side) for option in get_args(p.type)]}
        if p.type is dict or get_origin(p.type) is dict:
            values = get_args(p.type)[1] if get_args(p.type) else Any
            free: Any = True if values is Any else self.value(_anonymous(values), side)
            return {"type": "object", "additionalProperties": free, **_sizes(p, side, "Properties")}
        return _scalar(p, side)


def beside(schema: Schema, extra: Mapping[str, Any]) -> Schema:
    """Return ``schema`` with more keywords; ``allOf`` because OpenAPI 3.0 ignores what stands beside a ``$ref``."""
    if not extra:
        return schema
    return {"allOf": [schema], **extra} if "$ref" in schema else {**schema, **extra}


def name_of(fields: type[Fields]) -> str:
    """Return the name of the schema of a class: ``ZaakFields`` is ``Zaak``, ``ZaaktypeFields`` is ``ZaakType``.

    Existing software looks types up by the names that the standard gives them.
    """
    name = fields.__name__.removesuffix("Fields").removesuffix("Request").strip("_")
    return re.sub("(?<=[a-z])(object)?type(?=[A-Z]|$)", lambda found: "ObjectType" if found[1] else "Type", name)


def summary_of(text: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split()).replace("``", "`")


def _suffix(side: Side) -> str:
    return {Side.REQUEST: "Request", Side.PATCH: "PatchRequest"}.get(side, "")


def _nullable(p: Property, side: Side) -> bool:
    if side is not Side.RESPONSE:
        return p.nullable and side is not Side.QUERY
    # A response shows an empty reference as the default, and an empty group as its marker says.
    return p.nullable and p.empty_as is None and not (p.ref and p.default is not None)


def _anonymous(annotation: Any) -> Property:
    """Return a property for a type that stands inside another one."""
    kind, markers, nullable = unwrap(annotation)
    return Property("", "", kind, nullable, True, None, tuple(markers))


def _type_of_choices(p: Property) -> str:
    kinds = {type(choice) for choice in p.choices}
    return "string" if kinds == {str} else "boolean" if kinds == {bool} else "integer"


def _lengths(p: Property, minimum: str, maximum: str) -> Schema:
    marker = p.marker(Length)
    if marker is None:
        return {}
    found: Schema = {minimum: marker.minimum} if marker.minimum else {}
    return found if marker.maximum is None else {**found, maximum: marker.maximum}


def _sizes(p: Property, side: Side, what: str) -> Schema:
    # A stored value may be longer than a maximum that was set later.
    found = _lengths(p, f"min{what}", f"max{what}")
    return {name: size for name, size in found.items() if side is not Side.RESPONSE or name.startswith("min")}


def _scalar(p: Property, side: Side) -> Schema:
    # A datetime is a date and a bool is an int, so types are compared and not searched among their bases.
    kinds: dict[Any, Schema] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        date: {"type": "string", "format": "date"},
        datetime: {"type": "string", "format": "date-time"},
        uuid.UUID: {"type": "string", "format": "uuid"},
        Any: {},
        object: {},
    }
    # The outermost marker was written last and refines those of the alias below it.
    shown = next((marker for marker in reversed(p.markers) if isinstance(marker, Shown)), None)
    if p.type is str:
        schema = _text(p, shown, side)
    elif p.type in kinds:
        schema = dict(kinds[p.type])
    else:
        raise TypeError(f"{p.attribute}: there is no OAS schema for {p.type!r}; say it with WithJsonSchema")
    if (whole := p.marker(Whole)) is not None:
        schema |= {"minimum": whole.minimum, "maximum": whole.maximum}
    schema |= {"format": shown.format} if shown and shown.format else {}
    # The value of a filter is compared, and an empty one is no filter.
    empty = side is not Side.QUERY and schema.get("format") in ("uri", "email") and "minLength" not in schema
    return or_empty(schema) if empty and _blank(p) else schema


def _text(p: Property, shown: Shown | None, side: Side) -> Schema:
    schema: Schema = {"type": "string", **_lengths(p, "minLength", "maxLength")}
    if (ref := p.marker(Ref)) is not None:
        schema["format"] = "uri"
        # The limit of a filter only guards against nonsense, so it is no part of the contract.
        if side is not Side.QUERY:
            schema["maxLength"] = ref.max_length
    if (matching := p.marker(Matching)) is not None:
        schema |= {"maxLength": matching.maximum} if matching.maximum is not None else {}
        if matching.format:
            schema["format"] = matching.format
        else:
            whole = f"^(?:{matching.pattern}){'?' if matching.blank else ''}$"
            part = f"{'^$|' if matching.blank else ''}{matching.pattern}"
            schema["pattern"] = part if matching.anywhere else whole
    if shown is not None:
        for name, value in {"minLength": shown.minimum or None, "maxLength": shown.maximum}.items():
            schema.pop(name, None)
            schema |= {name: value} if value is not None else {}
        schema |= {"pattern": shown.pattern} if shown.pattern else {}
    return schema


def or_empty(schema: Schema) -> Schema:
    """Return the schema of a text that is empty when there is no value; a format alone does not let that pass."""
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


def _blank(p: Property) -> bool:
    ref, matching = p.marker(Ref), p.marker(Matching)
    return p.default == "" or (ref is not None and ref.blank) or (matching is not None and matching.blank)
