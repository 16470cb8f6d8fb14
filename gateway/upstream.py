"""A service in another process, as an ASGI app. Bodies are streamed; nothing is followed, stored or decoded.

So the gateway knows one way to forward, and whether a service runs in its own process makes no difference to it.
"""

import asyncio
import contextlib
import logging
import string
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from gateway.asgi import Headers, Message, Receive, Scope, Send, header
from runtime.problems import Problem

log = logging.getLogger("samenzaak.gateway")

IDLE_SECONDS = 4.0
"""How long an unused connection is kept: shorter than uvicorn's 5 seconds, so a service never closes one in use."""

POOL_SIZE = 256
"""Most connections to one service, so that a slow one cannot take those of the others; further requests wait."""

QUEUE_SECONDS = 10.0
"""How long a request waits for a connection, before the answer is 503."""

RESPONSE_BUFFER = 64 * 1024

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding"
    b" upgrade".split()
)
# The server of the gateway answers "Expect: 100-continue" itself, by reading.
_NOT_SENT = HOP_BY_HOP | {b"expect"}
_NOT_SENT_AT_ALL = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors of making a connection."""
# The server of the gateway sets these two itself, and twice is not allowed.
_NOT_RETURNED = HOP_BY_HOP | {b"date", b"server"}


def new_session(connect_timeout: float, silence: float) -> aiohttp.ClientSession:
    """Return the session for all services; to be made inside the running event loop.

    ``silence`` is how many seconds a service may be silent after it received the request, before the answer is 504.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=POOL_SIZE, keepalive_timeout=IDLE_SECONDS),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=QUEUE_SECONDS, sock_connect=connect_timeout, sock_read=silence
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=RESPONSE_BUFFER,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )
    # aiohttp repeats PUT and DELETE on a lost connection by itself; a service may have carried those out already.
    session._retry_connection = False
    return session


class Upstream:
    """One service at ``base_url``, called through ``session``."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request; stop as soon as the client is gone.

        Raises Problem 503 when the service cannot be reached, 504 when it is silent. A response that breaks off
        halfway is returned as far as it came, and not ended, so that the server cuts the client's connection.
        """
        client = _Client(receive, header(scope["headers"], b"content-length"))
        exchange = asyncio.ensure_future(self._exchange(scope, client, send))
        gone = asyncio.ensure_future(client.until_gone())
        try:
            await asyncio.wait((exchange, gone), return_when=asyncio.FIRST_COMPLETED)
            if exchange.done():
                exchange.result()
        finally:
            for task in (exchange, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _exchange(self, scope: Scope, client: "_Client", send: Send) -> None:
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        # Only a byte that may not be in a URL is encoded; all that was encoded already stays as it is.
        url = URL(self.base_url + quote(target, safe=string.printable), encoded=True)
        headers = _end_to_end(scope["headers"], _NOT_SENT)
        body = client.body() if _has_body(scope["headers"]) else None
        if body is None:
            client.whole.set()
        started = False
        # A lost connection says nothing about whether the request was carried out, so only what changes nothing is
        # sent again.
        attempts = 2 if scope["method"] in ("GET", "HEAD") and body is None else 1
        while True:
            attempts -= 1
            try:
                async with self.session.request(
                    scope["method"],
                    url,
                    headers=CIMultiDict((name.decode("latin-1"), _text(value)) for name, value in headers),
                    data=body,
                    allow_redirects=False,
                ) as answer:
                    raw = [(name.lower(), value) for name, value in answer.raw_headers]
                    started = True
                    await send(
                        {
                            "type": "http.response.start",
                            "status": answer.status,
                            "headers": _end_to_end(raw, _NOT_RETURNED),
                        }
                    )
                    async for chunk in answer.content.iter_any():
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await send({"type": "http.response.body", "body": b""})
                return
            except (aiohttp.ClientError, TimeoutError, OSError) as e:
                if client.gone:
                    return
                if started:
                    log.warning("%s broke off a response: %s", self.base_url, e)
                    return
                if attempts and isinstance(e, aiohttp.ClientConnectionError) and not isinstance(e, TimeoutError):
                    continue
                log.warning("%s cannot be reached: %s", self.base_url, e)
                raise _unreachable(e, scope["method"] not in ("GET", "HEAD")) from e


class _Client:
    """The sending side of a request, which may leave at any moment."""

    def __init__(self, receive: Receive, announced: bytes | None = None) -> None:
        """``announced`` is the Content-Length that goes along."""
        self.gone = False
        self._announced = announced
        self.whole = asyncio.Event()
        self._receive = receive

    async def body(self) -> AsyncIterator[bytes]:
        more, size = True, 0
        while more:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                self.whole.set()
                raise ConnectionResetError("the client is gone")
            more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                size += len(chunk)
                yield chunk
        self.whole.set()
        if self._announced is not None and size != int(self._announced):
            # The service would take the next request on this connection, of anybody, for the rest of the body.
            raise ConnectionResetError("the body is not as long as announced")

    async def until_gone(self) -> None:
        """Return when the client has left; it listens only after the body, which has the same source."""
        await self.whole.wait()
        while not self.gone:
            self.gone = (await self._receive())["type"] == "http.disconnect"


def _end_to_end(headers: Headers, dropped: frozenset[bytes]) -> Headers:
    connection = header(headers, b"connection")
    if connection is not None:
        dropped = dropped | {name.strip().lower() for name in connection.split(b",")}
    return [(name, value) for name, value in headers if name not in dropped]


def _text(value: bytes) -> str:
    # aiohttp writes headers as UTF-8. Most applications send that; the others send Latin-1, which is translated.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _has_body(headers: Headers) -> bool:
    length = header(headers, b"content-length")
    return header(headers, b"transfer-encoding") is not None or (length is not None and length != b"0")


def _unreachable(error: Exception, writes: bool) -> Problem:
    silent = "De dienst antwoordt niet."
    if not isinstance(error, _NOT_SENT_AT_ALL):
        if isinstance(error, TimeoutError):
            return Problem(504, "gateway_timeout", "De dienst antwoordt niet op tijd.", title=silent)
        if writes:
            # A 503 says that nothing was done, so clients repeat the request; this one may have been carried out.
            detail = "De dienst brak de verbinding af; het verzoek kan zijn uitgevoerd."
            return Problem(504, "gateway_timeout", detail, title=silent)
    return Problem(
        503,
        "service_unavailable",
        "De dienst kan nu niet worden bereikt.",
        headers={"Retry-After": "5"},
        title="De dienst is tijdelijk niet bereikbaar.",
    )
