"""Members of a body that nobody knows. They are ignored (common.md §1); the answer names them, so that integrators see
what they lose."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from zgw.fields import Fields, Property, describe
from zgw.request import Call
from zgw.resource import Resource

MOST_NAMES = 10
"""Names that are told of one body."""
LONGEST_NAME = 120
"""Characters that are told of a member with its path: more than the longest of those that somebody knows."""
MOST_ITEMS = 5_000
"""Items of a list that are looked at: as many as the longest may have."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.@$:-]")
"""Characters that cannot stand in a header, or would look like more than one name there."""

Models = tuple[type[Fields], ...]
"""The classes that know the members of an object: of requests, and of responses, which clients send back."""


def tell_unknown(
    call: Call, resource: Resource, sent: Mapping[str, Any], stored: Mapping[str, Any] | None, *known: str
) -> None:
    """Let the answer name what ``resource`` does not know in a body, however deep. ``stored`` is the object that
    changes; ``known`` is what this operation takes beside the properties."""
    found: list[str] = []
    models = (resource.fields, resource.shown, resource.ignored)
    members = members_of(models)
    for name, value in sent.items():
        if name in members:
            _walk(members[name], value, name, found)
        elif name not in resource.renames and name != "_expand" and name not in known:
            found.append(name)
    for p, by in polymorphic(resource.fields):
        if isinstance(value := sent.get(p.name), dict) and p.variants is not None:
            kind = sent.get(by.name, stored[by.attribute] if stored is not None else None)
            model = p.variants.models.get(kind, Fields) if isinstance(kind, str) else Fields
            if model is not Fields:
                _walk((model,) if model is not None else (Fields,), value, p.name, found)
    tell(call, found)


def tell_unknown_to(call: Call, sent: Mapping[str, Any], fields: type[Fields], *known: str) -> None:
    """Let the answer name what an action does not know in a body of these fields, and of others that are ``known``."""
    found: list[str] = []
    _walk((fields,), {name: value for name, value in sent.items() if name not in known}, "", found)
    tell(call, found)


def tell(call: Call, names: list[str]) -> None:
    """Let the answer name these members, as far as they fit a header."""
    if names:
        safe = [_UNSAFE.sub("?", name)[:LONGEST_NAME] for name in names[:MOST_NAMES]]
        more = " en andere" if len(names) > MOST_NAMES else ""
        call.request.scope["samenzaak.warning"] = f"Onbekende velden zijn genegeerd: {', '.join(safe)}{more}"


@cache
def members_of(models: Models) -> dict[str, Models]:
    """Return the members that ``models`` know, with what knows the members of each."""
    found: dict[str, Models] = {}
    for model in models:
        for p in describe(model):
            inner = p.group or (p.item.group if p.item is not None else None)
            found[p.name] = (*found.get(p.name, ()), *((inner,) if inner is not None else ()))
    return found


@cache
def polymorphic(fields: type[Fields]) -> tuple[tuple[Property, Property], ...]:
    """Return the groups whose members depend on another field, with that field."""
    by_attribute = {p.attribute: p for p in describe(fields)}
    return tuple((p, by_attribute[p.variants.by]) for p in describe(fields) if p.variants is not None)


def _walk(models: Models, value: Any, path: str, found: list[str]) -> None:
    if not models or len(found) > MOST_NAMES:
        return
    if isinstance(value, list):
        for index, item in enumerate(value[:MOST_ITEMS]):
            _walk(models, item, f"{path}.{index}", found)
    elif isinstance(value, dict):
        members = members_of(models)
        for name, item in value.items():
            inner = members.get(name)
            if inner is None:
                found.append(f"{path}.{name}" if path else name)
            elif inner and item:
                _walk(inner, item, f"{path}.{name}" if path else name, found)
