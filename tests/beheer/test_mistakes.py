"""Mistakes of an operator: one line that tells what to do, nothing changed, and no secret in the answer."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer

from beheer import postgres
from beheer.cli import app
from tests.opdracht import Samenzaak, free_port

UNKNOWN = "samenzaak: there is no municipality nergens\n"
ABOUT_ONE = {
    "tenant show": (),
    "tenant remove": ("--erase", "nergens"),
    "tenant time-zone": ("America/Kralendijk",),
    "tenant cors": ("--none",),
    "tenant profiel": ("--none",),
    "client add": ("--client-id", "zac"),
    "client list": (),
    "catalogus export": ("VERGU", "{folder}/uit.zip"),
    "catalogus import": ("{folder}/leeg.zip",),
    "check relations": (),
    "check documents": (),
    "check catalogi": (),
    "notifications list": (),
    "notifications show": ("1",),
    "notifications stats": (),
    "notifications retry": ("--failed",),
    "notifications drop": ("--failed",),
    "issuer add": ("--iss", "https://login.test", "--keys", "{folder}/sleutel.pem"),
    "issuer list": (),
    "issuer remove": ("--iss", "https://login.test"),
    "external add": ("dms", "--root", "https://198.51.100.7/api"),
    "external list": (),
    "external remove": ("dms",),
    "operator link": ("jansen",),
    "inzage keuze": (),
    "inzage datalek": ("--client", "zac", "--van", "2026-01-01", "--tot", "2026-01-02"),
    "verzoeken": ("--client", "zac"),
    "usage": (),
    "logboek set": ("--address", "https://198.51.100.7", "--oin", "123456782", "--key-file", "{folder}/logboek"),
    "logboek show": (),
    "logboek remove": (),
    "logboek persoon": ("BSN", "--number-env", "WIE"),
}
"""The commands about one municipality, with what they need beside its name."""
ABOUT_A_CLIENT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("token", "client remove", "client show", "client profiel"), ()),
    "inzage uitzondering": ("--reden", "een proef"),
    "inzage activiteit": ("https://register.test/1",),
    **dict.fromkeys(("client secret add", "client secret list", "client secret replace"), ()),
    "client secret revoke": ("eerste",),
}
"""The commands about one client, with what they need beside its name."""
ABOUT_NONE_OR_ALL = {"serve", "serve-split", "migrate", "apply", "keys", "status", "tenant add", "tenant list"} | {
    "catalogus compare",
    "selectielijst load",
    "webhook listen",
    "operator add",
    "operator remove",
}


@pytest.fixture(scope="module")
def here(samenzaak: Samenzaak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """The command on a data folder with Deventer and its client zac; PostgreSQL runs."""
    home = tmp_path_factory.mktemp("mistakes")
    postgres.start(home)
    samenzaak("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943", home=home)
    samenzaak("client", "add", "deventer", "--client-id", "zac", "--all-rights", home=home)
    yield partial(samenzaak, home=home)
    postgres.stop(home)


def _names(group: Any, before: tuple[str, ...] = ()) -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= _names(command, (*before, name)) if hasattr(command, "commands") else {" ".join((*before, name))}
    return found


def test_every_command_is_looked_at() -> None:
    assert _names(typer.main.get_command(app)) == set(ABOUT_ONE) | set(ABOUT_A_CLIENT) | ABOUT_NONE_OR_ALL


@pytest.mark.parametrize("command", sorted(ABOUT_ONE))
def test_an_unknown_municipality_is_told_in_one_line(here: Callable[..., Any], tmp_path: Path, command: str) -> None:
    for name in ("leeg.zip", "sleutel.pem", "logboek"):
        (tmp_path / name).write_bytes(b"")
    rest = [part.format(folder=tmp_path) for part in ABOUT_ONE[command]]
    said = here(*command.split(), "nergens", *rest)
    assert (said.returncode, said.stdout, said.stderr) == (1, "", UNKNOWN)


@pytest.mark.parametrize("command", sorted(ABOUT_A_CLIENT))
def test_a_client_of_an_unknown_municipality_is_told_in_one_line(here: Callable[..., Any], command: str) -> None:
    said = here(*command.split(), "nergens", "zac", *ABOUT_A_CLIENT[command])
    assert (said.returncode, said.stderr) == (1, "samenzaak: there is no client zac of nergens\n")


def test_the_time_zone_is_set_by_the_command(here: Callable[..., Any]) -> None:
    for options, zone in ((("America/Kralendijk",), "America/Kralendijk"), (("--none",), "Europe/Amsterdam")):
        said = here("tenant", "time-zone", "deventer", *options)
        assert (said.returncode, said.stdout, said.stderr) == (0, f"deventer: {zone}\n", "")
        assert here("tenant", "time-zone", "deventer").stdout == f"deventer: {zone}\n"


def test_switches_are_set_and_told_by_the_commands(here: Callable[..., Any]) -> None:
    def told(*command: str) -> str:
        said = here(*command)
        assert (said.returncode, said.stderr) == (0, "")
        return str(said.stdout)

    assert told("tenant", "profiel", "deventer", "--profiel", "ziotUrl") == "deventer: ziotUrl\n"
    assert "profiel  ziotUrl\n" in told("tenant", "show", "deventer")
    shown = told("client", "profiel", "deventer", "zac", "--profiel", "betrokkeneNull")
    assert "profiel  ziotUrl (municipality), betrokkeneNull (client)\n" in shown
    assert told("client", "profiel", "deventer", "zac") == told("client", "show", "deventer", "zac") == shown
    off = told("client", "profiel", "deventer", "zac", "--off", "ziotUrl")
    assert "profiel  ziotUrl (off)\n" in off
    assert "profiel  ziotUrl (municipality)\n" in told("client", "profiel", "deventer", "zac", "--none")
    assert told("tenant", "profiel", "deventer", "--none") == "deventer: none\n"
    unknown = here("client", "profiel", "deventer", "zac", "--profiel", "ziotURL")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert "there is no switch ziotURL" in unknown.stderr
    nobody = here("client", "profiel", "deventer", "niemand", "--profiel", "ziotUrl")
    assert (nobody.returncode, nobody.stderr) == (1, "samenzaak: there is no client niemand of deventer\n")
    mixed = told("client", "profiel", "deventer", "zac", "--profiel", "ziotUrl", "--off", "openzaak")
    assert "profiel  ziotUrl (client), bronHoofdletters (off), betrokkeneNull (off), conceptRelaties (off)" in mixed
    both = here("client", "profiel", "deventer", "zac", "--profiel", "ziotUrl", "--off", "ziotUrl")
    assert (both.returncode, "ziotUrl cannot be both on and off" in both.stderr) == (2, True)
    assert told("client", "show", "deventer", "zac") == mixed


@pytest.mark.parametrize("secret", ["", "   "])
def test_an_empty_secret_neither_makes_nor_cuts_off_a_client(
    here: Callable[..., Any], tmp_path: Path, secret: str
) -> None:
    before = here("token", "deventer", "zac").stdout.split(".")[0]
    for command in (("add", "deventer", "--client-id", "leeg"), ("secret", "deventer", "zac")):
        said = here("client", *command, "--secret", secret)
        assert (said.returncode, said.stdout) == (2, "")
        assert "--secret is empty" in said.stderr
    (tmp_path / "leeg.txt").write_text(f"{secret}\n")
    clients = {
        "variabele": {"secretEnv": "LEEG", "alleAutorisaties": True},
        "bestand": {"secretFile": str(tmp_path / "leeg.txt"), "alleAutorisaties": True},
    }
    file = tmp_path / "samenzaak.yaml"
    deventer = {"naam": "Gemeente Deventer", "rsin": "517439943", "clients": clients}
    file.write_text(json.dumps({"municipalities": {"deventer": deventer}}))
    said = here("apply", str(file), variables={"LEEG": secret})
    assert (said.returncode, said.stdout, said.stderr.count("is empty or not set")) == (1, "", 2)
    assert [client["clientId"] for client in json.loads(here("client", "list", "--json").stdout)] == ["zac"]
    assert here("token", "deventer", "zac").stdout.split(".")[0] == before


def test_a_delivery_that_cannot_be_is_refused_before_the_database(here: Callable[..., Any]) -> None:
    for command in ("show", "retry", "drop"):
        assert here("notifications", command, "deventer", str(10**20)).returncode == 2


def test_a_store_that_does_not_answer_is_told_in_one_line(here: Callable[..., Any]) -> None:
    said = here("check", "documents", "deventer", storage_url="file:///proc/nergens")
    # The log tells before it what the store said.
    assert (said.returncode, said.stderr.splitlines()[1:]) == (
        1,
        ["samenzaak: De documentopslag is nu niet bereikbaar."],
    )


def test_a_port_that_is_none_is_told_in_one_line(here: Callable[..., Any]) -> None:
    for command in ("serve", "serve-split"):
        said = here(command, "--port", "99999")
        assert (said.returncode, said.stderr) == (
            1,
            "samenzaak: SAMENZAAK_PORT: Input should be less than or equal to 65535\n",
        )


KEY = "de sleutel van deze installatie, van 48 tekens .."
OTHER = "een andere sleutel, die iemand bij vergissing gaf"


def test_another_secret_key_is_refused_before_anything_changes(samenzaak: Samenzaak, tmp_path: Path) -> None:
    """It would give clients secrets that nobody can read, and roles passwords that running processes do not know."""
    right = partial(samenzaak, home=tmp_path, secret_key=KEY)
    wrong = partial(samenzaak, home=tmp_path, secret_key=OTHER)
    dsn = postgres.start(tmp_path)
    try:
        for name in ("deventer", "raalte"):
            right("tenant", "add", name, "--naam", name, "--rsin", "517439943")
            right("client", "add", name, "--client-id", "zac", "--all-rights")
        roles = asyncio.run(_roles(dsn))
        for command in (
            ("client", "add", "deventer", "--client-id", "tweede"),
            ("client", "secret", "deventer", "zac"),
            ("tenant", "add", "olst", "--naam", "Olst", "--rsin", "517439943"),
            ("external", "add", "deventer", "dms", "--root", "https://198.51.100.7/api"),
            *(("migrate",), ("serve", "--port", str(free_port())), ("serve-split", "--port", str(free_port()))),
            *(("token", "deventer", "zac"), ("client", "list"), ("check", "documents", "deventer")),
        ):
            said = wrong(*command)
            told = "samenzaak: SAMENZAAK_SECRET_KEY is not the key of this database; "
            assert (said.returncode, said.stdout, said.stderr.startswith(told)) == (1, "", True), (command, said.stderr)
        assert asyncio.run(_roles(dsn)) == roles
        assert right("token", "deventer", "zac").returncode == 0
        # The key is lost: a new one is taken, and everybody gets another secret.
        assert wrong("migrate", "--new-secret-key").returncode == 0
        assert asyncio.run(_roles(dsn)) != roles
        assert right("token", "deventer", "zac").returncode == 1
        lost = wrong("token", "deventer", "zac")
        assert (lost.returncode, lost.stderr.splitlines()[-1].startswith("samenzaak: ")) == (1, True)
        for name in ("deventer", "raalte"):
            said = wrong("client", "secret", name, "zac")
            assert (said.returncode, said.stderr) == (0, "")
            assert wrong("token", name, "zac").returncode == 0
    finally:
        postgres.stop(tmp_path)


async def _roles(dsn: str) -> list[str]:
    admin = await asyncpg.connect(dsn)
    try:
        found = await admin.fetch("SELECT rolname || coalesce(rolpassword, '') AS role FROM pg_authid ORDER BY 1")
        return [row["role"] for row in found]
    finally:
        await admin.close()
