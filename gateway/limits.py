"""The limits on one request: on its body, announced by Content-Length and enforced while the body streams, and on how
slowly a client may send and read."""

import asyncio
import math
import time

from gateway.asgi import Headers, Message, Receive, Send, header
from runtime.problems import Problem


def too_large(limit: int) -> Problem:
    """Return the 413."""
    return Problem(413, "request_too_large", f"Het verzoek mag ten hoogste {limit} bytes groot zijn.")


def throttled(seconds: float, detail: str) -> Problem:
    """Return the 429, which tells when to come back."""
    return Problem(429, "throttled", detail, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def check_announced(headers: Headers, limit: int | None) -> None:
    """Raise Problem 413 when Content-Length is above the limit, Problem 400 when it is not a number."""
    length = header(headers, b"content-length")
    if length is None:
        return
    if not length.isdigit() or len(length) > 19:
        raise Problem(400, "invalid", "De header Content-Length is geen getal.")
    if limit is not None and int(length) > limit:
        raise too_large(limit)


class Pace:
    """Whether a client keeps up: at least ``per_second`` bytes over each ``window`` seconds in which it was waited for.

    Time in which nobody waited for the client does not count. ``per_second`` 0: everybody keeps up.
    """

    def __init__(self, per_second: float, window: float) -> None:
        self.per_second = per_second
        self.window = window
        self._seconds = 0.0
        self._size = 0

    @property
    def left(self) -> float:
        """The seconds of waiting until the client is judged."""
        return max(self.window - self._seconds, 0.0)

    def add(self, seconds: float, size: int) -> bool:
        """Note that the client took ``seconds`` for ``size`` bytes; return False when that is too slow."""
        self._seconds += seconds
        self._size += size
        if self._seconds < self.window:
            return True
        enough = self._size >= self.per_second * self._seconds
        self._seconds, self._size = 0.0, 0
        return enough


class Limited:
    """The body of one request, up to a limit in size, in the time between two parts of it, and at a least pace.

    Beyond it the service sees the client leave, which every framework survives, and its own answer to that is held
    back: ``exceeded`` tells the gateway to answer 413 in its place, or to break off when an answer was under way.
    """

    def __init__(self, receive: Receive, send: Send, limit: int | None, silence: float, pace: Pace) -> None:
        self.exceeded: Problem | None = None
        self._left = limit
        self._limit = limit
        self._silence = silence
        self._pace = pace
        self._whole = False
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """The service's ``receive``."""
        if self.exceeded:
            return {"type": "http.disconnect"}
        if self._whole:
            # The body is complete: from now on the service waits for the disconnect, without a time limit.
            return await self._receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            return self._too_slow()
        self._whole = not message.get("more_body", False)
        if not self._pace.add(time.monotonic() - began, len(message.get("body", b""))) and not self._whole:
            return self._too_slow()
        if self._left is not None and self._limit is not None:
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.exceeded = too_large(self._limit)
                return {"type": "http.disconnect"}
        return message

    def _too_slow(self) -> Message:
        self.exceeded = Problem(408, "request_timeout", "De client zendt te traag.")
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """The service's ``send``."""
        if not self.exceeded:
            await self._send(message)
