"""The routes of a service: those of FastAPI, for endpoints that answer a call.

    router = APIRouter(prefix="/zaken/api/v1/zaken", tags=["zaken"], route_class=Operation)

What this adds to FastAPI, and what it costs, is in docs/adr/0012.
"""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.memory import NoRoom
from runtime.tenancy import BEGAN
from zgw.api import Described
from zgw.denied import Unheld
from zgw.dependencies import Needs, Sent, current_call
from zgw.members import Several
from zgw.reading_log.recorder import answered
from zgw.request import CALL, Call
from zgw.unheld import told

ROOM_SECONDS = 10.0
"""How long a large answer waits for memory, before the client hears 503."""
PIECE = 64 * 1024

Step = tuple[str | None, Callable[[Call], Awaitable[Any]]]


class Operation(APIRoute):
    """A route whose endpoint answers a call: an operation of an API, or something that our services ask each other.

    What depends on nothing but the call is worked out here, because FastAPI takes 35 µs for the first dependency of a
    request and 12 for each further one. Endpoints with other parameters FastAPI sees to itself.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **declared: Any) -> None:
        super().__init__(path, endpoint, **declared)
        if steps_of(self.dependant) is not None:
            self.app = answering(self.get_route_handler())
        # RFC 9110, 9.1: what can be read answers HEAD too. The server leaves the body out.
        self.methods = methods_of(self) | ({"HEAD"} if "GET" in methods_of(self) else set())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        endpoint, steps, whole = self.endpoint, steps_of(self.dependant), super().get_route_handler()

        async def run(call: Call) -> Response:
            try:
                return await worked_out(call)
            except Unheld as refusal:
                raise await told(call, self, refusal) from None

        async def worked_out(call: Call) -> Response:
            if steps is None:
                call.request.scope[CALL] = call
                return await whole(call.request)
            given = {}
            for name, step in steps:
                value = await step(call)
                if name is not None:
                    given[name] = value
            found: Response = await endpoint(**given)
            return found

        async def handle(request: Request) -> Response:
            # In one process a service calls another one in the same context: then it is still the same request.
            began = BEGAN.set(time.monotonic()) if BEGAN.get(0.0) == 0.0 else None
            try:
                return await with_room(request, run)
            finally:
                if began is not None:
                    BEGAN.reset(began)

        return handle


def answering(handler: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """Return the app of one route. FastAPI's also holds what its own dependencies have to close, which ours have not,
    and handles exceptions, as the app around all routes does once more."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await handler(Request(scope, receive, send))
        await answer(scope, receive, send)

    return app


def steps_of(dependant: Dependant) -> list[Step] | None:
    """Return what to work out of the call before an endpoint runs, each for the parameter of this name; None where that
    is not enough."""
    steps: list[Step] = []
    for each in dependant.dependencies:
        if each.call is current_call:
            steps.append((each.name, itself))
        elif each.call is not None and [inner.call for inner in each.dependencies] == [current_call]:
            steps.append((each.name, each.call))
        else:
            return None
    own = (dependant.path_params, dependant.query_params, dependant.header_params, dependant.body_params)
    return None if any(own) or dependant.request_param_name else steps


def described_of(route: APIRoute) -> Described:
    """Return what is told of an endpoint, with the body that it depends on."""
    described: Described = (route.openapi_extra or {}).get("zgw", Described())
    sent = next((each.call.fields for each in route.dependant.dependencies if isinstance(each.call, Sent)), None)
    return described if sent is None else replace(described, body=sent)


def methods_of(route: APIRoute) -> set[str]:
    """Return the methods of a route: one, or GET with HEAD."""
    return route.methods or set()


def method_of(route: APIRoute) -> str:
    """Return the method that a route was declared with."""
    return min(methods_of(route))


def scopes_of(route: APIRoute) -> Sequence[frozenset[str]]:
    """Return the sets of scopes of which an endpoint needs any each, or none where it asks for none."""
    calls = [each.call for each in route.dependant.dependencies]
    several = next((call.scopes for call in calls if isinstance(call, Several)), None)
    return several or [call.scopes for call in calls if isinstance(call, Needs)][:1]


async def itself(call: Call) -> Call:
    """Return the call."""
    return call


async def with_room(request: Request, run: Callable[[Call], Awaitable[Response]]) -> Response:
    """Answer a request. A large answer holds memory until it is sent; a read that finds none waits, and runs again."""
    service = request.app.state.service
    began = time.monotonic()
    while True:
        call = Call(service, request)
        try:
            found = await run(call)
            call.hold(len(found.body) if hasattr(found, "body") else 0)
            if call.seen is not None and not call.seen.later:
                answered(call)
        except BaseException as e:
            call.release()
            if not isinstance(e, NoRoom) or request.method not in ("GET", "HEAD"):
                raise
            if not await service.memory.freed(max(ROOM_SECONDS - (time.monotonic() - began), 0)):
                raise
            continue
        return Held(found, call) if call.held else found


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


class Index(BaseRoute):
    """Comes before the routes of an app and finds the one of a request among those with a path of the same length in
    the same collection. FastAPI tries all routes, one after the other; 405 here tells all methods of a path."""

    def __init__(self, routes: Sequence[APIRoute]) -> None:
        found: defaultdict[tuple[int, str], defaultdict[str, list[APIRoute]]] = defaultdict(lambda: defaultdict(list))
        for route in routes:
            for method in methods_of(route):
                found[_key(route.path)][method].append(route)
        self._routes = {key: dict(by_method) for key, by_method in found.items()}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the route of a request in the scope."""
        by_method = self._routes.get(_key(scope["path"]), {})
        for route in by_method.get(scope["method"], ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, found
        allowed = {m for m, routes in by_method.items() for each in routes if each.matches(scope)[0] is Match.PARTIAL}
        return (Match.PARTIAL, {"route": self, "allowed": allowed}) if allowed else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer; raise 405 where the path has no such method."""
        if scope["route"] is self:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(scope["allowed"]))})
        await scope["route"].app(scope, receive, send)


def _key(path: str) -> tuple[int, str]:
    """Return the length of a path, and its collection: ``(6, "zaken")`` for ``/zaken/api/v1/zaken/<uuid>``."""
    parts = path.split("/")
    return len(parts), parts[4] if len(parts) > 4 else ""
