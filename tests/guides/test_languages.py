"""A page in two languages says the same: the same parts in the same order, with the same code, links and numbers."""

import posixpath
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import zip_longest

import pytest

from gateway.pages import GUIDES
from guides.navigation import COUNTERPARTS, SEARCH, counterpart
from guides.pages import ROOT

PAGES = [page for page in COUNTERPARTS if page != SEARCH["en"]]
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)*")
COMMENT = re.compile(r"(?:^|(?<=\s))(?:#(?!!)|//) .*$", re.MULTILINE)
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
ITEM = re.compile(r"^ *(?:-|\d+\.) ", re.MULTILINE)


@dataclass
class Part:
    """What stands below one heading, apart from its words."""

    level: int = 0
    blocks: list[str] = field(default_factory=list)
    code: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    rows: list[int] = field(default_factory=list)
    items: int = 0


def source(page: str) -> str:
    """Return the file of a page."""
    name = f"{page.removesuffix('index')}README" if page.endswith("index") else page
    return (ROOT / "docs" / f"{name}.md").read_text()


def slug(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def headings(page: str) -> list[str]:
    """Return the anchors of a page, in their order."""
    return [slug(found[1]) for found in HEADING.findall(FENCE.sub("", source(page)))]


def target(page: str, link: str) -> str:
    """Return where a link leads, for both languages as the English page and the place of the heading."""
    if "://" in link:
        return link
    path, _, anchor = link.partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    # A folder is its README.
    name = re.sub(r"(^|/)README$", r"\1index", name.removesuffix(".md")) or "index"
    name = "index" if name == "." else f"{name}/index" if path.endswith("/") else name
    place = str(headings(name).index(anchor)) if anchor and name in every_page() else anchor
    dutch = {other: english for english, other in COUNTERPARTS.items()}
    return f"{dutch.get(name, name)}#{place}"


def every_page() -> set[str]:
    """Return the pages that there are in two languages."""
    return {*PAGES, *(COUNTERPARTS[page] for page in PAGES)}


def parts(page: str, text: str) -> list[Part]:
    """Return the parts of a page, of which the first stands above all headings."""
    blocks = FENCE.findall(text)
    found = []
    for piece in re.split(r"(?m)^(?=#+ )", FENCE.sub("\n@@\n", text)):
        heading = HEADING.match(piece)
        part = Part(level=len(heading[1]) if heading else 0)
        for _ in range(piece.count("@@")):
            part.blocks.append(re.sub(r"\s*\n\s*", "\n", COMMENT.sub("", blocks.pop(0))))
        prose = piece.replace("@@", "")
        part.code = Counter(dict.fromkeys(CODE.findall(prose), 1))
        part.links = Counter(dict.fromkeys((target(page, link) for _, link in LINK.findall(prose)), 1))
        words = LINK.sub(r"\1", CODE.sub("", prose))
        part.numbers = Counter(re.sub(r"[.,](?=\d{3})", "", found) for found in NUMBER.findall(words))
        part.rows = [row.count("|") - row.count(r"\|") for row in ROW.findall(prose)]
        part.items = len(ITEM.findall(prose))
        found.append(part)
    return found


def differences(english: str, dutch: str, page: str = "vendors", other: str = "nl/leveranciers") -> list[str]:
    """Return what the two texts have differently."""
    found = []
    pairs = zip_longest(parts(page, english), parts(other, dutch), fillvalue=Part(level=-1))
    for number, (one, two) in enumerate(pairs):
        for name in ("level", "blocks", "rows", "items"):
            if getattr(one, name) != getattr(two, name):
                found.append(f"part {number}, {name}: {getattr(one, name)} / {getattr(two, name)}")
        for name in ("code", "links", "numbers"):
            first, second = getattr(one, name), getattr(two, name)
            if first != second:
                found.append(f"part {number}, {name}: only English {[*(first - second)]}, Dutch {[*(second - first)]}")
    return found


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_say_the_same(page: str) -> None:
    assert differences(source(page), source(COUNTERPARTS[page]), page, COUNTERPARTS[page]) == []


def test_each_reader_is_one_click_from_his_guide() -> None:
    audiences = ("first-call", "vendors", "frontends", "functional-administration", "operators")
    both = {page: (page, counterpart(page)) for page in audiences}
    starts = {"README.md": ("docs/", 0), "docs/README.md": ("", 0), "docs/nl/README.md": ("", 1)}
    for start, (folder, language) in starts.items():
        linked = {link for _, link in LINK.findall((ROOT / start).read_text())}
        for page in audiences:
            name = f"{folder}{both[page][language]}.md".removeprefix("nl/")
            assert name in linked, (start, name)
    # The front page of the gateway has all in both languages.
    shown = {(other.strip("/"), page.strip("/")) for page, _, other, _ in GUIDES}
    assert {both[page] for page in audiences} <= shown


@pytest.mark.parametrize(
    ("english", "dutch", "said"),
    [
        ("# A\n\n## B\n", "# A\n", "level"),
        ("# A\n\n```sh\nls -l\n```\n", "# A\n\n```sh\nls\n```\n", "blocks"),
        ("# A\n\nSay `ls`.\n", "# A\n\nZeg `lt`.\n", "code"),
        ("# A\n\nAt most 2,000 a day.\n", "# A\n\nTen hoogste 200 per dag.\n", "numbers"),
        ("# A\n\n| a | b |\n|---|---|\n| c | d |\n", "# A\n\n| a | b |\n|---|---|\n", "rows"),
        ("# A\n\n- a\n- b\n", "# A\n\n- a\n", "items"),
        ("# A\n\n[x](operators.md)\n", "# A\n\n[x](../growth.md)\n", "links"),
        ("# A\n\n[x](operators.md#upgrade)\n", "# A\n\n[x](installatiebeheer.md#terugzetten)\n", "links"),
    ],
)
def test_what_differs_is_seen(english: str, dutch: str, said: str) -> None:
    if "terugzetten" in dutch:
        dutch = dutch.replace("terugzetten", headings("nl/installatiebeheer")[1])
    assert [said] == [re.sub(r".*, (\w+):.*", r"\1", found) for found in differences(english, dutch)]


def test_what_is_the_same_in_other_words_is_not_told() -> None:
    english = "# A\n\nAt most 2,000.\n\n```sh\n# the list\nls -l   # long\n```\n\n[x](operators.md)\n"
    dutch = "# B\n\nTen hoogste 2.000.\n\n```sh\n# de lijst\nls -l   # lang\n```\n\n[y](installatiebeheer.md)\n"
    assert differences(english, dutch) == []
