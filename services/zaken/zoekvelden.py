"""zrc-029: the choice of properties in ``_zoek``: ``["url", {"status": ["datumStatusGezet"]}]`` (common.md §13).

A string is a property to return, ``*`` all of them; an object names a relation, which is expanded, or a group, with
the choice that is made there. Names are compared without regard to case, because the standard's own examples need that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zgw.expand import MAX_DEPTH, MAX_PATHS, Tree, expandable, unknown_path
from zgw.fields import Property, describe
from zgw.problems import error
from zgw.request import Call
from zgw.resource import Resource
from zgw.select import properties
from zgw.types import Ref


@dataclass
class Selection:
    """The choice of properties of one object."""

    everything: bool = False
    names: list[str] = field(default_factory=list)
    inside: dict[str, "Selection"] = field(default_factory=dict)
    may_lack: bool = False
    """Whether what is chosen may not be there: of a party, its kind decides what is known of it."""

    def add(self, name: str, inside: "Selection") -> None:
        """Choose inside a relation or group, beside what was chosen there before."""
        known = self.inside.setdefault(name, Selection())
        known.everything |= inside.everything
        known.may_lack |= inside.may_lack
        known.names += inside.names
        for each, deeper in inside.inside.items():
            known.add(each, deeper)


def chosen(value: Any, depth: int = 0) -> Selection:
    """Return the choice that a client sent; else the error ``invalid``."""
    if not isinstance(value, list) or depth > MAX_DEPTH or len(value) > MAX_PATHS:
        raise error("invalid", "Een lijst van eigenschappen wordt verwacht.")
    found = Selection()
    for item in value:
        if item == "*":
            found.everything = True
        elif isinstance(item, str):
            found.names.append(item)
        elif isinstance(item, dict):
            for name, inside in item.items():
                found.add(name, chosen(inside, depth + 1))
        else:
            raise error("invalid", "Een eigenschap is een tekst, een relatie een object.")
    return found


def target_of(call: Call, ref: Ref) -> Resource | None:
    """Return the resource that a reference leads to, or None when it is one of another service."""
    own = call.service.api.resources if ref.service == call.service.api.service else ()
    return next((resource for resource in own if resource.path == ref.path), None)


def named(call: Call, resource: Resource | None, selection: Selection) -> Selection:
    """Return the choice with the names as they are written in responses. Raises 404 for a name that does not exist.

    The properties of resources of other services are only known from their objects.
    """
    if resource is None:
        return selection
    known = {p.name.lower(): p.name for p in properties(resource)} | {"url": "url"}
    relations = expandable(resource)
    groups = {p.name: members(p) for p in properties(resource) if p.group or p.variants or (p.item and p.item.group)}
    found = Selection(selection.everything)
    for name in selection.names:
        if name.lower() not in known:
            raise unknown_path(name)
        found.names.append(known[name.lower()])
    for name, inside in selection.inside.items():
        real = known.get(name.lower(), "")
        if real in relations:
            found.add(real, named(call, target_of(call, relations[real]), inside))
        elif real in groups:
            found.add(real, within_group(groups[real], inside, real in OPTIONAL))
        else:
            raise unknown_path(name)
    return found


def members(p: Property) -> list[Property]:
    """Return what a group, a list of groups or a group of several kinds may hold."""
    models = p.variants.models.values() if p.variants else [p.group or (p.item and p.item.group)]
    return [member for model in models if model for member in describe(model)]


def within_group(known: Sequence[Property], selection: Selection, may_lack: bool) -> Selection:
    """Return the choice inside a group. Raises 404 for a name that no kind of the group has."""
    for name in (*selection.names, *selection.inside):
        if not any(p.name.lower() == name.lower() for p in known):
            raise unknown_path(name)
    found = Selection(selection.everything, selection.names, may_lack=may_lack)
    for name, inside in selection.inside.items():
        deeper = [member for p in known if p.name.lower() == name.lower() for member in members(p)]
        found.add(name, within_group(deeper, inside, may_lack))
    return found


def tree_of(resource: Resource | None, call: Call, selection: Selection) -> Tree:
    """Return what has to be expanded for a choice with real names."""
    tree: Tree = {}
    relations = expandable(resource) if resource else None
    for name, inside in selection.inside.items():
        if relations is None:
            tree[name] = tree_of(None, call, inside)
        elif name in relations:
            tree[name] = tree_of(target_of(call, relations[name]), call, inside)
    return tree


def select_fields(item: dict[str, Any], selection: Selection) -> dict[str, Any]:
    """Return of an expanded object what is chosen. Raises 404 for a name that an object of another service lacks."""
    known = {name.lower(): name for name in item if name != "_expand"}
    found = {name: value for name, value in item.items() if selection.everything and name != "_expand"}
    for name in selection.names:
        if (real := known.get(name.lower())) is not None:
            found[real] = item[real]
        elif name not in OPTIONAL and not selection.may_lack:
            raise unknown_path(name)
    expanded: dict[str, Any] = item.get("_expand", {})
    for name, inside in selection.inside.items():
        if name in expanded:
            found.setdefault("_expand", {})[name] = _each(expanded[name], inside)
        elif (real := known.get(name.lower())) is not None:
            found[real] = _each(item[real], inside)
        elif name not in OPTIONAL and not selection.may_lack:
            raise unknown_path(name)
    return found


OPTIONAL = ("betrokkeneIdentificatie", "objectIdentificatie", "authenticatieContext")
"""Properties that exist but that an object may lack."""


def _each(value: Any, selection: Selection) -> Any:
    if isinstance(value, list):
        return [_each(item, selection) for item in value]
    # An empty object says that there is nothing, or nothing that the client may read.
    return select_fields(value, selection) if isinstance(value, dict) and value else value
