"""The attacker of ``bench.attack``: a process of its own that sends what one attack says, for so many seconds."""

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.attack_data import World
from bench.attacks import ATTACKS, Attack, Request

NICE = 5
"""Attackers are on other machines: what they compute must not be taken from what is measured."""
GRACE = 2.0
"""Seconds that answers under way are waited for at the end."""


def attack(world: World, name: str, seconds: float, connections: int, results: Any, ready: Any) -> None:
    """Carry out the attack with this name; set ``ready`` when it begins, and put how often each outcome came: a
    status, or a word for none."""
    os.nice(NICE)
    found = next(one for one in ATTACKS if one.name == name)
    requests = found.requests(world)
    ready.set()
    results.put(asyncio.run(_attack(world, found, requests, seconds, found.connections or connections)))


async def _attack(
    world: World, attack: Attack, requests: Iterator[Request], seconds: float, connections: int
) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    known = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
    headers = {**known, "Authorization": f"Bearer {world.token(attack.client)}"} if attack.client else known
    end = time.monotonic() + seconds
    manner = {"read": _reading, "unread": _unread, "drip": _dripping, "pour": _pouring, "rest": _resting}[attack.manner]
    tasks = [asyncio.create_task(manner(world, requests, headers, end, outcomes)) for _ in range(connections)]
    _, late = await asyncio.wait(tasks, timeout=seconds + GRACE)
    for task in late:
        outcomes["unanswered"] += 1
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
    return outcomes


async def _reading(
    world: World, requests: Iterator[Request], headers: dict[str, str], end: float, outcomes: Counter[str]
) -> None:
    """Send one request after another, and read the answers without keeping them."""
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(world.url, connector=connector, timeout=timeout, auto_decompress=False) as session:
        while time.monotonic() < end:
            one = next(requests)
            try:
                async with session.request(
                    one.method, one.path, data=one.body or None, headers={**headers, **one.headers}
                ) as answer:
                    outcomes[str(answer.status)] += 1
                    async for _ in answer.content.iter_any():
                        pass
                    wait = answer.headers.get("Retry-After", "") if answer.status in (429, 503) else ""
            except (aiohttp.ClientError, OSError):
                outcomes["cut off"] += 1
                await asyncio.sleep(0.05)
                continue
            if wait:
                # Any client waits a little; a hostile one not as long as it was asked to.
                await asyncio.sleep(0.05)


async def _unread(
    world: World, requests: Iterator[Request], headers: dict[str, str], end: float, outcomes: Counter[str]
) -> None:
    """Send a request, read the first line of the answer and nothing more; again when the connection is cut off."""
    while time.monotonic() < end:
        one = next(requests)
        try:
            reader, writer = await _connect(world)
            writer.write(_head(world, one, headers, len(one.body)) + one.body)
            await writer.drain()
            line = await reader.readline()
            outcomes[line.split(b" ")[1].decode() if line else "cut off"] += 1
            while line and time.monotonic() < end and _established(writer):
                await asyncio.sleep(0.25)
            if line and time.monotonic() < end:
                outcomes["cut off"] += 1
            writer.transport.abort()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            outcomes["cut off"] += 1
        await asyncio.sleep(0.05)


async def _dripping(
    world: World, requests: Iterator[Request], headers: dict[str, str], end: float, outcomes: Counter[str]
) -> None:
    """Say that a body comes, and send it byte by byte."""
    while time.monotonic() < end:
        one = next(requests)
        try:
            reader, writer = await _connect(world)
            writer.write(_head(world, one, headers, 1_000_000))
            reading = asyncio.create_task(reader.readline())
            while time.monotonic() < end and not reading.done():
                writer.write(b" ")
                await asyncio.wait([reading], timeout=0.5)
            line = reading.result() if reading.done() else b""
            outcomes[line.split(b" ")[1].decode() if line else "cut off"] += 1
            reading.cancel()
            writer.transport.abort()
        except (OSError, ValueError):
            outcomes["cut off"] += 1
        await asyncio.sleep(0.05)


async def _pouring(
    world: World, requests: Iterator[Request], headers: dict[str, str], end: float, outcomes: Counter[str]
) -> None:
    """Send a head, when there is a method, and then the same bytes again and again, whatever is answered."""
    while time.monotonic() < end:
        one = next(requests)
        try:
            reader, writer = await _connect(world)
            writer.write(_head(world, one, headers, 0) if one.method else b"")
            reading = asyncio.create_task(_throw_away(reader))
            while time.monotonic() < end and not reading.done():
                writer.write(one.body)
                await asyncio.wait([asyncio.ensure_future(writer.drain()), reading], return_when="FIRST_COMPLETED")
            outcomes["poured" if not reading.done() else "cut off"] += 1
            reading.cancel()
            writer.transport.abort()
        except OSError:
            outcomes["cut off"] += 1
        await asyncio.sleep(0.05)


async def _throw_away(reader: asyncio.StreamReader) -> None:
    while await reader.read(1024 * 1024):
        pass


async def _resting(
    world: World, requests: Iterator[Request], headers: dict[str, str], end: float, outcomes: Counter[str]
) -> None:
    """Send nothing."""
    await asyncio.sleep(end - time.monotonic())


async def _connect(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection that takes next to nothing before its answer is read."""
    address = urlsplit(world.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", address.port or 80))
    return await asyncio.open_connection(sock=sock, limit=1024)


def _established(writer: asyncio.StreamWriter) -> bool:
    # asyncio does not tell a connection that is not read that the other side has gone. The first byte is the state.
    found: bytes = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return found[0] == 1


def _head(world: World, one: Request, headers: dict[str, str], length: int) -> bytes:
    values = {"Host": urlsplit(world.url).netloc, **headers, **one.headers}
    if length:
        values["Content-Length"] = str(length)
    path = one.path.removeprefix(world.url)
    lines = [f"{one.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in values.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
