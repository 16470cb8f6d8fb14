"""What a written autorisatie follows (``services/autorisaties/volgen.py``): what was sent, and what of that exists."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.autorisaties.volgen import CATALOGUS, Gevonden, Gevraagd, Volgt, volgt_van, vraag_catalogi
from zgw.check import Check
from zgw.filters import uuid_in
from zgw.rights import TYPE_FIELDS
from zgw.types import Ref

SOORTEN = {
    "zaaktype": Ref("catalogi", "zaaktypen"),
    "informatieobjecttype": Ref("catalogi", "informatieobjecttypen"),
    "besluittype": Ref("catalogi", "besluittypen"),
}
NIET_BEIDE = "Geef alleVersies of catalogus, niet beide."
VAN_ELDERS = "Alleen van een type van deze gemeente kunnen alle versies gelden."
ZONDER_NAAM = "Dit type heeft geen naam, en daarom geen andere versies."
ANDERE_CATALOGUS = "Dit type hoort niet bij de catalogus."


class Autorisatie(Protocol):
    """What these rules look at of an autorisatie that was sent."""

    @property
    def component(self) -> str:
        """The API that it is for."""

    @property
    def scopes(self) -> list[str]:
        """What it allows."""

    @property
    def max_vertrouwelijkheidaanduiding(self) -> str:
        """The highest level."""

    @property
    def alle_versies(self) -> bool:
        """Whether it is for all versions of its type."""

    @property
    def catalogus(self) -> str:
        """The catalogue of which it is for all types."""

    @property
    def model_fields_set(self) -> set[str]:
        """The names of what was sent."""


class Applicatie(Protocol):
    """What these rules look at of an Applicatie."""

    @property
    def autorisaties(self) -> Sequence[Any]:
        """Its autorisaties."""


@dataclass
class Volgend:
    """Facts about a write: what autorisaties follow, by their place in the list that was sent."""

    gevolgd: dict[int, Volgt] = field(default_factory=dict)


async def wat_gevolgd_wordt_bestaat(check: Check[Applicatie]) -> None:
    """Uitbreiding: alleVersies noemt een type van deze gemeente, en catalogus een catalogus."""
    if not check.was_sent(lambda applicatie: applicatie.autorisaties):
        return
    asked, stored = Gevraagd(), list(check.stored["autorisaties"]) if check.stored else []
    # Who knows the standard only sends the versions that it was shown: they are asked for as well.
    followed_before = {followed for one in stored if (followed := volgt_van(one))}
    asked.volgt |= followed_before
    named = list(_named(check, asked))
    if not named and not asked.volgt:
        return
    found = await vraag_catalogi(check.call, asked)
    gevolgd = check.facts(Volgend).gevolgd
    for one in named:
        followed = _followed(found, stored, one)
        if followed is None:
            check.reject(f"autorisaties.{one.index}.{one.name}", "bad-url")
        elif followed.naam == "":
            check.reject(f"autorisaties.{one.index}.alleVersies", "invalid", ZONDER_NAAM)
        else:
            if one.type:
                _check_type(check, found, followed_before, one, followed)
            gevolgd[one.index] = followed
    for known in stored:
        if (followed := volgt_van(known)) is not None:
            gevolgd.update(dict.fromkeys(_sent_back(check, known, followed, found), followed))


@dataclass(frozen=True)
class Genoemd:
    """What an autorisatie says that it follows: its place in the list, the kind of type, and the field with the stored
    path of a version or a catalogue, and its uuid; with a catalogue also the uuid of a version, if it names one."""

    index: int
    soort: str
    name: str
    path: str
    uuid: str
    type: str = ""


def _named(check: Check[Applicatie], asked: Gevraagd) -> Iterator[Genoemd]:
    """Yield what autorisaties say that they follow, and ask for it."""
    for index, autorisatie in enumerate(check.fields.autorisaties):
        if not autorisatie.alle_versies and not autorisatie.catalogus:
            continue
        kind, here = TYPE_FIELDS[autorisatie.component], f"autorisaties.{index}"
        if autorisatie.alle_versies and autorisatie.catalogus:
            check.reject(f"{here}.alleVersies", "invalid", NIET_BEIDE)
            continue
        name, ref = ("catalogus", CATALOGUS) if autorisatie.catalogus else (kind, SOORTEN[kind])
        path = getattr(autorisatie, name)
        if not path:
            check.reject(f"{here}.{name}", "required")
        elif not path.startswith("/"):
            if name == "catalogus":
                check.reject(f"{here}.{name}", "bad-url")
            else:
                check.reject(f"{here}.alleVersies", "invalid", VAN_ELDERS)
        elif (key := uuid_in(path, ref)) is None:
            check.reject(f"{here}.{name}", "invalid-resource")
        else:
            version = ""
            if name == "catalogus":
                asked.catalogussen.add(str(key))
                version = _type_beside(check, getattr(autorisatie, kind), kind, here)
            else:
                asked.versies.add((kind, str(key)))
            if version:
                asked.versies.add((kind, version))
            yield Genoemd(index, kind, name, path, str(key), version)


def _type_beside(check: Check[Applicatie], path: str, kind: str, here: str) -> str:
    """Return the uuid of the version that is named beside a catalogue; empty without one, or when it is refused."""
    if path and not path.startswith("/"):
        check.reject(f"{here}.{kind}", "invalid", ANDERE_CATALOGUS)
    elif path and (key := uuid_in(path, SOORTEN[kind])) is None:
        check.reject(f"{here}.{kind}", "invalid-resource")
    elif path:
        return str(key)
    return ""


def _check_type(check: Check[Applicatie], found: Gevonden, before: Set[Volgt], named: Genoemd, whole: Volgt) -> None:
    """Refuse a version that is not of the catalogue beside it. One that was removed since may be sent back."""
    here = f"autorisaties.{named.index}.{named.soort}"
    if (version := found.types.get((named.soort, named.type))) is not None:
        if version.catalogus != whole.catalogus:
            check.reject(here, "invalid", ANDERE_CATALOGUS)
    elif whole not in before:
        check.reject(here, "bad-url")


def _followed(found: Gevonden, stored: Sequence[Mapping[str, Any]], named: Genoemd) -> Volgt | None:
    """Return what is followed by whoever names this version or catalogue; None when there is no such thing. What was
    removed since is still known by what is stored, for those who send that back."""
    if named.name == "catalogus":
        whole = Volgt(named.soort, named.uuid, None)
        known = named.uuid in found.catalogussen or any(volgt_van(one) == whole for one in stored)
        return whole if known else None
    if (version := found.types.get((named.soort, named.uuid))) is not None:
        return version
    return next((volgt_van(one) for one in stored if "volgt" in one and one.get(named.soort) == named.path), None)


def _sent_back(check: Check[Applicatie], one: Mapping[str, Any], followed: Volgt, found: Gevonden) -> list[int]:
    """Return the places of the autorisaties that together are ``one`` as it was shown to who only knows the standard:
    every version, with the same scopes and level, without a word of what they follow."""
    prefix = SOORTEN[followed.soort].prefix
    versions = {prefix + uuid for uuid in found.versies[followed]}
    if not versions:
        return []
    places: dict[int, str] = {}
    for index, sent in enumerate(check.fields.autorisaties):
        same = (
            sent.component == one["component"]
            and not {"alle_versies", "catalogus"} & sent.model_fields_set
            and set(sent.scopes) == set(one["scopes"])
            and sent.max_vertrouwelijkheidaanduiding == one.get("maxVertrouwelijkheidaanduiding", "")
        )
        if same and (path := getattr(sent, followed.soort)) in versions:
            places[index] = path
    return list(places) if set(places.values()) == versions else []
