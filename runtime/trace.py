"""The trace that a request is a part of (W3C Trace Context), from the client through our services to others.

The gateway takes the ``traceparent`` of the client, or begins a trace; the internal token carries it, so that no
service believes one that somebody else wrote. Each request to a service is a span
of its own. Numbers are random and no secret.

    found = trace_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    found.parent == "00f067aa0ba902b7"
    found.passed_on()  # "00-4bf92f3577b34da6a3ce929d0e0e4736-<found.span>-01"
"""

import random
import re
from dataclasses import dataclass

HEADER = "traceparent"
NO_SPAN = "0" * 16
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trace:
    """The span of one request: ``parent`` is that of whoever asked, empty when nobody told."""

    trace: str
    span: str
    parent: str
    flags: str

    def passed_on(self) -> str:
        """Return the ``traceparent`` for what is asked of others on behalf of this request."""
        return f"00-{self.trace}-{self.span}-{self.flags}"


def new_trace() -> str:
    """Return the number of a new trace."""
    return f"{random.getrandbits(128) or 1:032x}"


def begun() -> str:
    """Return a ``traceparent`` without a span, for a request whose client told none."""
    return f"00-{new_trace()}-{NO_SPAN}-00"


def accepted(header: str) -> str:
    """Return the ``traceparent`` that a client sent as our services read it, or ``""`` when it is none: another version
    than 00 may have more at its end, and numbers of zeros say nothing."""
    found = _TRACEPARENT.fullmatch(header)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return ""
    if found[2] == "0" * 32 or found[3] == NO_SPAN:
        return ""
    return f"00-{found[2]}-{found[3]}-{found[4]}"


def trace_of(traceparent: str) -> Trace:
    """Return the span of a request that was asked with this ``traceparent``; one of a new trace when there is none."""
    _, trace, parent, flags = (traceparent or begun()).split("-")
    return Trace(trace, new_span(), "" if parent == NO_SPAN else parent, flags)


def new_span() -> str:
    """Return the number of a new span."""
    return f"{random.getrandbits(64) or 1:016x}"
