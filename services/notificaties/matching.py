"""How names and values of kenmerken are compared, and which abonnementen a message goes to (notificaties.md §3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from runtime.tenancy import SERVICES
from zgw.types import path_of

ROOTS = tuple(f"/{service}/api/v1/" for service in SERVICES)
"""How the stored form of an own URL begins."""


def normal(name: str) -> str:
    """Return a name as it is compared: ``verantwoordelijke_organisatie`` is ``verantwoordelijkeOrganisatie``."""
    return name.replace("_", "").lower()


def consistent(names: Iterable[str], allowed: Iterable[str]) -> bool:
    """Return whether one set of names contains the other (nrc-2, nrc-4)."""
    one, other = {normal(name) for name in names}, {normal(name) for name in allowed}
    return one <= other or other <= one


def stored(value: str, bases: tuple[str, ...]) -> str:
    """Return a value as it is compared: an own URL without its host, whichever host was used."""
    path = path_of(value, bases)
    return path if path.startswith(ROOTS) else value


def shown(value: str, base: str) -> str:
    """Return a stored value as a client sees it."""
    return base + value if value.startswith(ROOTS) else value


@dataclass(frozen=True)
class Bericht:
    """A message as it is delivered, and the base URLs of its municipality as its publisher knew them."""

    message: Mapping[str, Any]
    bases: tuple[str, ...]

    @property
    def kenmerken(self) -> dict[str, str]:
        """The kenmerken as they are compared."""
        return {normal(name): stored(value, self.bases) for name, value in self.message["kenmerken"].items()}

    @property
    def key(self) -> int:
        """The key of the order of delivery: a number that stands for the hoofdObject.

        Two objects with the same number only wait for each other without need.
        """
        url = stored(self.message["hoofdObject"], self.bases)
        return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), "big", signed=True)


class Ontvangers:
    """The abonnementen of a municipality, ready for matching many messages."""

    def __init__(self, abonnementen: Iterable[tuple[UUID, Sequence[Mapping[str, Any]]]]) -> None:
        self._groups: dict[str, list[tuple[UUID, dict[str, str]]]] = {}
        for abonnement, kanalen in abonnementen:
            for group in kanalen:
                filters = {normal(name): value for name, value in group["filters"].items() if value != "*"}
                self._groups.setdefault(group["naam"], []).append((abonnement, filters))

    def of(self, bericht: Bericht) -> list[UUID]:
        """Return the abonnementen that get this message, each once (nrc-12).

        A filter on a kenmerk that the message does not have lets the message pass.
        """
        kenmerken = bericht.kenmerken
        return list(
            dict.fromkeys(
                abonnement
                for abonnement, filters in self._groups.get(bericht.message["kanaal"], ())
                if all(kenmerken.get(name, value) == value for name, value in filters.items())
            )
        )
