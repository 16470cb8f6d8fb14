"""The rights of a client: its Applicatie, read from the Autorisaties API and turned into a condition of the query.

Rules: common.md §5, autorisaties.md §4.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, literal_column, or_, true

from runtime.statements import among
from zgw.types import LEVELS, path_of

COMPONENTS = {
    "autorisaties": "ac",
    "notificaties": "nrc",
    "zaken": "zrc",
    "catalogi": "ztc",
    "documenten": "drc",
    "besluiten": "brc",
}
"""The component that a scope belongs to, by the first word of the scope and by the name of the service."""

TYPE_FIELDS = {"zrc": "zaaktype", "drc": "informatieobjecttype", "brc": "besluittype"}
TYPE_PATHS = {
    "zaaktype": "/catalogi/api/v1/zaaktypen/",
    "informatieobjecttype": "/catalogi/api/v1/informatieobjecttypen/",
    "besluittype": "/catalogi/api/v1/besluittypen/",
}
"""The stored path of a type up to its uuid."""


@dataclass(frozen=True)
class Rights:
    """The rights that one set of scopes gives a client.

    ``caps`` holds, per type (stored path), the highest level that may be seen (index in ``LEVELS``).
    """

    everything: bool = False
    caps: Mapping[str, int] = field(default_factory=dict)
    published_only: bool = False
    scopes: frozenset[str] = frozenset()
    """The scopes that were asked for: any of them gave these rights."""
    statements: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Results for these rights, such as compiled statements, for as long as the rights are known."""

    def allows(self, type_path: str | None, level: str | None = None) -> bool:
        """Return whether an object of this type and level lies within these rights."""
        if self.everything:
            return True
        cap = self.caps.get(type_path or "")
        return cap is not None and (not level or LEVELS.index(level) <= cap)

    def of_type(self, type_path: str) -> "Rights":
        """Return what these rights give of one type: the same for its objects, in a shorter condition."""
        if self.everything:
            return self
        cap = self.caps.get(type_path)
        if cap is None:
            return Rights(published_only=self.published_only, scopes=self.scopes)
        if type_path not in self.statements:
            self.statements[type_path] = Rights(
                caps={type_path: cap}, published_only=self.published_only, scopes=self.scopes
            )
        found: Rights = self.statements[type_path]
        return found

    def condition(
        self, type_column: ColumnElement[str], level_column: ColumnElement[str] | None
    ) -> ColumnElement[bool]:
        """Return the SQL condition that keeps exactly the objects within these rights.

        Types are grouped by cap, so that hundreds of types give at most eight terms.
        """
        if self.everything:
            return true()
        if level_column is None:
            return one_of(type_column, tuple(sorted(self.caps)))
        by_cap: dict[int, list[str]] = {}
        for type_path, cap in sorted(self.caps.items()):
            by_cap.setdefault(cap, []).append(type_path)
        terms = []
        for cap, types in sorted(by_cap.items()):
            term = one_of(type_column, tuple(types))
            terms.append(term if cap == len(LEVELS) - 1 else and_(term, among(level_column, LEVELS[: cap + 1])))
        return or_(*terms) if terms else among(type_column, [])


def one_of(column: ColumnElement[Any], paths: tuple[str, ...]) -> ColumnElement[bool]:
    """Return ``column = ANY(paths)``. A long list is written into the statement, because PostgreSQL looks values up in
    a hash table when it knows the list, and compares them one by one when the list is a parameter."""
    if len(paths) == 1:
        return column == paths[0]
    if len(paths) <= FEW or not all(PLAIN.fullmatch(path) for path in paths):
        return among(column, paths)
    return column == any_(_written(paths))


@lru_cache(256)
def _written(paths: tuple[str, ...]) -> ColumnElement[Any]:
    return literal_column(f"'{{{','.join(paths)}}}'::text[]", ARRAY(Text))


FEW = 8
PLAIN = re.compile(r"[A-Za-z0-9/:._-]+")

EVERYTHING = Rights(everything=True)


class Applicatie:
    """The rights of one client, as the Autorisaties API tells them."""

    def __init__(self, data: Mapping[str, Any], bases: tuple[str, ...]) -> None:
        self.uuid: str = data["uuid"]
        self.label: str = data["label"]
        self.all: bool = data["heeftAlleAutorisaties"]
        self.published_only: bool = data["alleenIsGereedVoorPublicatie"]
        self.profiel: Mapping[str, bool | None] = data.get("profiel") or {}
        self._bases = bases
        lists = _versions(data)
        self._grants = [
            (g["component"], frozenset(g["scopes"]), self._cap(g), self._types(g, lists)) for g in data["autorisaties"]
        ]
        self.follows = bool(lists)
        """Whether its rights depend on which versions of types there are."""
        self.asked: Mapping[str, float] = {}
        """When this was asked for again about a type, by its stored path (``zgw.clients``)."""
        self._known: dict[tuple[str, frozenset[str]], Rights | None] = {}

    def rights(self, component: str, scopes: frozenset[str]) -> Rights | None:
        """Return what any of ``scopes`` gives within ``component``, or None when none of them is granted at all.

        A scope of another component (``zaken.lezen`` where catalogi are read, ztc-014) counts for its own component.
        """
        key = (component, scopes)
        if key not in self._known:
            self._known[key] = self._work_out(component, scopes)
        return self._known[key]

    def _work_out(self, component: str, scopes: frozenset[str]) -> Rights | None:
        if self.all:
            return Rights(everything=True, published_only=self.published_only, scopes=scopes)
        caps: dict[str, int] = {}
        granted = False
        for scope in scopes:
            owner = COMPONENTS.get(scope.partition(".")[0], component)
            for grant_component, grant_scopes, cap, types in self._grants:
                if grant_component != owner or scope not in grant_scopes:
                    continue
                granted = True
                for path in types:
                    caps[path] = max(cap, caps.get(path, 0))
        return Rights(caps=caps, published_only=self.published_only, scopes=scopes) if granted else None

    def _cap(self, grant: Mapping[str, Any]) -> int:
        return LEVELS.index(grant.get("maxVertrouwelijkheidaanduiding") or LEVELS[-1])

    def _types(self, grant: Mapping[str, Any], lists: Sequence[Sequence[str]]) -> Sequence[str]:
        """Return the stored paths of the versions that a grant is for."""
        # A number: the list of versions that it stands for. An Autorisaties service of before that tells none.
        if isinstance(number := grant.get("volgt"), int):
            return lists[number]
        url = grant.get(TYPE_FIELDS.get(grant["component"], ""))
        return (path_of(url, self._bases),) if url else ()


def _versions(data: Mapping[str, Any]) -> list[list[str]]:
    """Return the stored paths of each list of versions that grants follow. Clients share the texts."""
    return [[sys.intern(TYPE_PATHS[one["soort"]] + uuid) for uuid in one["uuids"]] for one in data.get("versies", ())]


def scopes(*labels: str) -> frozenset[str]:
    """Return a scope expression: any one of ``labels`` suffices."""
    return frozenset(labels)


def listed(values: Sequence[str]) -> str:
    """Return scopes for a message."""
    return ", ".join(sorted(values))
