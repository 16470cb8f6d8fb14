"""``samenzaak serve``: everything in one process, or in several workers on one port."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import asyncpg

from beheer import postgres
from beheer.hosts import about_hosts, hosts_of
from beheer.loading import load_settings
from beheer.logs import configure_logging
from beheer.migrate import upgrade_all
from beheer.runner import Standalone
from beheer.server import Draining, Server, configure, keep_what_exists
from beheer.tenants import prepare
from runtime.settings import Settings

log = logging.getLogger("samenzaak")


class Process:
    """The ASGI app of one process: its lifespan starts the database (when embedded), the services and the gateway."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = ExitStack()
        self._standalone: Standalone | None = None
        self._gateway: Any = None
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or run the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            await self._start()
        except Exception as e:
            log.exception("cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(e)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        dsn = self._stack.enter_context(postgres.resolve_dsn(self.settings))
        self._standalone = Standalone(self.settings, dsn)
        self._gateway = self._standalone.gateway()
        self._app = self._standalone.observing.gateway(self._gateway)
        await self._standalone.start()
        await self._gateway.start()
        keep_what_exists()

    async def _stop(self) -> None:
        if self._gateway is not None:
            await self._gateway.stop()
        if self._standalone is not None:
            await self._standalone.stop()
        self._stack.close()


def create_process() -> Draining:
    """Return the app of a worker process; uvicorn calls this in each of them."""
    settings = load_settings()
    configure_logging(settings)
    return Draining(Process(settings))


async def bring_up_to_date(dsn: str, settings: Settings) -> None:
    """Make roles, the gateway's schema and the newest schema of every municipality; warn about host names without a
    public URL."""
    admin = await asyncpg.connect(dsn)
    try:
        await prepare(admin, settings)
        if warning := about_hosts(settings, await hosts_of(admin)):
            log.warning("%s", warning)
    finally:
        await admin.close()
    upgrade_all(dsn)


def serve(settings: Settings, background: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; ``background`` runs in a thread as soon as requests are answered."""
    # Workers read their settings from the environment, so put the options of the command line there.
    os.environ["SAMENZAAK_PORT"] = str(settings.port)
    os.environ["SAMENZAAK_HOST"] = settings.host
    os.environ["SAMENZAAK_HOME"] = str(settings.home)
    config = configure(
        "beheer.serve:create_process",
        settings,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
    )
    if settings.workers > 1:
        from beheer.workers import Workers

        # Bind the port here, so that no other program can take it before our workers listen.
        bound = config.bind_socket()
        _when(lambda: _answers(settings), background)
        Workers(config, [bound]).run()
        return
    server = Server(config)
    _when(lambda: server.started, background)
    server.run()
    if not server.started:
        sys.exit(3)


def _answers(settings: Settings) -> bool:
    # A request would be the first line of the log.
    with suppress(OSError), socket.create_connection((settings.host, settings.port), 1):
        return True
    return False


def _when(ready: Callable[[], bool], background: Callable[[], None] | None) -> None:
    if background is not None:
        threading.Thread(target=_run, args=(ready, background), daemon=True).start()


def _run(ready: Callable[[], bool], background: Callable[[], None]) -> None:
    while not ready():
        time.sleep(0.05)
    try:
        background()
    except Exception:
        log.exception("the demo failed")
        os.kill(os.getpid(), signal.SIGINT)
