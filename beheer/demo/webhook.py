"""A real subscriber on this machine: it keeps the notifications that arrive with the right Authorization header."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Webhook:
    """A webhook on a free loopback port. Use as a context manager; ``received`` grows while it runs."""

    def __init__(self, auth: str) -> None:
        self.received: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.headers.get("Authorization") != auth:
                    self._answer(403)
                    return
                with hook._arrived:
                    hook.received.append(json.loads(body))
                    hook._arrived.notify_all()
                self._answer(204)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notificaties"

    def __enter__(self) -> "Webhook":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of_channel(self, kanaal: str) -> list[dict[str, Any]]:
        """Return what arrived on one kanaal."""
        return [message for message in self.received if message["kanaal"] == kanaal]

    def wait_for(self, kanaal: str, count: int, seconds: float = 20) -> list[dict[str, Any]]:
        """Wait until ``count`` messages of a kanaal have arrived, and return what has."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.of_channel(kanaal)) >= count, timeout=seconds)
        return self.of_channel(kanaal)
