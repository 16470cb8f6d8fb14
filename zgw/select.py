"""Reads a resource: one SELECT, within the rights of the client."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from zgw.fields import Property, describe
from zgw.resource import CALLING_CLIENT, Resource
from zgw.rights import Rights
from zgw.types import Ref


@cache
def properties(resource: Resource) -> tuple[Property, ...]:
    """Return what a response shows, in order: the read-only properties and then the fields."""
    shown = describe(resource.shown)
    names = {p.attribute for p in shown} | {p.name for p in shown}
    rest = (p for p in describe(resource.fields) if not p.write_only)
    return shown + tuple(p for p in rest if p.attribute not in names and p.name not in names)


@cache
def columns(resource: Resource) -> tuple[ColumnElement[Any], ...]:
    """Return the columns that rendering needs, each labelled with its attribute."""
    found: list[ColumnElement[Any]] = []
    for p in properties(resource):
        if p.attribute in resource.computed:
            found.append(Fixed(resource.computed[p.attribute]).label(p.attribute))
        elif p.attribute not in ("url", "uuid"):
            found.append(resource.table.c[p.attribute].label(p.attribute))
    if "uuid" not in resource.computed:
        found.append(resource.table.c.uuid)
    if resource.parent and not any(c.name == resource.parent for c in found):
        found.append(resource.table.c[resource.parent])
    return tuple(found)


@cache
def reading(resource: Resource) -> Select[Any]:
    """Return the statement that reads a resource, without conditions."""
    return select(*columns(resource)).select_from(resource.clause())


@cache
def full_reading(resource: Resource) -> Select[Any]:
    """Return :func:`reading` with every column of the table, and its version as ``_version``, for writing."""
    names = {c.name for c in columns(resource)}
    rest = [c for c in resource.table.c if c.name not in names]
    # xmin is the transaction that wrote the row: it tells whether the row changed since it was read.
    version = cast(literal_column(f'"{resource.table.name}".xmin'), Text).label("_version")
    return reading(resource).add_columns(*rest, version)


def within(resource: Resource, rights: Rights) -> ColumnElement[bool]:
    """Return the condition that keeps the objects within ``rights``."""
    if rights.everything:
        return true()
    if resource.main:
        main = resource.main.resource
        inner = within(main, rights)
        return exists(
            select(main.table.c.id).where(main.table.c.uuid == resource.table.c[resource.main.attribute], inner)
        )
    if resource.owner:
        return resource.table.c[resource.owner] == bindparam(CALLING_CLIENT)
    if resource.typed:
        level = resource.table.c[resource.typed.level] if resource.typed.level else None
        return rights.condition(resource.table.c[resource.typed.type], level)
    return true()


def existing(resource: Resource, rights: Rights) -> ColumnElement[bool]:
    """Return the condition outside which an object does not even exist for this client (404, never 403)."""
    main = resource.main.resource if resource.main else None
    own = resource.restrict(rights) if resource.restrict else None
    if main is not None and main.restrict and resource.main:
        found = main.restrict(rights)
        if found is not None:
            key = main.table.c.uuid == resource.table.c[resource.main.attribute]
            outer = exists(select(main.table.c.id).select_from(main.clause()).where(key, found))
            return outer if own is None else and_(own, outer)
    return true() if own is None else own


def reference_of(p: Property) -> Ref | None:
    """Return the reference of a property or of its items."""
    return p.ref or (p.item.ref if p.item else None)


class Fixed(ColumnElement[Any]):
    """An expression that is recognised by its identity: ``Fixed(related("status", "zaak", ZAAK_TABLE))``."""

    inherit_cache = True

    def __init__(self, inner: ColumnElement[Any]) -> None:
        key = inner._generate_cache_key()
        assert key is not None
        self.inner = inner
        self.type = inner.type
        self._parameters = key.bindparams

    def _gen_cache_key(self, anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        bindparams.extend(self._parameters)
        return Fixed, id(self.inner)

    @property
    def _from_objects(self) -> list[FromClause]:
        return list(self.inner._from_objects)

    def self_group(self, against: Any = None) -> ColumnElement[Any]:
        """Stand wherever ``inner`` stands; it brings its own parentheses."""
        return self

    def get_children(self, **_: Any) -> Iterable[Any]:
        """Show what is inside to whoever wants to change a statement."""
        return (self.inner,)


@compiles(Fixed)
def _compiled(element: Fixed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.inner, **options)
