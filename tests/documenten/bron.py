"""A stand-in for the services whose relations documenten mirrors, of which tests decide what they answer."""

import uuid
from typing import Any
from urllib.parse import parse_qs

import orjson

from tests.stack import PUBLIC


class Bron:
    """An ASGI app with zaken and besluiten, and their relations with documents.

    ``broken`` is what the list of relations answers instead: a status, or the bytes of a body.
    """

    def __init__(self) -> None:
        self.objects: set[str] = set()
        self.relations: set[tuple[str, str]] = set()
        self.broken: int | bytes | None = None
        self.asked: list[str] = []

    def zaak(self) -> str:
        """Make a zaak and return its URL."""
        path = f"/zaken/api/v1/zaken/{uuid.uuid4()}"
        self.objects.add(path)
        return PUBLIC + path

    def besluit(self) -> str:
        """Make a besluit and return its URL."""
        path = f"/besluiten/api/v1/besluiten/{uuid.uuid4()}"
        self.objects.add(path)
        return PUBLIC + path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as the real services do."""
        body = (await receive()).get("body", b"")
        path: str = scope["path"]
        self.asked.append(path)
        status, content = 404, b"{}"
        if path.startswith("/_intern/objects/"):
            wanted = orjson.loads(body)["uuids"]
            found = [{"url": p} for p in self.objects if p.rpartition("/")[2] in wanted]
            status, content = 200, orjson.dumps(found)
        elif path.endswith("informatieobjecten"):
            query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
            pair = (query.get("zaak") or query.get("besluit") or "", query["informatieobject"])
            status, content = 200, orjson.dumps([{"url": "x"}] if pair in self.relations else [])
            if isinstance(self.broken, int):
                status = self.broken
            elif self.broken is not None:
                content = self.broken
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})
