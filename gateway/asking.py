"""What the gateway asks a service by itself, for a client: one request, whose answer it reads whole."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from gateway.asgi import ASGIApp, Headers, Message, Receive, without_body
from gateway.readers import Whole
from runtime.identity import CALLER_HEADER, GATEWAY, Caller, sign
from runtime.problems import InvalidParam, Problem
from zgw.denied import carried

ASKED = "autorisaties"
"""The service that it asks: it knows who may read what."""

Ask = Callable[[str, Any], Awaitable[Any]]
"""Asks with a path and a body, and returns the JSON of the answer; raises the Problem with which that refuses."""


def asking(app: ASGIApp, caller: Caller, key: bytes) -> Ask:
    """Return how ``app`` is asked in the name of a client, with the key for that service."""

    async def ask(path: str, body: Any) -> Any:
        content = orjson.dumps(body)
        headers: Headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"x-request-id", caller.request_id.encode()),
            (CALLER_HEADER.encode(), sign(caller, GATEWAY, key).encode()),
        ]
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": None,
            "server": None,
            "state": {},
        }
        whole = Whole()
        await app(scope, _with_body(content), whole.send)
        if whole.start is None or not whole.ended:
            raise Problem(503, "service_unavailable", "De dienst brak het antwoord af.", headers={"Retry-After": "5"})
        status, found = whole.start["status"], orjson.loads(whole.body())
        if status != 200:
            params = [InvalidParam(**each) for each in found.get("invalidParams", [])]
            raise Problem(status, found.get("code", "error"), found.get("detail", ""), params, members=carried(found))
        return found

    return ask


def _with_body(content: bytes) -> Receive:
    nothing, given = without_body(), False

    async def receive() -> Message:
        nonlocal given
        if not given:
            given = True
            await nothing()
            return {"type": "http.request", "body": content, "more_body": False}
        return await nothing()

    return receive
