"""Answers that are whole before their client reads them: making one takes a turn, and reading it takes none.

So however many clients read slowly, the next one is served. What they hold is bounded in bytes, in which equal answers
count once: beyond it, who holds answers the longest is cut off. A least pace is asked of each by ``beheer.protocol``.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.asgi import ASGIApp, Message, Receive, Scope, Send, without_body
from gateway.exchange import PIECE
from gateway.turns import Turns
from runtime.problems import Problem

log = logging.getLogger("samenzaak.gateway")

MOST = 64 * 1024**2
"""Bytes of answers that slow readers hold in a process."""

CUT = "samenzaak.cut"
"""The extension of ASGI whose ``end`` ends a connection at once, without what was not sent of its answer."""

Key = tuple[str, str]
"""Municipality and client, or an empty name and what anybody may ask for."""


class Whole:
    """An answer as it is made: its ``send`` keeps it."""

    def __init__(self) -> None:
        self.start: Message | None = None
        self.ended = False
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Keep a message."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self._parts.append(message.get("body", b""))
            self.ended = not message.get("more_body", False)

    def body(self) -> bytes:
        """Return the whole body."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


@dataclass(eq=False, slots=True)
class _Reader:
    """A client that is handed a body; ``cut`` ends its connection."""

    key: Key
    body: bytes
    cut: Callable[[], None]


@dataclass
class Readers:
    """The clients of one process that are handed large answers, who began longest ago first; ``most`` bytes at most."""

    turns: Turns
    most: int = MOST
    held: int = 0
    _readers: dict[_Reader, None] = field(default_factory=dict)
    _bodies: dict[bytes, bytes] = field(default_factory=dict)
    """Each body that is held, once."""
    _uses: Counter[bytes] = field(default_factory=Counter)

    async def answer(self, key: Key, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let an app answer a request without a body within a turn, and hand the answer over after it.

        Raises Problem 429 when there is no turn, 503 when the app broke its answer off.
        """
        whole = Whole()
        async with self.turns.turn(*key):
            await app(scope, without_body(receive), whole.send)
        await self.hand_over(key, whole, scope, send)

    async def hand_over(self, key: Key, whole: Whole, scope: Scope, send: Send) -> None:
        """Send an answer, however long its client takes; raise Problem 503 when it was broken off."""
        if whole.start is None:
            # The client is gone.
            return
        if not whole.ended:
            raise Problem(503, "service_unavailable", "De dienst brak het antwoord af.", headers={"Retry-After": "5"})
        body = whole.body()
        if len(body) <= PIECE:
            await _send(whole.start, body, send)
            return
        cut = scope.get("extensions", {}).get(CUT, {"end": lambda: None})["end"]
        reader = _Reader(key, self._bodies.setdefault(body, body), cut)
        del body, whole._parts[:]
        self._add(reader)
        try:
            await _send(whole.start, reader.body, send)
        finally:
            self._drop(reader)

    def _add(self, reader: _Reader) -> None:
        self._uses[reader.body] += 1
        self._readers[reader] = None
        if self._uses[reader.body] == 1:
            self.held += len(reader.body)
            while self.held > self.most and len(self._readers) > 1:
                self._cut_one(reader)

    def _cut_one(self, newest: _Reader) -> None:
        """Cut off who began longest ago, of those with the key that holds most."""
        others = [each for each in self._readers if each is not newest]
        sizes: Counter[Key] = Counter()
        for key, body in dict.fromkeys((each.key, each.body) for each in others):
            sizes[key] += len(body)
        if newest.key in sizes:
            sizes[newest.key] += len(newest.body)
        most = max(sizes, key=lambda key: sizes[key])
        found = next(each for each in others if each.key == most)
        log.info("a client of %s was cut off: it reads slowly, and others need the memory", " ".join(found.key).strip())
        self._drop(found)
        found.cut()

    def _drop(self, reader: _Reader) -> None:
        if reader not in self._readers:
            return
        del self._readers[reader]
        self._uses[reader.body] -= 1
        if not self._uses[reader.body]:
            del self._uses[reader.body], self._bodies[reader.body]
            self.held -= len(reader.body)


async def _send(start: Message, body: bytes, send: Send) -> None:
    await send(start)
    await send({"type": "http.response.body", "body": body})
