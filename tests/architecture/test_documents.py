"""What the documentation names is there: files, headings, commands with their options, targets of make, settings."""

import re
from pathlib import Path

import pytest
import typer.main

from beheer.cli import app
from runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("k8s/*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[`(]|bin/|\n)samenzaak ([\w-][^`#)\n]*)")
SAMENZAAK = typer.main.get_command(app)
VARIABLES = (*Settings.model_fields, "config", "standard", "test_long", "test_split")
"""The settings, the variable that names their file, and those of the tests."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def anchors(document: Path) -> set[str]:
    """Return what links can point to, as the usual renderers name headings."""
    headings = re.findall(r"^#+ (.*)", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def text_of(document: Path) -> str:
    """Return the text of a document; of the recipes without the code, which is carried out by tests/recipes."""
    text = document.read_text()
    return FENCED.sub("", text) if document.name == "recipes.md" else text


def code(document: Path) -> list[str]:
    """Return what stands in code."""
    return CODE.findall(text_of(document))


def commands(text: str) -> list[str]:
    """Return the command lines in a piece of code; in a table of them each is without its first word."""
    line = text.strip("`")
    return [line] if line.partition(" ")[0] in SAMENZAAK.commands else COMMAND.findall(text)  # type: ignore[attr-defined]


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
        # The beginning of several settings ends with an underscore.
        wrong += [
            name
            for name in re.findall(rf"\b{PREFIX}[A-Z0-9_]+", text)
            if not any(variable.startswith(name.removeprefix(PREFIX).lower()) for variable in VARIABLES)
        ]
    assert wrong == []
