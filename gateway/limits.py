"""The limit on request bodies: announced by Content-Length, and enforced while the body streams."""

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
    """The body of one request, up to a limit.

    Beyond it the service sees the client leave, which every framework survives, and its own answer to that is held
    back: ``exceeded`` tells the gateway to answer 413 in its place, or to break off when an answer was under way.
    """

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self.exceeded = False
        self._left = limit
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        """Be the service's ``receive``."""
        if self.exceeded:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = True
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Be the service's ``send``."""
        if not self.exceeded:
            await self._send(message)
