"""What the generator reads: the pages of docs/ as a code forge shows them, made ready for the site.

- ``README.md`` of a folder is its index; a folder without one gets a list of its pages.
- A link to a file that is no page of the site (code, a test) becomes its text.
- Blocks of code below each other, of three or more languages and the first of them curl or Python, become tabs.
"""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

OUTSIDE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Pages outside docs/, and their names on the site."""

TITLES = {"adr": "Decisions", "applications": "Applications"}
"""Titles of the indexes of folders that have none of their own."""

LANGUAGES = {
    "bash": "curl",
    "python": "Python",
    "typescript": "TypeScript",
    "csharp": "C#",
    "php": "PHP",
    "java": "Java",
}
"""Languages of code samples, by the name in a fence, with what their tab says."""

FIRST = ("bash", "python")
"""The languages that a group of samples begins with; other blocks below each other do not belong together."""

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAMPLES = re.compile(r"(?:^```\w+\n(?:(?!```).*\n)*?```\n\n?){3,}", re.MULTILINE)
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def sources() -> dict[str, str]:
    """Return the name on the site of each page by its path in the repository."""
    found = dict(OUTSIDE)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        name = path.relative_to(ROOT / "docs")
        found[f"docs/{name.as_posix()}"] = name.with_stem("index" if name.stem == "README" else name.stem).as_posix()
    return found


def stage(folder: Path) -> None:
    """Write what the generator reads into an empty folder."""
    known = sources()
    for source, name in known.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(tabs(links((ROOT / source).read_text(), source, known)))
    for index in sorted({path.parent / "index.md" for path in folder.rglob("*.md")}):
        if not index.exists():
            index.write_text(_index(index.parent))


def title(text: str) -> str:
    """Return the title of a page: its first heading."""
    return re.search(r"^# (.+)$", text, re.MULTILINE)[1]  # type: ignore[index]


def links(text: str, source: str, known: Mapping[str, str]) -> str:
    """Return the page at ``source`` with its links as they are between the pages of the site."""

    def replaced(match: re.Match[str]) -> str:
        label, target = match.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return match[0]
        path, _, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        name = known.get(wanted) or known.get(f"{wanted}/README.md")
        if name is None and any(other.startswith(f"{wanted}/") for other in known):
            name = f"{wanted.removeprefix('docs/')}/index.md"
        if name is None:
            return label
        address = posixpath.relpath(name, posixpath.dirname(known[source]) or ".")
        return f"[{label}]({address}#{anchor})" if anchor else f"[{label}]({address})"

    return "".join(
        part if part.lstrip().startswith("```") else _LINK.sub(replaced, part) for part in _FENCED.split(text)
    )


def tabs(text: str) -> str:
    """Return the page with its samples of code in several languages marked as belonging together."""

    def marked(match: re.Match[str]) -> str:
        names = [name for name, _ in _FENCE.findall(match[0])]
        if names[0] not in FIRST or not set(names) <= LANGUAGES.keys() or len(set(names)) < len(names):
            return match[0]
        return f":::{{container}} samples\n{match[0].rstrip()}\n:::\n\n"

    return _SAMPLES.sub(marked, text)


def samples(text: str) -> list[dict[str, str]]:
    """Return the samples of a page: for each place the code by its language."""
    found = (dict(_FENCE.findall(match[0])) for match in _SAMPLES.finditer(text))
    return [codes for codes in found if next(iter(codes)) in FIRST]


def _index(folder: Path) -> str:
    name = TITLES.get(folder.name, folder.name.capitalize())
    pages = [path for path in sorted(folder.glob("*.md")) if path.name != "index.md"]
    return f"# {name}\n\n" + "".join(f"- [{title(path.read_text())}]({path.name})\n" for path in pages)
