"""Bundles of scopes with a name, for who gives rights: what a kind of work needs in each API that has types.

Each has what the one before it has. Nothing is stored of them: they are a shorter way to write scopes.
"""

from collections.abc import Mapping
from typing import Literal, get_args

Bundel = Literal["lezen", "registreren", "behandelen", "alles"]
NAMES: tuple[Bundel, ...] = get_args(Bundel)

MORE: Mapping[str, Mapping[Bundel, tuple[str, ...]]] = {
    "zrc": {
        "lezen": ("zaken.lezen",),
        "registreren": ("zaken.aanmaken",),
        "behandelen": ("zaken.bijwerken", "zaken.statussen.toevoegen"),
        "alles": ("zaken.geforceerd-bijwerken", "zaken.heropenen", "zaken.verwijderen", "audittrails.lezen"),
    },
    "drc": {
        "lezen": ("documenten.lezen",),
        "registreren": ("documenten.aanmaken",),
        "behandelen": ("documenten.bijwerken", "documenten.lock"),
        "alles": (
            "documenten.geforceerd-bijwerken",
            "documenten.geforceerd-unlock",
            "documenten.verwijderen",
            "audittrails.lezen",
        ),
    },
    "brc": {
        "lezen": ("besluiten.lezen",),
        "registreren": ("besluiten.aanmaken",),
        "behandelen": ("besluiten.bijwerken",),
        "alles": ("besluiten.verwijderen", "audittrails.lezen"),
    },
}
"""By component the scopes that each bundle adds to those of the one before."""


def scopes_of(bundel: Bundel, component: str) -> list[str]:
    """Return the scopes of a bundle in an API, in order. Raises ValueError for an API without types::

    scopes_of("registreren", "brc")  # ["besluiten.aanmaken", "besluiten.lezen"]
    """
    if component not in MORE:
        raise ValueError(f"bundel {bundel} has no scopes for {component}; it has for {', '.join(MORE)}")
    return sorted(scope for name in NAMES[: NAMES.index(bundel) + 1] for scope in MORE[component][name])
