"""Faults between services that are real processes: the other side stopped, frozen or failing, or the caller killed.

``Storing.round`` does one write under one fault and tells what came of it. Zaken, documenten and besluiten are
processes; what they say to each other goes through a proxy, which knows the moment between a commit and its call.
Before and after a fault everything is made and read through the services of the test process, on the same database.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from beheer.relations import Inconsistency, check_relations
from runtime.identity import CALLER_HEADER, GATEWAY, Caller, outgoing, sign
from tests.besluiten.wereld import BESLUITEN, BIOS, OIOS, ZIOS, Werk
from tests.relaties.bewerkingen import Operation, Subject, listed, path
from tests.relaties.processen import Process, Proxy, Zygote
from tests.servers import serving
from tests.stack import CRS, PUBLIC, Stack

TENANT = "storing"
PROCESSES = ("zaken", "documenten", "besluiten")
FAULTS = ("stopped", "frozen", "500", "500 after", "killed before", "killed after", "killed at random")
TIMEOUT = "1.0"


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


class Storing:
    """The processes, their proxies, and the municipality that suffers."""

    def __init__(
        self, stack: Stack, werk: Werk, zygote: Zygote, processes: dict[str, Process], proxies: dict[str, Proxy]
    ) -> None:
        self.stack, self.werk, self.zygote, self.processes, self.proxies = stack, werk, zygote, processes, proxies
        self._keys = outgoing(stack.settings, GATEWAY)

    async def check(self, repair: bool = False) -> list[Inconsistency]:
        """Run ``check relations`` on the municipality."""
        operator = self.stack.standalone.operator if repair else None
        async with self.stack.admin() as admin:
            return await check_relations(admin, TENANT, operator, PUBLIC)

    async def worker(self) -> list[Inconsistency]:
        """Let the relay of the test process mend what was broken off, as if its time were over; return what it left."""
        async with self.stack.admin() as admin:
            for turn in range(1_000):
                rows = [row async for row in self._held(admin)]
                if not rows:
                    break
                # What could not be brought at the first attempt is held for another while, which has to end as well.
                if turn % 10 == 0:
                    for service in ("zaken", "besluiten"):
                        held = f"{TENANT}_{service}.outbox SET held_until = now() - interval '1 second'"
                        await admin.execute(f"UPDATE {held} WHERE held_until IS NOT NULL")
                        await admin.execute("SELECT pg_notify('samenzaak_outbox', $1)", f"{TENANT}_{service}")
                await asyncio.sleep(0.02)
        return await self.check()

    async def _held(self, admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Record]:
        for service in ("zaken", "besluiten"):
            for row in await admin.fetch(f"SELECT * FROM {TENANT}_{service}.outbox"):
                yield row

    async def round(self, operation: Operation, fault: str, dice: random.Random, by_worker: bool = False) -> Outcome:
        """Do one write under one fault, repair (or leave that to the worker), and look at both sides."""
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
        mended: list[Inconsistency] = []
        if found and not by_worker:
            mended = await self.check(repair=True)
        left = await self.worker() if by_worker else await self.check()
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
        headers = {CALLER_HEADER: sign(caller, GATEWAY, self._keys[url.split("/")[1]]), **CRS}
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
            known = await listed(self.werk, OIOS, informatieobject=document)
            mirrors = {(item["objectType"], path(item["object"])) for item in known}
            for kind, collection in (("zaak", ZIOS), ("besluit", BIOS)):
                items = await listed(self.werk, collection, informatieobject=document)
                leading = {(kind, path(item[kind])) for item in items}
                different = leading ^ {mirror for mirror in mirrors if mirror[0] == kind}
                found |= {(f"{kind}informatieobject", source, path(document)) for _, source in different}
        for zaak in subject.zaken:
            answer = await self.werk.api.get(f"{zaak}/besluiten")
            mirror = {item["besluit"] for item in answer.json()} if answer.status_code == 200 else set()
            leads = {besluit["url"] for besluit in await listed(self.werk, BESLUITEN, zaak=zaak)}
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
