"""One service in a process of its own: ``python -m beheer.serve_service zaken --port 8001``.

It reads the usual settings, reaches the other services by ``SAMENZAAK_SERVICE_URLS``, and leaves the schemas as they
are: ``samenzaak migrate`` runs before. SIGTERM lets requests finish, and then stops the background work.
"""

import argparse
import asyncio
from collections.abc import Sequence

import uvicorn

from beheer import postgres
from beheer.provision import api_of, password_of
from beheer.serve import configure_logging
from zgw.call import Service
from zgw.database import Database, service_dsn
from zgw.remote import Remote
from zgw.routes import create_app
from zgw.settings import Settings, load_settings
from zgw.signals import Signals
from zgw.tenancy import SERVICES

GRACE = 25
"""Seconds that requests get to finish: less than the 30 that Kubernetes waits before it kills."""


def build(settings: Settings, dsn: str, name: str) -> Service:
    """Return a service that logs in to the database with its own role and finds the others by their URL."""
    own = service_dsn(dsn, name, password_of(settings, name))
    signals, key = Signals(own), settings.derive("internal-token")
    remote = Remote(name, settings, key, signals)
    return Service(api_of(name), settings, Database(own, name, settings.pool_size), remote, signals, key)


async def run(settings: Settings, dsn: str, name: str, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    service = build(settings, dsn, name)
    config = uvicorn.Config(
        create_app(service),
        host=host,
        port=port,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE,
    )
    await service.start()
    # The background work registers what it listens for when it first runs.
    await asyncio.sleep(0)
    await service.signals.start()
    try:
        await uvicorn.Server(config).serve()
    finally:
        await service.stop()
        await service.remote.stop()
        await service.signals.stop()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m beheer.serve_service", description="Serve one service.")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--host", help="address to listen on; SAMENZAAK_HOST when it is left out")
    parser.add_argument("--port", type=int, help="port to listen on; SAMENZAAK_PORT when it is left out")
    given = parser.parse_args(arguments)
    settings = load_settings()
    configure_logging(settings)
    with postgres.resolve_dsn(settings) as dsn:
        asyncio.run(run(settings, dsn, given.service, given.host or settings.host, given.port or settings.port))


if __name__ == "__main__":
    main()
