"""Documents while their process is killed: ``python -m bench.documenten_crash [--rounds 20] [--seed 1]``.

In each round several clients create, change and remove documents, inline and in bestandsdelen. At a moment of chance
the process is killed and started again. Then every answered write must hold, every other one must have happened as a
whole or not at all, and once the sweep came by, the storage must hold exactly what the database refers to.
"""

import argparse
import asyncio
import base64
import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from bench.documenten import EIO, Running, running

CHUNK = 1024**2
CLIENTS = 6
SIZES = (0, 300, 10_000, 300_000, 1_000_000, 12_000_000)
KEYS = """
    SELECT jsonb_array_elements(segments)->>'key' FROM {0}.document WHERE segments <> '[]'
    UNION SELECT jsonb_array_elements(segments)->>'key' FROM {0}.documentversie WHERE segments <> '[]'
    UNION SELECT key FROM {0}.bestandsdeel WHERE key IS NOT NULL
"""


@dataclass
class Outcome:
    """The outcome of the rounds. A document carries the SHA-256 of its content in ``beschrijving``."""

    answered: int = 0
    cut_off: int = 0
    swept: int = 0
    problems: list[str] = field(default_factory=list)
    there: dict[str, str] = field(default_factory=dict)
    """Documents that an answer promised, each with its SHA-256; those of which a change was cut off are left out."""
    gone: set[str] = field(default_factory=set)


class Vendor:
    """One client, which writes until the server is gone."""

    def __init__(self, server: Running, session: aiohttp.ClientSession, outcome: Outcome, dice: random.Random) -> None:
        self.server, self.session, self.outcome, self.dice = server, session, outcome, dice
        self.own: list[str] = []

    async def work(self) -> None:
        """Write, and stop when there is no answer any more."""
        while True:
            kind: Callable[[], Awaitable[None]] = self.dice.choice(
                [self.inline, self.inline, self.parts, *([self.change, self.remove] if self.own else [])]
            )
            try:
                await kind()
            except (aiohttp.ClientError, OSError):
                self.outcome.cut_off += 1
                return
            self.outcome.answered += 1

    async def send(self, method: str, url: str, expected: int, body: Any = None, form: Any = None) -> Any:
        """Send one request; an answer that nobody expects is a problem."""
        headers = self.server.headers()
        if form is not None:
            del headers["Content-Type"]
        async with self.session.request(method, url, headers=headers, json=body, data=form) as answer:
            text = await answer.text()
            if answer.status != expected:
                self.outcome.problems.append(f"{method} {url}: {answer.status} {text[:300]}")
            return (await answer.json()) if text else None

    def content(self) -> tuple[bytes, str]:
        """Return a content and its SHA-256."""
        data = self.dice.randbytes(self.dice.choice(SIZES))
        return data, hashlib.sha256(data).hexdigest()

    async def inline(self) -> None:
        """Create a document with its content."""
        data, known = self.content()
        made = await self.send("POST", EIO, 201, self.server.document(data, beschrijving=known))
        self.outcome.there[made["url"]] = known
        self.own.append(made["url"])

    async def parts(self) -> None:
        """Create a document and upload its content in parts."""
        data = self.dice.randbytes(2 * CHUNK + self.dice.randrange(1, CHUNK))
        known = hashlib.sha256(data).hexdigest()
        made = await self.send("POST", EIO, 201, self.server.document(bestandsomvang=len(data), beschrijving=known))
        for deel in self.dice.sample(made["bestandsdelen"], len(made["bestandsdelen"])):
            start = (deel["volgnummer"] - 1) * CHUNK
            form = aiohttp.FormData({"lock": made["lock"]})
            form.add_field("inhoud", data[start : start + CHUNK], filename="deel")
            await self.send("PUT", deel["url"], 200, form=form)
        await self.send("POST", made["url"] + "/unlock", 204, {"lock": made["lock"]})
        self.outcome.there[made["url"]] = known
        self.own.append(made["url"])

    async def change(self) -> None:
        """Give a document another content."""
        url = self.own.pop(self.dice.randrange(len(self.own)))
        del self.outcome.there[url]
        data, known = self.content()
        lock = (await self.send("POST", url + "/lock", 200))["lock"]
        sent = {"lock": lock, "inhoud": base64.b64encode(data).decode(), "beschrijving": known}
        await self.send("PATCH", url, 200, sent)
        self.outcome.there[url] = known
        await self.send("POST", url + "/unlock", 204, {"lock": lock})
        self.own.append(url)

    async def remove(self) -> None:
        """Remove a document."""
        url = self.own.pop(self.dice.randrange(len(self.own)))
        del self.outcome.there[url]
        await self.send("DELETE", url, 204)
        self.outcome.gone.add(url)


async def round_(server: Running, outcome: Outcome, dice: random.Random) -> None:
    """Let the clients work, kill the server, start it again and look at everything."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        vendors = [Vendor(server, session, outcome, random.Random(dice.random())) for _ in range(CLIENTS)]
        tasks = [asyncio.create_task(vendor.work()) for vendor in vendors]
        await asyncio.sleep(dice.uniform(0.3, 3))
        server.server.kill()
        await asyncio.gather(*tasks)
    admin = await asyncpg.connect(server.dsn)
    try:
        # As if an hour went by: the sweep looks as soon as the server starts.
        await admin.execute("UPDATE deventer_documenten.journal SET removable_from = now() - interval '1 second'")
        before = _files(server.home)
        await server.restart()
        for _ in range(300):
            keys = {row[0] for row in await admin.fetch(KEYS.format("deventer_documenten"))}
            if (files := _files(server.home)) == keys:
                break
            await asyncio.sleep(0.1)
        else:
            outcome.problems.append(f"content without document {files - keys}, document without content {keys - files}")
        outcome.swept += len(before - files)
    finally:
        await admin.close()
    async with aiohttp.ClientSession() as session:
        await _verify(server, session, outcome)


def _files(home: Path) -> set[str]:
    return {path.name for path in (home / "documenten").rglob("*") if path.is_file()}


async def _verify(server: Running, session: aiohttp.ClientSession, outcome: Outcome) -> None:
    """Read all documents: each is whole, and the answered writes are among them."""
    found: dict[str, str] = {}
    url = EIO
    while url:
        async with session.get(url, headers=server.headers()) as answer:
            page = await answer.json()
        for document in page["results"]:
            if document["inhoud"] is None and document["bestandsdelen"]:
                continue
            async with session.get(document["inhoud"], headers=server.headers()) as answer:
                known = hashlib.sha256(await answer.read()).hexdigest()
            if known != document["beschrijving"]:
                outcome.problems.append(f"{document['url']} has another content than was sent")
            found[document["url"]] = known
        url = page["next"]
    outcome.problems += [f"{each} is not as answered" for each, sha in outcome.there.items() if found.get(each) != sha]
    outcome.problems += [f"{each} is there again" for each in outcome.gone if each in found]


async def run(rounds: int, seed: int, folder: str) -> Outcome:
    """Do the rounds and return what they gave."""
    os.environ["SAMENZAAK_CHUNK_SIZE"] = str(CHUNK)
    dice, outcome = random.Random(seed), Outcome()
    async with running(folder) as server:
        for _ in range(rounds):
            await round_(server, outcome, dice)
    return outcome


def main() -> None:
    """Run, and tell by the status whether everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.perf_counter()
    folder = tempfile.mkdtemp(prefix="samenzaak-crash-")
    try:
        outcome = asyncio.run(run(given.rounds, given.seed, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for problem in outcome.problems:
        print(problem)
    print(
        f"{given.rounds} rounds with seed {given.seed} in {time.perf_counter() - began:.0f} s: "
        f"{outcome.answered} answered, {outcome.cut_off} cut off, {outcome.swept} files swept, "
        f"{len(outcome.problems)} problems"
    )
    sys.exit(bool(outcome.problems))


if __name__ == "__main__":
    main()
