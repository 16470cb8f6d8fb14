"""Serves the OAS of an API and its interactive page."""

from collections.abc import Awaitable, Callable

import orjson
import yaml
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from oas.openapi import document
from oas.page import docs_page
from zgw.resource import Api
from zgw.routes import BASE_HEADER

Endpoint = Callable[[Request], Awaitable[Response]]


def documentation(api: Api) -> list[Route]:
    """Return the routes of the OAS (JSON, YAML, the path that older clients use) and of the page; all without a
    token."""
    made: dict[str, Response] = {}

    def once(make: Callable[[str], Response]) -> Endpoint:
        """Make each page once per base URL; the gateway sends only base URLs that are ours."""

        async def endpoint(request: Request) -> Response:
            base = request.headers.get(BASE_HEADER, "")
            key = f"{make.__name__} {base}"
            if key not in made:
                if len(made) > 100:
                    made.clear()
                made[key] = make(base)
            return made[key]

        return endpoint

    def as_json(base: str) -> Response:
        return Response(orjson.dumps(document(api, base)), media_type="application/json")

    def as_yaml(base: str) -> Response:
        text = yaml.safe_dump(document(api, base), sort_keys=False, allow_unicode=True)
        return Response(text, media_type="application/yaml")

    def older(base: str) -> Response:
        return RedirectResponse(f"{base}{api.root}/openapi.yaml", 301)

    def page(base: str) -> Response:
        return HTMLResponse(docs_page(api, document(api, base)))

    return [
        Route(api.root + "/openapi.json", once(as_json)),
        Route(api.root + "/openapi.yaml", once(as_yaml)),
        Route(api.root + "/schema/openapi.yaml", once(older)),
        Route(api.root + "/docs", once(page)),
    ]
