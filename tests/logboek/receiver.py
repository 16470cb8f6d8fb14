"""A logbook over real HTTP: it parses what OTLP has, and remembers each line that it confirmed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gateway.asgi import Receive, Scope, Send
from tests.servers import serving

ACTIVITY = "dpl.core.processing_activity_id"
SUBJECT, KIND = "dpl.core.data_subject_id", "dpl.core.data_subject_id_type"


@dataclass
class Line:
    """A line as a logbook has it."""

    span: Span
    resource: dict[str, str]

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes by name."""
        return {each.key: each.value.string_value for each in self.span.attributes}

    @property
    def number(self) -> tuple[str, str]:
        """Trace and span."""
        return self.span.trace_id.hex(), self.span.span_id.hex()


@dataclass
class Logbook:
    """The logbook. ``how`` decides the status of an answer to so many lines; None: it never answers."""

    url: str = ""
    lines: list[Line] = field(default_factory=list)
    requests: list[dict[bytes, bytes]] = field(default_factory=list)
    """The headers of each request."""
    how: Callable[[int], int | None] = lambda number: 200
    rejects: int = 0
    """Of the next request so many lines are not taken, although the answer is 200."""
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        assert (scope["method"], scope["path"]) == ("POST", "/logboek/v1/traces")
        self.requests.append(dict(scope["headers"]))
        self.bodies.append(body)
        found = []
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            found += [Line(span, names) for scoped in resource.scope_spans for span in scoped.spans]
        status = self.how(len(found))
        if status is None:
            await asyncio.sleep(3600)
        answer = ExportTraceServiceResponse()
        if self.rejects:
            answer.partial_success.rejected_spans = self.rejects
            answer.partial_success.error_message = "no room"
            self.rejects = 0
        elif status == 200:
            self.lines += found
        await send({"type": "http.response.start", "status": status or 500, "headers": []})
        await send({"type": "http.response.body", "body": answer.SerializeToString()})

    def named(self, name: str) -> list[Line]:
        """Return the lines of an operation."""
        return [line for line in self.lines if line.span.name == name]


@asynccontextmanager
async def listening() -> AsyncIterator[Logbook]:
    """Serve a logbook."""
    found = Logbook()
    async with serving(found) as base:
        found.url = f"{base}/logboek"
        yield found


def header(request: dict[bytes, bytes], name: str) -> Any:
    """Return a header of a request, or None."""
    return request.get(name.encode(), b"").decode() or None
