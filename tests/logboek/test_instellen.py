"""How an operator sets the logbook of a municipality: with a command, and in a file; its secrets are never shown."""

import base64
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beheer import postgres
from runtime.settings import Settings
from services.autorisaties.logboek import find_logboek
from tests.beheer.configuratie import mistakes, municipality
from tests.beheer.toepassen import applied, told
from tests.logboek.conftest import KEY, OIN
from tests.opdracht import Samenzaak
from tests.stack import Stack

URI = "https://register.example.nl/1"
OTHER_KEY = base64.b64encode(os.urandom(64)).decode()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The logbook in a file."""
    monkeypatch.setenv("LOGBOEK_KEY", KEY)
    monkeypatch.setenv("LOGBOEK_HEADER", "Authorization: Bearer geheim")
    return {
        "address": "https://198.51.100.7/logboek/",
        "secretEnv": "LOGBOEK_KEY",
        "header": {"secretEnv": "LOGBOEK_HEADER"},
        "activiteit": URI,
        "zaaktypen": {"ZT-1": URI},
        "applicaties": {"zac": {"activiteit": URI, "site": "https://leverancier.example.nl"}},
    }


async def test_a_file_sets_it_once(
    stack: Stack, tmp_path: Path, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"toe-{uuid.uuid4().hex[:8]}"
    assert "+ logbook at https://198.51.100.7/logboek" in told(
        await applied(stack, tmp_path, municipality(name, logboek=given)), name
    )
    async with stack.admin() as admin:
        found = await find_logboek(admin, stack.settings, name)
    assert found is not None
    assert (found.header, found.value, found.key) == ("Authorization", "Bearer geheim", base64.b64decode(KEY))
    assert found.oin == municipality(name)["municipalities"][name]["rsin"]
    assert told(await applied(stack, tmp_path, municipality(name, logboek=given)), name) == []
    monkeypatch.setenv("LOGBOEK_KEY", OTHER_KEY)
    changed = {**given, "oin": OIN, "zaaktypen": {"ZT-2": URI}}
    assert told(await applied(stack, tmp_path, municipality(name, logboek=changed)), name) == [
        "~ logbook at https://198.51.100.7/logboek",
        "    key changed",
        f"    oin {found.oin} -> {OIN}",
        "    zaaktypen changed: ZT-1, ZT-2",
    ]
    assert told(await applied(stack, tmp_path, municipality(name)), name) == []


async def test_wrong_values_are_told_with_their_place(
    stack: Stack, tmp_path: Path, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"toe-{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("SHORT", "c2hvcnQ=")
    wrong: dict[str, dict[str, Any]] = {
        "64 random bytes": {"secretEnv": "SHORT"},
        "20 digits": {"oin": "12"},
        "an absolute URI": {"activiteit": "vergunning"},
        "a site is a URL": {"applicaties": {"zac": {"site": "leverancier"}}},
    }
    for why, changes in wrong.items():
        outcome = await applied(stack, tmp_path, municipality(name, logboek={**given, **changes}))
        [mistake] = outcome.mistakes
        assert (mistake.place, why in mistake.message) == (("municipalities", name, "logboek"), True)
    assert "the key of the logbook is needed" in "\n".join(
        mistakes(tmp_path, municipality(name, logboek={"address": "https://198.51.100.7"}))
    )
    assert "LOGBOEK_NERGENS is empty or not set" in "\n".join(
        mistakes(tmp_path, municipality(name, logboek={**given, "header": {"secretEnv": "LOGBOEK_NERGENS"}}))
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, samenzaak: Samenzaak) -> Iterator[Path]:
    """A data folder with a municipality."""
    home = tmp_path_factory.mktemp("logboek")
    with postgres.resolve_dsn(Settings(home=home)):
        made = samenzaak("tenant", "add", "raalte", "--naam", "Raalte", "--rsin", "000000000", home=home)
        assert made.returncode == 0, made.stderr
        yield home


def test_the_commands_show_no_secret(home: Path, samenzaak: Samenzaak) -> None:
    assert samenzaak("logboek", "show", "raalte", home=home).stdout == "raalte: nothing is logged\n"
    (home / "sleutel").write_text(f"{KEY}\n")
    more = ("--zaaktype", f"ZT-1={URI}", "--client", f"zac={URI}", "--site", "zac=https://leverancier.example.nl")
    where = ("--address", "https://198.51.100.7/logboek", "--oin", OIN, "--key-file", str(home / "sleutel"))
    options = ("logboek", "set", "raalte", *where, *more, "--header-env", "KOP")
    unset = samenzaak(*options, home=home)
    assert (unset.returncode, "the environment variable KOP is empty or not set" in unset.stderr) == (1, True)
    made = samenzaak(*options, home=home, variables={"KOP": "Authorization: Bearer geheim"})
    assert made.returncode == 0, made.stderr
    shown = samenzaak("logboek", "show", "raalte", "--json", home=home)
    facts = json.loads(shown.stdout)
    assert (facts["address"], facts["header"], facts["oin"]) == ("https://198.51.100.7/logboek", "Authorization", OIN)
    assert facts["applicaties"] == {"zac": {"activiteit": URI, "site": "https://leverancier.example.nl"}}
    text = samenzaak("logboek", "show", "raalte", home=home).stdout
    for told_ in (made.stdout, shown.stdout, text, samenzaak("status", home=home).stdout):
        assert "geheim" not in told_
        assert KEY not in told_
    person = ("logboek", "persoon", "raalte", "BSN", "--number-env", "WIE")
    found = samenzaak(*person, home=home, variables={"WIE": "111222333"}).stdout
    assert found == samenzaak(*person, home=home, variables={"WIE": "111222333"}).stdout
    assert "111222333" not in found
    assert samenzaak("logboek", "remove", "raalte", home=home).returncode == 0
    assert samenzaak("logboek", "show", "raalte", home=home).stdout == "raalte: nothing is logged\n"
    again = samenzaak("logboek", "remove", "raalte", home=home)
    assert (again.returncode, again.stderr) == (1, "samenzaak: raalte has no logbook\n")


@pytest.mark.parametrize("option", ["--zaaktype", "--client", "--site"])
def test_half_a_pair_is_refused(home: Path, samenzaak: Samenzaak, option: str) -> None:
    (home / "sleutel").write_text(KEY)
    where = ("--address", "https://198.51.100.7", "--oin", OIN, "--key-file", str(home / "sleutel"))
    answer = samenzaak("logboek", "set", "raalte", *where, option, "ZT-1", home=home)
    assert (answer.returncode, f"{option} ZT-1: NAME=VALUE is expected" in answer.stderr) == (1, True)
