"""The routes are those of FastAPI, and say what the OAS says."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.routing import APIRoute
from starlette.responses import Response

from beheer.provision import api_of
from oas.openapi import document
from oas.routes import documentation
from tests.stack import Stack
from zgw.api import Api
from zgw.app import create_app, routes_of
from zgw.dependencies import CurrentCall, Given, Needs
from zgw.routing import Operation, method_of, methods_of, scopes_of, steps_of

SERVICES = ("autorisaties", "besluiten", "catalogi", "documenten", "notificaties", "zaken")


def app_of(stack: Stack, name: str, *more: APIRouter) -> FastAPI:
    """The app of a service, with more routes."""
    service = stack.standalone.services[name]
    router = APIRouter()
    router.routes += [*documentation(service.api).routes, *(route for each in more for route in each.routes)]
    return create_app(service, router)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client of an app, without a gateway."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://x")


def plain(path: str) -> str:
    """A path as the OAS writes it."""
    return re.sub(r":\w+\}", "}", path)


@pytest.mark.parametrize("service", SERVICES)
def test_routes_say_what_the_oas_says(service: str) -> None:
    api = api_of(service)
    told = {
        (operation["operationId"], method.upper(), api.root + path, tuple(operation["tags"]), status)
        for path, item in document(api)["paths"].items()
        # The root belongs to the documentation: it needs no token, and so no call.
        if path != "/"
        for method, operation in item.items()
        for status in [next(int(status) for status in operation["responses"])]
    }
    routes = [route for route in routes_of(api) if route.include_in_schema]
    found = {
        (route.operation_id, method_of(route), plain(route.path), tuple(route.tags), route.status_code or 200)
        for route in routes
    }
    assert found == told
    assert len(routes) == len(told)


@pytest.mark.parametrize("service", SERVICES)
def test_a_developer_finds_every_operation_in_the_app(stack: Stack, service: str) -> None:
    app = app_of(stack, service)
    ids = [route.operation_id for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema]
    assert ids
    assert None not in ids
    assert all(isinstance(route, Operation) for route in app.routes if getattr(route, "operation_id", None))


@pytest.mark.parametrize("service", SERVICES)
def test_other_operations_say_which_scopes_they_need(service: str) -> None:
    api = api_of(service)
    assert [route.operation_id for route in api.operations if not scopes_of(route)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_needs_more_than_the_call(service: str) -> None:
    assert [route.path for route in routes_of(api_of(service)) if steps_of(route.dependant) is None] == []


def every_path(api: Api) -> Iterator[tuple[str, set[str]]]:
    """Every path of an API with its methods."""
    paths: dict[str, set[str]] = {}
    for route in routes_of(api):
        paths.setdefault(route.path, set()).update(methods_of(route))
    for path, methods in paths.items():
        yield (
            re.sub(r"\{\w+:uuid\}", "0e1bb1d2-6d2c-4d6b-9d3e-1f2a3b4c5d6e", path).replace("{collection}", "x"),
            methods,
        )


@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_method_is_told_all_right_ones(stack: Stack, service: str) -> None:
    async with client_of(app_of(stack, service)) as client:
        for path, methods in every_path(api_of(service)):
            for wrong in {"DELETE", "PATCH", "TRACE", "OPTIONS"} - methods:
                answer = await client.request(wrong, path)
                assert answer.status_code == 405, (wrong, path)
                assert answer.json()["code"] == "method_not_allowed"
                assert answer.headers["allow"] == ", ".join(sorted(methods))
            for right in methods:
                assert (await client.request(right, path)).status_code == 403, (right, path)
        for path in (
            "/",
            "/x",
            f"/{service}/api/v1/",
            f"/{service}/api/v1/x/y/z/a/b",
            "/a/b/c/d",
        ):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def sub(call: CurrentCall) -> str:
    return call.request.url.path


async def deeper(path: Annotated[str, Depends(sub)]) -> str:
    return path


def plain_router() -> APIRouter:
    """A route as any other FastAPI app has."""
    router = APIRouter(prefix="/plain")

    @router.get("/{number}")
    async def read(number: int, most: Annotated[int, Query(ge=1)] = 1) -> dict[str, int]:
        return {"number": number + most}

    return router


async def test_a_mistake_that_fastapi_finds_has_our_shape(stack: Stack) -> None:
    async with client_of(app_of(stack, "besluiten", plain_router())) as client:
        assert (await client.get("/plain/4")).json() == {"number": 5}
        answer = await client.get("/plain/x", params={"most": "0"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"], body["title"]) == ("invalid", 400, "Ongeldige invoer.")
    assert [(p["name"], p["code"]) for p in body["invalidParams"]] == [("number", "invalid"), ("most", "min_value")]


def route_of(endpoint: Any, *dependencies: Any) -> Operation:
    """A route with this endpoint."""
    return Operation("/x/{uuid}", endpoint, dependencies=[Depends(each) for each in dependencies])


def test_what_depends_on_the_call_alone_is_known() -> None:
    needs = Needs(frozenset({"x"}))

    async def call_only(call: CurrentCall) -> Response:
        return Response()

    async def more(call: CurrentCall, rights: Annotated[Any, Depends(needs)]) -> Response:
        return Response()

    async def with_path(call: CurrentCall, uuid: str) -> Response:
        return Response()

    async def with_query(call: CurrentCall, most: int = 1) -> Response:
        return Response()

    async def with_depth(path: Annotated[str, Depends(deeper)]) -> Response:
        return Response()

    assert [name for name, _ in steps_of(route_of(call_only).dependant) or ()] == ["call"]
    given = Given()
    found = steps_of(route_of(more, given).dependant) or []
    assert [name for name, _ in found] == [None, "call", "rights"]
    assert [step for _, step in found if step in (given, needs)] == [given, needs]
    assert [steps_of(route_of(each).dependant) for each in (with_path, with_query, with_depth)] == [None] * 3
    assert scopes_of(route_of(more)) == [frozenset({"x"})]
    assert scopes_of(route_of(call_only)) == []
