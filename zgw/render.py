"""From rows to JSON. Each resource has one plan for it; an object is a list of one.

A row comes in one of two forms. With values, by attribute (``zgw.select.reading``), where something looks at them:
rules, the trail, ``expand``. As text (:func:`reading_text`), by JSON name, where it is only written out: references and
JSON then go from PostgreSQL to the client without becoming Python objects.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ARRAY, Select, Text, Uuid, cast, select
from sqlalchemy.dialects.postgresql import JSONB

from zgw.fields import Fields, Property, describe
from zgw.resource import Resource
from zgw.select import columns, properties

Render = Callable[[Any, str], Any]

BESIDE = ("_allowed", "_large", "_id")
"""What statements in the form of text select beside the object: see :func:`zgw.read.by_uuid`, ``zgw.sizes`` and
``zgw.lists``."""


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
            return _group(members, defaults_of(p.group), p.empty_as)
    if p.empty_as is not None:
        return lambda value, base: p.empty_as if value is None else value
    return None


def defaults_of(group: type[Fields]) -> dict[str, Any]:
    """Return the texts and marks that members of a group have when they came after the group was stored."""
    return {p.name: p.default for p in describe(group) if isinstance(p.default, str | bool) and not p.left_out}


def _group(members: Sequence[tuple[str, Render]], defaults: Mapping[str, Any], empty: Any) -> Render:
    def render(value: Any, base: str) -> Any:
        if value is None:
            return empty
        return {**defaults, **value, **{name: inner(value[name], base) for name, inner in members if name in value}}

    return render


def _text(value: Any, base: str) -> str:
    return str(value)


def _as_json(value: Any, base: str) -> Any:
    return None if value is None else orjson.Fragment(value)


EMPTY = orjson.Fragment("[]")


def _listed(items: Render) -> Render:
    """Return how a list that PostgreSQL gives as JSON becomes one of URLs, or of objects with URLs. Most have none."""

    def render(value: Any, base: str) -> Any:
        if type(value) is not str:
            return items(value, base)
        return EMPTY if value == "[]" else items(orjson.loads(value), base)

    return render


def _joined(prefix: str, otherwise: Render) -> Render:
    """Return how PostgreSQL's text of an array of uuids becomes a JSON array of URLs."""

    def render(values: Any, base: str) -> Any:
        if type(values) is not str:
            return otherwise(values, base)
        start = f'"{base}{prefix}'
        found = values[1:-1].replace(",", '",' + start)
        return orjson.Fragment(f'[{start}{found}"]') if found else EMPTY

    return render


@dataclass(frozen=True)
class Plan:
    """How the rows of a resource become JSON objects."""

    names: tuple[tuple[str, str], ...]
    """The JSON names, in order, each with its column in the form with values."""
    values: tuple[tuple[str, Render], ...]
    """What has to change in that form, by JSON name."""
    texts: tuple[tuple[str, Render], ...]
    """What has to change in the form of text."""
    text: Select[Any]
    """The statement of the form of text."""
    left_out: tuple[tuple[str, str, frozenset[str]], ...]
    """The polymorphic groups, which the standard leaves out of an answer when they have no value; with the name of what
    tells their kind, and the kinds for which they are null then."""
    nested: bool
    """Whether the path of the parent is part of the path."""


@cache
def plan(resource: Resource) -> Plan:
    """Return how the rows of a resource become JSON objects. ``url`` has the uuid until it becomes a URL; ``_parent``
    has the uuid of a parent."""
    shown = [p for p in properties(resource) if p.attribute != "url"]
    known = {column.name: column for column in columns(resource)}
    nested = [("_parent", resource.parent)] if resource.parent and resource.main else []
    names = [("url", "uuid"), *((p.name, p.attribute) for p in shown), *nested]
    selected = {name: known[attribute] for name, attribute in names}
    values, texts = [], []
    for p in shown:
        how = _text if p.attribute == "uuid" else renderer(p)
        if how is not None:
            values.append((p.name, how))
        stored = selected[p.name].type
        if isinstance(stored, JSONB) and (p.item is not None or how is None):
            selected[p.name], how = cast(selected[p.name], Text), _as_json if how is None else _listed(how)
        elif p.item is not None and p.item.ref is not None and how is not None:
            how = _joined(p.item.ref.prefix, how)
            if isinstance(stored, ARRAY) and isinstance(stored.item_type, Uuid):
                selected[p.name] = cast(selected[p.name], Text)
        if how is not None:
            texts.append((p.name, how))
    text = select(*(column.label(name) for name, column in selected.items())).select_from(resource.clause())
    names_of = {p.attribute: p.name for p in shown}
    left_out = tuple(
        (p.name, names_of[group.by], frozenset(kind for kind, model in group.models.items() if group.null and model))
        for p in shown
        if (group := p.variants) is not None
    )
    return Plan(tuple(names), tuple(values), tuple(texts), text, left_out, bool(nested))


def reading_text(resource: Resource) -> Select[Any]:
    """Return the statement that reads a resource as text, without conditions."""
    return plan(resource).text


def render(
    resource: Resource, service: str, rows: Sequence[Mapping[str, Any]], base: str, text: bool = False
) -> list[dict[str, Any]]:
    """Return the JSON objects of rows; URLs begin with ``base`` (``""`` gives stored paths). What rows in the form of
    ``text`` give is only fit to be dumped."""
    how, found = plan(resource), []
    changes = how.texts if text else how.values
    root = f"{base}/{service}/api/v1/"
    start = f"{root}{resource.path}/"
    for row in rows:
        if text:
            # Faster than dict(row), which looks up each name.
            item = dict(zip(row.keys(), row.values(), strict=True))
            for name in BESIDE:
                item.pop(name, None)
        else:
            item = {name: row[column] for name, column in how.names}
        if how.nested and resource.main is not None:
            start = f"{root}{resource.main.resource.path}/{item.pop('_parent')}/{resource.path}/"
        item["url"] = f"{start}{item['url']}"
        for name, change in changes:
            item[name] = change(item[name], base)
        for name, by, null in how.left_out:
            if item[name] is None and item[by] not in null:
                del item[name]
        found.append(item)
    return found
