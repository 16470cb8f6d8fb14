"""The gateway in front of a real framework, which listens for leaving clients and has its own way with exceptions."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.app import create_gateway
from runtime import identity
from runtime.identity import GATEWAY, purpose
from runtime.problems import Problem
from runtime.settings import Settings
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token
from tests.servers import serving
from zgw.problems import response


async def parts() -> AsyncIterator[bytes]:
    for part in (b"one", b"two"):
        await asyncio.sleep(0)
        yield part


async def stream(request: Request) -> Response:
    return StreamingResponse(parts())


async def echo(request: Request) -> Response:
    return JSONResponse({"received": len(await request.body())})


async def refuse(request: Request) -> Response:
    raise identity.verify_denial(request.headers.get(identity.DENIED_HEADER), request.app.state.key)


async def on_problem(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Problem)
    return response(exc)


@pytest.fixture
def service(settings: Settings) -> Starlette:
    root = "/zaken/api/v1"
    routes = [
        Route(f"{root}/docs", stream),
        Route(f"{root}/stream", stream),
        Route(f"{root}/echo", echo, methods=["POST"]),
        Route(f"{root}/refuse", refuse),
    ]
    app = Starlette(routes=routes, exception_handlers={Problem: on_problem})
    app.state.key = settings.derive(purpose(GATEWAY, "zaken"))
    return app


async def test_a_framework_survives_what_the_gateway_does(world: World, settings: Settings, service: Starlette) -> None:
    gateway = create_gateway(settings, world.registry, {**world.services, "zaken": service})
    root = "/zaken/api/v1"
    async with asyncio.timeout(10):
        assert (await ask(gateway, f"{root}/docs")).body == b"onetwo"
        assert (await ask(gateway, f"{root}/stream", token=make_token())).body == b"onetwo"
        assert (await ask(gateway, f"{root}/stream")).code == (403, "permission_denied")
        assert (await ask(gateway, f"{root}/stream", "PUT")).status == 405
        assert (await ask(gateway, f"{root}/refuse", token="nonsense")).code == (403, "jwt-decode-error")
        whole = await ask(gateway, f"{root}/echo", "POST", make_token(), body=[b"x" * 1000])
        assert whole.json == {"received": 1000}
        beyond = await ask(gateway, f"{root}/echo", "POST", make_token(), body=[b"x" * 600, b"x" * 600])
        assert beyond.code == (413, "request_too_large")


async def test_the_same_behind_a_real_server(world: World, settings: Settings, service: Starlette) -> None:
    gateway = create_gateway(settings, world.registry, {**world.services, "zaken": service})
    headers = {"Authorization": f"Bearer {make_token()}"}
    async with asyncio.timeout(10), serving(gateway) as url, aiohttp.ClientSession() as session:
        root = f"{url}/zaken/api/v1"
        async with session.get(f"{root}/stream", headers=headers) as answer:
            assert (await answer.read(), answer.headers["x-request-id"] != "") == (b"onetwo", True)
        async with session.post(f"{root}/echo", headers=headers, data=b"x" * 1000, expect100=True) as answer:
            assert await answer.json() == {"received": 1000}
        async with session.post(f"{root}/echo", headers=headers, data=b"x" * 1001) as answer:
            assert answer.status == 413
        async with session.post(f"{root}/echo", data=b"x" * 500_000) as answer:
            assert answer.status == 403
        async with session.get(f"{root}/stream", headers=headers) as answer:
            assert answer.status == 200
