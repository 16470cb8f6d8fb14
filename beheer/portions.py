"""What arrived on a connection is parsed in portions, so that no client keeps the event loop from the others.

A quarter of a megabyte, which is what is read at a time, holds 43,000 chunks of one byte or 9,000 requests: tenths of a
second of callbacks, before anybody else gets a turn. So a portion begins small and grows while its bytes cost little;
what is left waits in a line with that of other connections, and meanwhile nothing more is read from that client.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from uvicorn.protocols.http.flow_control import FlowControl

SMALLEST = 1024
LARGEST = 16 * 1024
CHEAP = 8
"""With so many callbacks or fewer in a portion, the next one is twice as large; with more it is the smallest."""
EXPENSIVE = 64
"""With more callbacks than this in one turn, the connection waits in the line for the next one."""
LINE_SECONDS = 0.001
"""How long the line goes on in one turn of the event loop."""


class Flow(FlowControl):
    """Reading from a connection, which stops while the app is behind, as with uvicorn, or while it is ``held``."""

    held = False
    """What was received already still waits to be parsed."""

    def hold(self) -> None:
        """Read nothing more, whatever the app says."""
        self._set(True, self.read_paused)

    def release(self) -> None:
        """Read on, unless the app is behind."""
        self._set(False, self.read_paused)

    def pause_reading(self) -> None:
        """Note that the app is behind."""
        self._set(self.held, True)

    def resume_reading(self) -> None:
        """Note that the app asks for more."""
        self._set(self.held, False)

    def _set(self, held: bool, read_paused: bool) -> None:
        before = self.held or self.read_paused
        self.held, self.read_paused = held, read_paused
        now = held or read_paused
        if now and not before:
            self._transport.pause_reading()
        elif before and not now:
            self._transport.resume_reading()


class Line:
    """Connections with something left to parse. Each gets one portion in turn; all of them together get
    ``LINE_SECONDS`` in one turn of the event loop, however many there are."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def wait(self, go_on: Callable[[], None]) -> None:
        """Call ``go_on`` when it is its turn; it may join the line again, at its end."""
        self._waiting.append(go_on)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        end = time.perf_counter() + LINE_SECONDS
        try:
            while self._waiting:
                self._waiting.popleft()()
                if time.perf_counter() >= end:
                    break
        finally:
            if self._waiting:
                self._schedule()
            else:
                self._scheduled = False
