"""Documents of gigabytes in constant memory: ``python -m bench.documenten_memory [--inline MIB] [--parts MIB]``.

One document is sent as base64 inside its JSON, another one in bestandsdelen; both are downloaded again. It prints how
much the memory of the server grew in each step, and fails when that is 64 MiB or more or when the bytes differ.
"""

import argparse
import asyncio
import base64
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import psutil

from bench.documenten import EIO, Running, running

MIB = 1024**2
LIMIT = 64 * MIB
BLOCK = 3 * MIB
"""Bytes that are made at a time; a multiple of three, so that base64 has no padding in between."""


@dataclass
class Step:
    """The outcome of one transfer."""

    name: str
    size: int
    seconds: float
    growth: int
    sha256: str


def block(number: int) -> bytes:
    """Return the block of this number; every block differs."""
    return hashlib.shake_128(number.to_bytes(8)).digest(4096) * (BLOCK // 4096)


async def content(start: int, size: int, found: Any) -> AsyncIterator[bytes]:
    """Yield ``size`` bytes of the file from ``start``, and add them to the hash ``found``."""
    while size:
        data = block(start // BLOCK)[start % BLOCK :][:size]
        found.update(data)
        yield data
        start, size = start + len(data), size - len(data)


class Memory:
    """The most memory that the server has had since the last look."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.most = 0

    def now(self) -> int:
        """Return the resident memory of the server and its children."""
        return sum(p.memory_info().rss for p in [self.process, *self.process.children(recursive=True)])

    async def watch(self) -> None:
        """Keep looking."""
        while True:
            self.most = max(self.most, self.now())
            await asyncio.sleep(0.05)

    async def during(self, name: str, size: int, work: Awaitable[str]) -> Step:
        """Do something and return how much the memory grew above what it was before."""
        before = self.most = self.now()
        began = time.perf_counter()
        sha256 = await work
        step = Step(name, size, time.perf_counter() - began, self.most - before, sha256)
        print(
            f"{name:<22}{size / MIB:>8.0f} MiB {step.seconds:>7.1f} s {size / MIB / step.seconds:>7.0f} MiB/s"
            f"   memory +{step.growth / MIB:.1f} MiB   {sha256[:16]}",
            flush=True,
        )
        return step


async def upload_inline(session: aiohttp.ClientSession, server: Running, size: int, made: list[str]) -> str:
    """Send a document with its content as base64; return the SHA-256."""
    found = hashlib.sha256()
    head, tail = orjson.dumps(server.document(inhoud="@")).split(b'"@"')

    async def body() -> AsyncIterator[bytes]:
        yield head + b'"'
        async for data in content(0, size, found):
            yield base64.b64encode(data)
        yield b'"' + tail

    async with session.post(EIO, data=body(), headers=server.headers()) as answer:
        data = await answer.json()
        if answer.status != 201:
            raise RuntimeError(data)
        made.append(data["url"])
    return found.hexdigest()


async def upload_parts(session: aiohttp.ClientSession, server: Running, size: int, made: list[str]) -> str:
    """Send a document in bestandsdelen; return the SHA-256."""
    found = hashlib.sha256()
    document = await asyncio.to_thread(server.gemeente.post, EIO, server.document(bestandsomvang=size))
    made.append(document["url"])
    offset = 0
    for deel in document["bestandsdelen"]:
        await _put(session, server, deel, offset, found)
        offset += deel["omvang"]
    unlock = {"lock": document["lock"]}
    await asyncio.to_thread(server.gemeente.send, "POST", document["url"] + "/unlock", 204, unlock)
    return found.hexdigest()


async def _put(session: aiohttp.ClientSession, server: Running, deel: dict[str, Any], offset: int, found: Any) -> None:
    mark = "grens-van-het-formulier"
    form = f'--{mark}\r\nContent-Disposition: form-data; name="{{}}"\r\n\r\n'
    head = (form.format("lock") + deel["lock"] + "\r\n").encode()
    head += form.format("inhoud").replace('"\r\n\r\n', '"; filename="deel"\r\n\r\n').encode()
    tail = f"\r\n--{mark}--\r\n".encode()

    async def body() -> AsyncIterator[bytes]:
        yield head
        async for data in content(offset, deel["omvang"], found):
            yield data
        yield tail

    headers = {**server.headers(), "Content-Type": f"multipart/form-data; boundary={mark}"}
    headers["Content-Length"] = str(len(head) + deel["omvang"] + len(tail))
    async with session.put(deel["url"], data=body(), headers=headers) as answer:
        if answer.status != 200:
            raise RuntimeError(await answer.text())


async def download(session: aiohttp.ClientSession, server: Running, url: str) -> str:
    """Download a document; return the SHA-256."""
    found = hashlib.sha256()
    async with session.get(f"{url}/download", headers=server.headers()) as answer:
        if answer.status != 200:
            raise RuntimeError(await answer.text())
        async for data in answer.content.iter_chunked(MIB):
            found.update(data)
    return found.hexdigest()


async def run(inline: int, parts: int, folder: str) -> list[Step]:
    """Do everything and return the steps."""
    os.environ["SAMENZAAK_CHUNK_SIZE"] = str(max(parts // 4, MIB))
    made: list[str] = []
    async with (
        running(folder) as server,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_read=600)) as session,
    ):
        # Everything that is loaded once is loaded before the measurement.
        for _ in range(20):
            server.gemeente.post(EIO, server.document(os.urandom(100_000)))
        memory = Memory(server.pid)
        watching = asyncio.create_task(memory.watch())
        steps = [
            await memory.during("upload, inline", inline, upload_inline(session, server, inline, made)),
            await memory.during("upload, bestandsdelen", parts, upload_parts(session, server, parts, made)),
        ]
        for url, size in zip(made, (inline, parts), strict=True):
            steps.append(await memory.during("download", size, download(session, server, url)))
        watching.cancel()
    return steps


def main() -> None:
    """Run, and tell by the status whether the memory stayed constant and the bytes are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inline", type=int, default=1024, help="MiB of the document that is sent inline")
    parser.add_argument("--parts", type=int, default=4096, help="MiB of the document that is sent in bestandsdelen")
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="samenzaak-memory-")
    try:
        steps = asyncio.run(run(arguments.inline * MIB, arguments.parts * MIB, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    equal = steps[0].sha256 == steps[2].sha256 and steps[1].sha256 == steps[3].sha256
    growth = max(step.growth for step in steps)
    print(f"bytes {'equal' if equal else 'DIFFER'}; most growth {growth / MIB:.1f} MiB, limit {LIMIT / MIB:.0f} MiB")
    sys.exit(not equal or growth >= LIMIT)


if __name__ == "__main__":
    main()
