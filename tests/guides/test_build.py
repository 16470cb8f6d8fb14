"""What the site is made of: every page of docs/, nothing from elsewhere, and code samples as tabs."""

import gzip
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from guides.build import digest
from guides.navigation import COUNTERPARTS, SECTIONS, language, navigation
from guides.pages import ROOT, links, samples, sources, stage, tabs

THREE = "```bash\na\n```\n\n```python\nb\n```\n\n```php\nc\n```\n"


class Parts(HTMLParser):
    """The elements of a page with their attributes, and what stands in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep what a script or a style has in itself."""
        if self.elements and self.elements[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data)


def pages(site: Path) -> list[Path]:
    """Return the files of all pages."""
    return sorted(site.rglob("*.html"))


def test_every_page_of_the_documentation_is_there(site: Path) -> None:
    for source, name in sources().items():
        page = site / name.removesuffix("index.md").removesuffix(".md") / "index.html"
        assert page.exists(), source
    assert (site / "adr" / "index.html").exists()


def test_no_page_has_a_script_or_a_style_in_itself_or_from_elsewhere(site: Path) -> None:
    assert len(pages(site)) > 20
    for page in pages(site):
        parts = Parts(page.read_text())
        assert parts.inline == [], page
        for tag, attributes in parts.elements:
            assert "style" not in attributes, page
            assert not [name for name in attributes if name.startswith("on")], page
            loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            assert not loaded or not urlsplit(loaded).netloc, page
    for asset in (site / "_static").glob("*.[cj]s*"):
        content = gzip.decompress(asset.read_bytes()) if asset.suffix == ".gz" else asset.read_bytes()
        assert not re.search(rb"@import|url\(\s*[\"']?https?:", content), asset


def test_each_page_says_its_language_and_leads_to_the_other(site: Path) -> None:
    for source, name in sources().items():
        text = (site / name.removesuffix("index.md").removesuffix(".md") / "index.html").read_text()
        page = name.removesuffix(".md")
        assert f'<html lang="{language(page)}"' in text, source
        assert ('class="other"' in text) == (page in COUNTERPARTS or page in COUNTERPARTS.values()), source


def test_the_samples_are_the_same_in_both_languages() -> None:
    files = [(ROOT / "docs" / f"{page}.md").read_text() for page in ("first-call", COUNTERPARTS["first-call"])]
    assert samples(files[0]) == samples(files[1]) != []


def test_a_new_page_is_in_the_navigation() -> None:
    known = ["index", "vendors", "applications/index", "applications/one", "adr/index", "adr/0001-x", "brand-new"]
    found = dict(navigation(known, "index"))
    assert [item.page for item in found["More"]] == ["brand-new"]
    assert [item.page for item in found["Guides for your work"]] == ["vendors", "applications/index"]
    inside = dict(navigation(known, "applications/one"))
    assert [item.page for item in inside["Guides for your work"]][-1] == "applications/one"
    named = {page for section in SECTIONS for page in section.pages if not page.endswith("/")}
    assert named <= {name.removesuffix(".md") for name in sources().values()}


def test_the_navigation_leads_to_the_errors_and_the_reference_in_each_language() -> None:
    for page, section, title in (("index", "Reference", "Errors"), ("nl/index", "Naslag", "Fouten")):
        found = dict(navigation(["index", "nl/index", "settings"], page))[section]
        assert [(item.title, item.address) for item in found if item.address] == [(title, "/ref/fouten/")]


def test_a_reader_gets_a_page_once_in_his_own_language() -> None:
    known = [*COUNTERPARTS, *COUNTERPARTS.values(), "growth"]
    english, dutch = (
        [item.page for _, items in navigation(known, page) for item in items if item.page]
        for page in ("index", "nl/index")
    )
    assert {"index", "first-call", "vendors", "operators", "growth"} <= {*english}
    assert {"nl/index", "nl/eerste-aanroep", "nl/leveranciers", "nl/installatiebeheer", "growth"} <= {*dutch}
    assert not {*english} & {*COUNTERPARTS.values()}
    assert not {*dutch} & {*COUNTERPARTS}


def test_links_lead_to_pages_and_not_to_code() -> None:
    known = sources()
    text = "[a](growth.md#x) [b](../CHANGELOG.md) [`c`](../tests/conftest.py) [d](adr/) [e](https://x.nl)\n```\n[f](no)\n```"
    assert links(text, "docs/vendors.md", known) == (
        "[a](growth.md#x) [b](changelog.md) `c` [d](adr/index.md) [e](https://x.nl)\n```\n[f](no)\n```"
    )
    assert links("[v](../vendors.md) [h](README.md)", "docs/nl/README.md", known) == "[v](../vendors.md) [h](index.md)"


def test_samples_of_several_languages_become_tabs(site: Path) -> None:
    assert tabs(THREE).startswith(":::{container} samples\n```bash")
    assert tabs(THREE.replace("bash", "yaml")) == THREE.replace("bash", "yaml")
    assert tabs(THREE.replace("php", "python")) == THREE.replace("php", "python")
    assert samples(THREE) == [{"bash": "a\n", "python": "b\n", "php": "c\n"}]
    text = (site / "first-call" / "index.html").read_text()
    assert re.findall(r'data-language="([^"]*)"', text) == ["curl", "Python", "TypeScript", "C#", "PHP", "Java"]


def test_a_folder_without_an_index_gets_one(tmp_path: Path) -> None:
    stage(tmp_path)
    assert "(0001-statements-without-an-engine.md)" in (tmp_path / "adr" / "index.md").read_text()


def test_what_is_up_to_date_is_not_built_again(site: Path) -> None:
    assert (site / ".built").read_text() == digest()
    before = (site / "index.html").stat().st_mtime_ns
    subprocess.run([sys.executable, "-m", "guides.build"], cwd=ROOT, check=True)
    assert (site / "index.html").stat().st_mtime_ns == before


@pytest.mark.few
@pytest.mark.parametrize("wrong", ["nowhere.md", "index.md#nowhere"])
def test_a_link_to_nowhere_stops_the_build(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text(f"# Start\n\n[there]({wrong})\n")
    code = (
        "import sys; from pathlib import Path; from guides.sphinx_site import generate;"
        "generate(*map(Path, sys.argv[1:]))"
    )
    folders = [str(tmp_path / name) for name in ("pages", "out", "trees")]
    done = subprocess.run([sys.executable, "-c", code, *folders], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nowhere" in done.stderr
