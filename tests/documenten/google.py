"""A stand-in for Google Cloud Storage: its XML interface is that of S3, which moto speaks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

SIGNED = "AWS4-HMAC-SHA256 Credential=proef/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"


class Google:
    """What differs: the credentials, buckets that anyone may make, and 404 for the removal of what is not there."""

    def __init__(self) -> None:
        self._s3 = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request."""
        # Google's client writes the hyphen of a bucket as %2D, which moto takes for a part of the name.
        raw = {name: environ[name].replace("%2D", "-") for name in ("RAW_URI", "REQUEST_URI")}
        signed = {**environ, **raw, "HTTP_AUTHORIZATION": SIGNED}
        if environ["REQUEST_METHOD"] == "DELETE":
            there: list[str] = []
            self._s3({**signed, "REQUEST_METHOD": "HEAD"}, lambda status, *_: there.append(status))
            if there[0].startswith("404"):
                start_response("404 Not Found", [("Content-Length", "0")])
                return []
        return self._s3(signed, start_response)


@contextmanager
def google(folder: Path) -> Iterator[tuple[str, Path]]:
    """Run it; give its URL, and the file with credentials that clients want (``GOOGLE_SERVICE_ACCOUNT``)."""
    server = make_server("127.0.0.1", 0, Google(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    names = ("client_email", "private_key", "private_key_id")
    account = folder / "account.json"
    account.write_text(json.dumps({"gcs_base_url": url, "disable_oauth": True, **dict.fromkeys(names, "")}))
    try:
        yield url, account
    finally:
        server.shutdown()
        server.server_close()
