"""What is wrong with a file of `samenzaak apply` is told all at once, with its place, before anything is done."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from beheer import configuration
from runtime.tenancy import check_name
from tests.beheer.configuratie import mistakes, municipality, written

ROOT = Path(__file__).parents[2]


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NERGENS", raising=False)
    text = """\
municipalities:
  deventer:
    naam: Gemeente Deventer
    rsin: "123456789"
    hosts: [http://deventer.test]
    clients:
      een:
        secretEnv: NERGENS
        secretFile: /nergens
      "twee woorden":
        alleAutorisaties: true
        autorisaties: [{component: xyz, scopes: []}]
    onbekend: 1
  X: {naam: x, rsin: "517439943"}
"""
    with pytest.raises(ValueError, match="'X'") as name_error:
        check_name("X")
    found = [
        line.replace("municipalities.deventer", "…").replace("twee woorden", "twee")
        for line in mistakes(tmp_path, text)
    ]
    assert found == [
        "4: ….rsin: is not a valid RSIN",
        "5: ….hosts.0: is not a host name (without http:// and without a port)",
        "7: ….clients.een: give secretEnv or secretFile, not both",
        "10: ….clients.twee: a client_id has 1 to 50 visible characters without spaces (ASCII)",
        "12: ….clients.twee.autorisaties.0.component: Input should be 'ac', 'nrc', 'zrc', 'ztc', 'drc' or 'brc'",
        "12: ….clients.twee.autorisaties.0.scopes: List should have at least 1 item after validation, not 0",
        "13: ….onbekend: is not known here",
        f"14: municipalities.X: {name_error.value}",
    ]


def test_a_secret_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NERGENS", raising=False)
    (tmp_path / "leeg").write_text("\n")
    clients = {
        "een": {"secretEnv": "NERGENS"},
        "twee": {"secretFile": str(tmp_path / "weg")},
        "drie": {"secretFile": str(tmp_path / "leeg")},
    }
    found = mistakes(tmp_path, municipality("deventer", clients=clients))
    assert found == [
        "7: municipalities.deventer.clients.een.secretEnv: the environment variable NERGENS is empty or not set",
        f"9: municipalities.deventer.clients.twee.secretFile: the file {tmp_path}/weg cannot be read: No such file or"
        " directory",
        f"11: municipalities.deventer.clients.drie.secretFile: the file {tmp_path}/leeg is empty or not set",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("municipalities: {a: [", "1: this is no YAML"),
        ("a: &a {a: *a}\n", "1: this is nested too deeply"),
        ("[" * 5000, "1: this is nested too deeply"),
        (
            "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in pairwise("abcdefghijklmnopqrstuvw")),
            "1: this has more than 100000 values",
        ),
        ("municipalities:\n  deventer: {}\n  deventer: {}\n", "3: municipalities.deventer: is given twice"),
        ("", "1: names with what belongs to each are expected"),
        ("- een\n", "1: names with what belongs to each are expected"),
        ("municipalities: []\n", "1: municipalities: names with what belongs to each are expected"),
        (
            "municipalities:\n  een: {naam: Een, rsin: 517439943}\n",
            "2: municipalities.een.rsin: a text is expected: put a",
        ),
        ("tenants: {}\n", "1: tenants: is not known here"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    assert any(line.startswith(mistake) for line in mistakes(tmp_path, text))


def test_two_municipalities_cannot_have_one_host(tmp_path: Path) -> None:
    one = {"naam": "A", "rsin": "517439943", "hosts": ["a.test"]}
    found = mistakes(tmp_path, {"municipalities": {"aa": one, "bb": one}})
    assert [line.partition(": ")[2] for line in found] == ["municipalities.bb.hosts.0: a.test already belongs to aa"]


def test_two_municipalities_cannot_give_one_client_the_same_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOE_SECRET", "een-geheim-van-een-leverancier-voor-allen")
    monkeypatch.setenv("TOE_OTHER", "een-ander-geheim-van-deze-leverancier")
    one = {"naam": "A", "rsin": "517439943", "clients": {"app": {"secretEnv": "TOE_SECRET"}}}
    other = {"naam": "B", "rsin": "517439943", "clients": {"app": {"secretEnv": "TOE_OTHER"}}}
    found = mistakes(tmp_path, {"municipalities": {"aa": one, "bb": other, "cc": one}})
    told = "client app of aa has the same secret; give it a secret of its own at each municipality"
    assert [line.partition(": ")[2] for line in found] == [f"municipalities.cc.clients.app: {told}"]


@pytest.mark.parametrize("overlay", ["dev", "production"])
def test_the_files_of_the_overlays_can_be_applied(overlay: str, tmp_path: Path) -> None:
    text = (ROOT / "k8s" / "overlays" / overlay / "samenzaak.yaml").read_text()
    content = yaml.safe_load(text)
    for name, one in content["municipalities"].items():
        for owner in [*one["clients"].values(), *one.get("externeApis", {}).values()]:
            owner["secretFile"] = str(tmp_path / name)
        (tmp_path / name).write_text(name * 8)
    found, _ = configuration.read(written(tmp_path, content))
    assert len(found.municipalities) == len(content["municipalities"])


@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ({"component": "zrc"}, "give scopes or bundel, one of them"),
        ({"component": "zrc", "scopes": ["zaken.lezen"], "bundel": "lezen"}, "give scopes or bundel, one of them"),
        ({"component": "zrc", "scopes": ["x"], "zaaktype": "u", "catalogus": "D"}, "give one type, or catalogus"),
        ({"component": "zrc", "scopes": ["x"], "catalogus": "D", "alleVersies": True}, "alleVersies needs a type"),
        ({"bundel": "lezen"}, "component is missing"),
        ({"scopes": ["zaken.lezen"], "catalogus": "D"}, "component is missing"),
        ({"component": "nrc", "bundel": "lezen"}, "bundel lezen has no scopes for nrc; it has for zrc, drc, brc"),
        ({"bundel": "beheren", "catalogus": "D"}, "Input should be 'lezen', 'registreren', 'behandelen' or 'alles'"),
    ],
)
def test_a_right_says_one_thing(right: dict[str, Any], mistake: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, municipality("toe", clients={"app": {"autorisaties": [right]}}))
    assert [line.rpartition(": ")[2] if "; " not in mistake else line[-len(mistake) :] for line in found] == [mistake]
