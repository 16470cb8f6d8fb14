"""How requests are read from a connection: as uvicorn does, and with what it leaves to a proxy in front of it.

- The head of a request has a size, and a time in which it has to arrive. uvicorn keeps whatever comes.
- ``Upgrade`` is ignored, as RFC 9110 (7.8) lets a server do. The parser would take the body for another protocol: a
  request with ``Content-Length`` and without a body, of which the next hop takes the next request for the body.
- Trailers are dropped. uvicorn adds them to the headers, also while those are being read.
- A client that reads too slowly is cut off, and the system keeps little of what it did not read. uvicorn waits.
- What arrived is parsed in portions, and hardly ahead of the answers. uvicorn parses all of it at once, however many
  chunks or requests it holds.
"""

import asyncio
import logging
import socket
import sys
from functools import partial
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from beheer.portions import CHEAP, EXPENSIVE, LARGEST, SMALLEST, Flow, Line
from gateway.limits import Pace
from gateway.readers import CUT

log = logging.getLogger("samenzaak")

MAX_HEAD = 64 * 1024
"""Most bytes of a request line with its headers, and of anything else between two pieces of a body."""
MAX_HEADERS = 256
"""Most headers of a request."""
HEAD_SECONDS = 30.0
"""How long a head may be on its way."""

UNSENT = 32 * 1024
"""Bytes that the system keeps of what was written and not sent. By itself it keeps megabytes for who reads nothing; and
what it takes at a time is to be little beside what a client has to read within the window."""
_TCP_NOTSENT_LOWAT = 25
"""The option of Linux for it, which ``socket`` names from Python 3.13 on."""

_TOO_LARGE = "Request header fields too large."
_TOO_SLOW = "The request takes too long."


def protocol(slowest_rate: float, slowest_window: float) -> Any:
    """Return :class:`Protocol` with a least pace for readers, as uvicorn takes it: also in another process. Its
    connections share one line for what is left to parse."""
    return partial(Protocol, slowest_rate=slowest_rate, slowest_window=slowest_window, line=Line())


class Protocol(HttpToolsProtocol):
    """One connection. Its client reads ``slowest_rate`` bytes a second at least, over ``slowest_window`` seconds in
    which something was ready for it; 0: it may read as slowly as it likes."""

    _in_head = False
    _since = 0
    """Bytes received since the parser last got something whole out of them."""
    _size = 0
    _refused = False
    _upgrade = False
    _slow: asyncio.TimerHandle | None = None
    _judging: asyncio.TimerHandle | None = None
    _paused = (0.0, 0)
    """When writing was last paused or judged, and how many bytes were waiting then."""
    _rest = memoryview(b"")
    """What was received and is not parsed yet."""
    _portion = SMALLEST
    _calls = 0
    """Pieces of bodies and beginnings of requests since it was this connection's turn."""
    _in_line = False
    _running: RequestResponseCycle | None = None
    """The request that is being answered; ``cycle`` is the last one that was received."""
    flow: Flow

    def __init__(
        self,
        *args: Any,
        slowest_rate: float = 0.0,
        slowest_window: float = 30.0,
        line: Line | None = None,
        **values: Any,
    ) -> None:
        super().__init__(*args, **values)
        self._pace = Pace(slowest_rate, slowest_window)
        self._line = line or Line()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; who says nothing at all is not kept longer than who has nothing more to say."""
        super().connection_made(transport)
        self.flow = Flow(transport)
        self._keep_little(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and tell the app so, also when the client had sent the next request already."""
        self._rest = memoryview(b"")
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self._stop_clock()
        self._stop_judging()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client, which has to read what was written."""
        super().pause_writing()
        if self._pace.per_second:
            self._paused = (self.loop.time(), self.transport.get_write_buffer_size())
            self._judging = self.loop.call_later(self._pace.left, self._judge)

    def resume_writing(self) -> None:
        """Go on: the client has read most of it."""
        super().resume_writing()
        if self._judging is not None:
            self._stop_judging()
            self._judge()
            self._stop_judging()

    def _judge(self) -> None:
        """End the connection of a client that reads too slowly, or wait once more."""
        began, size = self._paused
        self._paused = (self.loop.time(), self.transport.get_write_buffer_size())
        if self._pace.add(self._paused[0] - began, size - self._paused[1]):
            self._judging = self.loop.call_later(self._pace.left, self._judge)
        else:
            log.info("a connection was ended: its client reads too slowly")
            self._judging = None
            self.transport.abort()

    def _stop_judging(self) -> None:
        if self._judging is not None:
            self._judging.cancel()
            self._judging = None

    def _keep_little(self, transport: asyncio.Transport) -> None:
        """Tell the system to keep little that was not sent, and to end a connection on which nothing is read at all,
        also when everything was handed to it."""
        found = transport.get_extra_info("socket")
        if found is None or found.family not in (socket.AF_INET, socket.AF_INET6) or sys.platform != "linux":
            return
        found.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT)
        if self._pace.per_second:
            milliseconds = int(self._pace.window * 2000)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, or its first portions."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        if self._rest or self.pipeline:
            self._rest = memoryview(bytes(self._rest) + data)
            self.flow.hold()
        elif len(data) <= self._portion:
            self._parse(data)
        else:
            self._rest = memoryview(data)
            self._go_on()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cycle.scope["extensions"] = {CUT: {"end": self.transport.abort}}
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Begin the next request, which may have been received already."""
        super().on_response_complete()
        if self._rest and not self.pipeline:
            self._wait()

    def _wait(self) -> None:
        if not self._in_line:
            self._in_line = True
            self._line.wait(self._go_on)

    def _go_on(self) -> None:
        """Parse portions of what is left, until they cost much or a request has to wait for another one."""
        self._in_line, self._calls = False, 0
        if self._rest:
            self._unset_keepalive_if_required()
        while self._rest and not self.pipeline and not self.transport.is_closing():
            portion, self._rest = self._rest[: self._portion], self._rest[self._portion :]
            self._parse(portion)
            if self._calls > EXPENSIVE:
                break
        if self.transport.is_closing():
            self._rest = memoryview(b"")
        elif self._rest:
            self.flow.hold()
            if not self.pipeline:
                self._wait()
            return
        self.flow.release()

    def _parse(self, data: bytes | memoryview) -> None:
        self._since += len(data)
        before = self._calls
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse(431 if self._size > MAX_HEAD else 400, "Invalid HTTP request received.")
            return
        if self._since > MAX_HEAD:
            self._refuse(431, _TOO_LARGE)
        elif self._in_head and self._slow is None:
            self._slow = self.loop.call_later(HEAD_SECONDS, self._late)
        if self._calls - before > CHEAP:
            self._portion = SMALLEST
        elif self._portion < LARGEST:
            self._portion *= 2

    def _feed(self, data: bytes | memoryview) -> None:
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
        self._calls += 1
        self._portion = SMALLEST
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Add to the URL."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header, or leave out a trailer."""
        if self._in_head:
            self._count(len(name) + len(value) + 4)
            if len(self.headers) <= MAX_HEADERS:
                super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the app, unless it is to be parsed once more."""
        self._since = 0
        if len(self.headers) > MAX_HEADERS:
            self._count(MAX_HEAD)
        if self.parser.should_upgrade():
            self._upgrade = self.parser.get_method() != b"CONNECT"
            return
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Add to the body."""
        self._since = 0
        self._calls += 1
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
