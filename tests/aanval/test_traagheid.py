"""Clients that read or send slowly: they are cut off, hold little memory, and take nothing from the others."""

import asyncio
import base64
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from beheer.protocol import Protocol, protocol
from gateway.asgi import Receive, Scope, Send
from services.documenten.storage import storage_of
from tests.aanval.sockets import connect, connections, head
from tests.maak import Maak
from tests.servers import serving
from tests.stack import CRS, PUBLIC, Client, Stack

MIB = 1024**2


class Endless:
    """Answers with as much as the client takes, up to 64 MiB."""

    def __init__(self) -> None:
        self.sent = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(self._gone(receive))
        while self.sent < 64 * MIB and not gone.done():
            await send({"type": "http.response.body", "body": bytes(64 * 1024), "more_body": True})
            self.sent += 64 * 1024
        gone.cancel()
        self.ended.set()

    async def _gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


async def test_who_reads_nothing_is_cut_off_and_holds_little() -> None:
    app = Endless()
    async with serving(app, protocol(1024, 0.5)) as url:
        _, writer = await connect(url)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(app.ended.wait(), 30)
        writer.close()
    assert app.sent < MIB


async def test_who_asked_more_already_is_cut_off_without_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """Else the app of the first request is not told, and writes on into a connection that has ended."""
    app = Endless()
    async with serving(app, protocol(1024, 0.5)) as url:
        _, writer = await connect(url)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
        await asyncio.wait_for(app.ended.wait(), 30)
        writer.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_who_reads_drop_by_drop_is_cut_off() -> None:
    app = Endless()
    async with serving(app, protocol(512 * 1024, 0.5)) as url:
        reader, writer = await connect(url)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

        async def drops() -> None:
            while await reader.read(512):
                await asyncio.sleep(0.02)

        reading = asyncio.create_task(drops())
        await asyncio.wait_for(app.ended.wait(), 60)
        reading.cancel()
        writer.close()
    assert app.sent < 2 * MIB


async def test_who_reads_steadily_gets_everything() -> None:
    app = Endless()
    # It is looked at every second, and a busy machine may not get round to this client for a part of one.
    async with serving(app, protocol(16 * 1024, 1)) as url, httpx.AsyncClient(timeout=60) as http:
        received = 0
        async with http.stream("GET", url) as answer:
            # The app does not end its answer, and everything before that arrives.
            with suppress(httpx.RemoteProtocolError):
                async for piece in answer.aiter_raw():
                    received += len(piece)
                    await asyncio.sleep(0.002)
    assert received == 64 * MIB


@pytest.fixture
async def document(api: Client, maak: Maak) -> str:
    """A document of 6 MiB."""
    kind = await maak.informatieobjecttype()
    made = await api.created(
        "/documenten/api/v1/enkelvoudiginformatieobjecten",
        {
            "bronorganisatie": "517439943",
            "creatiedatum": "2025-01-01",
            "titel": "Groot",
            "auteur": "A",
            "taal": "nld",
            "vertrouwelijkheidaanduiding": "openbaar",
            "informatieobjecttype": kind["url"],
            "inhoud": base64.b64encode(bytes(6 * MIB)).decode(),
            "bestandsomvang": 6 * MIB,
        },
    )
    return str(made["url"])


async def settled(stack: Stack) -> None:
    """Wait until no request of Deventer gets a turn any more."""
    for _ in range(200):
        await asyncio.sleep(0.1)
        queue = stack.gateway.flow.turns._queues.get("deventer")
        if queue is not None and queue.slow >= 30 and not queue.busy:
            return


async def test_unread_downloads_of_one_client_harm_no_other_and_hold_little(
    stack: Stack, api: Client, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await stack.add_client("deventer", "leest-niet")
    storage, read = storage_of(stack.standalone.services["documenten"]), 0
    real = storage.read

    async def counted(tenant: str, key: str, start: int, length: int) -> bytes:
        nonlocal read
        read += length
        return await real(tenant, key, start, length)

    monkeypatch.setattr(storage, "read", counted)
    target = urlsplit(document).path + "/download"
    async with serving(stack.gateway, Protocol) as url, connections(72, url, head("GET", target, reader)):
        await settled(stack)
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            headers = {"Host": PUBLIC.removeprefix("http://"), "Authorization": f"Bearer {api.token()}", **CRS}
            answers = [await http.get("/zaken/api/v1/zaken?pageSize=1", headers=headers) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert read <= 40 * MIB


async def test_slow_uploads_of_one_client_harm_no_other(stack: Stack, api: Client) -> None:
    sender = await stack.add_client("deventer", "zendt-traag")
    announced = "Content-Type: application/json\r\nContent-Length: 100000\r\n"
    request = head("POST", "/documenten/api/v1/enkelvoudiginformatieobjecten", sender, announced) + b'{"inhoud": "'
    async with serving(stack.gateway, Protocol) as url, connections(72, url, request):
        await settled(stack)
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            headers = {"Host": PUBLIC.removeprefix("http://"), "Authorization": f"Bearer {api.token()}", **CRS}
            answers = [await http.get("/zaken/api/v1/zaken?pageSize=1", headers=headers) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}


async def test_an_answer_is_held_until_its_client_reads_it(stack: Stack) -> None:
    """A large answer that is made at once is not handed to the server at once: it is under way until it is read."""
    large: Any = stack.gateway.services

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % (8 * MIB))]})
        await send({"type": "http.response.body", "body": bytes(8 * MIB)})
        ended.set()

    ended = asyncio.Event()
    client = await stack.add_client("deventer", "leest-later")
    gateway = type(stack.gateway)(stack.gateway.config, stack.gateway.registry, {**large, "zaken": answering})
    async with serving(gateway, Protocol) as url:
        reader, writer = await connect(url)
        writer.write(head("GET", "/zaken/api/v1/zaken", client, "Connection: close\r\n"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.5)
        assert not ended.is_set()
        rest = await reader.read()
        while piece := await reader.read():
            rest += piece
        assert ended.is_set()
        writer.close()
    assert len(rest) > 8 * MIB
