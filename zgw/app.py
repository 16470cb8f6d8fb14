"""The FastAPI app of a service: its routes, and what a failure looks like, wherever it arises."""

import base64
import logging
import uuid
from collections.abc import Sequence

import asyncpg
import orjson
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.faults import Unavailable, problem_of
from runtime.identity import CALLER_HEADER
from runtime.problems import Problem
from zgw import internal
from zgw.api import Api
from zgw.logboek.actions import Logged
from zgw.problems import from_pydantic, response
from zgw.request import Service
from zgw.routing import Index
from zgw.verbs import router_of

log = logging.getLogger("samenzaak.service")

BASE_HEADER = "x-samenzaak-base"
"""The base URL of a request without a token, set by the gateway: for the OAS and its pages."""


def create_app(service: Service, documentation: APIRouter) -> FastAPI:
    """Return the FastAPI app of a service: the operations of its resources and all others, its documentation, and what
    our services ask each other."""
    api = service.api
    app = FastAPI(
        title=api.title,
        version=api.version,
        description=api.description,
        # The OAS is our own: it is compared with that of the standard (docs/adr/0007).
        openapi_url=None,
        redirect_slashes=False,
        # Our traces are made in beheer/tracing.py, without query strings; FastAPI would look for a tracer per request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    routes = [*routes_of(api), *_in(documentation, internal.router, internal.probes)]
    # Not by include_router: that looks for the route of a request twice, 110 µs at worst (docs/adr/0012).
    app.router.routes += [Index(routes), *routes]
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(asyncpg.PostgresError, _on_fault)
    app.add_exception_handler(Unavailable, _on_fault)
    app.add_exception_handler(Exception, _on_exception)
    app.add_middleware(Versioned, version=api.version)
    if api.logboek is not None:
        app.add_middleware(Logged)
    return app


def routes_of(api: Api) -> Sequence[APIRoute]:
    """Return the routes of the resources and the other operations of an API, and what its service is asked."""
    return _in(*api.routers, *(router_of(api.root, resource) for resource in api.resources))


def _in(*routers: APIRouter) -> list[APIRoute]:
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


class Versioned:
    """Adds the ``API-version`` header to every response, errors included, and the warning about what it ignored."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self.app = app
        self.header = (b"api-version", version.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self.header]
                if warning := scope.get("samenzaak.warning"):
                    message["headers"].append((b"x-warning", warning.encode("ascii")))
            await send(message)

        await self.app(scope, receive, versioned)


def _instance(request: Request, problem: Problem) -> str:
    instance = f"urn:uuid:{uuid.uuid4()}"
    log.info("%s %s: %s (%s)", request.method, request.url.path, problem, instance)
    return instance


def _base(request: Request) -> str:
    """Return the base URL for the ``type`` of a problem, from a token that need not be valid."""
    try:
        payload = request.headers[CALLER_HEADER].split(".")[1]
        return str(orjson.loads(base64.urlsafe_b64decode(payload + "=="))["b"][0])
    except (KeyError, IndexError, ValueError):
        return request.headers.get(BASE_HEADER, "")


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return response(problem, _base(request), _instance(request, problem))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    """A parameter that FastAPI itself looks at: told as all others, by its name without where it was found."""
    assert isinstance(error, RequestValidationError)
    errors = [{**found, "loc": found["loc"][1:]} for found in error.errors()]
    return await _on_problem(request, Problem(400, "invalid", invalid_params=from_pydantic(errors)))  # type: ignore[arg-type]


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    problem = Problem(error.status_code, codes.get(error.status_code, "error"), headers=dict(error.headers or {}))
    return response(problem, _base(request), _instance(request, problem))


async def _on_fault(request: Request, error: Exception) -> Response:
    """PostgreSQL, or another of our services, cannot do its work now. Writes that cross each other start again by
    themselves (``verbs``); here comes what does not."""
    problem = problem_of(error)
    if problem is None:
        return await _on_exception(request, error)
    instance = _instance(request, problem)
    log.warning("%s %s: %r (%s)", request.method, request.url.path, error, instance)
    return response(problem, _base(request), instance)


async def _on_exception(request: Request, error: Exception) -> Response:
    instance = f"urn:uuid:{uuid.uuid4()}"
    log.error("%s %s failed (%s)", request.method, request.url.path, instance, exc_info=error)
    return response(Problem(500, "error"), _base(request), instance)
