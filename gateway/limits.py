"""The limit on request bodies: announced by Content-Length, and enforced while the body streams."""

import asyncio

from gateway.asgi import Headers, Message, Receive, Send, header
from zgw.problems import Problem


def too_large(limit: int) -> Problem:
    """Return the 413."""
    return Problem(413, "request_too_large", f"Het verzoek mag ten hoogste {limit} bytes groot zijn.")


def check_announced(headers: Headers, limit: int | None) -> None:
    """Raise Problem 413 when Content-Length is above the limit, Problem 400 when it is not a number."""
    length = header(headers, b"content-length")
    if length is None:
        return
    if not length.isdigit() or len(length) > 19:
        raise Problem(400, "invalid", "De header Content-Length is geen getal.")
    if limit is not None and int(length) > limit:
        raise too_large(limit)


class Limited:
    """The body of one request, up to a limit in size, and in the time between two parts of it.

    Beyond it the service sees the client leave, which every framework survives, and its own answer to that is held
    back: ``exceeded`` tells the gateway to answer 413 in its place, or to break off when an answer was under way.
    """

    def __init__(self, receive: Receive, send: Send, limit: int | None, silence: float) -> None:
        self.exceeded: Problem | None = None
        self._left = limit
        self._limit = limit
        self._silence = silence
        self._whole = False
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """Be the service's ``receive``."""
        if self.exceeded:
            return {"type": "http.disconnect"}
        if self._whole:
            # Whoever listens now wants to hear that the client leaves, however long that takes.
            return await self._receive()
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            self.exceeded = Problem(408, "request_timeout", "De client zendt te traag.")
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        if self._left is not None and self._limit is not None:
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.exceeded = too_large(self._limit)
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Be the service's ``send``."""
        if not self.exceeded:
            await self._send(message)
