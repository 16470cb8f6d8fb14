"""Log lines as OTLP has them: one span for each action and person, in protobuf, to ``/v1/traces`` over HTTP.

The messages are those of the library ``opentelemetry-proto``, which is only imported where something is sent: it takes
memory that nobody else should pay.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.trace import NO_SPAN
from runtime.version import VERSION
from zgw.logboek.config import Logboek

CONTENT_TYPE = "application/x-protobuf"
ACTIVITY = "dpl.core.processing_activity_id"
SUBJECT, SUBJECT_TYPE = "dpl.core.data_subject_id", "dpl.core.data_subject_id_type"
FOREIGN_SPAN, PROCESSOR = "dpl.core.foreign_operation.span_id", "dpl.core.foreign_operation.processor"


@dataclass(frozen=True)
class Line:
    """One action and one person, or nobody. ``activity`` is ``""`` when none is set."""

    facts: Mapping[str, Any]
    number: int
    """Which of the lines of its action it is."""
    activity: str
    kind: str
    subject: str

    @property
    def span(self) -> str:
        """The span: of the first line that of the request, of the others one of their own, always the same."""
        own: str = self.facts["span"]
        return own if not self.number else hashlib.sha256(f"{own}{self.number}".encode()).hexdigest()[:16]


def lines_of(
    logboek: Logboek, facts: Mapping[str, Any], subjects: Sequence[Sequence[str]], names: Mapping[str, str]
) -> list[Line]:
    """Return the lines of an action; ``names`` has the identificatie of each zaaktype by its stored path."""
    found = dict.fromkeys(
        (logboek.activity(facts["activiteit"], facts["client"], names.get(zaaktype, "")), kind, number)
        for zaaktype, kind, number in subjects
    )
    return [Line(facts, index, *each) for index, each in enumerate(found)]


def message_of(logboek: Logboek, lines: Iterable[Line]) -> bytes:
    """Return the request of a logbook for these lines."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _attributes(
        resource.resource.attributes,
        {"service.name": logboek.system, "service.version": VERSION, "organization.oin": logboek.oin},
    )
    scope = resource.scope_spans.add()
    scope.scope.name = "samenzaak.logboek"
    for line in lines:
        _fill(scope.spans.add(), logboek, line)
    found: bytes = request.SerializeToString()
    return found


def _fill(span: Any, logboek: Logboek, line: Line) -> None:
    facts = line.facts
    site = logboek.site(facts["client"]) if not facts["via"] else ""
    parent = facts["parent"]
    span.trace_id, span.span_id = bytes.fromhex(facts["trace"]), bytes.fromhex(line.span)
    if parent and parent != NO_SPAN and not site:
        span.parent_span_id = bytes.fromhex(parent)
    span.name = facts["name"]
    span.start_time_unix_nano = facts["start"] * 1_000_000
    span.end_time_unix_nano = max(facts["end"], facts["start"]) * 1_000_000
    # A refusal of what was asked is no fault of the system: 0 is Unset, 2 Error.
    span.status.code = 2 if facts["status"] >= 500 else 0
    foreign = {FOREIGN_SPAN: parent, PROCESSOR: site} if parent and site else {}
    error = facts.get("error")
    failed = {"exception.type": error, "exception.message": f"HTTP {facts['status']}"} if error else {}
    _attributes(
        span.attributes,
        {ACTIVITY: line.activity, SUBJECT: line.subject, SUBJECT_TYPE: line.kind, **foreign, **failed},
    )


def _attributes(into: Any, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if value:
            one = into.add()
            one.key, one.value.string_value = name, value


def rejected(body: bytes) -> tuple[int, str]:
    """Return how many lines a logbook did not take although it answered 200, and what it said; raise ValueError for an
    answer that is none."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        answer = ExportTraceServiceResponse.FromString(body)
    except Exception as e:
        # The library has no types, and its error is one of another package.
        raise ValueError("the answer is none of OTLP") from e
    return int(answer.partial_success.rejected_spans), str(answer.partial_success.error_message)
