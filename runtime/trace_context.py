"""The trace that a request belongs to (W3C Trace Context, https://www.w3.org/TR/trace-context/)."""

import os
import re

HEADER = "traceparent"
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")


def parent_of(header: str | None) -> tuple[str, str] | None:
    """Return the trace id (32 hexadecimal digits) and the span id (16) of a ``traceparent``; None without a valid
    one."""
    found = _TRACE.fullmatch(header.strip()) if header else None
    return (found[1], found[2]) if found else None


def new_trace_id() -> str:
    """Return a trace id for a request without one."""
    return os.urandom(16).hex()
