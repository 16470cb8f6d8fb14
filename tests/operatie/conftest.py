"""Samenzaak in separate processes, whatever the mode of the other tests is."""

import contextlib
import gzip
import itertools
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gateway.asgi import Receive, Scope, Send
from tests.servers import serving
from tests.stack import Client, Stack, common_folder, running, worker


class Collector:
    """An OpenTelemetry collector, as far as remembering the spans that it gets."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if dict(scope["headers"]).get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            self.spans += [(names[0], span) for scoped in resource.scope_spans for span in scoped.spans]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


# Each process of the test run has ports of its own, below those that the system gives out. Its neighbours have numbers
# beside its own, so those alone would not keep the ports of one from those of another.
_ports = itertools.cycle(range(21_000 + os.getpid() % 150 * 72, 21_000 + os.getpid() % 150 * 72 + 72))


def free_ports(count: int = 16) -> int:
    """Return the first of a number of free ports in a row, which no other call returns soon."""
    found: list[int] = []
    for port in itertools.islice(_ports, 144):
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            found = [*found, port] if found and found[-1] == port - 1 else [port]
            if len(found) == count:
                return found[0]
    raise AssertionError("no free ports")


@pytest.fixture(scope="package")
async def collector() -> AsyncIterator[Collector]:
    """The collector that the processes send their traces to."""
    found = Collector()
    async with serving(found) as found.url:
        yield found


@contextlib.asynccontextmanager
async def processes(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector, name: str, anew: bool
) -> AsyncIterator[Stack]:
    """Run eight processes, with the municipalities deventer and raalte."""
    values: dict[str, Any] = {"log_format": "json", "metrics_port": free_ports(), "otlp_endpoint": collector.url}
    folder = common_folder(tmp_path_factory)
    async with running(folder, f"{name}_{worker()}", split=True, anew=anew, **values) as stack:
        await stack.add_tenant("deventer", common=True)
        await stack.add_tenant("raalte", common=True)
        yield stack


@pytest.fixture(scope="package")
async def apart(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncIterator[Stack]:
    """Eight processes, forked from one that has imported them."""
    async with processes(tmp_path_factory, collector, "apart", anew=False) as stack:
        yield stack


@pytest.fixture(scope="package")
async def anew(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncIterator[Stack]:
    """Eight processes that each start anew, as in production."""
    async with processes(tmp_path_factory, collector, "anew", anew=True) as stack:
        yield stack


@pytest.fixture(scope="package")
async def vendor(apart: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await apart.add_client("deventer", "vendor")
