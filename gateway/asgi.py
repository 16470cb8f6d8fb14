"""The types of ASGI, and the little that several parts of the gateway do with its messages."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from runtime.problems import Problem
from zgw.problems import response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NOSNIFF = {"X-Content-Type-Options": "nosniff"}


def header(headers: Headers, name: bytes) -> bytes | None:
    """Return the first value of a header, whose name is in lower case as in every ASGI scope."""
    for key, value in headers:
        if key == name:
            return value
    return None


def host_of(scope: Scope) -> str:
    """Return the Host header of a request, or an empty string."""
    return (header(scope["headers"], b"host") or b"").decode("latin-1")


def scheme_of(scope: Scope, trust_proxies: bool) -> str:
    """Return how a request came in: ``http`` or ``https``, as the proxy says it where that is to be believed."""
    if trust_proxies:
        given = (header(scope["headers"], b"x-forwarded-proto") or b"").split(b",")[0].strip().lower()
        if given in (b"http", b"https"):
            return given.decode()
    return "https" if scope.get("scheme") == "https" else "http"


def rewritten(scope: Scope, path: str, headers: Headers, scheme: str) -> Scope:
    """Return a request with another path, other headers and scheme. The path is the text that was checked, so that
    nobody sees another one."""
    return {
        **scope,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "headers": headers,
        "scheme": scheme,
        "state": {},
    }


def without_body(receive: Receive | None = None) -> Receive:
    """Return the ``receive`` of a request without a body, which still tells when the client leaves.

    What the client does send is skipped. Without a client it waits for ever, as frameworks listen in a loop.
    """
    first = True

    async def empty() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": b"", "more_body": False}
        if receive is None:
            await asyncio.get_running_loop().create_future()
        while receive is not None:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
        return {"type": "http.disconnect"}

    return empty


def without_content(send: Send) -> Send:
    """Return the ``send`` of an answer to HEAD."""

    async def head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return head


async def send_problem(problem: Problem, send: Send, base_url: str, instance: str = "", head: bool = False) -> None:
    """Answer with problem+json; without its body to a HEAD request."""
    answer = response(problem, base_url, instance)
    answer.headers.update(NOSNIFF)
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": b"" if head else bytes(answer.body)})


async def fetch_status(app: ASGIApp, path: str) -> int:
    """Return the status of a GET that the gateway itself makes, without credentials."""
    status = 0

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
        "client": None,
        "server": None,
    }
    await app(scope, without_body(), send)
    return status
