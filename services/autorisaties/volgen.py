"""Autorisaties that follow types: all versions of one type, or all types of a catalogue (docs/adr/0017).

Stored, such an autorisatie has ``volgt``: the uuid of the catalogue, and the name of the type or null for all of them.
Shown, it is one autorisatie for each version that there is, as the standard has them, each with ``alleVersies`` or
``catalogus`` beside it: whoever sends back what was shown has the same stored one again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from runtime.faults import unreachable
from runtime.identity import system_caller
from runtime.problems import Problem
from zgw.body import MAX_LIST, MAX_VALUES
from zgw.request import Call
from zgw.rights import TYPE_FIELDS, TYPE_PATHS
from zgw.types import Ref

CATALOGUS = Ref("catalogi", "catalogussen")

MOST_VALUES = MAX_VALUES * 9 // 10
"""Values that are shown of one Applicatie, about: no more than a body may have, so that it can be sent back."""
MOST_ON_PAGE = 3 * MOST_VALUES
"""The same of all of them on a page."""
MEMBERS = 8
"""Values that an autorisatie has beside its scopes."""


@dataclass(frozen=True, slots=True)
class Volgt:
    """What an autorisatie follows: the type of this kind (``soort``) with a name in a catalogue, or all of them."""

    soort: str
    catalogus: str
    naam: str | None

    def stored(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {"catalogus": self.catalogus, "naam": self.naam}


def volgt_van(autorisatie: Mapping[str, Any]) -> Volgt | None:
    """Return what a stored autorisatie follows, or None when it is for one version, or for no type at all."""
    if (followed := autorisatie.get("volgt")) is None:
        return None
    return Volgt(TYPE_FIELDS[autorisatie["component"]], followed["catalogus"], followed["naam"])


@dataclass
class Gevraagd:
    """What the Catalogi API is asked: the kind and uuid of versions, what is followed, and the uuids of catalogues."""

    versies: set[tuple[str, str]] = field(default_factory=set)
    volgt: set[Volgt] = field(default_factory=set)
    catalogussen: set[str] = field(default_factory=set)

    def body(self) -> dict[str, Any]:
        """Return the question as it is sent."""
        found: dict[str, Any] = {}
        kinds: dict[str, dict[str, list[Any]]] = defaultdict(lambda: {"uuids": [], "namen": [], "catalogi": []})
        for kind, uuid in self.versies:
            kinds[kind]["uuids"].append(uuid)
        for one in self.volgt:
            if one.naam is None:
                kinds[one.soort]["catalogi"].append(one.catalogus)
            else:
                kinds[one.soort]["namen"].append([one.catalogus, one.naam])
        found.update(kinds)
        if self.catalogussen:
            found["catalogussen"] = list(self.catalogussen)
        return found


@dataclass
class Gevonden:
    """What the Catalogi API answers."""

    types: dict[tuple[str, str], Volgt] = field(default_factory=dict)
    """The type that each version is of, by kind and uuid."""
    versies: dict[Volgt, list[str]] = field(default_factory=dict)
    """The uuids of the versions of what is followed, in order."""
    catalogussen: set[str] = field(default_factory=set)
    """Those that exist."""


async def vraag_catalogi(call: Call, gevraagd: Gevraagd) -> Gevonden:
    """Return what there is of what is asked for. Raises Problem 503 when the Catalogi API cannot be reached.

    What is followed is remembered for as long as the request lasts: a write asks before its transaction.
    """
    known: dict[Volgt, list[str]] = call.request.scope.setdefault("samenzaak.versies", {})
    gevraagd = Gevraagd(gevraagd.versies, gevraagd.volgt - known.keys(), gevraagd.catalogussen)
    found = Gevonden(versies=known)
    if not (body := gevraagd.body()):
        return found
    caller = system_caller(call.tenant, "autorisaties")
    try:
        response = await call.service.internal.send(caller, "catalogi", "POST", "/_intern/versies", body)
    except httpx.HTTPError as e:
        raise unreachable("catalogi") from e
    if response.status_code != 200:
        raise Problem(503, "error", f"De catalogi-API antwoordt met {response.status_code}.")
    answered = response.json()
    found.catalogussen.update(answered.pop("catalogussen", ()))
    for each in gevraagd.volgt:
        known[each] = []
    # There may be thousands of versions, so each costs a look at what is wanted, and no more.
    lists = {(each.soort, each.catalogus, each.naam): known[each] for each in gevraagd.volgt}
    for kind, rows in answered.items():
        for uuid, catalogus, naam in rows:
            for key in ((kind, catalogus, naam), (kind, catalogus, None)):
                if (wanted := lists.get(key)) is not None:
                    wanted.append(uuid)
            if (kind, uuid) in gevraagd.versies:
                found.types[kind, uuid] = Volgt(kind, catalogus, naam)
    return found


async def versies_van(call: Call, gevolgd: Iterable[Volgt]) -> Mapping[Volgt, Sequence[str]]:
    """Return the uuids of the versions that there are of what is followed."""
    return (await vraag_catalogi(call, Gevraagd(volgt=set(gevolgd)))).versies


# --- In answers -------------------------------------------------------------------------------------------------------


async def toon_versies(call: Call, items: list[dict[str, Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Show of each autorisatie that follows types one for each version; in place.

    What would be more than a body may have is shown as one autorisatie, and so is what has no version.
    """
    gevolgd = {followed for item in items for one in item["autorisaties"] if (followed := volgt_van(one))}
    if not gevolgd:
        return
    versies = await versies_van(call, gevolgd)
    on_page = MOST_ON_PAGE
    for item in items:
        room, left = MAX_LIST - len(item["autorisaties"]), min(MOST_VALUES, on_page)
        shown: list[dict[str, Any]] = []
        for one in item["autorisaties"]:
            followed = volgt_van(one)
            uuids = versies[followed] if followed else ()
            values = len(uuids) * (MEMBERS + len(one["scopes"]))
            if len(uuids) > room or values > left:
                uuids = ()
            else:
                room, left, on_page = room - len(uuids), left - values, on_page - values
            shown += _shown(one, followed, uuids, call.base) if followed else [one]
        item["autorisaties"] = shown


def _shown(one: Mapping[str, Any], followed: Volgt, uuids: Sequence[str], base: str) -> list[dict[str, Any]]:
    rest = {name: value for name, value in one.items() if name != "volgt"}
    if followed.naam is None:
        beside: dict[str, Any] = {"catalogus": f"{base}{CATALOGUS.prefix}{followed.catalogus}"}
    else:
        beside = {"alleVersies": True}
    prefix = base + TYPE_PATHS[followed.soort]
    return [{**rest, followed.soort: prefix + uuid, **beside} for uuid in uuids] or [{**rest, **beside}]


async def voor_services(call: Call, autorisaties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return autorisaties for the services that look at them: what follows types has the number of its list in
    ``versies``, so that each list is told once."""
    gevolgd = list(dict.fromkeys(followed for one in autorisaties if (followed := volgt_van(one))))
    if not gevolgd:
        return {"autorisaties": autorisaties}
    versies = await versies_van(call, gevolgd)
    numbers = {followed: number for number, followed in enumerate(gevolgd)}
    told = [{**one, "volgt": numbers[followed]} if (followed := volgt_van(one)) else one for one in autorisaties]
    return {
        "autorisaties": told,
        "versies": [{"soort": followed.soort, "uuids": versies[followed]} for followed in gevolgd],
    }
