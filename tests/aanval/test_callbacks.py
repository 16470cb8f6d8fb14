"""Callbacks: never back into this installation, not into the network around it, and without telling what is there."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from pydantic import SecretStr

from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.notificaties.addresses import refusal
from services.notificaties.webhook import TEST_MESSAGE, Webhooks
from tests.aanval.luisteraars import ABONNEMENT, CONSUMEREN, body, consumer, notifying
from tests.answers import errors
from tests.notificaties.webhooks import AUTH, Webhook, listening
from tests.stack import SPLIT, Client, Stack
from tests.waiting import until

PUBLISH = "/notificaties/api/v1/notificaties"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Samenzaak with callbacks on this machine."""
    async with notifying(tmp_path_factory, "aanval_callbacks") as stack:
        yield stack


@pytest.fixture(scope="module")
async def client(stack: Stack) -> Client:
    """A client that may make abonnementen."""
    return await consumer(stack, "luistert")


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """A subscriber."""
    async with listening() as found:
        yield found


@asynccontextmanager
async def gateway_on_a_port(stack: Stack) -> AsyncIterator[int]:
    """Let the gateway listen on this machine."""
    if stack.split is not None:
        yield stack.split.port
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(stack.gateway, log_level="critical", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        yield int(listener.getsockname()[1])
        server.should_exit = True
        await serving


@pytest.mark.parametrize(
    "url",
    [
        "http://samenzaak.test/notificaties/api/v1/notificaties",
        "https://samenzaak.test:8443/x",
        "http://SAMENZAAK.Test./x",
        "http://ｓamenzaak.test/x",
        "http://raalte.test/notificaties/api/v1/notificaties",
        "https://RAALTE.TEST:444/x",
        "http://localhost:PORT/notificaties/api/v1/notificaties",
        "http://127.0.0.1:PORT/x",
        "http://127.8.8.8:PORT/x",
        "http://[::1]:PORT/x",
        "http://[::ffff:7f00:1]:PORT/x",
        "http://x.localhost:PORT/x",
        "http://１２７.0.0.1:PORT/x",
    ],
)
async def test_an_own_address_is_no_callback(stack: Stack, client: Client, webhook: Webhook, url: str) -> None:
    """Also that of another municipality (raalte.test), which only the gateway knows."""
    url = url.replace("PORT", str(stack.split.port if stack.split else stack.settings.port))
    answer = await client.post(ABONNEMENT, body(webhook, callbackUrl=url))
    assert errors(answer) == [("callbackUrl", "invalid")]
    assert "deze installatie" in answer.text
    made = await client.created(ABONNEMENT, body(webhook))
    assert errors(await client.patch(made["url"], {"callbackUrl": url, "auth": AUTH})) == [("callbackUrl", "invalid")]
    assert errors(await client.put(made["url"], body(webhook, callbackUrl=url))) == [("callbackUrl", "invalid")]
    assert (await client.delete(made["url"])).status_code == 204


def test_services_are_no_callback() -> None:
    values: dict[str, Any] = {
        "public_url": "https://zgw.example",
        "secret_key": SecretStr("x" * 40),
        "callback_allow_private": True,
        "callback_allow_http": True,
        "service_urls": {"zaken": "http://samenzaak-zaken:8000", "documenten": "http://127.0.0.1:9001"},
    }
    settings = Settings(**values)
    for url in ("http://samenzaak-zaken:8000/x", "http://Samenzaak-Zaken./x", "http://localhost:9001/x"):
        assert "installatie" in refusal(url, settings)
    assert refusal("http://127.0.0.1:9002/x", settings) == ""
    assert "installatie" in refusal("http://10.1.2.3:8000/", settings.model_copy(update={"host": "10.1.2.3"}))
    assert "installatie" in refusal("http://127.0.0.1:8000/", settings.model_copy(update={"host": "0.0.0.0"}))


async def test_what_leads_here_in_another_way_is_refused_by_the_gateway(stack: Stack, webhook: Webhook) -> None:
    """A name or an address that nobody knows to be ours: a notification does not come in as a message to publish."""
    if SPLIT:
        pytest.skip("listens where its settings say")
    publisher = await stack.add_client("deventer", "herhaalt", None)
    token = f"Bearer {publisher.token()}"
    async with gateway_on_a_port(stack) as port:
        url = f"http://127.0.0.1:{port}{PUBLISH}"
        answer = await publisher.post(ABONNEMENT, body(webhook, callbackUrl=url, auth=token))
        assert errors(answer) == [("callbackUrl", "no-auth-on-callback-url")]


async def test_nothing_goes_round(stack: Stack, webhook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    """An abonnement that was made before, or by a name that leads elsewhere since, publishes nothing."""
    if SPLIT:
        pytest.skip("looks at the settings of the process")
    publisher = await stack.add_client("deventer", "rond", None)
    kanaal = (await publisher.created("/notificaties/api/v1/kanaal", {"naam": "rondje", "filters": []}))["naam"]
    kanalen = [{"naam": kanaal, "filters": {}}]
    witness = await publisher.created(ABONNEMENT, body(webhook, kanalen=kanalen))
    made = await publisher.created(ABONNEMENT, body(webhook, kanalen=kanalen, auth=AUTH))
    async with gateway_on_a_port(stack) as port, stack.admin() as admin:
        table = f'"{schema_of("deventer", "notificaties")}"'
        sql = f"UPDATE {table}.abonnement SET callback_url = $1 WHERE uuid = $2"
        await admin.execute(sql, f"http://127.0.0.1:{port}{PUBLISH}", made["url"][-36:])
        message = {
            "kanaal": kanaal,
            "hoofdObject": "http://x.example/1",
            "resource": "x",
            "resourceUrl": "http://x.example/1",
            "actie": "create",
            "aanmaakdatum": "2026-01-01T00:00:00Z",
            "kenmerken": {},
        }
        await publisher.created(PUBLISH, message)

        async def parked() -> bool:
            sql = f"SELECT count(*) FROM {table}.delivery WHERE abonnement = $1 AND failed_since IS NOT NULL"
            return bool(await admin.fetchval(sql, made["url"][-36:]))

        await until(parked)
        error = await admin.fetchval(f"SELECT error FROM {table}.delivery WHERE abonnement = $1", made["url"][-36:])
        assert "508" in error
    assert len(webhook.received) == 1
    for url in (witness["url"], made["url"]):
        await publisher.delete(url)


async def test_redirects_are_not_followed(stack: Stack, client: Client, webhook: Webhook) -> None:
    async with gateway_on_a_port(stack) as port, listening() as elsewhere:
        for to in (f"http://127.0.0.1:{port}{PUBLISH}", elsewhere.url):

            async def redirect(request: web.Request, to: str = to) -> web.Response:
                refused = request.headers.get("Authorization") != AUTH
                return web.Response(status=403 if refused else 307, headers={"Location": to})

            async with answering(redirect) as url:
                answer = await client.post(ABONNEMENT, body(webhook, callbackUrl=url))
                assert errors(answer) == [("nonFieldErrors", "invalid-callback-url")]
        assert elsewhere.tests == []


@asynccontextmanager
async def answering(handle: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """Run a server on this machine; its URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    finally:
        await runner.cleanup()


async def test_a_refusal_does_not_tell_what_answered(
    client: Client, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    """A closed port, another protocol and a web server give the same text; the log tells the operator."""

    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9 geheim-kenmerk\r\n")
        await writer.drain()
        writer.close()

    async def page(request: web.Request) -> web.Response:
        del request
        return web.Response(status=500, text="interne pagina geheim-kenmerk", headers={"Server": "geheim-kenmerk"})

    server = await asyncio.start_server(banner, "127.0.0.1", 0)
    ssh = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    caplog.set_level(logging.INFO, "samenzaak")
    async with answering(page) as web_page:
        urls = [ssh, web_page, "http://127.0.0.1:9/", "http://bestaat-niet.invalid/", f"https{ssh[4:]}"]
        answers = [await client.post(ABONNEMENT, body(webhook, callbackUrl=url)) for url in urls]
    server.close()
    texts = {str([{**param} for param in answer.json()["invalidParams"]]) for answer in answers}
    assert len(texts) == 1, texts
    assert all("geheim-kenmerk" not in answer.text and "500" not in answer.json()["detail"] for answer in answers)
    if not SPLIT:
        assert "geheim-kenmerk" in caplog.text


# --- Private networks ---


def strict(**changes: Any) -> Settings:
    """Return the settings of an installation on the internet where nobody said anything of callbacks."""
    values: dict[str, Any] = {
        "public_url": "https://zgw.example",
        "secret_key": SecretStr("x" * 40),
        "callback_allow_http": True,
        **changes,
    }
    return Settings(**values)


PRIVATE = [
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0X7F.1",
    "127.0x1",
    "0177.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "127.0.0.1.",
    "[::1]",
    "[fd12::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:7f00:1]",
    "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "[fe80::1%25lo]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_off(host: str) -> None:
    assert refusal(f"https://{host}/", strict()) == "Dit adres is niet toegestaan."
    assert refusal("https://93.184.215.14/", strict()) == ""


@pytest.mark.parametrize("host", [*PRIVATE, "localhost", "localhost.", "LOCALHOST", "ｌocalhost"])
async def test_private_addresses_are_not_called_either(webhook: Webhook, host: str) -> None:
    """What a delivery does, with an abonnement that is there already."""
    webhooks = Webhooks(strict(outgoing_connect_timeout=1, outgoing_timeout=2))
    try:
        status, _ = await webhooks.post(webhook.url.replace("127.0.0.1", host), AUTH, TEST_MESSAGE)
    finally:
        await webhooks.stop()
    assert status == 0
    assert webhook.tests == []


async def test_a_name_of_a_private_address_is_refused_over_http(
    tmp_path_factory: pytest.TempPathFactory, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the default: the public URL is not on localhost, and nobody set anything."""

    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host == "afnemer.example" else host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with notifying(tmp_path_factory, "aanval_prive", callback_allow_private=None) as closed:
        client = await closed.add_client("deventer", "luistert", CONSUMEREN)
        port = webhook.url.split(":")[2].split("/")[0]
        for url in (f"http://afnemer.example:{port}/", f"http://localhost:{port}/"):
            answer = await client.post(ABONNEMENT, body(webhook, callbackUrl=url))
            assert errors(answer) == [("callbackUrl", "no-auth-on-callback-url")]
        answer = await client.post(ABONNEMENT, body(webhook))
        assert errors(answer) == [("callbackUrl", "invalid")]
    assert webhook.tests == []
