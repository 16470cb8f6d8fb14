"""From declarations to a FastAPI app: the one place where routes are made dynamically."""

import base64
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.faults import Unavailable, problem_of
from runtime.memory import NoRoom
from runtime.problems import Problem, forbidden
from runtime.recent import Recent
from runtime.tenancy import BEGAN
from zgw import audit, lists, read, write
from zgw.api import Action
from zgw.expand import objects, paths
from zgw.problems import response
from zgw.request import Call, Service, answer
from zgw.resource import Resource
from zgw.uses import uses

log = logging.getLogger("samenzaak.service")

Endpoint = Callable[[Request], Awaitable[Response]]

BASE_HEADER = "x-samenzaak-base"
"""The base URL of a request without a token, set by the gateway: for the OAS and its pages."""

ROOM_SECONDS = 10.0
"""How long a large answer waits for memory, before the client hears 503."""
PIECE = 64 * 1024

METHODS = {
    "list": ("GET", False),
    "create": ("POST", False),
    "fetch": ("GET", True),
    "head": ("HEAD", True),
    "replace": ("PUT", True),
    "merge": ("PATCH", True),
    "remove": ("DELETE", True),
}
"""Per verb its method, and whether its path ends with the uuid."""

SCOPES = {
    "list": "list",
    "create": "create",
    "fetch": "fetch",
    "head": "fetch",
    "replace": "update",
    "merge": "update",
    "remove": "remove",
}
"""Per verb the key of its scopes; without scopes the operation does not exist."""

FUNCTIONS: dict[str, Callable[[Call, Resource], Awaitable[Response]]] = {
    "list": lists.list_,
    "create": write.create,
    "fetch": read.fetch,
    "head": read.fetch,
    "replace": write.replace,
    "merge": write.merge,
    "remove": write.remove,
}


def create_app(service: Service, documentation: Sequence[Route] = ()) -> FastAPI:
    """Return the FastAPI app of a service: the routes of its resources and actions, those of its
    documentation, and its internal routes."""
    api = service.api
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, title=api.title, version=api.version)
    app.state.service = service
    routes: list[Route] = []
    for action in api.actions:
        routes.append(_route(api.root + action.path, _action(service, action), action.method))
    for resource in api.resources:
        routes += _routes(service, resource)
    app.router.routes.extend(_merged(routes))
    app.router.routes.extend(documentation)
    app.router.routes.extend(
        [
            Route("/_intern/health", _health(service), methods=["GET"]),
            Route("/_intern/objects/{collection}", _objects(service), methods=["POST"]),
            Route("/_intern/kanalen", _internal(service, _kanalen), methods=["GET"]),
            Route("/_intern/uses", _internal(service, uses), methods=["GET"]),
        ]
    )
    for declared, run in api.internal.items():
        method, path = declared.split()
        app.router.routes.append(Route("/_intern" + path, _internal(service, run), methods=[method]))
    app.router.redirect_slashes = False
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(asyncpg.PostgresError, _on_fault)
    app.add_exception_handler(Unavailable, _on_fault)
    app.add_exception_handler(Exception, _on_exception)
    app.add_middleware(Versioned, version=api.version)
    return app


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


def _route(path: str, endpoint: Endpoint, method: str) -> Route:
    return Route(path, endpoint, methods=[method])


def _merged(routes: list[Route]) -> list[Route]:
    """Return one route per path, so that a wrong method is a 405 and the right one is found at once."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for route in routes:
        for method in route.methods or ():
            if method == "HEAD" and "GET" in (route.methods or ()):
                continue
            by_path.setdefault(route.path, {})[method] = route.endpoint
    merged = []
    for path, endpoints in by_path.items():
        # RFC 9110, 9.1: what can be read answers HEAD too. The server leaves the body out.
        if "GET" in endpoints:
            endpoints.setdefault("HEAD", endpoints["GET"])
        merged.append(Route(path, _dispatch(endpoints), methods=None))
        merged[-1].methods = set(endpoints)
    return merged


def _dispatch(endpoints: dict[str, Endpoint]) -> Endpoint:
    async def dispatch(request: Request) -> Response:
        # In one process a service calls another one in the same context: then it is still the same request.
        began = BEGAN.set(time.monotonic()) if BEGAN.get(0.0) == 0.0 else None
        try:
            return await endpoints[request.method](request)
        finally:
            if began is not None:
                BEGAN.reset(began)

    return dispatch


def collection_path(resource: Resource) -> str:
    """Return the path of a collection below the root of its API: ``/zaken/{zaak_uuid:uuid}/zaakeigenschappen``."""
    if resource.parent and resource.main:
        return f"/{resource.main.resource.path}/{{{resource.parent}_uuid:uuid}}/{resource.path}"
    return f"/{resource.path}"


def _routes(service: Service, resource: Resource) -> list[Route]:
    api, found = service.api, []
    collection = api.root + collection_path(resource)
    for verb in resource.verbs:
        if SCOPES[verb] not in resource.scopes:
            continue
        method, single = METHODS[verb]
        path = collection + "/{uuid:uuid}" if single else collection
        found.append(_route(path, _verb(service, resource, FUNCTIONS[verb]), method))
    if resource.audited and resource.main is None:
        trail = f"{collection}/{{uuid:uuid}}/audittrail"
        endpoint = _verb(service, resource, audit.trail)
        found += [_route(trail, endpoint, "GET"), _route(trail + "/{entry_uuid:uuid}", endpoint, "GET")]
    return found


def _verb(service: Service, resource: Resource, run: Callable[[Call, Resource], Awaitable[Response]]) -> Endpoint:
    async def answering(call: Call) -> Response:
        found = await run(call, resource)
        if resource.warning:
            found.headers["Warning"] = f'299 "{call.base}{call.request.url.path}" "{resource.warning}"'
        return found

    return _public(service, answering)


def _action(service: Service, action: Action) -> Endpoint:
    return _public(service, action.run)


def _public(service: Service, answering: Callable[[Call], Awaitable[Response]]) -> Endpoint:
    """An operation for clients, whose large answer holds memory until it is sent."""

    async def endpoint(request: Request) -> Response:
        began = time.monotonic()
        while True:
            call = Call(service, request)
            try:
                found = await answering(call)
                call.hold(len(found.body) if hasattr(found, "body") else 0)
            except BaseException as e:
                call.release()
                if not isinstance(e, NoRoom) or request.method not in ("GET", "HEAD"):
                    raise
                if not await service.memory.freed(max(ROOM_SECONDS - (time.monotonic() - began), 0)):
                    raise
                continue
            return Held(found, call) if call.held else found

    return endpoint


class Held(Response):
    """A large answer, which is sent in pieces; then its memory is given back."""

    def __init__(self, answer: Response, call: Call) -> None:
        self._answer, self._call = answer, call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""

        async def in_pieces(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE:
                await send(message)
                return
            for start in range(0, len(body), PIECE):
                more = message.get("more_body", False) or start + PIECE < len(body)
                await send({**message, "body": body[start : start + PIECE], "more_body": more})

        try:
            await self._answer(scope, receive, in_pieces)
        finally:
            self._call.release()


def _internal(service: Service, run: Callable[[Call], Awaitable[Any]]) -> Endpoint:
    """An internal route: only for callers that are one of our own services."""

    async def endpoint(request: Request) -> Response:
        call = Call(service, request)
        if not call.caller.component:
            raise forbidden()
        result: Response = await run(call)
        return result

    return endpoint


def _objects(service: Service) -> Endpoint:
    """The internal way to many objects at once, with the rights of the caller in the token."""

    async def endpoint(request: Request) -> Response:
        call = Call(service, request)
        body = await call.body()
        return answer(await objects(call, call.path["collection"], body.get("uuids", []), paths(body.get("expand"))))

    return endpoint


async def _kanalen(call: Call) -> Response:
    """Tell Notificaties which kanalen this API has, so that nobody needs to register them."""
    return answer([{"naam": k.naam, "kenmerken": k.kenmerken} for k in call.service.api.kanalen])


def _health(service: Service) -> Endpoint:
    recent = Recent(service.database.missing)

    async def endpoint(_: Request) -> Response:
        missing = await recent()
        return answer({"status": missing or "ok"}, 503 if missing else 200)

    return endpoint


def _instance(request: Request, problem: Problem) -> str:
    instance = f"urn:uuid:{uuid.uuid4()}"
    log.info("%s %s: %s (%s)", request.method, request.url.path, problem, instance)
    return instance


def _base(request: Request) -> str:
    """Return the base URL for the ``type`` of a problem, from a token that need not be valid."""
    from runtime.identity import CALLER_HEADER

    try:
        payload = request.headers[CALLER_HEADER].split(".")[1]
        return str(orjson.loads(base64.urlsafe_b64decode(payload + "=="))["b"][0])
    except (KeyError, IndexError, ValueError):
        return request.headers.get(BASE_HEADER, "")


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return response(problem, _base(request), _instance(request, problem))


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
