"""Puts the parts together: six services and the gateway in one process, or one part of that in a process of its own."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from fastapi import FastAPI

from beheer.health import Probed
from beheer.hosts import about_hosts
from beheer.migrate import revisions
from beheer.observing import Observing
from beheer.provision import api_of, password_of
from gateway.app import Gateway, create_gateway
from gateway.config import secret_box
from gateway.known import Registry
from oas.routes import documentation
from runtime.identity import CONSOLE, GATEWAY, OPERATOR, incoming
from runtime.internal import Internal
from runtime.memory import AnswerMemory
from runtime.pool import Database
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.signals import Signals
from runtime.tenancy import SERVICES, service_dsn
from zgw.app import create_app
from zgw.externals import Externals
from zgw.request import Service

log = logging.getLogger("samenzaak")

WORKER = "worker"
PARTS = (*SERVICES, WORKER, GATEWAY, CONSOLE)
"""The parts that can run as a process of their own; the worker does the background work of all services."""


def own_dsn(settings: Settings, dsn: str, service: str) -> str:
    """Return ``dsn`` with the login of one service or of the gateway."""
    return service_dsn(dsn, service, password_of(settings, service))


def build_service(
    settings: Settings,
    dsn: str,
    name: str,
    signals: Signals,
    memory: AnswerMemory,
    apps: Mapping[str, Any] | None = None,
) -> Service:
    """Return a service; the others are those of ``apps``, or are found at ``settings.service_urls``. All services of a
    process share its ``memory``."""
    database = Database(
        own_dsn(settings, dsn, name),
        name,
        settings.pool_size,
        int(settings.statement_timeout * 1000),
        revisions(name),
    )
    internal = Internal(name, settings, apps)
    return Service(api_of(name), settings, database, internal, signals, incoming(settings, name), memory)


def build_registry(settings: Settings, dsn: str, signals: Signals) -> Registry:
    """Return what the gateway reads of municipalities and clients."""
    return Registry(own_dsn(settings, dsn, GATEWAY), secret_box(settings), signals, revisions(GATEWAY))


def build_console(settings: Settings, dsn: str, internal: Internal) -> FastAPI:
    """Return the console, which reaches the services by ``internal``."""
    # Imported here, because only the process that has it should pay for what renders its pages.
    from console.app import create_console
    from console.config import from_settings as console_config

    return create_console(console_config(settings), own_dsn(settings, dsn, CONSOLE), internal)


class Standalone:
    """All of Samenzaak in one process. ``start`` before the first request, ``stop`` after the last."""

    def __init__(self, settings: Settings, dsn: str, names: Sequence[str] = SERVICES) -> None:
        self.settings = settings
        self.signals = Signals(own_dsn(settings, dsn, GATEWAY))
        self.apps: dict[str, Any] = {}
        self.observing = Observing(settings, "standalone")
        self.services: dict[str, Service] = {}
        memory = AnswerMemory(settings.answer_memory)
        for name in names:
            service = build_service(settings, dsn, name, self.signals, memory, self.apps)
            self.services[name] = service
            self.observing.add(service)
            pages = documentation(service.api, settings.contact_email)
            self.apps[name] = self.observing.service(service, create_app(service, pages))
        self.operator = Internal(OPERATOR, settings, self.apps)
        """The services as the operator's commands call them."""
        self.externals = Externals(self.operator, self.signals)
        """The APIs elsewhere, as those commands ask them."""
        self.registry = build_registry(settings, dsn, self.signals)
        self.people = Internal(CONSOLE, settings, self.apps)
        """The services as the console calls them."""
        self.console: FastAPI | None = None
        self._dsn = dsn

    def gateway(self) -> Gateway:
        """Return the gateway in front of the services of this process, and of the console."""
        self.console = build_console(self.settings, self._dsn, self.people)
        made = create_gateway(self.settings, self.registry, self.apps, self.console)
        self.console.state.missing = made.missing
        return made

    async def start(self) -> None:
        """Start listening for changes and the background work of every service."""
        await start_services(self.services.values(), self.signals, self.settings.background)
        await self.observing.start(list(self.services.values()) if self.settings.background else [])

    async def stop(self) -> None:
        """Stop everything; requests must have ended."""
        for service in self.services.values():
            await service.stop()
        await self.operator.stop()
        await self.people.stop()
        if self.console is not None:
            await self.console.state.database.stop()
        await self.externals.stop()
        await self.registry.stop()
        await self.signals.stop()
        await self.observing.stop()


async def start_services(services: Any, signals: Signals, background: bool) -> None:
    """Start the background work of services, if it is to be done here, and listen for changes."""
    if background:
        for service in services:
            await service.start()
    # The background work registers what it listens for when it first runs.
    await asyncio.sleep(0)
    await signals.start()


class Part:
    """One part of Samenzaak in a process of its own: a service, the worker or the gateway.

    It logs in to the database with the roles of its services only, and finds the other parts by their URL.
    """

    def __init__(self, settings: Settings, dsn: str, name: str) -> None:
        if missing := sorted(set(SERVICES) - set(settings.service_urls)):
            raise ValueError(f"SAMENZAAK_SERVICE_URLS has no {', '.join(missing)}")
        names = {GATEWAY: (), CONSOLE: (), WORKER: SERVICES}.get(name, (name,))
        self.name, self.settings = name, settings
        self.background = name == WORKER or settings.background
        self.signals = Signals(own_dsn(settings, dsn, names[0] if names else name))
        memory = AnswerMemory(settings.answer_memory)
        self.services = {name: build_service(settings, dsn, name, self.signals, memory) for name in names}
        self.observing = Observing(settings, name, lines=True)
        for service in self.services.values():
            self.observing.add(service)
        self.gateway: Gateway | None = None
        self.console: FastAPI | None = None
        if name == GATEWAY:
            registry = build_registry(settings, dsn, self.signals)
            self.gateway = create_gateway(settings, registry, None)
        if name == CONSOLE:
            self.people = Internal(CONSOLE, settings)
            self.console = build_console(settings, dsn, self.people)
            self.console.state.missing = self.missing

    def app(self) -> Any:
        """Return the ASGI app of this part."""
        if self.gateway is not None:
            return Probed(self.observing.gateway(self.gateway), self.missing)
        if self.name == WORKER:
            return Probed(idle, self.missing)
        if self.console is not None:
            return Probed(self.console, self.missing)
        service = self.services[self.name]
        pages = documentation(service.api, self.settings.contact_email)
        app = self.observing.service(service, create_app(service, pages))
        return Probed(app, self.missing)

    async def missing(self) -> list[str]:
        """Return what keeps this part by itself from its work."""
        if self.gateway is not None:
            if not self.signals.connected:
                return ["database"]
            registry = self.gateway.registry
            # Reading is needed only until something was read; the signals tell whether that is still true.
            missing = "" if registry.fresh() is not None else await registry.missing()
            return [missing] if missing else []
        if self.console is not None:
            return [] if self.signals.connected else ["database"]
        found = {name: await service.database.missing() for name, service in self.services.items()}
        return [f"{name}: {reason}" for name, reason in found.items() if reason]

    async def ready(self) -> bool:
        """Return whether this part by itself can do its work."""
        return not await self.missing()

    async def start(self) -> None:
        """Start what runs besides the requests."""
        await start_services(self.services.values(), self.signals, self.background)
        await self.observing.start(list(self.services.values()) if self.background else [])
        if self.gateway is not None:
            await self.gateway.start()
            # While the database is away it says so itself, and is not ready.
            with suppress(Problem):
                known = await self.gateway.registry.current()
                if warning := about_hosts(self.settings, known.by_host):
                    log.warning("%s", warning)

    async def stop(self) -> None:
        """Stop it; requests must have ended."""
        if self.gateway is not None:
            await self.gateway.stop()
        if self.console is not None:
            await self.people.stop()
            await self.console.state.database.stop()
        for service in self.services.values():
            await service.stop()
        await self.signals.stop()
        await self.observing.stop()


async def idle(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer for the worker, which has no API."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
