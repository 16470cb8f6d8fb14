"""Serves the OAS of an API and its interactive page."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import orjson
import yaml
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from oas.openapi import document
from oas.page import docs_page
from zgw.api import Api
from zgw.app import BASE_HEADER

Endpoint = Callable[[Request], Awaitable[Response]]


ANY_BASE = "https://basis.samenzaak.invalid"
"""Stands for the base URL in what is rendered, which happens once; each answer has that of its own request."""


def documentation(api: Api) -> list[Route]:
    """Return the routes of the OAS (JSON, YAML, the path that older clients use) and of the page; all without a
    token."""

    def once(make: Callable[[], str], media_type: str) -> Endpoint:
        """Make each page once per process, and put the base URL of the request into it."""
        made: list[bytes] = []

        async def endpoint(request: Request) -> Response:
            if not made:
                made.extend(make().encode().split(ANY_BASE.encode()))
            # The gateway sends only base URLs of ours, but the page must be safe without that.
            base = quote(request.headers.get(BASE_HEADER, ""), safe=":/[]").encode()
            return Response(base.join(made), media_type=media_type)

        return endpoint

    def as_json() -> str:
        return orjson.dumps(document(api, ANY_BASE)).decode()

    def as_yaml() -> str:
        return yaml.dump(document(api, ANY_BASE), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)

    def page() -> str:
        return docs_page(api, document(api, ANY_BASE))

    async def older(request: Request) -> Response:
        return RedirectResponse(f"{request.headers.get(BASE_HEADER, '')}{api.root}/openapi.yaml", 301)

    return [
        Route(api.root + "/openapi.json", once(as_json, "application/json")),
        Route(api.root + "/openapi.yaml", once(as_yaml, "application/yaml")),
        Route(api.root + "/schema/openapi.yaml", older),
        Route(api.root + "/docs", once(page, "text/html")),
    ]
