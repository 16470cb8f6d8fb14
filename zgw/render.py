"""From rows to JSON, for one object and for the objects of a list."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Select, Text, cast, select
from sqlalchemy.dialects.postgresql import JSONB

from zgw.fields import Property, describe
from zgw.resource import Resource
from zgw.select import columns, properties, url_path

Render = Callable[[Any, str], Any]


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
