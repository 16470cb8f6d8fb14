"""A server whose embedded PostgreSQL is killed under load; every answer is judged.

While PostgreSQL is away an answer is a 503 with a code and ``Retry-After``. What was answered with 201 is there
afterwards, as often as it was answered.
"""

import asyncio
import base64
import itertools
import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from tests.opdracht import COMMAND, Samenzaak, environment, free_port
from tests.stack import CRS

CATALOGUSSEN = "/catalogi/api/v1/catalogussen"
TYPEN = "/catalogi/api/v1/informatieobjecttypen"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"
READS = (
    "/zaken/api/v1/zaken",
    DOCUMENTEN,
    "/catalogi/api/v1/zaaktypen",
    "/besluiten/api/v1/besluiten",
    "/autorisaties/api/v1/applicaties",
    "/notificaties/api/v1/kanaal",
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
READY = "/health/ready"


@dataclass
class Answers:
    """What was answered since the load began."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that are neither as usual nor a 503 as it should be."""
    made: list[str] = field(default_factory=list)
    again: dict[str, float] = field(default_factory=dict)
    """When each kind of request was last answered as usual for the first time after a 503."""
    away: set[str] = field(default_factory=set)


class Outage:
    """A server on a data folder of its own, and a client of it with all rights."""

    def __init__(self, folder: Path, command: str, samenzaak: Samenzaak) -> None:
        self.home, self.log, self.command = folder / "home", folder / "log", command
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings: dict[str, Any] = {
            "home": self.home, "port": self.port, "client_rate": 0, "tenant_rate": 0, "public_url": self.url,
        }  # fmt: skip
        samenzaak("tenant", "add", "deventer", "--naam", "Deventer", "--rsin", "517439943", **self.settings)
        arguments = ("client", "add", "deventer", "--client-id", "proef", "--secret", "s" * 40, "--all-rights")
        done = samenzaak(*arguments, **self.settings)
        assert done.returncode == 0, done.stderr
        self.answers = Answers()
        self.kind = ""
        self.stopping = False
        self._numbers = itertools.count(time.time_ns() % 300_000)

    def start(self) -> None:
        """Start the server."""
        with self.log.open("ab") as out:
            variables = {**environment(**self.settings), "PYTHONUNBUFFERED": "1"}
            self.process = subprocess.Popen([*COMMAND, self.command], env=variables, stdout=out, stderr=out)

    def end(self) -> int:
        """Stop the server; return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(90)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    @property
    def postmaster(self) -> int:
        """The process that is killed."""
        return int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])

    def kill(self) -> float:
        """Kill PostgreSQL, and return when that was."""
        self.answers.again.clear()
        self.answers.away.clear()
        os.kill(self.postmaster, signal.SIGKILL)
        return time.monotonic()

    def session(self) -> aiohttp.ClientSession:
        """Return a client."""
        claims = {"iss": "proef", "client_id": "proef", "iat": int(time.time())}
        token = jwt.encode(claims, "s" * 40, "HS256")
        return aiohttp.ClientSession(self.url, headers={"Authorization": f"Bearer {token}", **CRS})

    async def prepare(self) -> None:
        """Wait until everything answers, and make what the load needs."""
        async with self.session() as session:
            for _ in range(3_000):
                assert self.process.poll() is None, self.log.read_text()
                with suppress(aiohttp.ClientError):
                    async with session.get(READY) as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.05)
            async with session.post(CATALOGUSSEN, json=self._catalogus()) as answer:
                catalogus = (await answer.json())["url"]
            body = {
                "catalogus": catalogus, "omschrijving": "Brief", "vertrouwelijkheidaanduiding": "openbaar",
                "beginGeldigheid": "2020-01-01", "informatieobjectcategorie": "brieven",
            }  # fmt: skip
            async with session.post(TYPEN, json=body) as answer:
                found = await answer.json()
                assert answer.status == 201, found
            self.kind = found["url"]
            async with session.post(f"{self.kind}/publish") as answer:
                assert answer.status == 200, await answer.text()

    def _catalogus(self) -> dict[str, Any]:
        number = next(self._numbers)
        domein = "".join(LETTERS[number // 26**power % 26] for power in range(5))
        return {
            "domein": domein, "rsin": "517439943", "contactpersoonBeheerNaam": "Proef", "naam": "Proef",
        }  # fmt: skip

    def _document(self) -> dict[str, Any]:
        return {
            "bronorganisatie": "517439943", "creatiedatum": "2026-03-02", "titel": "Brief", "auteur": "Proef",
            "taal": "nld", "formaat": "text/plain", "bestandsnaam": "brief.txt",
            "informatieobjecttype": self.kind, "inhoud": base64.b64encode(os.urandom(20_000)).decode(),
        }  # fmt: skip

    async def load(self, workers: int = 6) -> None:
        """Send every kind of request until ``stopping``."""
        async with self.session() as session:
            await asyncio.gather(*(self._worker(session, start) for start in range(workers)))

    async def _worker(self, session: aiohttp.ClientSession, start: int) -> None:
        stranger = {"Authorization": "Bearer " + jwt.encode({"client_id": "niemand", "iat": 1}, "y" * 40, "HS256")}
        requests: list[tuple[str, str, Any, Any]] = [
            *(("GET", path, lambda: None, None) for path in READS),
            ("POST", CATALOGUSSEN, self._catalogus, None),
            ("POST", DOCUMENTEN, self._document, None),
            ("GET", READY, lambda: None, None),
            ("GET", "/zaken/api/v1/rollen", lambda: None, stranger),
        ]
        for method, path, body, headers in itertools.cycle(requests[start:] + requests[:start]):
            if self.stopping:
                return
            await asyncio.sleep(0.01)
            await self._ask(session, method, path, body(), headers)

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: str, body: Any, headers: Any) -> None:
        usual = 403 if headers else 201 if method == "POST" else 200
        kind, answers = f"{method} {path}", self.answers
        try:
            async with session.request(method, path, json=body, headers=headers) as answer:
                content = await answer.json(content_type=None)
                status, wait = answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, ValueError) as e:
            answers.wrong.append(f"{kind}: {e!r}")
            return
        answers.statuses[status] += 1
        if status == usual:
            if method == "POST":
                answers.made.append(content["url"])
            if kind in answers.away:
                answers.again.setdefault(kind, time.monotonic())
        elif status == 503:
            answers.away.add(kind)
            if path != READY and not (wait and content.get("code") == "service_unavailable"):
                answers.wrong.append(f"{kind}: {wait} {content}")
        else:
            answers.wrong.append(f"{kind}: {status} {content}")

    def recovered(self) -> bool:
        """Return whether every kind of request that was refused is answered as usual again."""
        return bool(self.answers.away) and self.answers.away <= set(self.answers.again)

    async def lost(self) -> list[str]:
        """Return what was answered with 201 and is not there. A service that nobody asked meanwhile may be away for a
        little longer than those that were."""
        found = []
        async with self.session() as session:
            for url in self.answers.made:
                for _ in range(600):
                    async with session.get(url) as answer:
                        status = answer.status
                    if status != 503:
                        break
                    await asyncio.sleep(0.1)
                if status != 200:
                    found.append(f"{url}: {status}")
        return found
