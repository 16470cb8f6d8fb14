"""``samenzaak webhook listen``: a real process that the running stack calls, and that leaves nothing behind."""

import asyncio
import json
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from beheer.protocol import Protocol
from beheer.webhook import as_line
from tests.notificaties.abonneren import ABONNEMENT, BERICHTEN, bericht, kanaal_with
from tests.opdracht import COMMAND, ROOT, environment
from tests.servers import serving
from tests.stack import Client, Stack

MESSAGE = {
    "kanaal": "zaken",
    "hoofdObject": "http://x.nl/zaken/1",
    "resource": "zaak",
    "resourceUrl": "http://x.nl/zaken/1",
    "actie": "create",
    "aanmaakdatum": "2026-01-02T03:04:05Z",
    "kenmerken": {"bronorganisatie": "517439943"},
}


async def line(stream: asyncio.StreamReader | None) -> str:
    """Return the next line that a process prints."""
    assert stream is not None
    async with asyncio.timeout(60):
        return (await stream.readline()).decode().rstrip("\n")


@asynccontextmanager
async def listener(folder: Path, *options: str, **variables: str) -> AsyncIterator[tuple[Process, str, str]]:
    """Run the command on a free port; give the process, its URL and the Authorization that it wants."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("webhook", "listen", "--port", "0", *options),
        cwd=ROOT,
        env={**environment(home=folder), **variables},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        told = await line(process.stderr)
        assert told.startswith("Listening at http://127.0.0.1:"), told
        url, _, auth = told.removeprefix("Listening at ").partition(", for Authorization: ")
        yield process, url, auth
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            await process.communicate()


@pytest.mark.long
async def test_it_answers_as_the_standard_asks_and_prints_lines(tmp_path: Path) -> None:
    async with listener(tmp_path) as (process, url, auth), httpx.AsyncClient() as http:
        assert auth.startswith("Bearer ")
        right = {"Authorization": auth}
        for headers in ({}, {"Authorization": "Bearer x"}):
            assert (await http.post(url, json=MESSAGE, headers=headers)).status_code == 401
        assert (await http.post(url, json={**MESSAGE, "kanaal": "test"}, headers=right)).status_code == 204
        assert (await http.post(url, content=b"{", headers=right)).status_code == 400
        assert (await http.post(url, content=b"[]", headers=right)).status_code == 400
        assert (await http.post(url + "any/path", json=MESSAGE, headers=right)).status_code == 204
        assert await line(process.stdout) == (
            "2026-01-02T03:04:05Z zaken create zaak http://x.nl/zaken/1 bronorganisatie=517439943"
        )
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def test_it_shows_nothing_of_what_it_refuses(tmp_path: Path) -> None:
    """Each has the status of what is wrong with it, and what comes next is shown."""
    async with listener(tmp_path, "--auth", "Bearer mine") as (process, url, auth), httpx.AsyncClient() as http:
        assert auth == "Bearer mine"
        right = {"Authorization": auth, "Content-Type": "application/json"}
        refusals: list[tuple[int, str, dict[str, str], bytes]] = [
            (401, "POST", {}, json.dumps(MESSAGE).encode()),
            (401, "POST", {"Authorization": "Bearer Mine"}, json.dumps(MESSAGE).encode()),
            (401, "POST", {"Authorization": "mine"}, json.dumps(MESSAGE).encode()),
            (400, "POST", right, b""),
            (400, "POST", right, b"kanaal=zaken"),
            (400, "POST", right, b"\xff"),
            (400, "POST", right, b'"zaken"'),
            (413, "POST", right, json.dumps({**MESSAGE, "resource": "x" * 1024**2}).encode()),
            (405, "GET", right, b""),
            (405, "PUT", right, json.dumps(MESSAGE).encode()),
            (405, "DELETE", right, b""),
        ]
        for status, method, headers, body in refusals:
            answer = await http.request(method, url, headers=headers, content=body)
            assert (answer.status_code, method, body[:20]) == (status, method, body[:20])
        assert (await http.post(url, json={**MESSAGE, "actie": "last"}, headers=right)).status_code == 204
        assert "zaken last zaak" in await line(process.stdout)


async def test_it_subscribes_with_a_secret_that_the_installation_knows(
    stack: Stack, own: Client, tmp_path: Path
) -> None:
    kanaal = await kanaal_with(own)
    before = (await own.get(ABONNEMENT)).json()
    assert stack.settings.secret_key is not None
    async with serving(stack.gateway, Protocol) as base:
        known = {
            "SAMENZAAK_DATABASE_URL": stack.dsn,
            "SAMENZAAK_SECRET_KEY": stack.settings.secret_key.get_secret_value(),
            "SAMENZAAK_PUBLIC_URL": base,
        }
        options = ("--kanaal", kanaal, "--tenant", own.tenant, "--client-id", own.client_id)
        async with listener(tmp_path, *options, **known) as (process, url, _):
            subscribed = await line(process.stderr)
            assert subscribed.startswith("Subscribed: http://"), subscribed
            [made] = [each for each in (await own.get(ABONNEMENT)).json() if each not in before]
            assert made["callbackUrl"] == url
            assert (await own.post(BERICHTEN, bericht(kanaal))).status_code == 201
            assert f" {kanaal} " in await line(process.stdout)
        assert process.returncode == 0
        assert (await own.get(ABONNEMENT)).json() == before
        for who in (
            ("--tenant", "atlantis", "--client-id", own.client_id),
            ("--tenant", own.tenant, "--client-id", "x"),
        ):
            refused = await asyncio.create_subprocess_exec(
                *COMMAND,
                *("webhook", "listen", "--kanaal", kanaal, *who),
                cwd=ROOT,
                env={**environment(home=tmp_path), **known},
                stdout=PIPE,
                stderr=PIPE,
            )
            _, told = await refused.communicate()
            assert (refused.returncode, b"there is no client" in told) == (1, True), told


async def test_it_subscribes_shows_what_happens_and_goes(stack: Stack, own: Client, tmp_path: Path) -> None:
    kanaal = await kanaal_with(own)
    before = (await own.get(ABONNEMENT)).json()
    async with serving(stack.gateway, Protocol) as base:
        given = {"BASE": base, "CLIENT_ID": own.client_id, "SECRET": own.secret}
        async with listener(tmp_path, "--json", "--kanaal", kanaal, **given) as (process, url, _):
            subscribed = await line(process.stderr)
            assert subscribed.startswith("Subscribed: http://"), subscribed
            [made] = [each for each in (await own.get(ABONNEMENT)).json() if each not in before]
            assert (made["callbackUrl"], [each["naam"] for each in made["kanalen"]]) == (url, [kanaal])
            for actie in ("create", "update"):
                assert (await own.post(BERICHTEN, bericht(kanaal, actie=actie))).status_code == 201
                heard = json.loads(await line(process.stdout))
                assert (heard["kanaal"], heard["actie"]) == (kanaal, actie)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    assert (await own.get(ABONNEMENT)).json() == before


@pytest.mark.few
@pytest.mark.parametrize("options", [("--kanaal", "zaken"), ("--kanaal", "zaken", "--client-id", "x")])
async def test_what_an_abonnement_needs_is_asked_for(tmp_path: Path, options: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "webhook", "listen", *options, cwd=ROOT, env=environment(home=tmp_path), stdout=PIPE, stderr=PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 2
    assert b"--kanaal needs" in told


def test_a_line_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in as_line({**MESSAGE, "resource": "\x1b[2J\n"})
    assert "\n" not in as_line({**MESSAGE, "resource": "\x1b[2J\n"})
    assert as_line({}) == "- - - - -"
