"""Groups of fields, and what a ``Fields`` class says of each of its fields: names, type, markers (``zgw.types``)."""

import builtins
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Never, TypeVar, Union, cast, get_args, get_origin

from pydantic import ConfigDict, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema
from sqlmodel import SQLModel

from zgw.accept import Kinds, accepted
from zgw.types import EmptyAs, Immutable, LeftOut, Length, Matching, NullIsEmpty, Ref, WriteOnly

T = TypeVar("T")


class Fields(SQLModel):
    """Base of every group of fields: camelCase names in JSON, unknown properties ignored.

    Text is trimmed at both ends before it is judged, and a number that is sent for it is taken as its text (common.md
    §2); ``zgw.accept`` tells what else is taken for a value of another kind.
    """

    model_config = ConfigDict(  # type: ignore[assignment]
        alias_generator=to_camel,
        extra="ignore",
        populate_by_name=False,
        from_attributes=False,
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
    )

    if TYPE_CHECKING:
        # SQLModel takes any attribute; mypy then sees no misspelt one.
        def __setattr__(self, name: str, value: Never) -> None: ...

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validate groups within groups without SQLModel's ``__init__``, which would lose the context: the own
        bases. Before that, take what clients send for a value that it is not."""
        schema = inner = cast("dict[str, Any]", handler(source))
        while inner["type"].startswith("function-"):
            inner = inner["schema"]
        if inner["type"] == "model":
            inner["custom_init"] = False
        found = cast("core_schema.CoreSchema", schema)
        return core_schema.no_info_before_validator_function(lambda value: accepted(kinds_of(cls), value), found)


@dataclass(frozen=True)
class Variants:
    """A group whose members depend on a sibling field: ``Variants("betrokkene_type", {"medewerker": Medewerker, …})``.

    The group is validated by :func:`zgw.parse.parse`, which knows the merged value of the sibling. An answer leaves a
    group without value out; with ``null`` it shows null for the kinds that have members.
    """

    by: str
    models: Mapping[str, type[Fields] | None] = field(hash=False)
    null: bool = False


@dataclass(frozen=True)
class Property:
    """One field: its names, its type without Annotated and Optional, and the markers on it."""

    attribute: str
    name: str
    type: Any
    nullable: bool
    required: bool
    default: Any
    markers: tuple[Any, ...] = field(hash=False, compare=False)

    def marker(self, kind: "builtins.type[T]") -> T | None:
        """Return the marker of this kind, or None."""
        return next((m for m in self.markers if isinstance(m, kind)), None)

    @cached_property
    def ref(self) -> Ref | None:
        """The reference, when the field itself is a URL."""
        return self.marker(Ref)

    @cached_property
    def variants(self) -> Variants | None:
        """The variants, when the field is polymorphic."""
        return self.marker(Variants)

    @cached_property
    def immutable(self) -> bool:
        """Whether the value may never change."""
        return self.marker(Immutable) is not None

    @cached_property
    def write_only(self) -> bool:
        """Whether the value is never shown."""
        return self.marker(WriteOnly) is not None

    @cached_property
    def left_out(self) -> bool:
        """Whether an answer may lack this member of a group."""
        return self.marker(LeftOut) is not None or not (self.required or self.nullable or self.default is not None)

    @cached_property
    def empty_as(self) -> Any:
        """The value in a response when there is none."""
        marker = self.marker(EmptyAs)
        return marker.value if marker else None

    @cached_property
    def item(self) -> "Property | None":
        """The items, when the field is a list."""
        if get_origin(self.type) is not list:
            return None
        kind, markers, nullable = unwrap(get_args(self.type)[0])
        return Property(self.attribute, self.name, kind, nullable, True, None, tuple(markers))

    @cached_property
    def group(self) -> type[Fields] | None:
        """The nested fields, when the field is a group."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, Fields) else None

    @cached_property
    def as_json(self) -> bool:
        """Whether a value is stored as JSON, or as an array: that of a list, a group or an open object."""
        return not self.choices and (not isinstance(self.type, type) or self.group is not None or self.type is dict)

    @cached_property
    def choices(self) -> Sequence[Any]:
        """The values of an enum, else nothing."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()


def unwrap(annotation: Any) -> tuple[Any, list[Any], bool]:
    """Return the bare type, all markers around it, and whether None is allowed."""
    markers: list[Any] = []
    nullable = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *found = get_args(annotation)
            # The outermost come last, whichever way Annotated and Optional are nested.
            markers = found + markers
        elif origin in (Union, types.UnionType):
            options = [option for option in get_args(annotation) if option is not type(None)]
            nullable = nullable or len(options) < len(get_args(annotation))
            if len(options) != 1:
                return annotation, markers, nullable
            annotation = options[0]
        else:
            return annotation, markers, nullable


@cache
def describe(fields: type[Fields]) -> tuple[Property, ...]:
    """Return the properties of ``fields`` in the order of declaration."""
    hints = typing.get_type_hints(fields, include_extras=True)
    properties = []
    for attribute, info in fields.model_fields.items():
        kind, markers, nullable = unwrap(hints[attribute])
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        properties.append(
            Property(attribute, info.alias or attribute, kind, nullable, info.is_required(), default, tuple(markers))
        )
    return tuple(properties)


@cache
def by_attribute(fields: type[Fields]) -> dict[str, Property]:
    """Return the properties of ``fields`` by attribute."""
    return {p.attribute: p for p in describe(fields)}


@cache
def kinds_of(fields: type[Fields]) -> Kinds:
    """Return the names of the fields for which an empty text, null for a list, a number, or blanks around a value that
    is no text may be sent."""
    described = describe(fields)
    return Kinds(
        frozenset(p.name for p in described if p.nullable and not may_be_empty(p)),
        frozenset(p.name for p in described if p.marker(NullIsEmpty)),
        frozenset(p.name for p in described if p.type is str or (p.item is not None and p.item.type is str)),
        frozenset(p.name for p in described if (p.item or p).choices or p.type is bool),
    )


def may_be_empty(p: Property) -> bool:
    """Return whether the empty text is a value of a field."""
    if p.type is not str:
        return "" in p.choices
    length, matching = p.marker(Length), p.marker(Matching)
    return (
        (p.ref is None or p.ref.blank)
        and (length is None or not length.minimum)
        and (matching is None or matching.blank)
    )
