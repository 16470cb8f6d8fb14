"""Puts the parts together in one process: six services, and the gateway calling them as ASGI apps."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI

from beheer.provision import api_of, password_of
from gateway.app import Gateway, create_gateway
from gateway.config import secret_box
from gateway.registry import Registry
from zgw.call import Service
from zgw.database import Database, service_dsn
from zgw.remote import Remote
from zgw.routes import create_app
from zgw.settings import Settings
from zgw.signals import Signals
from zgw.tenancy import SERVICES


class Standalone:
    """All of Samenzaak in one process. ``start`` before the first request, ``stop`` after the last."""

    def __init__(self, settings: Settings, dsn: str, names: Sequence[str] = SERVICES) -> None:
        self.settings = settings
        self.key = settings.derive("internal-token")
        self.signals = Signals(self._dsn(dsn, "gateway"))
        self.apps: dict[str, FastAPI] = {}
        self.services: dict[str, Service] = {}
        for name in names:
            service = self._service(dsn, name)
            self.services[name] = service
            self.apps[name] = create_app(service)
        self.registry = Registry(self._dsn(dsn, "gateway"), secret_box(settings), self.signals)

    def _dsn(self, dsn: str, service: str) -> str:
        return service_dsn(dsn, service, password_of(self.settings, service))

    def _service(self, dsn: str, name: str) -> Service:
        database = Database(self._dsn(dsn, name), name, self.settings.pool_size)
        remote = Remote(name, self.settings, self.key, self.signals, self.apps)
        return Service(api_of(name), self.settings, database, remote, self.signals, self.key)

    def gateway(self, others: Mapping[str, Any] | None = None) -> Gateway:
        """Return the gateway in front of the services of this process."""
        return create_gateway(self.settings, self.registry, {**self.apps, **(others or {})})

    async def start(self) -> None:
        """Start listening for changes and the background work of every service."""
        for service in self.services.values():
            await service.start()
        # The background work registers what it listens for when it first runs.
        await asyncio.sleep(0)
        await self.signals.start()

    async def stop(self) -> None:
        """Stop everything; requests must have ended."""
        for service in self.services.values():
            await service.stop()
            await service.remote.stop()
        await self.registry.stop()
        await self.signals.stop()
