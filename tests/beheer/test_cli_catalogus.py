"""Catalogues by command: a real one of 15 municipalities goes in, compares equal, and goes out again."""

import json
from pathlib import Path

import pytest

from tests.beheer.test_cli import samenzaak

DATA = Path(__file__).parents[1] / "data"
ZIP = next(DATA.rglob("vrzl-evenementen.zip"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two municipalities and the selection list."""
    home = tmp_path_factory.mktemp("catalogi")
    for name in ("deventer", "raalte"):
        assert samenzaak(home, "tenant", "add", name, "--naam", name, "--rsin", "000000000").returncode == 0
    loaded = samenzaak(home, "selectielijst", "load", str(DATA / "selectielijst"), "--json")
    assert sum(json.loads(loaded.stdout).values()) == 724
    return home


def test_a_real_catalogue_there_and_back(home: Path, tmp_path: Path) -> None:
    tried = samenzaak(home, "catalogus", "import", "deventer", str(ZIP), "--dry-run")
    assert "nothing was stored" in tried.stdout
    done = samenzaak(home, "catalogus", "import", "deventer", str(ZIP), "--json")
    facts = json.loads(done.stdout)
    assert (facts["toegevoegd"]["ZaakType"], facts["gepubliceerd"]) == (60, 81)
    compared = samenzaak(home, "catalogus", "compare", str(ZIP), "deventer:VRZL")
    assert compared.returncode == 0, compared.stdout
    assert compared.stdout.count("equal") == 9
    again = samenzaak(home, "catalogus", "import", "deventer", str(ZIP))
    assert (again.returncode, "nothing was imported" in again.stderr) == (1, True)
    out = tmp_path / "out.zip"
    assert samenzaak(home, "catalogus", "export", "deventer", "VRZL", str(out)).returncode == 0
    assert samenzaak(home, "catalogus", "import", "raalte", str(out)).returncode == 0
    assert samenzaak(home, "catalogus", "compare", str(ZIP), "raalte:VRZL").returncode == 0


def test_refusals_are_one_line(home: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "x.zip"
    wrong.write_bytes(b"no zip")
    refused = samenzaak(home, "catalogus", "import", "deventer", str(wrong))
    assert refused.returncode == 1
    assert "nothing was imported" in refused.stderr
    assert "Traceback" not in refused.stderr
    missing = samenzaak(home, "catalogus", "export", "deventer", "NIETS", str(tmp_path / "y.zip"))
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    nobody = samenzaak(home, "selectielijst", "load", str(wrong), "--tenant", "atlantis")
    assert (nobody.returncode, nobody.stderr.count("\n")) == (1, 1)
