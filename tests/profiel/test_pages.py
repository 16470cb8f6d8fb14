"""What the pages of applications tell an operator to do does what they say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beheer import postgres
from tests.opdracht import Samenzaak
from tests.profiel.pages import clients, commands, configuration, pages, text

SECRETS = re.compile(r"secretEnv: (\w+)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, samenzaak: Samenzaak) -> Iterator[Path]:
    """A data folder with the municipality that the pages are about."""
    home = tmp_path_factory.mktemp("pages")
    made = samenzaak("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943", home=home)
    assert made.returncode == 0, made.stderr
    # Kept for the other commands, which would each start and stop it.
    postgres.start(home)
    yield home
    postgres.stop(home)


@pytest.mark.few
@pytest.mark.parametrize("page", pages())
def test_the_commands_of_a_page(home: Path, tmp_path: Path, samenzaak: Samenzaak, page: str) -> None:
    given = configuration(page)
    if given is not None:
        (tmp_path / "samenzaak.yaml").write_text(given)
    variables = {name: f"geheim-van-{name}-dat-lang-genoeg-is" for name in SECRETS.findall(given or "")}
    words = commands(page)
    assert words[-1][:2] == ["client", "show"]
    for command in words:
        there = [str(tmp_path / word) if word == "samenzaak.yaml" else word for word in command]
        done = samenzaak(*there, home=home, variables=variables)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        # The catalogue of the page is an example, and what its absence means is told for all pages.
        if command[0] == "apply":
            assert ("no catalogus VERGU yet, left out" in done.stdout) == ("catalogus: VERGU" in (given or ""))
        if command[:2] == ["client", "add"]:
            assert 32 <= len(done.stdout.split("secret ")[1].split()[0]) <= 50
    for client_id, wanted in clients(page).items():
        shown = samenzaak("client", "show", "deventer", client_id, "--json", home=home)
        facts: dict[str, Any] = json.loads(shown.stdout)
        assert set(facts["profiel"]) == set(wanted["profiel"])
        assert facts["heeftAlleAutorisaties"] == wanted.get("alleAutorisaties", False)
        assert facts["applicatie"]


def test_without_the_variables_nothing_is_changed(home: Path, tmp_path: Path, samenzaak: Samenzaak) -> None:
    """README.md, before you begin."""
    (tmp_path / "samenzaak.yaml").write_text((configuration("kiss") or "").replace("      kiss:", "      kiss-2:"))
    done = samenzaak("apply", str(tmp_path / "samenzaak.yaml"), home=home)
    assert (done.returncode, "the environment variable KISS_SECRET is empty or not set" in done.stderr) == (1, True)
    assert samenzaak("client", "show", "deventer", "kiss-2", home=home).returncode == 1


@pytest.mark.parametrize("page", pages())
def test_a_page_with_a_file_leads_to_what_holds_for_all(page: str) -> None:
    assert ("(README.md#before-you-begin)" in text(page)) == (configuration(page) is not None)


@pytest.mark.parametrize("page", pages())
def test_a_page_tells_what_one_looks_for(page: str) -> None:
    """Where it was read, what to set on both sides, what differs, and the tests."""
    found = text(page)
    assert re.findall(r"^## (.+)$", found, re.MULTILINE)[0] == "Here"
    assert re.search(r"^## In ", found, re.MULTILINE)
    assert re.search(r"^## What differs", found, re.MULTILINE)
    assert re.search(r"known not to work|What does not work", found)
    assert "not run" in found
    assert "../../tests/profiel/test_" in found
