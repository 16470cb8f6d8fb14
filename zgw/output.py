"""From rows to JSON: one select per resource and one function that renders its rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, cast, exists, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSONB

from zgw.database import Prepared
from zgw.describe import Property, describe
from zgw.fields import Ref
from zgw.fixed import Fixed
from zgw.resource import CALLING_CLIENT, Resource
from zgw.rights import Rights

Render = Callable[[Any, str], Any]


@cache
def properties(resource: Resource) -> tuple[Property, ...]:
    """Return what a response shows, in order: the read-only properties and then the fields."""
    shown = describe(resource.shown)
    names = {p.attribute for p in shown} | {p.name for p in shown}
    rest = (p for p in describe(resource.fields) if not p.write_only)
    return shown + tuple(p for p in rest if p.attribute not in names and p.name not in names)


def url_path(resource: Resource, service: str) -> str:
    """Return the stored path of a resource up to its uuid; nested resources are completed with their parent."""
    return f"/{service}/api/v1/{resource.path}/"


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


def by_uuid(resource: Resource, rights: Rights, full: bool = False, nested: bool = False) -> Prepared:
    """Return the statement that reads one object by its ``uuid`` (and, ``nested``, its ``parent``).

    Its column ``_allowed`` tells whether the object lies within ``rights``; what does not even exist within them is not
    read. Compiled once for these rights: this is the most frequent statement of all.
    """
    key = (resource, full, nested)
    if key not in rights.statements:
        table = resource.table
        statement = (full_reading(resource) if full else reading(resource)).where(table.c.uuid == bindparam("uuid"))
        if nested:
            statement = statement.where(table.c[resource.parent] == bindparam("parent"))
        statement = statement.where(existing(resource, rights))
        rights.statements[key] = Prepared(statement.add_columns(within(resource, rights).label("_allowed")))
    found: Prepared = rights.statements[key]
    return found


def render_ref(prefix: str, empty: Any) -> Render:
    """Return the function that makes the absolute URL of a stored reference (uuid or path)."""

    def render(value: Any, base: str) -> Any:
        if value is None or value == "":
            return empty
        if type(value) is str:
            return base + value if value[0] == "/" else value
        return f"{base}{prefix}{value}"

    return render


def render_refs(prefix: str, one: Render | None) -> Render:
    """Return the function that makes absolute URLs of an array of references.

    A statement may give an array of uuids as PostgreSQL's text (``{…,…}``), which costs a tenth of an array of UUID
    objects.
    """

    def render(values: Any, base: str) -> Any:
        if type(values) is str:
            start = base + prefix
            return [start + value for value in values[1:-1].split(",")] if len(values) > 2 else []
        return [one(value, base) for value in values or ()] if one else list(values or ())

    return render


def renderer(p: Property) -> Render | None:
    """Return how a value of this property is rendered, or None when JSON can hold it as it is."""
    if (ref := p.ref) is not None:
        return render_ref(ref.prefix, None if p.default is None and p.nullable else "")
    if (item := p.item) is not None:
        inner = renderer(item)
        if item.ref is not None:
            return render_refs(item.ref.prefix, inner)
        return None if inner is None else lambda values, base: [inner(value, base) for value in values or ()]
    if p.group is not None:
        members = [(member.name, r) for member in describe(p.group) if (r := renderer(member))]
        if members or p.empty_as is not None:
            return _group(members, p.empty_as)
    if p.empty_as is not None:
        return lambda value, base: p.empty_as if value is None else value
    return None


def _group(members: Sequence[tuple[str, Render]], empty: Any) -> Render:
    def render(value: Any, base: str) -> Any:
        if value is None:
            return empty
        return {**value, **{name: inner(value[name], base) for name, inner in members if name in value}}

    return render


@cache
def _plan(resource: Resource) -> tuple[tuple[str, str, Render | None], ...]:
    return tuple((p.name, p.attribute, renderer(p)) for p in properties(resource) if p.attribute not in ("url", "uuid"))


@cache
def _left_out(resource: Resource) -> tuple[str, ...]:
    """Return the polymorphic groups, which the standard leaves out of a response when they have no value."""
    return tuple(p.name for p in properties(resource) if p.variants is not None)


def path_to(resource: Resource, service: str, row: Mapping[str, Any]) -> str:
    """Return the stored path of an object."""
    if resource.parent and resource.main:
        parent = f"{resource.main.resource.path}/{row[resource.parent]}/"
        return f"/{service}/api/v1/{parent}{resource.path}/{row['uuid']}"
    return f"/{service}/api/v1/{resource.path}/{row['uuid']}"


def render(resource: Resource, service: str, row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """Return the JSON object of a row; URLs begin with ``base`` (``""`` gives stored paths)."""
    shown: dict[str, Any] = {"url": base + path_to(resource, service, row)}
    if "uuid" in resource.shown.model_fields:
        shown["uuid"] = str(row["uuid"])
    for name, attribute, how in _plan(resource):
        value = row[attribute]
        shown[name] = value if how is None else how(value, base)
    for name in _left_out(resource):
        if shown[name] is None:
            del shown[name]
    return shown


# --- Lists: rows that are only written out ---


def listable(resource: Resource) -> bool:
    """Return whether :func:`listed` can render the rows of a resource."""
    plain = not (resource.parent or resource.after_read or _left_out(resource))
    return plain and "uuid" not in resource.shown.model_fields


@cache
def _listing(resource: Resource) -> tuple[Select[Any], tuple[tuple[str, Render], ...]]:
    """Return the statement of :func:`listing`, and for the properties that :func:`listed` has to change, how."""
    known = {column.name: column for column in columns(resource)}
    found, changes = [known["uuid"].label("url")], []
    for p in properties(resource):
        if p.attribute == "url":
            continue
        column, how = known[p.attribute], renderer(p)
        if p.item is not None and p.item.ref is not None and how is not None:
            how = _joined(p.item.ref.prefix, how)
        elif how is None and isinstance(column.type, JSONB):
            column, how = cast(column, Text), _as_json
        found.append(column.label(p.name))
        if how is not None:
            changes.append((p.name, how))
    return select(*found).select_from(resource.clause()), tuple(changes)


def listing(resource: Resource) -> Select[Any]:
    """Return the statement that reads a resource for :func:`listed`, without conditions."""
    return _listing(resource)[0]


def listed(resource: Resource, service: str, rows: Sequence[Mapping[str, Any]], base: str) -> list[dict[str, Any]]:
    """Return what :func:`render` returns for each row of :func:`listing`, but only fit to be dumped: references and
    JSON go from PostgreSQL to the client as text."""
    found, changes, start = [], _listing(resource)[1], base + url_path(resource, service)
    for row in rows:
        item = dict(row)
        item["url"] = f"{start}{item['url']}"
        item.pop("_large", None)
        for name, how in changes:
            item[name] = how(item[name], base)
        found.append(item)
    return found


def _as_json(value: Any, base: str) -> Any:
    return None if value is None else orjson.Fragment(value)


def _joined(prefix: str, otherwise: Render) -> Render:
    """Return how PostgreSQL's text of an array of uuids becomes a JSON array of URLs."""

    def render(values: Any, base: str) -> Any:
        if type(values) is not str:
            return otherwise(values, base)
        start = f'"{base}{prefix}'
        return orjson.Fragment("[" + start + values[1:-1].replace(",", '",' + start) + '"]') if len(values) > 2 else []

    return render


def reference_of(p: Property) -> Ref | None:
    """Return the reference of a property or of its items."""
    return p.ref or (p.item.ref if p.item else None)
