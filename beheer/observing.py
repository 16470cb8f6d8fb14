"""Observability of one process: its log, its metrics and, when a collector is configured, its traces."""

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from beheer.gauges import of_gateway
from beheer.logs import current
from beheer.metrics import Metrics
from gateway import access
from gateway.app import Gateway
from runtime.settings import Settings
from zgw.request import Service

if TYPE_CHECKING:
    from beheer.tracing import Tracing


class Observing:
    """Wraps the apps of a process. ``part`` names the process; ``lines``: log each request to a service."""

    def __init__(self, settings: Settings, part: str, lines: bool = False) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.tracing = _tracing(settings.otlp_endpoint, part) if settings.otlp_endpoint else None
        self._lines = lines

    def add(self, service: Service) -> None:
        """Observe the database of a service."""
        self.metrics.add(service)
        if self.tracing is not None:
            self.tracing.attach(service)

    def service(self, service: Service, app: Any) -> Any:
        """Return the app of a service, observed."""
        name = service.api.service
        observed = _Observed(app, name, self.metrics, self.settings.log_format if self._lines else "")
        return self.tracing.wrap(observed, name) if self.tracing is not None else observed

    def gateway(self, gateway: Gateway) -> Any:
        """Return the gateway, observed; it counts its requests itself, because it knows whose they are."""
        gateway.observe = self.metrics.gateway.observe
        self.metrics.gauges.append(partial(of_gateway, gateway))
        return self.tracing.wrap(gateway, "gateway") if self.tracing is not None else gateway

    async def start(self, depths: Sequence[Service]) -> None:
        """Publish the metrics, if that was asked for."""
        if self.settings.metrics_port:
            await self.metrics.start(self.settings.metrics_port, self.settings.workers, depths)

    async def stop(self) -> None:
        """Send and close what is left."""
        await self.metrics.stop()
        if self.tracing is not None:
            self.tracing.stop()


def _tracing(endpoint: str, part: str) -> "Tracing":
    # Imported here, because the library takes 20 MB and a second that only a process with an endpoint should pay.
    from beheer.tracing import Tracing

    return Tracing(endpoint, part)


class _Observed:
    """Counts and logs the requests of one service."""

    def __init__(self, app: Any, name: str, metrics: Metrics, log_format: str) -> None:
        self.app = app
        self.name = name
        self.metrics = metrics
        self.observe = metrics.services.observe
        self.log_format = log_format

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the app."""
        if scope["type"] != "http" or scope["path"] == "/_intern/health":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        token = current.set(scope)
        try:
            await self.app(scope, receive, noted)
        finally:
            current.reset(token)
            caller = scope.get("samenzaak.caller")
            tenant = caller.tenant if caller is not None else ""
            self.observe(self.name, tenant, scope["method"], status, time.perf_counter() - began)
            if caller is not None and "samenzaak.warning" in scope:
                self.metrics.ignored(self.name, tenant, caller.client_id)
            if self.log_format:
                access.write(
                    self.log_format,
                    caller.request_id if caller is not None else _request_id(scope),
                    tenant,
                    caller.client_id if caller is not None else "",
                    scope["method"],
                    scope.get("raw_path") or scope["path"].encode(),
                    status,
                    began,
                    self.name,
                )


def _request_id(scope: Any) -> str:
    return next((value.decode("latin-1")[:64] for name, value in scope["headers"] if name == b"x-request-id"), "")
