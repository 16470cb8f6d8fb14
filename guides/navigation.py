"""Which page stands where, for whom: a newcomer finds the first call, the guide for his work, and the reference.

A page of docs/ that no section names is found all the same: below its folder when a section has that, else under
"More".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

APIS = ("zaken", "documenten", "catalogi", "besluiten", "autorisaties", "notificaties")

DUTCH = "nl/"
"""The folder of the pages in Dutch."""

SEARCH = {"en": "search", "nl": "nl/zoeken"}
"""The page with what was found, by language; it comes from no file."""

COUNTERPARTS = {
    "index": "nl/index",
    "first-call": "nl/eerste-aanroep",
    "samples": "nl/voorbeelden",
    "vendors": "nl/leveranciers",
    "frontends": "nl/front-ends",
    "functional-administration": "nl/functioneel-beheer",
    "operators": "nl/installatiebeheer",
    "catalogus": "nl/catalogus",
    "changes-per-api": "nl/wijzigingen-per-api",
    SEARCH["en"]: SEARCH["nl"],
}
"""English pages that there are in Dutch too."""


@dataclass(frozen=True)
class Section:
    """A part of the navigation: pages by name, or folders with a slash of which only the index shows from outside, and
    other addresses: their English and Dutch title, and where."""

    english: str
    dutch: str
    pages: tuple[str, ...] = ()
    links: tuple[tuple[str, str, str], ...] = ()


SECTIONS = (
    Section(
        "Start",
        "Begin",
        ("index", "nl/index", "first-call", "nl/eerste-aanroep", "samples", "nl/voorbeelden"),
    ),
    Section(
        "Guides for your work",
        "Handleidingen voor uw werk",
        (
            *("vendors", "nl/leveranciers", "applications/", "frontends", "nl/front-ends"),
            *("functional-administration", "nl/functioneel-beheer", "operators", "nl/installatiebeheer"),
            *("catalogus", "nl/catalogus", "growth"),
        ),
    ),
    Section(
        "Reference per API",
        "Naslag per API",
        links=tuple((name.capitalize(), name.capitalize(), f"/{name}/api/v1/docs") for name in (*APIS, "beheer")),
    ),
    Section(
        "Reference",
        "Naslag",
        ("changes-per-api", "nl/wijzigingen-per-api", "conformance", "design-rules", "cli", "settings", "changelog"),
        (("Errors", "Fouten", "/ref/fouten/"),),
    ),
    Section("How it is made", "Hoe het gemaakt is", ("architecture", "glossary", "recipes", "contributing", "adr/")),
)


@dataclass(frozen=True)
class Item:
    """One line of the navigation: a page, or with an address something else."""

    page: str = ""
    title: str = ""
    address: str = ""
    inner: bool = False


def language(page: str) -> str:
    """Return the language of a page: ``nl`` or ``en``."""
    return "nl" if page.startswith(DUTCH) else "en"


def counterpart(page: str) -> str | None:
    """Return the same page in the other language, where it exists."""
    others = {dutch: english for english, dutch in COUNTERPARTS.items()} | COUNTERPARTS
    return others.get(page)


def navigation(pages: Iterable[str], current: str) -> Iterator[tuple[str, list[Item]]]:
    """Yield the title of each section, in the language of the current page, with its lines."""
    dutch = language(current) == "nl"
    known = set(pages)
    for section in _sections(known):
        items = [item for page in section.pages for item in _items(page, current, known)]
        items += [Item(title=nl if dutch else en, address=address) for en, nl, address in section.links]
        if items:
            yield (section.dutch if dutch else section.english), items


def order(pages: Iterable[str], current: str) -> list[str]:
    """Return the pages in the order in which they are read, for previous and next."""
    return [item.page for _, items in navigation(pages, current) for item in items if item.page]


def _sections(known: set[str]) -> list[Section]:
    named = {page for section in SECTIONS for page in section.pages}
    rest = sorted(page for page in known - named if f"{page.partition('/')[0]}/" not in named)
    return [*SECTIONS, Section("More", "Meer", tuple(rest))]


def _items(page: str, current: str, known: set[str]) -> Iterator[Item]:
    """Yield the lines for a page, or for a folder; none for what the reader gets in his own language."""
    if page.endswith("/") and f"{page}index" in known:
        yield Item(f"{page}index")
        if current.startswith(page):
            yield from (Item(other, inner=True) for other in sorted(known - {f"{page}index"}) if other.startswith(page))
    elif page in known and not (counterpart(page) in known and language(page) != language(current)):
        yield Item(page)
