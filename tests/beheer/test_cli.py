"""The command ``samenzaak`` as an operator uses it."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jwt
import psutil
import pytest

from beheer import postgres
from tests.opdracht import COMMAND, Samenzaak, environment, free_port


def start(home: Path, port: int, log: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a server."""
    variables = {**environment(home=home, port=port), "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as out:
        return subprocess.Popen([*COMMAND, "serve", *options], env=variables, stdout=out, stderr=subprocess.STDOUT)


def wait_for(log: Path, text: str, process: subprocess.Popen[bytes], seconds: float = 120) -> str:
    """Wait until the log has ``text``, and return the log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if text in (content := log.read_text()):
            return content
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until everything answers."""
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def postgres_runs(home: Path) -> bool:
    """Return whether a PostgreSQL runs on this data folder."""
    return any(
        process.info["name"] == "postgres" and str(home) in " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["name", "cmdline"])
    )


@dataclass(frozen=True)
class Begin:
    """A data folder with Deventer and its client zac, and what the first command on it said and left running."""

    home: Path
    said: dict[str, Any]
    postgres_ran: bool


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory, samenzaak: Samenzaak) -> Iterator[Begin]:
    """Where the commands of this file begin; each test leaves it as it was."""
    home = tmp_path_factory.mktemp("cli")
    deventer = ("deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943", "--json")
    made = samenzaak("tenant", "add", *deventer, home=home)
    begin = Begin(home, json.loads(made.stdout), postgres_runs(home))
    # Kept for the other commands, which would each start and stop it.
    postgres.start(home)
    samenzaak("client", "add", "deventer", "--client-id", "zac", "--secret", "kort", "--all-rights", home=home)
    yield begin
    postgres.stop(home)


@pytest.fixture
def home(begin: Begin) -> Path:
    """That folder."""
    return begin.home


@pytest.fixture
def here(samenzaak: Samenzaak, home: Path) -> Callable[..., Any]:
    """The command ``samenzaak`` on that folder."""
    return partial(samenzaak, home=home)


def test_the_first_municipality(begin: Begin) -> None:
    assert begin.said == {"name": "deventer", "naam": "Gemeente Deventer", "rsin": "517439943", "hosts": []}
    assert not begin.postgres_ran


def test_municipalities_and_clients(here: Callable[..., Any]) -> None:
    again = here("tenant", "add", "deventer", "--naam", "x", "--rsin", "517439943")
    assert (again.returncode, again.stderr) == (1, "samenzaak: there is already a municipality deventer\n")
    wrong = here("tenant", "add", "raalte", "--naam", "x", "--rsin", "123456789")
    assert (wrong.returncode, "RSIN" in wrong.stderr) == (1, True)
    short = here("client", "add", "deventer", "--client-id", "kort", "--secret", "zeer kort", "--all-rights", "--json")
    warning = "samenzaak: warning: the secret of kort has 9 bytes; 32 or more resist guessing\n"
    assert (short.stderr, json.loads(short.stdout)["secret"]) == (warning, "zeer kort")
    here("client", "remove", "deventer", "kort")
    # Its Applicatie stayed: whoever is added under that name has the rights of it, and is told.
    for options in ((), ("--all-rights",)):
        again = here("client", "add", "deventer", "--client-id", "kort", *options)
        assert (again.returncode, "its Applicatie was there already" in again.stderr) == (0, True), again.stderr
        here("client", "remove", "deventer", "kort")
    other = here("client", "add", "deventer", "--client-id", "kort", "--all-rights", "--profiel", "ziotUrl")
    assert (other.returncode, "there already is an Applicatie of kort with other" in other.stderr) == (1, True)
    assert here("client", "show", "deventer", "kort").returncode == 1
    twice = here("client", "add", "deventer", "--client-id", "zac")
    assert (twice.returncode, "this is a further secret" in twice.stderr) == (0, True)
    full = here("client", "add", "deventer", "--client-id", "zac")
    assert (full.returncode, "revoke the one that is not used" in full.stderr) == (1, True)
    rights = here("client", "add", "deventer", "--client-id", "zac", "--all-rights")
    assert (rights.returncode, "changed in its Applicatie" in rights.stderr) == (1, True)
    [_, added] = json.loads(here("client", "secret", "list", "deventer", "zac", "--json").stdout)
    switches = here("client", "add", "deventer", "--client-id", "zac", "--profiel", "ziotUrl")
    assert (switches.returncode, "its switches by samenzaak client profiel" in switches.stderr) == (1, True)
    assert here("client", "secret", "revoke", "deventer", "zac", added["name"]).returncode == 0
    strong = here("client", "add", "deventer", "--client-id", "formulieren", "--credentials-only", "--json")
    assert (strong.stderr, json.loads(strong.stdout)["applicatie"]) == ("", "")
    # A command that fails leaves no secret that nobody was shown.
    assert here("client", "add", "deventer", "--client-id", "formulieren", "--profiel", "ziotUrl").returncode == 1
    assert len(json.loads(here("client", "secret", "list", "deventer", "formulieren", "--json").stdout)) == 1
    for wrong_bundle, reason in (
        (("--bundel", "lezen"), "--bundel and --catalogus go together"),
        (("--bundel", "lezen", "--catalogus", "X", "--all-rights"), "--bundel excludes --all-rights"),
        (("--bundel", "lezen", "--catalogus", "X"), "deventer has no catalogue X"),
    ):
        refused = here("client", "add", "deventer", "--client-id", "bundel", *wrong_bundle)
        assert (refused.returncode != 0, reason in " ".join(refused.stderr.split())) == (True, True), refused.stderr
    listed = json.loads(here("client", "list", "deventer", "--json").stdout)
    assert [client["clientId"] for client in listed] == ["formulieren", "zac"]
    here("client", "remove", "deventer", "formulieren")
    assert "kort" not in here("client", "list", "--json").stdout
    here("tenant", "add", "raalte", "--naam", "Raalte", "--rsin", "517439943")
    same = here("client", "add", "raalte", "--client-id", "zac", "--secret", "kort", "--all-rights")
    assert (same.returncode, same.stdout) == (1, "")
    assert same.stderr.startswith("samenzaak: client zac of deventer has the same secret")
    assert json.loads(here("client", "list", "raalte", "--json").stdout) == []
    here("tenant", "remove", "raalte", "--erase", "raalte")


def test_a_client_gets_another_secret(here: Callable[..., Any]) -> None:
    made = here(
        "client", "add", "deventer", "--client-id", "wissel", "--label", "Wisselt", "--credentials-only", "--json"
    )
    first = json.loads(made.stdout)
    second = json.loads(here("client", "secret", "deventer", "wissel", "--json").stdout)["secret"]
    assert (len(second) > 32, second != first["secret"]) == (True, True)
    listed = json.loads(here("client", "list", "deventer", "--json").stdout)
    assert {"tenant": "deventer", "clientId": "wissel", "label": "Wisselt"} in listed
    token = here("token", "deventer", "wissel").stdout.strip()
    assert jwt.decode(token, second, ["HS256"])["client_id"] == "wissel"
    short = here("client", "secret", "deventer", "wissel", "--secret", "kort-wachtwoord")
    assert short.stdout == "deventer wissel: secret kort-wachtwoord\n"
    assert short.stderr.startswith("samenzaak: warning: the secret of wissel has 15 bytes")
    replaced = here("client", "secret", "replace", "deventer", "wissel", "--json")
    assert len(json.loads(replaced.stdout)["secret"]) > 32
    nobody = here("client", "secret", "deventer", "niemand")
    assert (nobody.returncode, nobody.stderr) == (1, "samenzaak: there is no client niemand of deventer\n")
    assert here("client", "remove", "deventer", "wissel").returncode == 0


def test_a_secret_follows_another(here: Callable[..., Any]) -> None:
    made = here("client", "add", "deventer", "--client-id", "volgt", "--credentials-only", "--json")
    first = json.loads(made.stdout)["secret"]
    added = json.loads(
        here("client", "secret", "add", "deventer", "volgt", "--name", "nieuw", "--days", "20", "--json").stdout
    )
    assert (added["name"], added["used"], len(added["secret"]) > 32) == ("nieuw", None, True)
    listed = here("client", "secret", "list", "deventer", "volgt")
    assert listed.stdout.count("last used never") == 2
    assert "the secret nieuw of volgt expires on" in listed.stderr
    assert added["secret"] not in listed.stdout
    assert first not in listed.stdout
    assert "deventer: the secret nieuw of volgt expires on" in here("status").stdout
    both = here("client", "secret", "add", "deventer", "volgt", "--expires", "2090-01-01", "--days", "5")
    assert (both.returncode, both.stdout) == (2, "")
    full = here("client", "secret", "add", "deventer", "volgt", "--expires", "2090-01-01")
    assert (full.returncode, "revoke the one" in full.stderr) == (1, True)
    [old, _] = json.loads(here("client", "secret", "list", "deventer", "volgt", "--json").stdout)
    gone = here("client", "secret", "revoke", "deventer", "volgt", old["name"])
    assert gone.stdout == f"deventer volgt {old['name']}: revoked\n"
    assert here("client", "secret", "revoke", "deventer", "volgt", old["name"]).returncode == 1
    empty = here("client", "secret", "add", "deventer", "volgt", "--secret", " ")
    assert (empty.returncode, "--secret is empty" in empty.stderr) == (2, True)
    here("client", "remove", "deventer", "volgt")


def test_an_api_elsewhere_without_credentials(here: Callable[..., Any]) -> None:
    made = here("external", "add", "deventer", "open", "--root", "https://198.51.100.7/api/v1")
    assert (made.returncode, made.stdout) == (0, "open: https://198.51.100.7/api/v1 without credentials\n")
    assert json.loads(here("external", "list", "deventer", "--json").stdout)[0]["clientId"] == ""
    half = here("external", "add", "deventer", "half", "--root", "https://198.51.100.8/api", "--client-id", "x")
    assert (half.returncode, half.stderr.count("\n")) == (1, 1)
    assert here("external", "remove", "deventer", "open").returncode == 0


def test_status_and_tenant_show(here: Callable[..., Any]) -> None:
    facts = json.loads(here("status", "--json").stdout)
    assert facts["tenants"] == ["deventer"]
    assert facts["migrations"]["behind"] == []

    def applicaties() -> int:
        shown = json.loads(here("tenant", "show", "deventer", "--json").stdout)
        found: int = shown["schemas"]["deventer_autorisaties"]["rows"]["applicatie"]
        return found

    before = applicaties()
    here("client", "add", "deventer", "--client-id", "geteld", "--all-rights")
    assert applicaties() == before + 1
    here("client", "remove", "deventer", "geteld")
    assert here("tenant", "show", "atlantis").returncode == 1
    assert "up to date" in here("status").stdout


def test_a_municipality_is_erased_only_when_its_name_is_repeated(here: Callable[..., Any]) -> None:
    here("tenant", "add", "tijdelijk", "--naam", "Tijdelijk", "--rsin", "517439943")
    here("client", "add", "tijdelijk", "--client-id", "weg", "--all-rights")
    for wrong in ((), ("--erase", "deventer")):
        assert here("tenant", "remove", "tijdelijk", *wrong).returncode == 2
    assert here("tenant", "show", "tijdelijk").returncode == 0
    assert here("tenant", "remove", "tijdelijk", "--erase", "tijdelijk").returncode == 0
    assert here("tenant", "show", "tijdelijk").returncode == 1
    assert json.loads(here("tenant", "list", "--json").stdout)[0]["name"] == "deventer"
    # Nothing is left that would keep it from being made again.
    again = here("tenant", "add", "tijdelijk", "--naam", "Tijdelijk", "--rsin", "517439943")
    assert (again.returncode, again.stderr) == (0, "")
    assert here("client", "list", "tijdelijk", "--json").stdout.strip() == "[]"
    here("tenant", "remove", "tijdelijk", "--erase", "tijdelijk")
    unknown = here("tenant", "remove", "atlantis", "--erase", "atlantis")
    assert (unknown.returncode, unknown.stderr) == (1, "samenzaak: there is no municipality atlantis\n")


@pytest.mark.long
def test_a_command_and_a_server_share_the_data_and_a_token_works(
    home: Path, here: Callable[..., Any], tmp_path: Path
) -> None:
    postgres.stop(home)
    port, log = free_port(), tmp_path / "log"
    server = start(home, port, log)
    try:
        wait_until_ready(port, server, log)
        url = f"http://127.0.0.1:{port}/zaken/api/v1/zaken"
        token = here("token", "deventer", "zac", port=port).stdout.strip()
        headers = {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326"}
        assert httpx.get(url, headers=headers, trust_env=False).json()["count"] == 0
        # Whoever is on this machine is not a proxy for that.
        told = httpx.get(url, headers={**headers, "X-Forwarded-Proto": "https"}, trust_env=False)
        assert "strict-transport-security" not in told.headers
        # A client that is added or removed while the server runs counts at once.
        here("client", "add", "deventer", "--client-id", "nieuw", "--all-rights", port=port)
        new = {**headers, "Authorization": f"Bearer {here('token', 'deventer', 'nieuw').stdout.strip()}"}
        assert httpx.get(url, headers=new, trust_env=False).status_code == 200
        assert here("client", "remove", "deventer", "nieuw").returncode == 0
        assert httpx.get(url, headers=new, trust_env=False).json()["code"] == "invalid-jwt-signature"
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0, log.read_text()
        assert not postgres_runs(home)
        postgres.start(home)


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose PostgreSQL is stopped when a killed server left it running, as a test that fails does."""
    home = tmp_path / "var"
    yield home
    if postgres_runs(home):
        postgres.start(home)
        postgres.stop(home)


def test_the_demo_and_its_curl_lines_and_a_second_start(left_behind: Path, tmp_path: Path) -> None:
    """What ``make run`` does: the whole demo, curl lines that work, kill -9, and a second start without a demo."""
    home, port, log = left_behind, free_port(), tmp_path / "log"
    server = start(home, port, log, "--demo")
    try:
        shown = wait_for(log, "Try it:", server)
        shown = wait_for(log, '/catalogi/api/v1/zaaktypen"\n', server)
        for step in (
            "registered",
            "by BSN",
            "uploaded",
            "zaak closed on",
            "webhook received",
            "raalte: its application sees 0",
        ):
            assert step in shown, shown
        assert "GET /" not in shown
        assert "samenzaak.notificaties" not in shown
        curls = [line for line in shown.splitlines() if line.startswith("curl ")]
        assert len(curls) == 3
        token = next(line for line in shown.splitlines() if line.startswith("TOKEN="))
        for line in curls:
            answer = subprocess.run(
                ["bash", "-c", token + "\n" + line.replace("curl -s", "curl -s -o /dev/null -w '%{http_code}'")],
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert answer.stdout == "200", line
        memory = psutil.Process(server.pid).memory_info().rss
        assert memory < 250 * 1024 * 1024
    finally:
        server.kill()
        server.wait(10)
    second = start(home, port, log, "--demo")
    try:
        wait_for(log, "with the data of before", second)
        wait_until_ready(port, second, log)
    finally:
        second.send_signal(signal.SIGINT)
        assert second.wait(30) == 0, log.read_text()
    assert not postgres_runs(home)
