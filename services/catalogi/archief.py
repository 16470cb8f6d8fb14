"""When a closed case may be archived or destroyed: the tables of ztc-003 to ztc-008 (catalogi.md §6.1, §6.2)."""

from collections.abc import Mapping
from typing import Any

ALLEEN = {"nihil": "afgehandeld", "ingeschatte_bestaansduur_procesobject": "termijn"}
"""ztc-003: a procestermijn of the selection list that allows only one afleidingswijze."""

M, E, F = "required", "must-be-empty", ""
"""A member must have a value, must be empty, or is free."""

MEMBERS = ("datumkenmerk", "einddatumBekend", "objecttype", "registratie", "procestermijn")
"""The members that ztc-004, ztc-005, ztc-006, ztc-007 and ztc-008 are about, in this order."""

MATRIX: Mapping[str, tuple[str, str, str, str, str]] = {
    "afgehandeld": (E, E, E, E, E),
    "ander_datumkenmerk": (M, F, M, M, E),
    "eigenschap": (M, F, E, E, E),
    "gerelateerde_zaak": (E, F, E, E, E),
    "hoofdzaak": (E, F, E, E, E),
    "ingangsdatum_besluit": (E, F, E, E, E),
    "termijn": (E, E, E, E, M),
    "vervaldatum_besluit": (E, F, E, E, E),
    "zaakobject": (M, F, M, E, E),
}


def past_bij_procestermijn(procestermijn: str, afleidingswijze: str) -> bool:
    """ztc-003: whether the selection list allows this afleidingswijze.

    Without procestermijn all are allowed; with one that names no single afleidingswijze, all but ``afgehandeld``.
    """
    if not procestermijn:
        return True
    if procestermijn in ALLEEN:
        return afleidingswijze == ALLEEN[procestermijn]
    return afleidingswijze != "afgehandeld"


def fouten_in_procedure(procedure: Mapping[str, Any]) -> list[tuple[str, str]]:
    """ztc-004 to ztc-008: the members that should have a value or should have none, each with its code; none for an
    afleidingswijze that a newer release stored."""
    found = []
    for name, demand in zip(MEMBERS, MATRIX.get(procedure["afleidingswijze"], len(MEMBERS) * (F,)), strict=True):
        empty = procedure.get(name) in (None, "", False)
        if (demand == M and empty) or (demand == E and not empty):
            found.append((name, demand))
    return found
