"""What the documentation names is there: files, modules, headings, commands with their options, targets of make,
settings; and every page can be found."""

import re
from pathlib import Path

import pytest
import typer.main

from beheer.cli import app
from runtime.settings import PREFIX, Settings
from zgw.resource import Resource

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("k8s/*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NEW_FILE = re.compile(r"^A new file, `[^`]+`:$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[`(]|bin/|\n)samenzaak ([\w-][^`#)\n]*)")
SAMENZAAK = typer.main.get_command(app)
VARIABLES = (*Settings.model_fields, "config", "standard", "test_long", "test_split")
"""The settings, the variable that names their file, and those of the tests."""
FOLDERS = ("runtime", "zgw", "oas", "services", "gateway", "beheer", "tests", "bench", "docs", "k8s", "console")
FILE = re.compile(rf"(?<![\w/.…-])((?:{'|'.join(FOLDERS)})/[\w/.-]*[\w/])")
MODULE = re.compile(rf"^`((?:{'|'.join(FOLDERS)})(?:\.\w+)+)`$")
ATTRIBUTE = re.compile(r"^`Resource\.(\w+)`$")
EXAMPLES = ("NAME", "k8s/overlays/yours")
"""Names in the place of others."""
BUILT = ("gateway/site",)
"""What is made from other files, and not there before."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def anchors(document: Path) -> set[str]:
    """Return what links can point to, as the usual renderers name headings."""
    headings = re.findall(r"^#+ (.*)", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def text_of(document: Path) -> str:
    """Return the text of a document; of the recipes without what they make, which tests/recipes looks at."""
    text = document.read_text()
    return NEW_FILE.sub("", FENCED.sub("", text)) if document.name == "recipes.md" else text


def code(document: Path) -> list[str]:
    """Return what stands in code."""
    return CODE.findall(text_of(document))


def commands(text: str) -> list[str]:
    """Return the command lines in a piece of code; in a table of them each is without its first word."""
    line = text.strip("`")
    return [line] if line.partition(" ")[0] in SAMENZAAK.commands else COMMAND.findall(text)  # type: ignore[attr-defined]


def missing(text: str) -> list[str]:
    """Return the files, modules and attributes of a resource that a piece of code names and that are not there."""
    found = [name for name in FILE.findall(text) if not name.startswith(BUILT)]
    files = [name for name in found if not any(example in name for example in EXAMPLES)]
    # `zgw/counts` may be short for a file with whatever ending.
    wrong = [name for name in files if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}*"))]
    wrong += [name for name in ATTRIBUTE.findall(text) if name not in Resource.__dataclass_fields__]
    return wrong + [name for name in MODULE.findall(text) if not is_there(name)]


def is_there(name: str) -> bool:
    """Return whether a name such as ``zgw.rights.Rights`` is a folder, a module, or something in a module."""
    path, parts = ROOT, name.split(".")
    while parts and (path / parts[0]).is_dir():
        path = path / parts.pop(0)
    if not parts:
        return True
    file = path / f"{parts.pop(0)}.py"
    return file.exists() and all(re.search(rf"\b{part}\b", file.read_text()) for part in parts)


def mistake(words: list[str]) -> str:
    """Return what of a command line the command ``samenzaak`` does not have."""
    command = SAMENZAAK
    known: set[str] = {"--help"}
    for word in words:
        commands = getattr(command, "commands", None)
        if commands is not None and not word.startswith("-"):
            if word not in commands:
                return word
            command = commands[word]
        known |= {name for parameter in command.params for name in parameter.opts}
        if word.startswith("--") and word not in known:
            return word
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(document: Path) -> None:
    wrong = []
    for link in LINK.findall(text_of(document)):
        name, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = document if not name else document.parent / name
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    for text in code(document):
        # cli.md is written from the commands themselves.
        for line in commands(text) if document.name != "cli.md" else ():
            # In a table alternatives stand beside each other: [--repair --elsewhere], a \| b.
            words = re.sub(r"[\[\]|\\,]", " ", line).split()
            if found := mistake(words):
                wrong.append(f"samenzaak {line}: {found}")
        wrong += [f"make {name}" for name in re.findall(r"(?:^|`|\n)\s*make ([a-z-]+)", text) if name not in TARGETS]
        # The changelog tells of other days, which had other names.
        wrong += missing(text) if document.name != "CHANGELOG.md" else []
        # The beginning of several settings ends with an underscore.
        wrong += [
            name
            for name in re.findall(rf"\b{PREFIX}[A-Z0-9_]+", text)
            if not any(variable.startswith(name.removeprefix(PREFIX).lower()) for variable in VARIABLES)
        ]
    assert wrong == []


def test_what_is_missing_is_seen() -> None:
    assert missing("`zgw/write.py` and `services/NAME/`") == []
    assert missing("`zgw/nowhere.py`") == ["zgw/nowhere.py"]
    assert missing("`zgw.rights.Rights`") + missing("`zgw.rights`") + missing("`services`") == []
    assert missing("`zgw.rights.Wrongs`") == ["zgw.rights.Wrongs"]
    assert missing("`Resource.rules`") == []
    assert missing("`Resource.rulez`") == ["rulez"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    found, unread = set(), {ROOT / "README.md"}
    while unread:
        page = unread.pop()
        found.add(page)
        linked = {(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(page))}
        folders = {file for folder in linked if folder.is_dir() for file in folder.glob("*.md")}
        unread |= {file for file in linked | folders if file.suffix == ".md" and file.exists()} - found
    assert [str(page.relative_to(ROOT)) for page in DOCUMENTS if page not in found] == []
