"""Real HTTP servers on loopback, for what has to go over a network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """A server that leaves the signals of the test process alone."""

    def install_signal_handlers(self) -> None:
        """Do nothing."""


@asynccontextmanager
async def serving(app: Any, http: Any = "auto") -> AsyncIterator[str]:
    """Serve an ASGI app on a free port, with a protocol of uvicorn or of our own; give its base URL."""
    values: dict[str, Any] = {"lifespan": "off", "log_config": None, "access_log": False, "proxy_headers": False}
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=http, ws="none", **values)
    server = _Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        # Whoever still has a connection need not be waited for.
        server.should_exit = server.force_exit = True
        await ticking
        await server.shutdown()


class Listener:
    """Counts connections to a port of its own, on IPv4 and IPv6, and never answers."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Give a listener at 127.0.0.1 and, where the machine has it, at ::1."""
    listener = Listener()
    servers = [await asyncio.start_server(listener._connected, "127.0.0.1", 0)]
    listener.port = servers[0].sockets[0].getsockname()[1]
    with suppress(OSError):
        servers.append(await asyncio.start_server(listener._connected, "::1", listener.port))
    try:
        yield listener
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()
