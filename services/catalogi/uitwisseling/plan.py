"""The plan of an import: which rows are taken, under which uuid, with which dates (docs/catalogus.md).

Three ways to treat types that the catalogue already has: refuse them (``behoud``), add a version of them
(``nieuwe-versie``), or leave them alone (``ontbrekende``).
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from services.catalogi.geldigheid import IDENTITY
from services.catalogi.uitwisseling.bestand import FILES, Bundel, Probleem
from services.catalogi.uitwisseling.vorm import MAIN, RESOURCES, Namen, body_of, uuid_of
from zgw.dates import today
from zgw.problems import REASONS


class Modus(StrEnum):
    """The ways to treat types that exist already."""

    BEHOUD = "behoud"
    """Keep everything as it is in the file, uuids and identifications; a type that exists is a problem."""
    NIEUWE_VERSIE = "nieuwe-versie"
    """The last version in the file becomes the next version of a type that exists."""
    ONTBREKENDE = "ontbrekende"
    """Types that exist are passed over, with all that belongs to them."""


@dataclass
class Regel:
    """One row that will be imported."""

    file: str
    number: int
    uuid: uuid.UUID
    source: Mapping[str, Any]
    body: dict[str, Any]
    publish: bool = False
    bestaat: bool = False
    """Whether this type, or the one that it belongs to, exists already where that is a problem; said once, it is
    enough."""
    row: dict[str, Any] = field(default_factory=dict)
    """The columns, once the rules of the API have passed it."""

    def problem(self, name: str, code: str, reason: str = "") -> Probleem:
        """Return a problem of this row."""
        return Probleem(f"{self.file}.json", self.number, name, code, reason or REASONS.get(code, code))


@dataclass
class Bestaand:
    """The types that the municipality has already."""

    catalogus: uuid.UUID | None = None
    uuids: set[uuid.UUID] = field(default_factory=set)
    """Of all kinds, in all catalogues."""
    types: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """The versions in the catalogue that is imported into, by kind and name."""


@dataclass
class Plan:
    """All that will happen, or the problems because of which nothing does."""

    modus: Modus
    regels: list[Regel] = field(default_factory=list)
    overgeslagen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    eindigt: list[tuple[str, uuid.UUID, date]] = field(default_factory=list)
    """Versions that end because the next one begins: kind, uuid, last day."""
    problemen: list[Probleem] = field(default_factory=list)
    gepasseerd: set[str] = field(default_factory=set)
    """The uuids in the file of what is passed over."""
    by_source: dict[str, Regel] = field(default_factory=dict)
    """By the uuid in the file."""

    def of(self, file: str) -> list[Regel]:
        """Return the rows of a kind."""
        return [regel for regel in self.regels if regel.file == file]


def maak_plan(bundel: Bundel, bestaand: Bestaand, modus: Modus) -> Plan:
    """Return the plan for a file."""
    plan = Plan(modus)
    for file in FILES:
        seen: set[str] = set()
        for number, row in enumerate(bundel.of(file), 1):
            regel = Regel(file, number, uuid.uuid4(), row, body_of(RESOURCES[file].fields, row))
            key = uuid_of(row.get("url")) or uuid_of(row.get("uuid"))
            if key and key in seen:
                plan.problemen.append(regel.problem("url", "unique", "Deze UUID komt tweemaal voor in het bestand."))
            seen.add(key)
            if _wanted(plan, regel, bestaand, bundel):
                _keep_uuid(plan, regel, key, bestaand)
                plan.regels.append(regel)
                if key:
                    plan.by_source[key] = regel
            else:
                plan.overgeslagen[file] += 1
                plan.gepasseerd |= {key} - {""}
    known = {(kind, str(row["uuid"])): name for (kind, name), rows in bestaand.types.items() for row in rows}
    namen = Namen(bundel, known)
    for regel in plan.regels:
        for field_name in namen.relations(regel.file, regel.source, regel.body):
            reason = "De verwijzing leidt niet naar een type in het bestand of in de catalogus."
            plan.problemen.append(regel.problem(field_name, "does_not_exist", reason))
    _end_before_the_next(plan)
    _overlaps(plan, bestaand)
    return plan


def _wanted(plan: Plan, regel: Regel, bestaand: Bestaand, bundel: Bundel) -> bool:
    """Return whether a row is imported; a type that exists is a problem, a new version or nothing, as the mode says."""
    file = regel.file
    if file == "Catalogus":
        return bestaand.catalogus is None
    if file not in MAIN:
        parent = uuid_of(regel.source.get("zaaktype"))
        # Skip the subtypes of a zaaktype that is skipped; a zaaktype that is nowhere is a problem later.
        return parent in plan.by_source or parent not in plan.gepasseerd
    kind = MAIN[file]
    name = regel.body.get(IDENTITY[kind])
    versions = bestaand.types.get((kind, name), []) if isinstance(name, str) and name else []
    regel.publish = regel.source.get("concept") is False
    if plan.modus is Modus.ONTBREKENDE:
        # A besluittype may have no name; then its uuid tells whether it is there.
        key = "" if name else uuid_of(regel.source.get("url")) or uuid_of(regel.source.get("uuid"))
        return not versions and not (key and uuid.UUID(key) in bestaand.uuids)
    if not versions:
        return True
    if plan.modus is Modus.BEHOUD:
        regel.bestaat = True
        plan.problemen.append(regel.problem(IDENTITY[kind], "unique", f"Het {kind} {name} bestaat al in de catalogus."))
        return True
    same = [row for row in bundel.of(file) if row.get(IDENTITY[kind]) == name]
    if max(same, key=lambda row: str(row.get("begin_geldigheid") or row.get("beginGeldigheid"))) is not regel.source:
        return False
    _next_version(plan, regel, kind, versions)
    return True


def _next_version(plan: Plan, regel: Regel, kind: str, versions: list[Mapping[str, Any]]) -> None:
    """Let a version follow those that exist: it begins after them, and an open version before it ends the day
    before."""
    last = max(row["begin_geldigheid"] for row in versions)
    begin = _date(regel.body.get("beginGeldigheid"))
    if begin is None:
        return
    if begin <= last:
        begin = max(today(), last + timedelta(days=1))
        regel.body["beginGeldigheid"] = begin.isoformat()
        if kind == "zaaktype":
            regel.body["versiedatum"] = begin.isoformat()
    if not regel.publish:
        return
    for row in versions:
        if not row["concept"] and (row["einde_geldigheid"] is None or row["einde_geldigheid"] >= begin):
            plan.eindigt.append((kind, row["uuid"], begin - timedelta(days=1)))


def _keep_uuid(plan: Plan, regel: Regel, key: str, bestaand: Bestaand) -> None:
    """Give a row the uuid that it has in the file, so that cases that are moved along still refer to it."""
    if not key:
        return
    parent = plan.by_source.get(uuid_of(regel.source.get("zaaktype")))
    regel.bestaat = regel.bestaat or (parent is not None and parent.bestaat)
    if uuid.UUID(key) not in bestaand.uuids:
        regel.uuid = uuid.UUID(key)
    elif plan.modus is Modus.BEHOUD and not regel.bestaat:
        plan.problemen.append(regel.problem("url", "unique", "Er bestaat al een object met deze UUID."))


def _end_before_the_next(plan: Plan) -> None:
    """Let a published version that ends on the day on which the next one in the file begins end a day earlier: other
    implementations write them so, and clients that ask for the version of that day expect one."""
    versions: dict[tuple[str, str], list[tuple[date, Regel]]] = defaultdict(list)
    for regel in plan.regels:
        begin = _date(regel.body.get("beginGeldigheid")) if regel.file in MAIN and regel.publish else None
        if begin is not None:
            kind = MAIN[regel.file]
            versions[kind, str(regel.body.get(IDENTITY[kind]))].append((begin, regel))
    for found in versions.values():
        begins = {begin for begin, _ in found}
        for begin, regel in found:
            end = _date(regel.body.get("eindeGeldigheid"))
            if end in begins and end > begin:
                regel.body["eindeGeldigheid"] = (end - timedelta(days=1)).isoformat()


def _overlaps(plan: Plan, bestaand: Bestaand) -> None:
    """ztc-016: what will be published does not overlap, neither in the file nor with what exists."""
    ends = {key: day for _, key, day in plan.eindigt}
    periods: dict[tuple[str, str], list[tuple[date, date]]] = defaultdict(list)
    for (kind, name), rows in bestaand.types.items():
        for row in rows:
            if not row["concept"]:
                end = ends.get(row["uuid"], row["einde_geldigheid"] or date.max)
                periods[kind, name].append((row["begin_geldigheid"], end))
    for regel in plan.regels:
        if regel.file not in MAIN or not regel.publish or regel.bestaat:
            continue
        kind = MAIN[regel.file]
        identity, begin = regel.body.get(IDENTITY[kind]), _date(regel.body.get("beginGeldigheid"))
        if not isinstance(identity, str) or not identity or begin is None:
            continue
        end = _date(regel.body.get("eindeGeldigheid")) or date.max
        if any(max(begin, b) < min(end, e) for b, e in periods[kind, identity]):
            plan.problemen.append(
                regel.problem("beginGeldigheid", "overlap", "De geldigheid overlapt met een andere versie.")
            )
        periods[kind, identity].append((begin, end))


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
