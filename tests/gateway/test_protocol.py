"""What goes over a connection before there is a request: heads, ``Upgrade``, and where one request ends."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from beheer import protocol
from beheer.protocol import MAX_HEAD, Protocol
from tests.gateway.apart import split
from tests.gateway.conftest import World
from tests.gateway.fakes import make_token
from tests.servers import serving

PATH = "/zaken/api/v1/zaken"
UPGRADE = "Connection: Upgrade\r\nUpgrade: h2c\r\n"


async def exchange(url: str, *parts: bytes) -> bytes:
    """Send parts, each in a segment of its own, and return everything that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    try:
        async with asyncio.timeout(10):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.05)
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def head(method: str = "GET", extra: str = "", path: str = PATH) -> bytes:
    """Return the head of a request after which the connection ends."""
    token = f"Authorization: Bearer {make_token()}\r\n"
    close = "" if "Connection" in extra else "Connection: close\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: zgw.example.nl\r\n{token}{close}{extra}\r\n".encode()


def statuses(answer: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+)", answer)


@asynccontextmanager
async def behind(world: World, http: object) -> AsyncIterator[str]:
    """A gateway that is served in this way, before a service that is served as always."""
    async with serving(world.zaken, Protocol) as zaken:
        gateway = split(world, zaken=zaken)
        await gateway.start()
        async with serving(gateway, http) as url:
            yield url
        await gateway.stop()


@pytest_asyncio.fixture
async def front(world: World) -> AsyncIterator[str]:
    async with behind(world, Protocol) as url:
        yield url


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_the_body_after_an_ignored_upgrade_is_a_body(world: World, front: str, framing: str, apart: bool) -> None:
    """Else the service takes somebody else's next request for it, or the gateway takes it for a request."""
    inner = head(path="/zaken/api/v1/boom")
    body = inner if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    announced = f"Content-Length: {len(inner)}\r\n" if framing == "length" else "Transfer-Encoding: chunked\r\n"
    first = head("POST", UPGRADE + announced)
    parts = [first, body] if apart else [first + body]
    answer = await exchange(front, *parts, head())
    assert statuses(answer) == [b"200", b"200"]
    assert b'"received": %d' % len(inner) in answer
    assert [scope["path"] for scope in world.zaken.scopes] == [PATH, PATH]


async def test_nobody_pays_for_a_body_that_is_shorter_than_announced(world: World) -> None:
    """Whatever server is in front: the connection to the service is not used again."""
    async with behind(world, "httptools") as url:
        for _ in range(3):
            wrong = head("POST", UPGRADE + "Content-Length: 600\r\n", "/zaken/api/v1/boom")
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            writer.write(wrong + b"x" * 600)
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
            assert statuses(await exchange(url, head())) == [b"200"]


async def test_an_upgrade_changes_nothing(front: str) -> None:
    for protocol_name in ("websocket", "h2c", "TLS/1.0"):
        upgrade = f"Connection: Upgrade\r\nUpgrade: {protocol_name}\r\n"
        assert statuses(await exchange(front, head(extra=upgrade), head())) == [b"200", b"200"]


async def test_connect_is_no_request(world: World, front: str) -> None:
    for target in (PATH, "zgw.example.nl:80"):
        assert statuses(await exchange(front, head("CONNECT", path=target))) == [b"400"]
    assert world.zaken.scopes == []


@pytest.mark.parametrize("what", ["one header", "many headers", "url"])
@pytest.mark.parametrize("pieces", [1, 40])
async def test_a_head_has_a_size(world: World, front: str, what: str, pieces: int) -> None:
    start = "GET / HTTP/1.1\r\nHost: x\r\n"
    endless = {
        "one header": start + "X-A: " + "a" * MAX_HEAD,
        "many headers": start + "X-A: a\r\n" * (MAX_HEAD // 8),
        "url": "GET /" + "a" * MAX_HEAD,
    }[what].encode()
    size = -(-len(endless) // pieces)
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(front).port)
    for at in range(0, len(endless), size):
        writer.write(endless[at : at + size])
    async with asyncio.timeout(60):
        assert statuses(await reader.read()) == [b"431"]
    writer.close()
    assert world.zaken.scopes == []


async def test_what_lies_between_pieces_of_a_body_has_a_size(front: str) -> None:
    chunked = head("POST", "Transfer-Encoding: chunked\r\n")
    for endless in (b"3;a=" + b"a" * MAX_HEAD, b"0\r\nX-A: " + b"a" * MAX_HEAD):
        answer = await exchange(front, chunked, endless)
        assert b"200" not in statuses(answer)


async def test_trailers_are_dropped(world: World, front: str) -> None:
    trailer = b"0\r\nX-Toelichting: nee\r\nAuthorization: Bearer x\r\n\r\n"
    whole = head("POST", "Transfer-Encoding: chunked\r\n") + b"3\r\nabc\r\n" + trailer
    assert statuses(await exchange(front, whole)) == [b"200"]
    assert "x-toelichting" not in world.zaken.headers


async def test_a_head_has_a_time_to_arrive(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    for begin in (b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"):
        assert statuses(await exchange(front, begin)) == [b"408"]
    # A slow body is another matter.
    parts = (head("POST", "Content-Length: 3\r\n"), *(b"", b"", b"", b"", b"", b"", b"abc"))
    assert statuses(await exchange(front, *parts)) == [b"200"]
