"""One request on its way through the gateway, for its answer and for what is written down about it."""

import re
import uuid

from gateway.asgi import Headers, Message, Send, header
from gateway.headers import SECURE, SECURE_OVER_TLS, with_defaults
from runtime.trace import accepted, begun
from zgw.problems import MEDIA_TYPE
from zgw.versions import VERSIONS

PIECE = 64 * 1024
"""Bytes of an answer that are handed to the server at a time."""

PROBLEM_SIZE = 64 * 1024
"""Bytes of an error that are remembered until its request ends."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_VERSIONS: dict[str, Headers] = {service: [(b"api-version", version.encode())] for service, version in VERSIONS.items()}
_PROBLEM = MEDIA_TYPE.encode()


class Exchange:
    """One request: what is known of it so far."""

    __slots__ = (
        "by_gateway",
        "client_id",
        "cors",
        "defaults",
        "denied",
        "held_back",
        "problem",
        "request_id",
        "send",
        "service",
        "status",
        "tenant",
        "trace",
        "user_id",
    )

    def __init__(self, headers: Headers, send: Send, over_tls: bool) -> None:
        self.defaults = SECURE_OVER_TLS if over_tls else SECURE
        self.cors: Headers = []
        given = header(headers, b"x-request-id")
        self.request_id = given.decode() if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        told = header(headers, b"traceparent")
        self.trace = (told and accepted(told.decode("latin-1"))) or begun()
        """What the client told of the trace that it works on, or the beginning of one."""
        self.send = send
        self.status = 0
        self.service = ""
        self.tenant = ""
        self.client_id = ""
        self.user_id = ""
        self.denied = False
        self.held_back = False
        self.by_gateway = False
        """Whether the gateway itself refused it."""
        self.problem: bytes | None = None
        """The body of an error, as the client gets it."""

    async def answer_preflight(self, headers: Headers) -> None:
        """Answer what a browser asks before a request of a page."""
        self.cors = headers
        await self.answer({"type": "http.response.start", "status": 204, "headers": []})
        await self.answer({"type": "http.response.body", "body": b""})

    async def answer(self, message: Message) -> None:
        """The ``send`` of the service: pass every message on unchanged, with the request id added."""
        if message["type"] == "http.response.start":
            # A service must refuse what it gets without a caller. If it does not, that is a mistake in the service,
            # which must not become a way in.
            self.held_back = self.denied and message["status"] < 400
            if self.held_back:
                return
            self.status = message["status"]
            defaults = self.defaults + _VERSIONS.get(self.service, [])
            headers = with_defaults(message.get("headers", ()), defaults)
            if self.status >= 400 and header(headers, b"content-type") == _PROBLEM:
                self.problem = b""
            headers.append((b"x-request-id", self.request_id.encode()))
            headers += self.cors
            message = {**message, "headers": headers}
        if self.held_back:
            return
        body = message.get("body", b"")
        if self.problem is not None and len(self.problem) + len(body) <= PROBLEM_SIZE:
            self.problem += body
        if len(body) <= PIECE:
            await self.send(message)
            return
        # In pieces, because the server waits for a slow client between two of them; one large piece it would hold.
        for begin in range(0, len(body), PIECE):
            more = message.get("more_body", False) or begin + PIECE < len(body)
            await self.send({"type": message["type"], "body": body[begin : begin + PIECE], "more_body": more})
