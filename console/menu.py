"""The menu: which screens there are, and who has them."""

from dataclasses import dataclass

from console.people import OPERATOR, Person


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen in the menu: its path below the console, its name, and the roles that have it."""

    path: str
    name: str
    roles: tuple[str, ...]


EVERYBODY_OF_A_MUNICIPALITY = ("beheerder", "catalogusbeheerder", "auditor")

SCREENS = (
    Screen("/overzicht", "Overzicht", (OPERATOR,)),
    Screen("/gemeenten", "Gemeenten", (OPERATOR,)),
    Screen("/accounts", "Accounts", (OPERATOR,)),
    Screen("/zaken", "Zaak opzoeken", ("beheerder", "auditor")),
    Screen("/zaaktypen", "Zaaktypen", EVERYBODY_OF_A_MUNICIPALITY),
    Screen("/applicaties", "Applicaties en rechten", ("beheerder", "auditor")),
    Screen("/log", "Beheerlog", (OPERATOR, "beheerder", "auditor")),
)


def menu_of(person: Person) -> tuple[Screen, ...]:
    """Return the screens that a person has."""
    return tuple(screen for screen in SCREENS if person.role in screen.roles)


def home_of(person: Person) -> str:
    """Return the path of the screen that a person begins at."""
    return menu_of(person)[0].path
