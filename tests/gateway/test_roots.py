"""The roots of the APIs, which checks of a connection ask for without a token, and what is public beside them."""

import asyncio
from dataclasses import replace

import pytest

from gateway.app import Gateway
from gateway.asgi import Receive, Scope, Send
from runtime.tenancy import SERVICES
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, ask, make_token, reply
from zgw.versions import VERSIONS

PUBLIC = [
    "",
    "/",
    "/openapi.json",
    "/openapi.yaml",
    "/docs",
    "/schema",
    "/schema/",
    "/schema/openapi.json",
    "/schema/openapi.yaml",
    "/schema/openapi.yaml?format=json",
]
WRONG = {"none": None, "nonsense": "x", "wrong": make_token("app", OTHER_SECRET), "unknown": make_token("niemand")}


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", PUBLIC)
async def test_what_is_public_reaches_the_service_whatever_the_token(
    world: World, path: str, token: str | None
) -> None:
    await ask(world.gateway, f"/zaken/api/v1{path}", token=token)
    [scope] = world.zaken.scopes
    expected = f"/zaken/api/v1{path.partition('?')[0].rstrip('/')}"
    assert (scope["path"], scope["raw_path"]) == (expected, expected.encode())
    assert scope["query_string"] == path.partition("?")[2].encode()
    assert {"authorization", "x-samenzaak-caller"}.isdisjoint(world.zaken.headers)


@pytest.mark.parametrize(
    "path", ["//", "/schema//", "/docs//", "/zaken/", "/openapi.json/", "/schema/x", "/schema/openapi.yaml/"]
)
async def test_no_other_path_may_end_in_a_slash_or_is_public(world: World, path: str) -> None:
    answer = await ask(world.gateway, f"/zaken/api/v1{path}", token=make_token())
    assert answer.code == (404, "not_found")


@pytest.mark.parametrize("service", SERVICES)
async def test_each_api_has_a_root_with_its_version(world: World, service: str) -> None:
    for path in ("", "/"):
        answer = await ask(world.gateway, f"/{service}/api/v1{path}")
        assert len(world.services[service].scopes) == 1
        world.services[service].scopes.clear()
        assert answer.headers["api-version"] == VERSIONS[service]


@pytest.mark.parametrize(
    "host",
    [
        "deventer.example.nl",
        "zgw.example.nl",
        "ZGW.example.nl:443",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:80",
        "gateway:8000",
    ],
)
async def test_a_host_that_is_served_has_a_root(world: World, host: str) -> None:
    await ask(world.gateway, "/zaken/api/v1/", host=host)
    assert len(world.zaken.scopes) == 1


@pytest.mark.parametrize(
    "host", ["zwolle.example.nl", "deventer.example.nl.evil.example", "x.deventer.example.nl", "a.b c"]
)
async def test_the_root_of_a_municipality_that_does_not_exist_is_404(world: World, host: str) -> None:
    """And tells nothing of those that do."""
    for path in ("", "/"):
        answer = await ask(world.gateway, f"/zaken/api/v1{path}", host=host, token=make_token())
        assert answer.code == (404, "not_found")
        for name in ("deventer", "raalte", "Deventer"):
            assert name.encode() not in answer.body.replace(host.encode(), b"")
    assert not world.zaken.scopes


@pytest.mark.parametrize("origin", ["https://mijn.deventer.nl", "https://ergens.example"])
@pytest.mark.parametrize("path", PUBLIC)
async def test_any_page_may_read_what_is_public(world: World, path: str, origin: str) -> None:
    for headers in ([("origin", origin)], []):
        answer = await ask(world.gateway, f"/zaken/api/v1{path}", headers=headers)
        assert [value for name, value in answer.raw_headers if name == b"access-control-allow-origin"] == [b"*"]
    asked = [("origin", origin), ("access-control-request-method", "GET")]
    preflight = await ask(world.gateway, f"/zaken/api/v1{path}", "OPTIONS", headers=asked)
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")


async def test_who_reads_documentation_slowly_keeps_nobody_from_the_roots(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.turns.SLOW_MAX", 2)
    monkeypatch.setattr("gateway.turns.SLOW_SECONDS", 0.0)
    read = asyncio.Event()
    under_way = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/docs"):
            under_way.set()
            await read.wait()
        await reply(send, 200)

    world.services["zaken"] = slow  # type: ignore[assignment]
    config = replace(world.gateway.config, tenant_concurrency=4, tenant_queue=0)
    gateway = Gateway(config, world.registry, world.services)
    docs = asyncio.create_task(ask(gateway, "/zaken/api/v1/docs"))
    async with asyncio.timeout(60):
        await under_way.wait()
    assert (await ask(gateway, "/zaken/api/v1/docs")).code == (429, "throttled")
    assert (await ask(gateway, "/zaken/api/v1")).status == 200
    read.set()
    assert (await docs).status == 200
