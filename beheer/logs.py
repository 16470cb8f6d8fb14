"""The log of every process: lines for people or JSON, with the request that they belong to, and nothing personal."""

import logging
import re
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import orjson

from gateway import access
from runtime.redaction import masked
from runtime.settings import Settings

current: ContextVar[Mapping[str, Any] | None] = ContextVar("samenzaak_request", default=None)
"""The ASGI scope of the request that is being answered; only the log looks at it."""

_VALUES = re.compile(r"\n(?:DETAIL|CONTEXT|HINT|WHERE): .*|input_value=.*?(?=, input_type=)")


def without_values(text: str) -> str:
    """Return a text without what may be personal: numbers as long as a BSN, and the values that errors quote."""
    return masked(_VALUES.sub("", text))


class Quiet(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return without_values(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object per line, for a log collector."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            **request_facts(),
            "message": without_values(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = without_values(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def request_facts() -> dict[str, str]:
    """Return the request id, the municipality and the client of the request that is being answered, if any."""
    scope = current.get()
    caller = scope.get("samenzaak.caller") if scope is not None else None
    if caller is None:
        return {}
    # A client chose the first and the last of them.
    return {"request_id": masked(caller.request_id), "tenant": caller.tenant, "client_id": masked(caller.client_id)}


def configure_logging(settings: Settings) -> None:
    """Send the log to standard output, as lines for people or as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    text = Quiet("%(asctime)s %(levelname)-7s %(name)s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonLines() if settings.log_format == "json" else text)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    access.install(getattr(logging, settings.log_level.upper()))
    # These tell of each request or connection, which the access log and the problem log do already.
    for name in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
