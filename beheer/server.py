"""uvicorn, ended in a way that loses no request: drained, and then stopped.

Closing an idle connection at the moment that a client sends a request on it makes that request fail, and the client
cannot know whether it was carried out. So nothing idle is closed here: from the signal on every answer asks for a new
connection, and idle connections are left until their client has dropped them, which the gateway and the services do
after ``gateway.upstream.IDLE_SECONDS`` at the latest.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from beheer.protocol import Protocol, protocol
from gateway.upstream import IDLE_SECONDS
from runtime.settings import Settings

log = logging.getLogger("samenzaak")

CLOSE = (b"connection", b"close")
GRACE = 20
"""Seconds that requests get to finish: with the draining less than the 45 that Kubernetes waits before it kills."""
READY = b"1"


class Draining:
    """An ASGI app whose answers end their connection while ``stopping``."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.stopping = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the app."""

        async def drained(message: Any) -> None:
            if self.stopping and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
            await send(message)

        await self.app(scope, receive, drained if scope["type"] == "http" else send)


def configure(app: Any, pace: Settings | None = None, **extra: Any) -> uvicorn.Config:
    """Return the configuration that every process of Samenzaak serves with.

    ``pace`` are the settings of a process that clients reach: they must read at the least pace. The gateway reads from
    the services as its clients do, in lumps, and does not have to.
    """
    values: dict[str, Any] = {
        "loop": "uvloop",
        "http": protocol(pace.slowest_rate, pace.slowest_window) if pace is not None else Protocol,
        "ws": "none",
        "lifespan": "off",
        "access_log": False,
        "server_header": False,
        "log_config": None,
        "log_level": "warning",
        # The gateway reads these headers itself, only with ``trust_proxies``; uvicorn would trust every local sender.
        "proxy_headers": False,
        "timeout_graceful_shutdown": GRACE,
        # Longer than any client of ours keeps a connection, so that it is never this side that closes.
        "timeout_keep_alive": 75,
        "backlog": 2048,
        **extra,
    }
    return uvicorn.Config(app, **values)


def keep_what_exists() -> None:
    """Leave everything that was made at the start out of all later garbage collections: going through it again and
    again stopped every request that was under way for more than a tenth of a second."""
    gc.collect()
    gc.freeze()


class Server(uvicorn.Server):
    """A server that drains. ``accept_seconds`` it still accepts connections after SIGTERM, as Kubernetes tells its
    proxies of the end of a pod and the pod itself at the same time. ``parent`` is a socket to the process that started
    this one: it is told when requests are answered, and this one stops when it is gone."""

    def __init__(
        self,
        config: uvicorn.Config,
        accept_seconds: float = 0.0,
        parent: socket.socket | None = None,
        ready: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        super().__init__(config)
        self._accept_seconds = accept_seconds
        self._parent = parent
        self._ready = ready
        self._telling: asyncio.Task[None] | None = None
        self._orphan = False

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until SIGINT or SIGTERM, which are not raised again, so that the caller can end its own work."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        if self._parent is not None:
            self._parent.setblocking(False)
            loop.add_reader(self._parent, self._parent_is_gone, self._parent)
        await self._serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell the parent as soon as this process can do its work."""
        await super().startup(sockets)
        self._telling = asyncio.create_task(self._tell())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, and then end what is left in the way of uvicorn."""
        if self._telling is not None:
            self._telling.cancel()
        draining = _find(self.config.loaded_app)
        if draining is not None and not self._at_once():
            draining.stopping = True
            await self._wait(self._accept_seconds, lambda: False)
            for server in self.servers:
                server.close()
            # A connection that was accepted last may have been idle since then; a busy one is waited for below.
            await self._wait(IDLE_SECONDS + 1, lambda: not self.server_state.connections)
        await super().shutdown(sockets)

    async def _wait(self, seconds: float, over: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not over() and not self._at_once() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _at_once(self) -> bool:
        # After Ctrl-C stop at once, without waiting for open requests.
        return self._orphan or self.force_exit or signal.SIGINT in self._captured_signals

    async def _tell(self) -> None:
        if self._parent is None:
            return
        while self._ready is not None and not await self._ready():  # noqa: ASYNC110 - nothing tells of it.
            await asyncio.sleep(0.2)
        self._parent.send(READY)

    def _parent_is_gone(self, parent: socket.socket) -> None:
        try:
            if parent.recv(16):
                return
        except BlockingIOError:
            return
        except OSError as e:
            log.info("the parent process: %s", e)
        asyncio.get_running_loop().remove_reader(parent)
        log.info("process %d ends with the one that started it", os.getpid())
        self._orphan = self.should_exit = True


def _find(app: Any) -> Draining | None:
    """Return the draining app that uvicorn wrapped, or that a worker process made by itself."""
    while app is not None and not isinstance(app, Draining):
        app = getattr(app, "app", None)
    return app
