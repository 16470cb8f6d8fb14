"""The pages by which Kubernetes watches one process: ``/_intern/live`` and ``/_intern/ready``.

They tell of this process only. A gateway whose pods are out of service because one of the six services is away would
take the other five away too; for people and monitoring the gateway's own ``/health/ready`` tells of all of them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from runtime.recent import Recent

LIVE, READY = "/_intern/live", "/_intern/ready"


class Probed:
    """An ASGI app that answers the probes itself. ``missing`` returns what keeps the process from its work; it is asked
    once a second at most."""

    def __init__(self, app: Any, missing: Callable[[], Awaitable[list[str]]]) -> None:
        self.app = app
        self._missing = Recent(missing)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a probe, or let the app answer."""
        if scope["type"] != "http" or scope["path"] not in (LIVE, READY):
            await self.app(scope, receive, send)
            return
        missing = await self._missing() if scope["path"] == READY else []
        body = orjson.dumps({"status": "unavailable", "missing": missing} if missing else {"status": "ok"})
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 503 if missing else 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
