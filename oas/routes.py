"""Serves the OAS of an API and its interactive page."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

import orjson
import yaml
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from oas.openapi import document
from oas.page import docs_page
from zgw.api import Api
from zgw.app import BASE_HEADER

ANY_BASE = "https://basis.samenzaak.invalid"
"""Stands for the base URL in what is rendered, which happens once; each answer has that of its own request."""
READ = ["GET", "HEAD"]


async def public_base(request: Request) -> str:
    """Return the base URL of a request."""
    # The gateway sends only base URLs of ours, but the page must be safe without that.
    return quote(request.headers.get(BASE_HEADER, ""), safe=":/[]")


Base = Annotated[str, Depends(public_base)]


def documentation(api: Api) -> APIRouter:
    """Return the routes of the OAS (JSON, YAML, the path that older clients use) and of the page; all without a
    token."""
    router = APIRouter(prefix=api.root, include_in_schema=False)

    def page(path: str, media_type: str, make: Callable[[], str]) -> None:
        """Add a page, which is made once per process."""
        made: list[bytes] = []

        @router.api_route(path, methods=READ, name=path)
        async def read(base: Base) -> Response:
            if not made:
                made.extend(make().encode().split(ANY_BASE.encode()))
            return Response(base.encode().join(made), media_type=media_type)

    def as_json() -> str:
        return orjson.dumps(document(api, ANY_BASE)).decode()

    def as_yaml() -> str:
        return yaml.dump(document(api, ANY_BASE), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)

    page("/openapi.json", "application/json", as_json)
    page("/openapi.yaml", "application/yaml", as_yaml)
    page("/docs", "text/html", lambda: docs_page(api, document(api, ANY_BASE)))

    @router.api_route("/schema/openapi.yaml", methods=READ)
    async def older(base: Base) -> Response:
        return RedirectResponse(f"{base}{api.root}/openapi.yaml", 301)

    return router
