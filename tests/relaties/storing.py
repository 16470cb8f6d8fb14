"""Faults between services that are real processes: the other side stopped, frozen or failing, or the caller killed.

``Storing.round`` does one write under one fault and tells what came of it. Zaken, documenten and besluiten are
processes; what they say to each other goes through a proxy, which knows the moment between a commit and its call.
Before and after a fault everything is made and read through the services of the test process, on the same database.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from beheer.relations import Inconsistency, check_relations
from tests.besluiten.wereld import BESLUITEN, BIOS, OIOS, ZIOS, Werk
from tests.relaties.servers import serving
from tests.stack import CRS, PUBLIC, Stack
from zgw.caller import HEADER, Caller, sign

REPOSITORY = Path(__file__).parents[2]
TENANT = "storing"
PROCESSES = ("zaken", "documenten", "besluiten")
FAULTS = ("stopped", "frozen", "500", "500 after", "killed before", "killed after", "killed at random")
TIMEOUT = "1.0"


class Zygote:
    """What the processes are forked from."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        with (folder / "zygote.log").open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "tests.relaties.zygote"],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def fork(self, name: str, port: int) -> int:
        """Start a service; return its process id."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.popen.stdin.write(f"{name} {port} {self.folder / name}.log\n".encode())
        self.popen.stdin.flush()
        return int(self.popen.stdout.readline())

    def end(self) -> None:
        """Stop."""
        self.popen.kill()
        self.popen.communicate()


class Process:
    """One service as a process; the port stays the same when it is started again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    def start(self, zygote: Zygote) -> None:
        """Start it, unless it runs."""
        self.pid = self.pid or zygote.fork(self.name, self.port)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self.send(signal.SIGKILL)
        while self.pid and Path(f"/proc/{self.pid}").exists():
            time.sleep(0.002)
        self.pid = 0

    async def ready(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/_intern/health")).status_code == 200:
                        return
                await asyncio.sleep(0.02)


class Proxy:
    """Stands before one service. ``fault`` is what happens to the next request that changes a mirror."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.fault = ""
        self.victim: Process | None = None
        self.struck = 0
        self.client = httpx.AsyncClient(timeout=30)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Forward one request, or not."""
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Who sends was killed halfway.
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        strikes = self.fault and scope["method"] in ("POST", "DELETE") and not scope["path"].startswith("/_intern/")
        self.struck += bool(strikes)
        fault = self.fault if strikes else ""
        if fault == "killed before" and self.victim is not None:
            self.victim.kill()
        if fault in ("500", "killed before"):
            await _answer(send, 500, b"{}")
            return
        url = f"http://127.0.0.1:{self.process.port}{scope['raw_path'].decode()}"
        query = scope["query_string"].decode()
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"host", b"connection")]
        request = self.client.build_request(
            scope["method"], f"{url}?{query}" if query else url, headers=headers, content=body
        )
        try:
            found = await self.client.send(request)
        except httpx.HTTPError:
            await _answer(send, 502, b"{}")
            return
        if fault == "killed after" and self.victim is not None:
            self.victim.kill()
        if fault == "500 after":
            await _answer(send, 500, b"{}")
        else:
            await _answer(send, found.status_code, found.content)


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers = headers if status != 204 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Subject:
    """What one round works on: URLs by name, and what both sides must agree on afterwards."""

    urls: dict[str, str] = field(default_factory=dict)
    documents: list[str] = field(default_factory=list)
    zaken: list[str] = field(default_factory=list)
    besluiten: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """A write with a mirror: who leads, who is told, how to prepare and do it, and whether its effect can be seen."""

    name: str
    leading: str
    other: str
    prepare: Callable[[Werk], Awaitable[Subject]]
    request: Callable[[Subject], tuple[str, str, Any]]
    done: Callable[[Werk, Subject], Awaitable[bool]]


@dataclass(frozen=True)
class Outcome:
    """What came of one round."""

    operation: str
    fault: str
    struck: bool
    status: int | None
    done: bool
    found: tuple[Inconsistency, ...]
    expected: frozenset[tuple[str, str, str]]
    mended: tuple[Inconsistency, ...]
    left: int
    disagreements: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the check reported exactly what the APIs show to be inconsistent."""
        return {(item.relation, item.source, item.target) for item in self.found} == self.expected


def path(url: str) -> str:
    """Return the stored path of a URL."""
    return url.removeprefix(PUBLIC)


# --- The eight operations ------------------------------------------------------------------------------------------


async def _besluit(werk: Werk, **changes: Any) -> str:
    url: str = (await werk.besluit(**changes))["url"]
    return url


async def _nothing(werk: Werk) -> Subject:
    zaken, besluit, document = [await werk.zaak(), await werk.zaak()], await _besluit(werk), await werk.document()
    return Subject({"besluit": besluit}, [document], zaken, [besluit])


async def _with_zio(werk: Werk) -> Subject:
    subject = await _nothing(werk)
    subject.urls["zio"] = (await werk.zio(subject.zaken[0], subject.documents[0]))["url"]
    return subject


async def _with_deelzaak(werk: Werk) -> Subject:
    subject = await _with_zio(werk)
    subject.zaken.append(await werk.zaak(hoofdzaak=subject.zaken[0]))
    subject.documents.append(await werk.document())
    await werk.zio(subject.zaken[2], subject.documents[1])
    return subject


async def _with_bio(werk: Werk) -> Subject:
    subject = await _nothing(werk)
    subject.urls["bio"] = (await werk.bio(subject.urls["besluit"], subject.documents[0]))["url"]
    return subject


async def _in_zaak(werk: Werk) -> Subject:
    subject = await _with_bio(werk)
    answer = await werk.api.patch(subject.urls["besluit"], {"zaak": subject.zaken[0]})
    assert answer.status_code == 200, answer.text
    return subject


async def _listed(werk: Werk, collection: str, **query: str) -> list[Any]:
    answer = await werk.api.get(collection, params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    items: list[Any] = found["results"] if isinstance(found, dict) else found
    return items


async def _gone(werk: Werk, url: str) -> bool:
    return (await werk.api.get(url)).status_code == 404


async def _has(werk: Werk, collection: str, document: str) -> bool:
    return bool(await _listed(werk, collection, informatieobject=document))


async def _zaak_of(werk: Werk, subject: Subject) -> str:
    zaak: str = (await werk.api.get(subject.urls["besluit"])).json().get("zaak", "")
    return zaak


async def _moved(werk: Werk, subject: Subject) -> bool:
    return await _zaak_of(werk, subject) == subject.zaken[1]


OPERATIONS = (
    Operation(
        "zaakinformatieobject create",
        "zaken",
        "documenten",
        _nothing,
        lambda s: ("POST", ZIOS, {"zaak": s.zaken[0], "informatieobject": s.documents[0]}),
        lambda werk, s: _has(werk, ZIOS, s.documents[0]),
    ),
    Operation(
        "zaakinformatieobject delete",
        "zaken",
        "documenten",
        _with_zio,
        lambda s: ("DELETE", path(s.urls["zio"]), None),
        lambda werk, s: _gone(werk, s.urls["zio"]),
    ),
    Operation(
        "besluitinformatieobject create",
        "besluiten",
        "documenten",
        _nothing,
        lambda s: ("POST", BIOS, {"besluit": s.urls["besluit"], "informatieobject": s.documents[0]}),
        lambda werk, s: _has(werk, BIOS, s.documents[0]),
    ),
    Operation(
        "besluitinformatieobject delete",
        "besluiten",
        "documenten",
        _with_bio,
        lambda s: ("DELETE", path(s.urls["bio"]), None),
        lambda werk, s: _gone(werk, s.urls["bio"]),
    ),
    Operation(
        "besluit link",
        "besluiten",
        "zaken",
        _nothing,
        lambda s: ("PATCH", path(s.urls["besluit"]), {"zaak": s.zaken[1]}),
        _moved,
    ),
    Operation(
        "besluit move",
        "besluiten",
        "zaken",
        _in_zaak,
        lambda s: ("PATCH", path(s.urls["besluit"]), {"zaak": s.zaken[1]}),
        _moved,
    ),
    Operation(
        "besluit delete",
        "besluiten",
        "zaken",
        _in_zaak,
        lambda s: ("DELETE", path(s.urls["besluit"]), None),
        lambda werk, s: _gone(werk, s.urls["besluit"]),
    ),
    Operation(
        "zaak delete",
        "zaken",
        "documenten",
        _with_deelzaak,
        lambda s: ("DELETE", path(s.zaken[0]), None),
        lambda werk, s: _gone(werk, s.zaken[0]),
    ),
)


class Storing:
    """The processes, their proxies, and the municipality that suffers."""

    def __init__(
        self, stack: Stack, werk: Werk, zygote: Zygote, processes: dict[str, Process], proxies: dict[str, Proxy]
    ) -> None:
        self.stack, self.werk, self.zygote, self.processes, self.proxies = stack, werk, zygote, processes, proxies
        self._key = stack.settings.derive("internal-token")

    async def check(self, repair: bool = False) -> list[Inconsistency]:
        """Run ``check relations`` on the municipality."""
        remote = self.stack.standalone.services["zaken"].remote if repair else None
        async with self.stack.admin() as admin:
            return await check_relations(admin, TENANT, remote, PUBLIC)

    async def round(self, operation: Operation, fault: str, dice: random.Random) -> Outcome:
        """Do one write under one fault, repair, and look at both sides."""
        usual = await self._duration(operation) if fault == "killed at random" else 0.0
        subject = await operation.prepare(self.werk)
        proxy = self.proxies[operation.other]
        leading, other = self.processes[operation.leading], self.processes[operation.other]
        proxy.struck = 0
        proxy.victim = leading
        request = asyncio.create_task(self._send(leading, *operation.request(subject)))
        if fault == "stopped":
            other.kill()
        elif fault == "frozen":
            other.send(signal.SIGSTOP)
        elif fault == "killed at random":
            # Anywhere from the arrival of the request until after its answer.
            await asyncio.sleep(dice.uniform(0.0, usual * 1.2))
            leading.kill()
        else:
            proxy.fault = fault
        status = await request
        struck = bool(proxy.struck) or fault in ("stopped", "frozen", "killed at random")
        await self._heal(operation)
        done = await operation.done(self.werk, subject)
        wrong = []
        if status is not None and status < 300 and not done:
            wrong.append(f"answered {status}, but it is not there")
        if status is not None and status >= 400 and done:
            wrong.append(f"answered {status}, but it was done")
        if status is not None and status not in (200, 201, 204, 400):
            wrong.append(f"answered {status}")
        expected = frozenset(await self._disagreements(subject))
        found = await self.check()
        if status is not None and status < 300 and found:
            wrong.append(f"answered {status}, but {found}")
        mended = await self.check(repair=True) if found else []
        left = await self.check()
        after = await self._disagreements(subject)
        return Outcome(
            operation.name,
            fault,
            struck,
            status,
            done,
            tuple(found),
            expected,
            tuple(mended),
            len(left),
            tuple(map(str, after)),
            tuple(wrong),
        )

    async def _duration(self, operation: Operation) -> float:
        """Return how many seconds the operation takes without a fault, when it is not the first of its process."""
        took = 0.0
        for _ in range(2):
            subject = await operation.prepare(self.werk)
            started = time.monotonic()
            status = await self._send(self.processes[operation.leading], *operation.request(subject))
            took = time.monotonic() - started
            assert status in (200, 201, 204), status
        return took

    async def _send(self, process: Process, method: str, url: str, body: Any) -> int | None:
        """Return the status of the answer, or None when there was none."""
        caller = Caller(TENANT, f"alles-{TENANT}", (PUBLIC,), user_id="storing")
        headers = {HEADER: sign(caller, self._key), **CRS}
        try:
            async with httpx.AsyncClient(timeout=30) as client:
                answer = await client.request(
                    method, f"http://127.0.0.1:{process.port}{url}", json=body, headers=headers
                )
        except httpx.HTTPError:
            return None
        return answer.status_code

    async def _heal(self, operation: Operation) -> None:
        self.proxies[operation.other].fault = ""
        for process in (self.processes[operation.leading], self.processes[operation.other]):
            process.send(signal.SIGCONT)
            process.start(self.zygote)
        for process in (self.processes[operation.leading], self.processes[operation.other]):
            await process.ready()
        # What a frozen process had already received, it carries out now.
        await asyncio.sleep(0.2)

    async def _disagreements(self, subject: Subject) -> list[tuple[str, str, str]]:
        """Return what the two sides tell differently, as their APIs show it: (relation, source, target)."""
        found: set[tuple[str, str, str]] = set()
        for document in subject.documents:
            listed = await _listed(self.werk, OIOS, informatieobject=document)
            mirrors = {(item["objectType"], path(item["object"])) for item in listed}
            for kind, collection in (("zaak", ZIOS), ("besluit", BIOS)):
                items = await _listed(self.werk, collection, informatieobject=document)
                leading = {(kind, path(item[kind])) for item in items}
                different = leading ^ {mirror for mirror in mirrors if mirror[0] == kind}
                found |= {(f"{kind}informatieobject", source, path(document)) for _, source in different}
        for zaak in subject.zaken:
            answer = await self.werk.api.get(f"{zaak}/besluiten")
            mirror = {item["besluit"] for item in answer.json()} if answer.status_code == 200 else set()
            leads = {besluit["url"] for besluit in await _listed(self.werk, BESLUITEN, zaak=zaak)}
            found |= {("zaakbesluit", path(besluit), path(zaak)) for besluit in leads ^ mirror}
        return sorted(found)


@asynccontextmanager
async def storing(stack: Stack, werk: Werk, folder: Path) -> AsyncIterator[Storing]:
    """Run the three services as processes on the database of ``stack``."""
    processes: dict[str, Process] = {}
    proxies: dict[str, Proxy] = {}
    async with AsyncExitStack() as open_:
        urls = {}
        for name, app in stack.standalone.apps.items():
            if name not in PROCESSES:
                urls[name] = await open_.enter_async_context(serving(app))
        for name in PROCESSES:
            processes[name] = Process(name)
            proxies[name] = Proxy(processes[name])
            open_.push_async_callback(proxies[name].client.aclose)
            urls[name] = await open_.enter_async_context(serving(proxies[name]))
        secret = stack.settings.secret_key
        environment = {
            "PATH": os.environ["PATH"],
            "SAMENZAAK_HOME": str(folder),
            "SAMENZAAK_DATABASE_URL": stack.dsn,
            "SAMENZAAK_SECRET_KEY": secret.get_secret_value() if secret else "",
            "SAMENZAAK_SERVICE_URLS": ",".join(f"{name}={url}" for name, url in urls.items()),
            "SAMENZAAK_STORAGE_URL": stack.settings.document_storage_url,
            "SAMENZAAK_PUBLIC_URL": PUBLIC,
            "SAMENZAAK_OUTGOING_TIMEOUT": TIMEOUT,
            "SAMENZAAK_OUTGOING_CONNECT_TIMEOUT": TIMEOUT,
            "SAMENZAAK_POOL_SIZE": "3",
        }
        zygote = Zygote(environment, folder)
        open_.callback(zygote.end)
        for process in processes.values():
            process.start(zygote)
            open_.callback(process.kill)
        for process in processes.values():
            await process.ready()
        yield Storing(stack, werk, zygote, processes, proxies)


def table(outcomes: list[Outcome]) -> str:
    """Return the table of a run: per fault what was answered, found, repaired and left."""
    columns: dict[str, Callable[[Outcome], int]] = {
        "injected": lambda o: o.struck,
        "answered": lambda o: o.status is not None and o.status < 300,
        "refused": lambda o: o.status is not None and o.status >= 300,
        "no answer, not done": lambda o: o.status is None and not o.done and not o.found,
        "no answer, half done": lambda o: o.status is None and bool(o.found),
        "no answer, done": lambda o: o.status is None and o.done and not o.found,
        "inconsistent": lambda o: len(o.found),
        "report not exact": lambda o: not o.exact,
        "repaired": lambda o: sum(not item.left for item in o.mended),
        "left": lambda o: o.left + len(o.disagreements),
        "answers not true": lambda o: len(o.wrong),
    }
    lines = ["| fault | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for fault in (*FAULTS, "all"):
        rows = [outcome for outcome in outcomes if fault in (outcome.fault, "all")]
        if not rows:
            continue
        cells = [str(sum(count(outcome) for outcome in rows)) for count in columns.values()]
        lines.append("| " + " | ".join([fault, *cells]) + " |")
    return "\n".join(lines)
