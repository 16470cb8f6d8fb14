"""Services in other processes: bodies stream both ways, and a lost service is 503."""

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from gateway.asgi import Receive, Scope, Send
from runtime.tenancy import SERVICES
from tests.gateway.apart import split
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token, reply
from tests.servers import serving

MIB = 1024**2


@pytest_asyncio.fixture
async def front(world: World) -> AsyncIterator[str]:
    """The URL of a gateway in front of separately served services."""
    async with serving(world.services["documenten"]) as documenten, serving(world.zaken) as zaken:
        gateway = split(world, documenten=documenten, zaken=zaken)
        await gateway.start()
        async with serving(gateway) as url:
            yield url
        await gateway.stop()


def authorized() -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token()}"}


async def test_a_request_crosses_both_hops(world: World, front: str) -> None:
    headers = {**authorized(), "Connection": "keep-alive, X-Hop", "X-Hop": "1", "TE": "trailers", "X-Toelichting": "é"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(
            URL(f"{front}/zaken/api/v1/zaken?a=%2Fb&c=%C3%A9", encoded=True), data=b"abc"
        ) as answer:
            assert (await answer.json(content_type=None)) == {"tenant": "deventer", "received": 3}
            assert len(answer.headers.getall("date")) == len(answer.headers.getall("server")) == 1
        async with session.delete(f"{front}/zaken/api/v1/zaken") as answer:
            assert answer.status == 405
        async with session.head(f"{front}/zaken/api/v1/zaken") as answer:
            assert answer.status == 200
        async with session.get(f"{front}/health/ready") as answer:
            assert set((await answer.json())["missing"]) == set(SERVICES) - {"zaken", "documenten"}
    scope = world.zaken.scopes[0]
    assert scope["query_string"] == b"a=%2Fb&c=%C3%A9"
    names = {name for name, _ in scope["headers"]}
    assert not names & {b"x-hop", b"te", b"authorization", b"user-agent-x"}
    assert dict(scope["headers"])[b"x-toelichting"] == "é".encode()
    assert dict(scope["headers"])[b"content-length"] == b"3"


async def test_fifty_megabytes_up_and_down_stay_out_of_memory(world: World, front: str) -> None:
    async def upload() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield bytes(64 * 1024)

    url = f"{front}/documenten/api/v1"
    async with aiohttp.ClientSession(headers=authorized()) as session:
        tracemalloc.start()
        async with session.post(f"{url}/upload", data=upload()) as answer:
            assert (await answer.json(content_type=None))["received"] == 50 * MIB
        _, up = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        received = 0
        async with session.get(f"{url}/download?{50 * MIB}") as answer:
            async for chunk in answer.content.iter_any():
                received += len(chunk)
        _, down = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert received == 50 * MIB
    assert max(up, down) < 8 * MIB


async def test_the_limit_holds_while_streaming(world: World, front: str) -> None:
    async def upload() -> AsyncIterator[bytes]:
        yield b"x" * 500
        while not world.zaken.received:
            await asyncio.sleep(0.01)
        yield b"x" * 501

    async with (
        aiohttp.ClientSession(headers=authorized()) as session,
        session.post(f"{front}/zaken/api/v1/upload", data=upload()) as answer,
    ):
        assert answer.status == 413
        assert (await answer.json(content_type=None))["code"] == "request_too_large"
    await asyncio.wait_for(world.zaken.disconnected.wait(), 5)


async def test_a_service_hears_that_the_client_left_during_a_download(world: World, front: str) -> None:
    async with aiohttp.ClientSession(headers=authorized()) as session:
        answer = await session.get(f"{front}/documenten/api/v1/download?{10_000 * MIB}")
        await answer.content.readany()
        answer.close()
    await asyncio.wait_for(world.services["documenten"].disconnected.wait(), 5)


async def test_a_service_hears_that_the_client_left_during_an_upload(world: World, front: str) -> None:
    host, port = front.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /documenten/api/v1/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {make_token()}\r\n\r\nhalf".encode()
    )
    await writer.drain()
    for _ in range(500):
        if world.services["documenten"].received:
            break
        await asyncio.sleep(0.01)
    writer.close()
    await asyncio.wait_for(world.services["documenten"].disconnected.wait(), 5)


async def test_an_absent_service_is_503(world: World) -> None:
    gateway = split(world)
    await gateway.start()
    for method in ("GET", "POST"):
        answer = await ask(gateway, "/zaken/api/v1/zaken", method, make_token(), body=[b"x"])
        assert answer.code == (503, "service_unavailable")
        assert answer.headers["retry-after"] == "5"
    await gateway.stop()


@pytest.mark.parametrize(("method", "status", "connections"), [("GET", 200, 2), ("DELETE", 504, 1), ("POST", 504, 1)])
async def test_only_safe_methods_are_sent_again_and_a_write_that_may_be_done_is_504(
    world: World, method: str, status: int, connections: int
) -> None:
    made = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        await reader.readuntil(b"\r\n\r\n")
        if made > 1:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(connected, sock=free)
        gateway = split(world, zaken=f"http://127.0.0.1:{free.getsockname()[1]}")
        await gateway.start()
        assert (await ask(gateway, "/zaken/api/v1/zaken", method, make_token())).status == status
        assert made == connections
        await gateway.stop()
        server.close()
        await server.wait_closed()


async def test_nothing_is_decoded_followed_or_remembered(world: World) -> None:
    packed = gzip.compress(b"hello")
    cookies: list[bytes] = []

    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        cookies.extend(value for name, value in scope["headers"] if name == b"cookie")
        if scope["path"].endswith("moved"):
            await reply(send, 302, b"", location="/elsewhere", set_cookie="a=b; Path=/")
        else:
            await reply(send, 200, packed, content_encoding="gzip")

    async with serving(odd) as url:
        gateway = split(world, zaken=url)
        await gateway.start()
        moved = await ask(gateway, "/zaken/api/v1/moved", token=make_token())
        assert (moved.status, moved.headers["location"]) == (302, "/elsewhere")
        answer = await ask(gateway, "/zaken/api/v1/packed", token=make_token())
        assert (answer.body, answer.headers["content-encoding"]) == (packed, "gzip")
        assert not cookies
        await gateway.stop()


@pytest.mark.parametrize("attempt", range(3))
async def test_an_answer_before_the_end_of_an_upload_arrives(world: World, attempt: int) -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await reply(send, 403, b"no")

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield bytes(64 * 1024)

    async with serving(early) as url:
        gateway = split(world, documenten=url)
        await gateway.start()
        async with (
            serving(gateway) as front,
            aiohttp.ClientSession(headers=authorized()) as session,
            session.post(f"{front}/documenten/api/v1/upload", data=upload()) as answer,
        ):
            assert (answer.status, await answer.read()) == (403, b"no")
        await gateway.stop()
