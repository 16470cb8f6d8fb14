"""Members of a body by the names that clients give them.

A member may be written in snake_case (``datum_status_gezet``). Those that nobody knows are ignored (common.md §1); the
answer names them, so that integrators see what they lose.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from zgw.fields import Fields, Property, describe
from zgw.request import Call
from zgw.resource import Resource
from zgw.types import Also

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


def read_members(
    call: Call, resource: Resource, body: dict[str, Any], stored: Mapping[str, Any] | None, *known: str
) -> dict[str, Any]:
    """Return a body with the names that its members have, and let the answer tell which ones ``resource`` does not
    know, however deep. ``stored`` is the object that changes; ``known`` is what this operation takes beside the
    properties.

    Whether there are other spellings is only looked at when there are names that nobody knows.
    """
    sent, found = members_and_unknown(resource, body, stored, *known)
    tell(call, found)
    return sent


def members_and_unknown(
    resource: Resource, body: dict[str, Any], stored: Mapping[str, Any] | None, *known: str
) -> tuple[dict[str, Any], list[str]]:
    """Return what :func:`read_members` returns and what it tells."""
    sent = resource.renamed(body)
    found = _unknown(resource, sent, stored, known)
    if _may_be_respelled(found):
        sent = _respelled_body(resource, sent, stored, known)
        found = _unknown(resource, sent, stored, known)
    return sent, found


def read_members_as(call: Call, body: dict[str, Any], fields: type[Fields], *known: str) -> dict[str, Any]:
    """Return the body of an action with the names of these fields, and of others that are ``known``; let the answer
    tell which ones neither has."""
    models: Models = (fields,)
    found: list[str] = []
    _walk(models, {name: value for name, value in body.items() if name not in known}, "", found)
    if _may_be_respelled(found):
        body, found = _respelled(models, body, known), []
        _walk(models, {name: value for name, value in body.items() if name not in known}, "", found)
    tell(call, found)
    return body


def _unknown(
    resource: Resource, sent: Mapping[str, Any], stored: Mapping[str, Any] | None, known: Sequence[str]
) -> list[str]:
    found: list[str] = []
    members = members_of(models_of(resource))
    for name, value in sent.items():
        if name in members:
            _walk(members[name], value, name, found)
        elif name not in resource.renames and name != "_expand" and name not in known:
            found.append(name)
    for p, by in polymorphic(resource.fields):
        if isinstance(value := sent.get(p.name), dict) and (model := _variant(p, by, sent, stored)) is not None:
            _walk((model,), value, p.name, found)
    return found


def _variant(p: Property, by: Property, sent: Mapping[str, Any], stored: Mapping[str, Any] | None) -> Any:
    """Return the class that knows the members of a group, which has none when it is ``Fields``; None for a group of a
    kind that does not exist."""
    assert p.variants is not None
    kind = sent.get(by.name, stored[by.attribute] if stored is not None else None)
    if not isinstance(kind, str) or (kind := kind.strip()) not in p.variants.models:
        return None
    return p.variants.models[kind] or Fields


def tell(call: Call, names: list[str]) -> None:
    """Let the answer name these members, as far as they fit a header."""
    if names:
        safe = [_UNSAFE.sub("?", name)[:LONGEST_NAME] for name in names[:MOST_NAMES]]
        more = " en andere" if len(names) > MOST_NAMES else ""
        call.request.scope["samenzaak.warning"] = f"Onbekende velden zijn genegeerd: {', '.join(safe)}{more}"


def models_of(resource: Resource) -> Models:
    """Return the classes that know the members of an object of a resource."""
    return (resource.fields, resource.shown, resource.ignored)


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


# --- Other spellings --------------------------------------------------------------------------------------------------

_CAPITAL = re.compile(r"[A-Z]")


def snake_case(name: str) -> str:
    """Return a name as Python and databases write it: ``datum_status_gezet`` for ``datumStatusGezet``."""
    return _CAPITAL.sub(lambda found: f"_{found[0].lower()}", name)


@cache
def spellings(models: Models) -> dict[str, str]:
    """Return the other spellings of the members that ``models`` know."""
    found = {snake_case(name): name for name in members_of(models)}
    for p in (p for model in models for p in describe(model)):
        for other in (marker.name for marker in p.markers if isinstance(marker, Also)):
            found |= {other: p.name, snake_case(other): p.name}
    return {other: name for other, name in found.items() if other not in members_of(models)}


def _may_be_respelled(unknown: Sequence[str]) -> bool:
    # Of more than that many the others were not looked for.
    return len(unknown) > MOST_NAMES or any("_" in name for name in unknown)


def _respelled_body(
    resource: Resource, body: Mapping[str, Any], stored: Mapping[str, Any] | None, known: Sequence[str]
) -> dict[str, Any]:
    found = _respelled(models_of(resource), body, known)
    for p, by in polymorphic(resource.fields):
        if isinstance(value := found.get(p.name), dict) and (model := _variant(p, by, found, stored)) is not None:
            found[p.name] = _respelled((model,), value)
    return found


def _respelled(models: Models, value: Mapping[str, Any], known: Sequence[str] = ()) -> dict[str, Any]:
    """Return an object with the names that its members have, however deep. When a member is there in both spellings,
    the one of the standard counts. Objects that only the client understands stay as they are."""
    members, others = members_of(models), spellings(models)
    if known:
        others = {**{snake_case(name): name for name in known}, **others}
    found = {}
    for name, item in value.items():
        if name not in members and name not in known and (proper := others.get(name)) is not None:
            if proper in value:
                continue
            name = proper
        found[name] = _inside(members.get(name, ()), item)
    return found


def _inside(models: Models, value: Any) -> Any:
    if not models:
        return value
    if isinstance(value, dict):
        return _respelled(models, value)
    return [_inside(models, item) for item in value] if isinstance(value, list) else value
