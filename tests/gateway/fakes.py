"""What the gateway's tests stand on: downstream services, tokens, and a client that calls ASGI apps directly."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt

from gateway.asgi import ASGIApp, Message, Receive, Scope, Send, send_problem
from runtime import identity
from runtime.problems import Problem

SECRET = "a-secret-that-is-long-enough-for-hs256"
OTHER_SECRET = "quite-another-secret-that-is-long-enough"
ROUTES = {
    "zaken": ("GET", "HEAD", "POST"),
    "boom": ("GET",),
    "upload": ("POST",),
    "download": ("GET",),
    "careless": ("GET",),
}


@dataclass
class Service:
    """A service that checks its caller as the real ones do, and remembers what it was sent."""

    name: str
    keys: Mapping[str, bytes]
    scopes: list[Scope] = field(default_factory=list)
    received: int = 0
    healthy: bool = True
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the last request."""
        return {name.decode(): value.decode("latin-1") for name, value in self.scopes[-1]["headers"]}

    @property
    def caller(self) -> identity.Caller:
        """The caller of the last request."""
        return identity.verify(self.headers[identity.CALLER_HEADER], self.keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.answer(scope, receive, send)
        except Problem as problem:
            await send_problem(problem, send, "http://x", head=scope["method"] == "HEAD")

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/_intern/health":
            await reply(send, 200 if self.healthy else 503)
            return
        self.scopes.append(scope)
        path = scope["path"].removeprefix(f"/{self.name}/api/v1")
        if path in ("/openapi.json", "/docs", "/docs/style.css"):
            await reply(send, 200, self.headers["x-samenzaak-base"].encode())
            return
        methods = ROUTES.get(path.strip("/"))
        if methods is None:
            raise Problem(404, "not_found")
        if scope["method"] not in methods:
            raise Problem(405, "method_not_allowed")
        if path == "/careless":
            await reply(send, 200, b"everything")
            return
        if identity.DENIED_HEADER in self.headers:
            raise identity.verify_denial(self.headers[identity.DENIED_HEADER], self.keys[identity.GATEWAY])
        found = identity.verify(self.headers.get(identity.CALLER_HEADER), self.keys)
        if path == "/boom":
            raise RuntimeError("a secret detail")
        if path == "/download":
            await self.download(scope, receive, send)
            return
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                raise ConnectionResetError("the client left")
            self.received += len(message.get("body", b""))
            more = message.get("more_body", False)
        await reply(send, 200, json.dumps({"tenant": found.tenant, "received": self.received}).encode(), x_eigen="ja")

    async def download(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        size = int(scope["query_string"])
        gone = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-encoding", b"x-none")]})
        chunk = bytes(64 * 1024)
        while size > 0 and not gone.done():
            await send({"type": "http.response.body", "body": chunk[:size], "more_body": True})
            size -= len(chunk)
            await asyncio.sleep(0)
        if gone.done():
            self.disconnected.set()
        else:
            await send({"type": "http.response.body", "body": b""})
        gone.cancel()


async def reply(send: Send, status: int, body: bytes = b"{}", **headers: str) -> None:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def make_token(client_id: object = "app", secret: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """Return a token; a claim of ``...`` is left out."""
    given: dict[str, Any] = {"iss": client_id, "iat": int(time.time()), "client_id": client_id, **claims}
    payload = {name: value for name, value in given.items() if value is not ...}
    headers = payload.pop("jwt_headers", None)
    return raw_token({"alg": algorithm, **(headers or {})}, payload, secret)


def raw_token(header: Mapping[str, object], payload: object, key: Any) -> str:
    """Return a token with any header and payload, also ones that a library refuses to make."""
    body = b".".join(_b64(json.dumps(part).encode()) for part in ({"typ": "JWT", **header}, payload))
    algorithm = header.get("alg")
    if (
        not isinstance(algorithm, str)
        or algorithm not in jwt.algorithms.get_default_algorithms()
        or algorithm == "none"
    ):
        return body.decode() + "."
    implementation = jwt.algorithms.get_default_algorithms()[algorithm]
    if algorithm == "HS256":
        key = key.encode() if isinstance(key, str) else key
    return (body + b"." + _b64(implementation.sign(body, key))).decode()


def hs256_with(key: bytes, header: Mapping[str, object], payload: object) -> str:
    """Return a token signed with HMAC and a key that the library refuses, such as a public key."""
    import hmac

    body = b".".join(_b64(json.dumps(part).encode()) for part in ({"typ": "JWT", **header}, payload))
    return (body + b"." + _b64(hmac.digest(key, body, "sha256"))).decode()


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@dataclass
class Answer:
    """A response as a client sees it."""

    status: int
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes
    complete: bool

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> tuple[int, str]:
        """The status and the code of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return self.status, self.json["code"]


async def ask(
    app: ASGIApp,
    target: str,
    method: str = "GET",
    token: str | None = None,
    host: str = "localhost:8000",
    headers: Sequence[tuple[str, str]] = (),
    body: Sequence[bytes] = (),
    scheme: str = "http",
) -> Answer:
    """Call an ASGI app as a server would."""
    path, _, query = target.partition("?")
    sent = [("host", host), *headers]
    if token is not None:
        sent.append(("authorization", f"Bearer {token}"))
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    chunks = list(body) or [b""]
    messages: list[Message] = []

    async def receive() -> Message:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    starts = [message for message in messages if message["type"] == "http.response.start"]
    assert len(starts) == 1
    content = b"".join(message.get("body", b"") for message in messages[1:])
    complete = len(messages) > 1 and not messages[-1].get("more_body", False)
    return Answer(starts[0]["status"], list(starts[0]["headers"]), content, complete)
