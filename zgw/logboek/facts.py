"""The facts of one action: its trace, its operation, when, how it ended. No user, no content, no number of a person."""

import re
from typing import Any

from runtime.identity import Caller
from runtime.trace import Trace
from zgw.logboek.records import milliseconds

_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]{1,990}")


def facts_of(
    caller: Caller, trace: Trace, operation: str, began: float, status: int, activity: str, error: str = ""
) -> dict[str, Any]:
    """Return the facts of the action of a request that began then (seconds since 1970) and ended with this status;
    ``error`` is the code of what failed."""
    facts: dict[str, Any] = {
        "trace": trace.trace,
        "span": trace.span,
        "parent": trace.parent,
        "client": caller.client_id,
        "via": caller.via,
        "name": operation,
        "start": int(began * 1000),
        "end": milliseconds(),
        "status": status,
        "activiteit": activity if _URI.fullmatch(activity) else "",
    }
    if error:
        facts["error"] = error
    return facts
