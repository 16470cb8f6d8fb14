"""Catalogues by command: a real one of 15 municipalities goes in, compares equal, and goes out again."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from beheer import postgres
from tests.opdracht import Samenzaak

DATA = Path(__file__).parents[1] / "data"
ZIP = next(DATA.rglob("vrzl-evenementen.zip"))


@pytest.fixture(scope="module")
def here(samenzaak: Samenzaak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """The command ``samenzaak`` on a data folder with two municipalities and the selection list."""
    home = tmp_path_factory.mktemp("catalogi")
    here = partial(samenzaak, home=home)
    # Kept for all commands, which would each start and stop it.
    postgres.start(home)
    for name in ("deventer", "raalte"):
        assert here("tenant", "add", name, "--naam", name, "--rsin", "000000000").returncode == 0
    loaded = here("selectielijst", "load", str(DATA / "selectielijst"), "--json")
    assert sum(json.loads(loaded.stdout).values()) == 724
    yield here
    postgres.stop(home)


def test_a_real_catalogue_there_and_back(here: Callable[..., Any], tmp_path: Path) -> None:
    tried = here("catalogus", "import", "deventer", str(ZIP), "--dry-run")
    assert "nothing was stored" in tried.stdout
    done = here("catalogus", "import", "deventer", str(ZIP), "--json")
    facts = json.loads(done.stdout)
    assert (facts["toegevoegd"]["ZaakType"], facts["gepubliceerd"]) == (60, 81)
    compared = here("catalogus", "compare", str(ZIP), "deventer:VRZL")
    assert compared.returncode == 0, compared.stdout
    assert compared.stdout.count("equal") == 9
    again = here("catalogus", "import", "deventer", str(ZIP))
    assert (again.returncode, "nothing was imported" in again.stderr) == (1, True)
    for more in ((), ("--dry-run",), ("--json",)):
        nothing = here("catalogus", "import", "deventer", str(ZIP), "--mode", "ontbrekende", *more)
        assert (nothing.returncode, nothing.stderr.count("nothing was imported")) == (1, 1)
        assert "Traceback" not in nothing.stderr
    assert json.loads(nothing.stdout)["overgeslagen"]["ZaakType"] == 60
    out = tmp_path / "out.zip"
    assert here("catalogus", "export", "deventer", "VRZL", str(out)).returncode == 0
    assert here("catalogus", "import", "raalte", str(out)).returncode == 0
    assert here("catalogus", "compare", str(ZIP), "raalte:VRZL").returncode == 0


def test_refusals_are_one_line(here: Callable[..., Any], tmp_path: Path) -> None:
    wrong = tmp_path / "x.zip"
    wrong.write_bytes(b"no zip")
    refused = here("catalogus", "import", "deventer", str(wrong))
    assert refused.returncode == 1
    assert "nothing was imported" in refused.stderr
    assert "Traceback" not in refused.stderr
    missing = here("catalogus", "export", "deventer", "NIETS", str(tmp_path / "y.zip"))
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    nobody = here("selectielijst", "load", str(wrong), "--tenant", "atlantis")
    assert (nobody.returncode, nobody.stderr.count("\n")) == (1, 1)
