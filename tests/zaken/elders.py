"""An API of somebody else that Deventer has configured: objects, contactmomenten and verzoeken, with their mirrors."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.autorisaties.external import add_external, remove_external
from tests.servers import serving
from tests.stack import Stack

ROOT = "/api/v1"


class Elders:
    """Answers with what is put into ``objects``, by path; keeps what is posted to ``object…`` collections."""

    def __init__(self) -> None:
        self.base = ""
        self.objects: dict[str, Any] = {}
        self.mirrors: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        """The paths of all requests."""
        self.busy = self.most = 0
        """Requests that it has at the moment, and the most that it ever had."""
        self.together = 0
        """It answers nobody before it has had so many requests at the same time."""
        self.delay = 0.0
        """Seconds before an answer."""
        self.status = 0
        """When set, writes are answered with it."""
        self.app = Starlette(routes=[Route(ROOT + "/{path:path}", self.answer, methods=["GET", "POST", "DELETE"])])

    def add(self, path: str, content: Any) -> str:
        """Keep an object and return its URL."""
        self.objects[f"{ROOT}/{path}"] = content
        return f"{self.base}{ROOT}/{path}"

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = request.url.path
        self.asked.append(path)
        self.busy += 1
        self.most = max(self.most, self.busy)
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                while self.most < self.together:
                    await asyncio.sleep(0.005)
        await asyncio.sleep(self.delay)
        self.busy -= 1
        if request.method != "GET" and self.status:
            return JSONResponse({"code": "error"}, self.status)
        if request.method == "POST":
            url = f"{self.base}{path}/{uuid.uuid4()}"
            self.mirrors[url] = {"url": url, **await request.json()}
            return JSONResponse(self.mirrors[url], 201)
        if request.method == "DELETE":
            return Response(None, 204 if self.mirrors.pop(f"{self.base}{path}", None) else 404)
        if path.rpartition("/")[2].startswith("object") and path not in self.objects:
            query = dict(request.query_params)
            found = [m for m in self.mirrors.values() if all(m.get(name) == value for name, value in query.items())]
            return JSONResponse(found)
        found_object = self.objects.get(path)
        if isinstance(found_object, bytes):
            return Response(found_object, media_type="application/json")
        return JSONResponse(found_object, 404 if found_object is None else 200)


@asynccontextmanager
async def elders(stack: Stack, expand: bool = False) -> AsyncIterator[Elders]:
    """Run such an API, configured for Deventer; with ``expand`` it is open to all clients."""
    other, name = Elders(), f"elders-{uuid.uuid4().hex[:8]}"
    async with serving(other.app) as other.base, stack.admin() as admin:
        await add_external(
            admin, stack.settings, "deventer", name, other.base + ROOT, header="Authorization: Token abc", expand=expand
        )
        await stack.standalone.signals.barrier()
        try:
            yield other
        finally:
            await remove_external(admin, "deventer", name)
            await stack.standalone.signals.barrier()
