"""From fields to columns: what a ``Fields`` class says of each of its fields, and the table that is made of them."""

import builtins
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    Table,
    Text,
    TextClause,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem

from zgw.fields import EmptyAs, Fields, Immutable, LeftOut, Ref, Variants, WriteOnly

T = TypeVar("T")


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
        """What the response shows when there is no value."""
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


def make_table(metadata: MetaData, name: str, fields: type[Fields] | None, *items: SchemaItem) -> Table:
    """Return the table of a resource: ``id`` (order of creation), ``uuid``, a column per field, and ``items``.

    A column in ``items`` replaces the one that the field of the same name would get.
    Example: ``STATUS = make_table(metadata, "status", StatusFields, UniqueConstraint("zaak", "datum_status_gezet"))``.
    """
    given = {item.name for item in items if isinstance(item, Column)}
    columns: list[SchemaItem] = [
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("uuid", Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    ]
    for property_ in describe(fields) if fields else ():
        if property_.attribute not in given and not property_.write_only:
            columns.append(column_of(property_))
    return Table(name, metadata, *columns, *items)


def column_of(property_: Property) -> Column[Any]:
    """Return the column that stores a field."""
    ref = property_.ref
    if ref and ref.table:
        key = ForeignKey(f"{ref.table}.uuid", ondelete=ref.on_delete)
        return Column(property_.attribute, Uuid, key, nullable=property_.nullable or ref.blank, index=True)
    kinds: dict[Any, Any] = {bool: Boolean, int: BigInteger, date: Date, datetime: DateTime(timezone=True), str: Text}
    kind = kinds.get(property_.type, Text if property_.choices else JSONB(none_as_null=True))
    nullable = property_.nullable or property_.variants is not None
    server_default = None if nullable else default_of(property_)
    return Column(property_.attribute, kind, nullable=nullable, server_default=server_default)


def default_of(property_: Property) -> TextClause | None:
    """Return the default of a field as SQL, None without one: what a column holds in a row of a program that does not
    know it, as the version before during a rollout. Example: ``default_of(…)`` of ``kenmerken: list[…] = []`` is
    ``'[]'``. A date as default is that of the moment, so it has none."""
    value = property_.default
    if value is None or isinstance(value, date):
        return None
    if isinstance(value, bool):
        return text("true" if value else "false")
    if isinstance(value, int):
        return text(str(value))
    if isinstance(value, Fields):
        value = value.model_dump(mode="json", by_alias=True)
    written = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text("'{}'".format(written.replace("'", "''").replace(":", r"\:")))
