"""A small Selectielijst API on localhost: a real HTTP server with the recorded answers of the public one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "selectielijst"
PUBLIC = "https://selectielijst.openzaak.nl/api/v1"


@dataclass
class Selectielijst:
    """The running server. ``away`` makes it fail; ``requests`` are the paths that were asked for,
    ``authorization`` the header of each."""

    root: str
    objects: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)
    away: bool = False

    def at(self, path: str) -> str:
        """Return the URL of a path, or of a URL of the public server, on this server."""
        return self.root + path.removeprefix(PUBLIC)

    def resultaten(self, procestermijn: str | None = None, jaar: int = 2020) -> list[dict[str, Any]]:
        """Return the resultaten of a year, of one procestermijn when it is given."""
        years = {p["url"]: p["jaar"] for p in self.objects["/procestypen"]}
        found = [r for r in self.objects["/resultaten"]["results"] if years[r["procesType"]] == jaar]
        return [r for r in found if procestermijn is None or r["procestermijn"] == procestermijn]

    def omschrijvingen(self) -> list[dict[str, Any]]:
        """Return the general descriptions."""
        found: list[dict[str, Any]] = self.objects["/resultaattypeomschrijvingen"]
        return found


@contextmanager
def selectielijst() -> Iterator[Selectielijst]:
    """Run the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    running = Selectielijst(f"http://127.0.0.1:{server.server_port}/api/v1")
    for file in sorted(DATA.glob("*.json")):
        content = json.loads(file.read_text().replace(PUBLIC, running.root))
        running.objects[f"/{file.stem}"] = content
        for item in content if isinstance(content, list) else content["results"]:
            running.objects[item["url"].removeprefix(running.root)] = item

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/api/v1").partition("?")[0]
            running.requests.append(path)
            running.authorization.append(self.headers["Authorization"])
            found = None if running.away else running.objects.get(path)
            body = json.dumps(found).encode()
            self.send_response(503 if running.away else 404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
