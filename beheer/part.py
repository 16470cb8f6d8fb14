"""One part in a process of its own (``python -m beheer.serve_service``).

It reads the usual settings, reaches the services by ``SAMENZAAK_SERVICE_URLS``, and leaves the schemas as they are:
``samenzaak migrate`` runs before. SIGTERM drains the connections, lets requests finish, and then stops the rest.
"""

import argparse
import asyncio
import socket
import sys
from collections.abc import Sequence

from beheer import postgres
from beheer.keys import check_keys
from beheer.loading import load_settings
from beheer.logs import configure_logging
from beheer.runner import PARTS, WORKER, Part
from beheer.server import Draining, Server, configure, keep_what_exists
from runtime.identity import GATEWAY
from runtime.settings import Settings


async def run(
    settings: Settings, dsn: str, name: str, listen: socket.socket | None, parent: socket.socket | None
) -> None:
    """Serve until SIGINT or SIGTERM, on ``listen`` or on the host and port of the settings."""
    part = Part(settings, dsn, name)
    app = Draining(part.app())
    config = configure(app, settings if name == GATEWAY else None, host=settings.host, port=settings.port)
    await part.start()
    keep_what_exists()
    # A listening socket that another process shares is accepted from by that one, from the signal on; and to the worker
    # nobody connects.
    seconds = 0.0 if listen is not None or name == WORKER else settings.drain_seconds
    server = Server(config, seconds, parent, part.ready)
    try:
        await server.serve([listen] if listen is not None else None)
    finally:
        await part.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m beheer.serve_service", description="Serve one part.")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--host", help="address to listen on; SAMENZAAK_HOST when it is left out")
    parser.add_argument("--port", type=int, help="port to listen on; SAMENZAAK_PORT when it is left out")
    parser.add_argument("--no-background", action="store_true", help="as SAMENZAAK_BACKGROUND=false")
    parser.add_argument("--listen-fd", type=int, help="an inherited socket that listens already")
    parser.add_argument("--parent-fd", type=int, help="an inherited socket to the process that started this one")
    given = parser.parse_args(arguments)
    changes = {name: value for name in ("host", "port") if (value := getattr(given, name)) is not None}
    if given.no_background:
        changes["background"] = False
    settings = load_settings().model_copy(update=changes)
    configure_logging(settings)
    try:
        check_keys(settings, given.part)
    except ValueError as e:
        sys.exit(f"samenzaak: {e}")
    listen = socket.socket(fileno=given.listen_fd) if given.listen_fd is not None else None
    parent = socket.socket(fileno=given.parent_fd) if given.parent_fd is not None else None
    try:
        with postgres.resolve_dsn(settings) as dsn, asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(run(settings, dsn, given.part, listen, parent))
    except (ValueError, OSError) as e:
        sys.exit(f"samenzaak: {e}")


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()
