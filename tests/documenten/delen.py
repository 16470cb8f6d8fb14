"""Large documents in bestandsdelen."""

from typing import Any

import httpx

from tests.documenten.conftest import CHUNK
from tests.documenten.maak_document import content_of, document
from tests.stack import Client

SIZE = 2 * CHUNK + 300_001
CONTENT = content_of(SIZE, 7)


async def put(api: Client, deel: dict[str, Any], data: bytes, lock: str | None = None) -> httpx.Response:
    """Upload a part."""
    form = {"lock": deel["lock"] if lock is None else lock}
    files = {"inhoud": ("deel.bin", data, "application/octet-stream")}
    return await api.request("PUT", deel["url"], data=form, files=files)


def part(number: int, content: bytes = CONTENT) -> bytes:
    """Return the bytes of a part."""
    return content[(number - 1) * CHUNK : number * CHUNK]


async def announce(api: Client, iot: str, **changes: Any) -> dict[str, Any]:
    """Make a document of which the content is still to come."""
    return await document(api, informatieobjecttype=iot, **{"inhoud": None, "bestandsomvang": SIZE, **changes})
