"""Many small pieces in little data: chunks of one byte, requests one after another without waiting, endless headers.

Each of them costs callbacks, of which a quarter of a megabyte holds tens of thousands. They are parsed in portions, so
that other connections get their turn in between.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from beheer.portions import LARGEST, Line
from beheer.protocol import MAX_HEADERS, Protocol
from gateway.asgi import Receive, Scope, Send
from tests.aanval.sockets import connect
from tests.servers import serving

CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
SMALL = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Counting(Protocol):
    """Counts what is parsed in one turn of the event loop, and what waits for an answer."""

    turn = most = queued = 0

    def on_message_begin(self) -> None:
        self._note()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._note()
        super().on_body(body)

    def _note(self) -> None:
        Counting.turn += 1
        Counting.most = max(Counting.most, Counting.turn)
        Counting.queued = max(Counting.queued, len(self.pipeline))


@asynccontextmanager
async def counted(app: Any) -> AsyncIterator[str]:
    """Serve an app, and count turn by turn."""

    async def turns() -> None:
        while True:
            Counting.turn = 0
            await asyncio.sleep(0)

    Counting.most = Counting.queued = 0
    async with serving(app, partial(Counting, line=Line())) as url:
        counting = asyncio.create_task(turns())
        yield url
        counting.cancel()


class Reading:
    """Reads each body, and answers with its length."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b"."})


async def answers(reader: asyncio.StreamReader, count: int) -> int:
    """Read until so many answers have come; return how many came."""
    found = 0
    async with asyncio.timeout(120):
        while found < count and (line := await reader.readline()):
            found += line.startswith((b"HTTP/1.1 200", b".HTTP/1.1 200"))
    return found


async def test_chunks_of_one_byte_are_parsed_in_portions() -> None:
    app, count = Reading(), 60_000
    async with counted(app) as url:
        opened = [await connect(url) for _ in range(5)]
        for _, writer in opened:
            writer.write(CHUNKED + b"1\r\nx\r\n" * count + b"0\r\n\r\n")
        for reader, writer in opened:
            assert await answers(reader, 1) == 1
            writer.close()
    assert [len(body) for body in app.bodies] == [count] * 5
    assert Counting.most < 10_000


async def test_requests_that_do_not_wait_for_their_answers_are_parsed_a_few_ahead() -> None:
    app, count = Reading(), 8_000
    async with counted(app) as url:
        reader, writer = await connect(url)
        writer.write(SMALL * count)
        assert await answers(reader, count) == count
        writer.close()
    assert Counting.most < 1_000
    assert Counting.queued <= LARGEST / len(SMALL)


async def test_nothing_is_parsed_while_a_first_answer_is_long_in_coming() -> None:
    """Its app asks whether the client is still there, and uvicorn then reads on, whatever has gathered."""
    app = Reading()
    app.open.clear()

    async def asking(scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(app(scope, receive, send))
        await asyncio.sleep(0)
        await receive()
        await gone

    async with counted(asking) as url:
        _, writer = await connect(url)
        writer.write(SMALL * 50_000)
        await asyncio.sleep(0.5)
        assert Counting.queued <= LARGEST / len(SMALL)
        writer.transport.abort()
        app.open.set()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_is_cut_anywhere_arrives_whole(seed: int) -> None:
    chance = random.Random(seed)
    body = chance.randbytes(300_000)
    pieces, at = [], 0
    while at < len(body):
        size = chance.choice((1, 7, 300, 20_000))
        piece = body[at : at + size]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        at += size
    length = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    sent = CHUNKED + b"".join(pieces) + b"0\r\n\r\n" + SMALL + length + SMALL
    app = Reading()
    async with counted(app) as url:
        reader, writer = await connect(url)
        cut = chance.randrange(len(sent))
        writer.write(sent[:cut])
        await asyncio.sleep(0.05)
        writer.write(sent[cut:])
        assert await answers(reader, 4) == 4
        writer.close()
    assert app.bodies == [body, b"", body, b""]


@pytest.mark.parametrize(("count", "status"), [(MAX_HEADERS - 1, b"200"), (MAX_HEADERS, b"431"), (10_000, b"431")])
async def test_a_request_has_a_number_of_headers(count: int, status: bytes) -> None:
    async with counted(Reading()) as url:
        reader, writer = await connect(url)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * count + b"\r\n")
        async with asyncio.timeout(10):
            assert (await reader.readline()).split()[1] == status
        writer.close()
