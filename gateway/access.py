"""The access log: one line per request, without query strings, because those can hold a BSN."""

import logging
import sys
import time
from datetime import UTC, datetime

import orjson

from runtime.redaction import masked

log = logging.getLogger("samenzaak.access")

PATH_LENGTH = 200
LOOKED_AT = 8 * 1024
"""Bytes of a path that are looked at: nobody waits for what is too long to be a path."""


def install(level: int = logging.INFO) -> None:
    """Write the lines to standard output as they are, apart from the other logs; to be called once at the start."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(level)


def write(
    log_format: str,
    request_id: str,
    tenant: str,
    client_id: str,
    method: str,
    path: bytes,
    status: int,
    began: float,
    service: str = "gateway",
) -> None:
    """Write one line; ``began`` is the ``time.perf_counter()`` at the start; status 0: nothing was answered."""
    if not log.isEnabledFor(logging.INFO):
        return
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    # No path of the APIs has a BSN, but somebody may try. Cut after that: a part of one would not be recognised.
    shown = masked(path[:LOOKED_AT].decode("ascii", "backslashreplace"))[:PATH_LENGTH]
    request_id, client_id, method = masked(request_id), masked(client_id), masked(method)
    if not shown.isprintable() or " " in shown:
        shown = repr(shown).replace(" ", "\\x20")
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    if log_format == "json":
        line = orjson.dumps(
            {
                "time": moment,
                "logger": log.name,
                "service": service,
                "request_id": request_id,
                "tenant": tenant,
                "client_id": client_id,
                "method": method,
                "path": shown,
                "status": status,
                "ms": milliseconds,
            }
        ).decode()
    else:
        who = f"{service} {request_id} {tenant or '-'} {client_id or '-'}"
        line = f"{moment} {who} {method} {shown} {status} {milliseconds}ms"
    # Made by hand, because looking for the calling line costs more than all of the above.
    log.handle(logging.LogRecord(log.name, logging.INFO, __file__, 0, line, None, None))
