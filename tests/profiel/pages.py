"""The pages of docs/applications: what they say of the set-up of an application, for the tests that carry it out."""

import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "applications"
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[str]:
    """Return the names of the pages."""
    return sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")


def text(name: str) -> str:
    """Return a page."""
    return (FOLDER / f"{name}.md").read_text()


def commands(name: str) -> list[list[str]]:
    """Return the commands of a page in their order, each as its arguments without ``samenzaak``."""
    lines = [line for block in SHELL.findall(text(name)) for line in block.replace("\\\n", " ").splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.strip()]
    assert all(words[0] == "samenzaak" for words in found), name
    return [words[1:] for words in found]


def configuration(name: str) -> str | None:
    """Return the file for ``samenzaak apply`` that a page gives, if it does."""
    found = YAML.findall(text(name))
    assert len(found) <= 1, name
    return found[0] if found else None


@cache
def clients(name: str) -> dict[str, dict[str, Any]]:
    """Return what a page gives each client, in the words of the file: ``alleAutorisaties``, ``autorisaties``,
    ``profiel``."""
    found: dict[str, dict[str, Any]] = {}
    if given := configuration(name):
        [municipality] = yaml.safe_load(given)["municipalities"].values()
        for client_id, client in municipality["clients"].items():
            found[client_id] = {"profiel": [], **client}
    for words in commands(name):
        if words[:2] == ["client", "add"]:
            values = dict(pairwise(words))
            switches = [value for option, value in pairwise(words) if option == "--profiel"]
            assert "--all-rights" in words, name
            found[values["--client-id"]] = {"profiel": switches, "alleAutorisaties": True}
    return found
