"""How requests are read from a connection: as uvicorn does, and with what it leaves to a proxy in front of it.

- The head of a request has a size, and a time in which it has to arrive. uvicorn keeps whatever comes.
- ``Upgrade`` is ignored, as RFC 9110 (7.8) lets a server do. The parser would take the body for another protocol: a
  request with ``Content-Length`` and without a body, of which the next hop takes the next request for the body.
- Trailers are dropped. uvicorn adds them to the headers, also while those are being read.
"""

import asyncio
import logging

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

log = logging.getLogger("samenzaak")

MAX_HEAD = 64 * 1024
"""Most bytes of a request line with its headers, and of anything else between two pieces of a body."""
HEAD_SECONDS = 30.0
"""How long a head may be on its way."""

_TOO_LARGE = "Request header fields too large."
_TOO_SLOW = "The request takes too long."


class Protocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _since = 0
    """Bytes received since the parser last got something whole out of them."""
    _size = 0
    _refused = False
    _upgrade = False
    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; who says nothing at all is not kept longer than who has nothing more to say."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_clock()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._since += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(431 if self._size > MAX_HEAD else 400, "Invalid HTTP request received.")
            return
        if self._since > MAX_HEAD:
            self._refuse(431, _TOO_LARGE)
        elif self._in_head and self._slow is None:
            self._slow = self.loop.call_later(HEAD_SECONDS, self._late)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._upgrade:
                raise httptools.HttpParserInvalidMethodError("CONNECT") from upgrade
            # Once more, as the client would have sent it without the header.
            self._upgrade = False
            version = self.parser.get_http_version().encode()
            lines = [b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)]
            lines += [b"%s: %s\r\n" % pair for pair in self.headers if pair[0] != b"upgrade"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(b"".join(lines) + b"\r\n")
            self._feed(data[upgrade.args[0] :])

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        self._in_head, self._size = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Add to the URL."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or leave out a trailer."""
        if self._in_head:
            self._count(len(name) + len(value) + 4)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless it is to be parsed once more."""
        self._since = 0
        if self.parser.should_upgrade():
            self._upgrade = self.parser.get_method() != b"CONNECT"
            return
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add to the body."""
        self._since = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._since = 0
        if not self._in_head:
            super().on_message_complete()

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_HEAD:
            raise ValueError(_TOO_LARGE)

    def _late(self) -> None:
        self._slow = None
        if self._answering():
            # Nothing is read meanwhile, so it is not the client that is slow.
            self._slow = self.loop.call_later(HEAD_SECONDS, self._late)
        else:
            self._refuse(408, _TOO_SLOW)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _stop_clock(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _refuse(self, status: int, message: str) -> None:
        log.info("a request was refused before it was read: %d", status)
        self._refused = True
        self._stop_clock()
        text = message.encode()
        # An answer may be under way, which this must not be mixed with.
        if not self._answering():
            head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(text) + text)
        self.transport.close()
