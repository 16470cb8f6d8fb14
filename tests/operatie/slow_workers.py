"""Two workers that need longer to start than uvicorn waits: ``python -m tests.operatie.slow_workers PORT``."""

import sys
import time
from typing import Any

import uvicorn

from beheer import workers
from gateway.asgi import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer."""
    await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})


class Slow(workers.Worker):
    """Says nothing at first, as while it imports its program."""

    def target(self, sockets: Any = None) -> None:
        """Be the worker."""
        time.sleep(2.5)
        super().target(sockets)


if __name__ == "__main__":
    workers.Worker = Slow  # type: ignore[misc]
    config = uvicorn.Config(
        "tests.operatie.slow_workers:app",
        port=int(sys.argv[1]),
        workers=2,
        lifespan="off",
        timeout_worker_healthcheck=1,
    )
    workers.Workers(config, [config.bind_socket()]).run()
