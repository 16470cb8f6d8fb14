"""How a client is answered where Open Zaak differs from the standard: its switches (``profiel``).

A switch is on for an application that says so in its Applicatie, or else for all applications of a municipality whose
default has it. Rules and renderers ask ``call.profiel.ziot_url``; nothing else depends on who asks. What is kept or
sent to others (audit trail, notifications) never depends on a switch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from pydantic.alias_generators import to_camel


@dataclass(frozen=True, slots=True)
class Profiel:
    """The switches of one client; all off is the standard."""

    ziot_url: bool = False
    """ZaaktypeInformatieobjecttypen show the URL of their informatieobjecttype, not its omschrijving."""
    bron_hoofdletters: bool = False
    """The audit trail shows its ``bron`` in capitals."""
    betrokkene_null: bool = False
    """A rol without betrokkeneIdentificatie shows null for it, instead of leaving it out."""
    concept_relaties: bool = False
    """A concept shows the related types that are concepts too."""
    streng_publiceren: bool = False
    """A type is published only when it is complete and so are the types that it relates to."""


STANDARD = Profiel()
SWITCHES: Mapping[str, str] = {to_camel(each.name): each.name for each in fields(Profiel)}
"""The attribute of each switch, by the name that clients and operators use: ``ziotUrl``."""
OPENZAAK = "openzaak"
"""The name of the whole set."""


def profiel_of(default: Iterable[str], own: Mapping[str, bool | None]) -> Profiel:
    """Return the switches of a client: ``own`` by name, null where the municipality's ``default`` (the names of the
    switches that are on) decides."""
    on = set(default)
    chosen = {name: value for name in SWITCHES if (value := own.get(name)) is not None}
    return Profiel(**{SWITCHES[name]: chosen.get(name, name in on) for name in SWITCHES})


def check_switches(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of switches in their order, ``openzaak`` for all; raise ValueError for an unknown one."""
    named = set(given)
    if unknown := sorted(named - {*SWITCHES, OPENZAAK}):
        raise ValueError(
            f"there is no switch {', '.join(unknown)}; there are {', '.join(SWITCHES)}, and openzaak for all"
        )
    return tuple(name for name in SWITCHES if name in named or OPENZAAK in named)


def chosen_switches(named: Mapping[str, bool]) -> dict[str, bool]:
    """Return which switches are on and which are off: what is said of ``openzaak`` holds for those that have no name of
    their own here. Raise ValueError for an unknown one."""
    all_of_them = {} if OPENZAAK not in named else dict.fromkeys(SWITCHES, named[OPENZAAK])
    return {name: named.get(name, all_of_them.get(name, False)) for name in check_switches(named)}
