"""Serves the root of an API, its OAS and its interactive page: all without a token."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import orjson
import yaml
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from oas.collection import bruno, postman, zipped
from oas.openapi import document
from oas.page import Documented, docs_page
from oas.root_page import prefers_html, root_page
from runtime.static import Static, pack, send, tag
from zgw.api import Api
from zgw.app import BASE_HEADER, routes_of
from zgw.request import answer

ANY_BASE = "https://basis.samenzaak.invalid"
"""Stands for the base URL in what is rendered, which happens once; each answer has that of its own request."""
READ = ["GET", "HEAD"]
PACKED = 64
"""How many compressed pages of an API are remembered: of 5 kinds, each per base URL; 70 KB at most. So many archives
for Bruno too, of 60 KB at most."""


K = TypeVar("K")
V = TypeVar("V")


async def public_base(request: Request) -> str:
    """Return the base URL of a request."""
    # The gateway sends only base URLs of ours, but the page must be safe without that.
    return quote(request.headers.get(BASE_HEADER, ""), safe=":/[]")


Base = Annotated[str, Depends(public_base)]


async def remembered(known: OrderedDict[K, asyncio.Task[V]], key: K, make: Callable[[], V]) -> V:
    """Return what ``make`` gives, which is called in a thread, once for a key: who comes meanwhile waits for it. Of
    :data:`PACKED` keys it is remembered."""
    if (making := known.get(key)) is None:
        making = known[key] = asyncio.create_task(asyncio.to_thread(make))
    known.move_to_end(key)
    while len(known) > PACKED:
        known.popitem(last=False)
    try:
        return await asyncio.shield(making)
    except BaseException:
        if making.done() and known.get(key) is making:
            # What failed is tried again.
            del known[key]
        raise


def lists_of(api: Api) -> dict[str, str]:
    """Return the path of each list of an API, and of each action that stands beside them, by its name."""
    found = [route.path for route in routes_of(api) if re.fullmatch(rf"{api.root}/[\w-]+", route.path)]
    return {path.rpartition("/")[2]: path for path in found}


class Pages:
    """The pages about one API below its root, which change only with the base URL that they are asked under: each is
    made once per process, of ``oas``, which gives the document for :data:`ANY_BASE`."""

    def __init__(self, root: str, oas: Callable[[], dict[str, Any]]) -> None:
        self.router = APIRouter(prefix=root, include_in_schema=False)
        self.oas = oas
        self._packed: OrderedDict[tuple[str, str], asyncio.Task[Static]] = OrderedDict()
        self._archives: OrderedDict[str, asyncio.Task[bytes]] = OrderedDict()

    async def send(
        self, request: Request, path: str, content: Callable[[], bytes], media_type: str, headers: Mapping[str, str]
    ) -> Response:
        """Return the answer with a page; its compressed form is made at the first request below a base URL."""
        key = (path, request.headers.get(BASE_HEADER, ""))
        # Nearly a second for the largest, in which others are served.
        made = await remembered(self._packed, key, lambda: pack(content()))
        return send(request, made, content, media_type, headers)

    def add(self, path: str, media_type: str, make: Callable[[], str]) -> None:
        """Add a page."""
        render = once(make)

        @self.router.api_route(path, methods=READ, name=path)
        async def read(base: Base, request: Request) -> Response:
            return await self.send(request, path, lambda: render(base), media_type, {})

    def add_reference(self, api: Documented) -> None:
        """Add the OAS (JSON, YAML), the collections for Bruno and Postman, and the page for people."""
        self.add("/openapi.json", "application/json", lambda: orjson.dumps(self.oas()).decode())
        self.add(
            "/openapi.yaml",
            "application/yaml",
            lambda: yaml.dump(self.oas(), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True),
        )
        self.add("/postman.json", "application/json", lambda: orjson.dumps(postman([self.oas()])).decode())
        self.add("/docs", "text/html", lambda: docs_page(api, self.oas()))
        files = once(lambda: orjson.dumps(bruno([self.oas()])).decode())

        @self.router.api_route("/bruno.zip", methods=READ)
        async def collection(base: Base, request: Request) -> Response:
            archive = await remembered(self._archives, base, lambda: zipped(orjson.loads(files(base))))
            return send(request, Static(tag(archive), None), lambda: archive, "application/zip", {})

    def add_root(self, api: Documented, lists: Mapping[str, str]) -> None:
        """Add the root, which tells the paths of the lists by their names, and the paths that clients of other
        implementations use."""
        root = self.router.prefix
        for_people = once(lambda: root_page(api, root, self.oas(), lists, ANY_BASE))

        @self.router.api_route("", methods=READ)
        async def read(base: Base, request: Request) -> Response:
            # One of both for everybody: who checks a connection hears that it is there, whatever the check accepts.
            if prefers_html(",".join(request.headers.getlist("accept"))):
                return await self.send(request, "", lambda: for_people(base), "text/html", {"Vary": "Accept"})
            return answer({name: base + path for name, path in lists.items()}, headers={"Vary": "Accept"})

        def moved(path: str, to: Callable[[Request], str]) -> None:
            """Lead a path of other implementations to ours."""

            @self.router.api_route(path, methods=READ, name=path)
            async def older(base: Base, request: Request) -> Response:
                return RedirectResponse(f"{base}{root}/{to(request)}", 302)

        moved("/schema", lambda _: "docs")
        moved("/schema/openapi.json", lambda _: "openapi.json")
        moved(
            "/schema/openapi.yaml",
            lambda request: "openapi.json" if request.query_params.get("format") == "json" else "openapi.yaml",
        )


def once(make: Callable[[], str]) -> Callable[[str], bytes]:
    """Return what gives a page for a base URL; it is made once per process."""
    made: list[bytes] = []

    def render(base: str) -> bytes:
        if not made:
            # At once, because two threads may make it at the same time.
            made[:] = make().encode().split(ANY_BASE.encode())
        return base.encode().join(made)

    return render


def documentation(api: Api, contact_email: str | None = None) -> APIRouter:
    """Return the routes of the root, of the reference, and of the paths that clients of other implementations use; with
    the e-mail address of who runs the API."""
    pages = Pages(api.root, lambda: document(api, ANY_BASE, contact_email=contact_email))
    pages.add_reference(api)
    pages.add_root(api, lists_of(api))
    return pages.router
