"""Prometheus metrics of one process, on a port of their own that no ingress leads to.

Every process has its own registry and its own port, so nothing is shared between workers: with several workers each
takes the next free port from ``SAMENZAAK_METRICS_PORT`` on, and Prometheus adds up.
"""

import asyncio
import contextlib
import errno
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

from runtime.problems import Problem
from zgw.request import Service

log = logging.getLogger("samenzaak")

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
MOST_CLIENTS = 1_000
"""Clients that a process counts apart."""
DEPTH_SECONDS = 10.0
"""How long the counts of waiting rows are kept; each costs a statement per municipality and service."""

OUTBOX = "SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(created)), 0)::float8 AS age FROM outbox"
LOGBOEK = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(created)), 0)::float8,
        (SELECT coalesce(sum(number), 0)::bigint FROM verwerking_gemist)
    FROM verwerking"""
DELIVERIES = """
    SELECT count(*) FILTER (WHERE failed_since IS NULL) AS waiting,
        count(*) FILTER (WHERE failed_since IS NOT NULL) AS failed
    FROM delivery"""


class Requests:
    """The counter and the histogram of the requests that one kind of process answers."""

    def __init__(self, prefix: str, registry: CollectorRegistry) -> None:
        names = ("service", "tenant", "method")
        self._count = Counter(f"{prefix}_requests", "Requests answered.", (*names, "status"), registry=registry)
        self._time = Histogram(
            f"{prefix}_request_seconds", "Time until the answer was sent.", names, registry=registry, buckets=BUCKETS
        )
        self._known: dict[tuple[str, str, str, int], tuple[Any, Any]] = {}

    def observe(self, service: str, tenant: str, method: str, status: int, seconds: float) -> None:
        """Count one request; status 0: the client was gone before the answer."""
        key = (service, tenant, method if method in METHODS else "other", status)
        known = self._known.get(key)
        if known is None:
            # Looking up labels costs more than counting.
            known = self._known[key] = (self._count.labels(*key[:3], str(status)), self._time.labels(*key[:3]))
        known[0].inc()
        known[1].observe(seconds)


class Metrics:
    """Everything that is counted in this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.gateway = Requests("samenzaak_gateway", self.registry)
        self.services = Requests("samenzaak_service", self.registry)
        self._ignored = Counter(
            "samenzaak_service_ignored_members",
            "Requests whose body has members that are not known, and are ignored.",
            ("service", "tenant", "client"),
            registry=self.registry,
        )
        self._clients: set[tuple[str, str]] = set()
        self._pools: list[Service] = []
        self.gauges: list[Callable[[], Iterator[Metric]]] = []
        """What is asked for more at each look."""
        self._depths: Sequence[Service] = ()
        self._waiting: list[Metric] = []
        self._counted = -DEPTH_SECONDS
        self._server: asyncio.Server | None = None
        self.port = 0
        ProcessCollector(registry=self.registry)
        self.registry.register(self)

    def ignored(self, service: str, tenant: str, client: str) -> None:
        """Count a request of which something was ignored; the clients beyond the first thousand together."""
        if (tenant, client) not in self._clients:
            if len(self._clients) >= MOST_CLIENTS:
                client = "other"
            else:
                self._clients.add((tenant, client))
        self._ignored.labels(service, tenant, client).inc()

    def add(self, service: Service) -> None:
        """Tell of the pool of a service."""
        self._pools.append(service)

    def collect(self) -> Iterator[Metric]:
        """Be a collector of prometheus_client: what is not counted but looked up."""
        states = GaugeMetricFamily("samenzaak_pool_connections", "Database connections.", labels=["service", "state"])
        for service in self._pools:
            for state, number in service.database.usage().items():
                states.add_metric([service.api.service, state], number)
        yield states
        waiting = GaugeMetricFamily(
            "samenzaak_reading_log_waiting", "Reads that are not in the reading log yet.", labels=["service"]
        )
        lost = CounterMetricFamily(
            "samenzaak_reading_log_lost", "Reads that could not be recorded.", labels=["service"]
        )
        for service in self._pools:
            if service.reading_log is not None:
                waiting.add_metric([service.api.service], service.reading_log.waiting)
                lost.add_metric([service.api.service], service.reading_log.lost)
        yield waiting
        yield lost
        yield from self._waiting
        for gauges in self.gauges:
            yield from gauges()

    async def start(self, port: int, tries: int, depths: Sequence[Service]) -> None:
        """Listen on the first free port from ``port`` on; of the services ``depths`` the waiting rows are counted."""
        self._depths = depths
        for number in range(port, port + tries):
            try:
                self._server = await asyncio.start_server(self._answer, None, number, limit=16 * 1024)
            except OSError as e:
                if e.errno != errno.EADDRINUSE or number == port + tries - 1:
                    raise
            else:
                self.port = number
                return

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def text(self) -> bytes:
        """Return all metrics in the format of Prometheus."""
        if time.monotonic() - self._counted > DEPTH_SECONDS:
            self._counted = time.monotonic()
            self._waiting = await count_waiting(self._depths)
        return generate_latest(self.registry)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(15):
                head = await reader.readuntil(b"\r\n\r\n")
                found = head.startswith((b"GET /metrics ", b"GET /metrics?"))
                body = await self.text() if found else b""
                status = b"200 OK" if found else b"404 Not Found"
                writer.write(
                    b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                    % (status, CONTENT_TYPE_LATEST.encode(), len(body))
                )
                writer.write(body)
                await writer.drain()
        writer.close()


async def count_waiting(services: Iterable[Service]) -> list[Metric]:
    """Return how many notifications and deliveries wait, per municipality."""
    outbox = GaugeMetricFamily(
        "samenzaak_outbox_messages", "Notifications that wait in an outbox.", labels=["service", "tenant"]
    )
    age = GaugeMetricFamily(
        "samenzaak_outbox_oldest_seconds", "Age of the oldest of them.", labels=["service", "tenant"]
    )
    deliveries = GaugeMetricFamily(
        "samenzaak_deliveries", "Deliveries to abonnementen that wait or were given up.", labels=["tenant", "state"]
    )
    waits = GaugeMetricFamily(
        "samenzaak_logboek_actions", "Actions that wait for the logbook.", labels=["service", "tenant"]
    )
    late = GaugeMetricFamily(
        "samenzaak_logboek_oldest_seconds", "Age of the oldest of them.", labels=["service", "tenant"]
    )
    missed = GaugeMetricFamily(
        "samenzaak_logboek_missed", "Actions that are not logged, for want of room.", labels=["service", "tenant"]
    )
    for service in services:
        name, tables = service.api.service, service.api.metadata.tables
        try:
            for tenant in await service.database.tenants():
                async with service.database.acquire(tenant) as db:
                    if "outbox" in tables:
                        row = await db.connection.fetchrow(OUTBOX)
                        assert row is not None
                        outbox.add_metric([name, tenant], row["waiting"])
                        age.add_metric([name, tenant], row["age"])
                    if "delivery" in tables:
                        row = await db.connection.fetchrow(DELIVERIES)
                        assert row is not None
                        deliveries.add_metric([tenant, "waiting"], row["waiting"])
                        deliveries.add_metric([tenant, "failed"], row["failed"])
                    if "verwerking" in tables:
                        row = await db.connection.fetchrow(LOGBOEK)
                        assert row is not None
                        for gauge, value in zip((waits, late, missed), row, strict=True):
                            gauge.add_metric([name, tenant], value)
        except (OSError, Problem, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
            log.warning("the waiting rows of %s cannot be counted: %r", name, e)
    return [outbox, age, deliveries, waits, late, missed]
