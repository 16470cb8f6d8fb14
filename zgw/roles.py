"""The roles of people who work in the console, and what each may do in the APIs, whatever the type.

A client has an Applicatie, which its municipality changes. A person has a role, for which the console vouches.
"""

from collections.abc import Mapping
from functools import cache

from zgw.rights import Applicatie, Rights

CONSOLE_ID = "c2f8a6de-4b0a-5d5e-9a38-5f6f1c0f6a51"
"""What the audit trail has as ``applicatieId`` of what a person did in the console."""

READING = frozenset(
    (
        "audittrails.lezen",
        "autorisaties.lezen",
        "besluiten.lezen",
        "catalogi.lezen",
        "documenten.lezen",
        "zaken.lezen",
    )
)

ROLES: Mapping[str, frozenset[str] | None] = {
    "beheerder": None,
    "catalogusbeheerder": frozenset(
        ("catalogi.geforceerd-schrijven", "catalogi.geforceerd-verwijderen", "catalogi.lezen", "catalogi.schrijven")
    ),
    "auditor": READING,
}
"""The scopes of each role; None: all of them."""


class _OfRole(Applicatie):
    """The rights of a role: some scopes, each for every type up to every level."""

    def __init__(self, role: str) -> None:
        super().__init__(
            {
                "uuid": CONSOLE_ID,
                "label": "Console van Samenzaak",
                "heeftAlleAutorisaties": False,
                "alleenIsGereedVoorPublicatie": False,
                "autorisaties": (),
            },
            (),
        )
        self._scopes = ROLES.get(role, frozenset())

    def _work_out(self, component: str, scopes: frozenset[str]) -> Rights | None:
        granted = self._scopes is None or scopes & self._scopes
        return Rights(everything=True, scopes=scopes) if granted else None


@cache
def _known(role: str) -> Applicatie:
    return _OfRole(role)


def of_role(role: str) -> Applicatie:
    """Return the rights of a role; of one that there is not, none."""
    return _known(role if role in ROLES else "")
