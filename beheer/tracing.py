"""OpenTelemetry: a span for each request at the gateway, in each service that it crosses, and for each statement.

Only imported when an endpoint is configured, because the library takes memory and time that nobody else should pay.
Spans hold no query strings, bodies, users or values of parameters. The library's own variables (OTEL_TRACES_SAMPLER,
OTEL_EXPORTER_OTLP_HEADERS …) hold as well.
"""

import logging
import re
import time
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.redaction import masked
from zgw.request import Service

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS = (b"traceparent", b"tracestate")
STATEMENT_LENGTH = 2000


class Tracing:
    """Makes the spans of one process and sends them away in the background."""

    def __init__(self, endpoint: str, part: str) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        self._provider = TracerProvider(resource=Resource.create({"service.name": f"samenzaak-{part}"}))
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("samenzaak")
        self._propagator = TraceContextTextMapPropagator()

    def attach(self, service: Service) -> None:
        """Trace the statements of a service, and let its calls to other services carry the trace on."""
        service.database.on_connect = self._trace_statements
        service.internal.extra_headers = self.headers

    def headers(self) -> dict[str, str]:
        """Return the headers that carry the current trace to another process."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    def wrap(self, app: Any, part: str) -> Any:
        """Return the app with a span for each request; whatever it forwards carries the trace on."""

        async def traced(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
            route, method = masked(_UUID.sub("{uuid}", scope["path"]))[:200], masked(scope["method"])
            # The text of an exception may quote what a client sent.
            with self._tracer.start_as_current_span(
                f"{method} {route}",
                self._propagator.extract(carrier),
                SpanKind.SERVER,
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                kept = [pair for pair in scope["headers"] if pair[0] not in _HEADERS]
                scope["headers"] = kept + [(k.encode(), v.encode()) for k, v in self.headers().items()]

                async def noted(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        span.set_attribute("http.response.status_code", message["status"])
                        if message["status"] >= 500:
                            span.set_status(Status(StatusCode.ERROR))
                    await send(message)

                span.set_attributes({"http.request.method": method, "samenzaak.part": part})
                try:
                    await app(scope, receive, noted)
                except BaseException as e:
                    span.set_status(Status(StatusCode.ERROR, type(e).__name__))
                    raise
                finally:
                    if (caller := scope.get("samenzaak.caller")) is not None:
                        span.set_attributes(
                            {
                                "samenzaak.tenant": caller.tenant,
                                "samenzaak.client_id": masked(caller.client_id),
                                "samenzaak.request_id": masked(caller.request_id),
                            }
                        )

        return traced

    def stop(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    def _trace_statements(self, connection: Any) -> None:
        connection.add_query_logger(self._statement)

    def _statement(self, record: Any) -> None:
        # asyncpg calls this in the context of the request, just after the statement.
        if not trace.get_current_span().get_span_context().is_valid:
            return
        end = time.time_ns()
        span = self._tracer.start_span(
            record.query.split(None, 1)[0].upper() if record.query.strip() else "QUERY",
            kind=SpanKind.CLIENT,
            start_time=end - int(record.elapsed * 1e9),
            attributes={"db.system.name": "postgresql", "db.query.text": masked(record.query)[:STATEMENT_LENGTH]},
        )
        if record.exception is not None:
            span.set_status(Status(StatusCode.ERROR, type(record.exception).__name__))
        span.end(end)
