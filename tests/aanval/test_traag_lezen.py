"""Clients that ask for what anybody may have, and do not read it: the next one is served all the same."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from beheer.protocol import Protocol, protocol
from gateway.app import Gateway
from gateway.asgi import Receive, Scope, Send
from gateway.readers import CUT, Readers, Whole
from gateway.turns import Turns
from runtime.problems import Problem
from tests.aanval.sockets import connect, connections, head
from tests.servers import serving
from tests.stack import PUBLIC, Stack

HOST = PUBLIC.removeprefix("http://")
LARGE = 300_000
PAGES = [
    "/zaken/api/v1/docs",
    "/zaken/api/v1/openapi.json",
    "/zaken/api/v1/postman.json",
    "/docs/vendors/",
    "/ref/fouten/",
]


def ask(path: str) -> bytes:
    """Return a request without a token."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


@pytest.fixture
async def impatient(stack: Stack) -> AsyncIterator[str]:
    """The address of a gateway in which nobody waits long for a turn."""
    config = replace(stack.gateway.config, queue_seconds=0.2)
    async with serving(Gateway(config, stack.gateway.registry, stack.gateway.services), Protocol) as url:
        yield url


async def get(url: str, path: str, **headers: str) -> httpx.Response:
    """Ask as a client that reads."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        return await http.get(path, headers={"Host": HOST, "Accept-Encoding": "identity", **headers})


@pytest.mark.few("path")
@pytest.mark.parametrize("path", PAGES)
async def test_unread_pages_keep_nobody_from_them(impatient: str, path: str) -> None:
    await get(impatient, path)
    async with connections(72, impatient, ask(path)):
        # The last of them has been asked for when the answer to another comes.
        for _ in range(3):
            assert (await get(impatient, path)).status_code == 200


async def test_refusals_behind_unread_pages_keep_nobody_from_refusals(impatient: str) -> None:
    """A request waits until its client has read enough of the answers before it: here that of a page, mostly."""
    async with connections(72, impatient, (ask("/") + ask("/zaken/api/v1/zaken")) * 60):
        for _ in range(5):
            assert (await get(impatient, "/zaken/api/v1/zaken")).status_code == 403


def whole(body: bytes) -> Whole:
    """Return an answer that was made."""
    found = Whole()
    found.start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    found.ended = True
    found._parts = [body]
    return found


class Reading:
    """Clients that read nothing until they are cut off, or told to."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.cut: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._free: dict[str, asyncio.Event] = {}

    async def begin(self, name: str, client: str, body: bytes) -> None:
        """Hand a client an answer that it does not read yet."""
        free = self._free[name] = asyncio.Event()

        async def send(message: Any) -> None:
            await free.wait()

        def end() -> None:
            self.cut.append(name)
            free.set()

        scope = {"extensions": {CUT: {"end": end}}}
        task = self.readers.hand_over(("deventer", client), whole(body), scope, send)
        self._tasks[name] = asyncio.create_task(task)
        await asyncio.sleep(0)

    async def end(self, *names: str) -> None:
        """Read everything."""
        for name in names:
            self._free[name].set()
            await self._tasks[name]


async def test_equal_answers_are_held_once_and_the_longest_held_is_cut_off() -> None:
    readers = Readers(Turns(0, 0, 1), most=3 * LARGE)
    reading = Reading(readers)
    for n in range(50):
        await reading.begin(f"same {n}", "a", b"x" * LARGE)
    await reading.begin("second", "a", b"y" * LARGE)
    await reading.begin("third", "a", b"z" * LARGE)
    assert (readers.held, reading.cut) == (3 * LARGE, [])
    await reading.begin("fourth", "a", b"w" * LARGE)
    assert reading.cut == [f"same {n}" for n in range(50)]
    assert readers.held == 3 * LARGE
    await reading.end("second", "third", "fourth")
    assert (readers.held, readers._readers, readers._bodies, readers._uses) == (0, {}, {}, {})
    await reading.begin("fifth", "a", b"v" * LARGE)
    await reading.end("fifth")
    assert len(reading.cut) == 50


async def test_who_holds_most_is_cut_off_and_not_who_came_first() -> None:
    reading = Reading(Readers(Turns(0, 0, 1), most=4 * LARGE))
    await reading.begin("first", "calm", b"0" * LARGE)
    for n in range(1, 7):
        await reading.begin(f"{n}", "greedy", b"%d" % n * LARGE)
    assert reading.cut == ["1", "2", "3"]
    # One that is larger than all there is room for is handed over all the same, alone.
    await reading.begin("huge", "other", b"h" * 5 * LARGE)
    assert reading.cut == ["1", "2", "3", "4", "5", "first", "6"]
    await reading.end("huge")
    assert len(reading.cut) == 7


async def test_what_is_small_is_not_counted_and_what_was_broken_off_is_a_503() -> None:
    readers, sent = Readers(Turns(0, 0, 1), most=1), []

    async def send(message: Any) -> None:
        assert not readers.held
        sent.append(message)

    await readers.hand_over(("", ""), whole(b"klein"), {}, send)
    assert sent[1] == {"type": "http.response.body", "body": b"klein"}
    broken = whole(b"half")
    broken.ended = False
    with pytest.raises(Problem) as refused:
        await readers.hand_over(("", ""), broken, {}, send)
    assert refused.value.status == 503
    await readers.hand_over(("", ""), Whole(), {}, send)
    assert len(sent) == 2


async def test_the_connection_of_who_is_cut_off_ends_without_an_error(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(stack.gateway.config, stack.gateway.registry, stack.gateway.services)
    async with serving(gateway, Protocol) as url:
        page = (await get(url, "/zaken/api/v1/docs")).content
        gateway.readers.most = len(page)
        reader, writer = await connect(url)
        writer.write(ask("/zaken/api/v1/docs"))
        async with asyncio.timeout(30):
            while not gateway.readers.held:
                await asyncio.sleep(0.01)
        assert (await get(url, "/zaken/api/v1/openapi.json")).status_code == 200
        received = b""
        with suppress(ConnectionResetError):
            async with asyncio.timeout(30):
                while piece := await reader.read(100_000):
                    received += piece
        writer.close()
    assert len(received) < len(page)
    assert not gateway.readers.held
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_who_does_not_read_its_own_requests_holds_no_turn(stack: Stack) -> None:
    async def own(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
        await send({"type": "http.response.body", "body": bytes(LARGE)})

    client = await stack.add_client("deventer", f"leest-niet-{uuid.uuid4()}")
    gateway = Gateway(stack.gateway.config, stack.gateway.registry, stack.gateway.services)
    gateway._own_api = own  # type: ignore[assignment]
    request = head("GET", "/beheer/api/v1/verzoeken", client)
    async with serving(gateway, Protocol) as url, connections(40, url, request), asyncio.timeout(30):
        while len(gateway.readers._readers) < 40:
            await asyncio.sleep(0.01)
        assert not gateway.flow.turns._queues
        assert gateway.readers.held == LARGE


async def test_who_reads_a_page_drop_by_drop_is_cut_off(stack: Stack) -> None:
    """By the least pace of the server, whether or not others need the memory."""
    gateway = Gateway(stack.gateway.config, stack.gateway.registry, stack.gateway.services)
    async with serving(gateway, protocol(1024, 0.5)) as url:
        _, writer = await connect(url)
        writer.write(ask("/zaken/api/v1/docs"))
        async with asyncio.timeout(30):
            while not gateway.readers.held:
                await asyncio.sleep(0.01)
            while gateway.readers.held:
                await asyncio.sleep(0.01)
        writer.close()
