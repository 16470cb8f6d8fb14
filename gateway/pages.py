"""The gateway's own pages: the front page, errors and health."""

import asyncio
import html
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from gateway.asgi import ASGIApp, fetch_status
from gateway.config import Config
from gateway.error_pages import list_page, page_of
from gateway.guides import MISSING, Guides
from gateway.known import Registry
from gateway.nowhere import advice
from oas.errors import PREFIX, Entry, entry_named
from runtime.negotiation import weight
from runtime.problems import Problem
from runtime.static import Static, pack, send
from runtime.version import VERSION
from zgw.problems import response

log = logging.getLogger("samenzaak.gateway")

READY_SECONDS = 3.0
"""How long a part may take to say that it is there: less than the time-out of the probes in k8s/."""

APIS = {
    "zaken": (
        "Zaken",
        "Zaken met hun statussen, rollen, resultaten en eigenschappen",
        "Cases and all that belongs to them",
    ),
    "documenten": ("Documenten", "Informatieobjecten, met inhoud en versies", "Documents, with content and versions"),
    "besluiten": ("Besluiten", "Besluiten die in een zaak zijn genomen", "Decisions taken in a case"),
    "catalogi": ("Catalogi", "Zaaktypen en de andere typen", "Case types and all other types"),
    "autorisaties": ("Autorisaties", "Wat elke applicatie mag", "What each application may do"),
    "notificaties": ("Notificaties", "Abonnementen op gebeurtenissen", "Subscriptions to events"),
}
BESIDE = {
    "beheer": (
        "Beheer",
        "De eigen verzoeken van een applicatie, en waarom zij zijn geweigerd; naast de standaard",
        "An application’s own requests, and why they were refused; beside the standard",
    ),
}
"""What has a reference too, and is no API of the standard."""

_PAGE = """<!doctype html>
<html lang="nl">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Samenzaak</title>
<style>
:root {{ color-scheme: light dark; --line: #8886; --link: #0b57a4; --quiet: #555 }}
@media (prefers-color-scheme: dark) {{ :root {{ --link: #8ab9f0; --quiet: #b0b0b0 }} }}
body {{ background: light-dark(#fff, #121212) }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem }}
h2 {{ font-size: 1.2rem; margin: 2.5rem 0 .5rem }}
p {{ margin: .5rem 0 }}
a {{ color: var(--link) }}
ul {{ list-style: none; margin: 1rem 0; padding: 0; border-top: 1px solid var(--line) }}
li {{ display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .75rem 0; border-bottom: 1px solid var(--line) }}
li > span:first-child {{ flex: 1 1 18rem }}
li span span {{ display: block }}
[lang="en"] {{ color: var(--quiet) }}
code {{ font-family: ui-monospace, monospace; font-size: .9em }}
</style>
<main>
<h1>Samenzaak</h1>
<p>Gedeelde zaakregistratie van samenwerkende gemeenten, volgens de API’s voor Zaakgericht Werken (ZGW 1.7).</p>
<p lang="en">Shared case management of cooperating municipalities: the Dutch ZGW APIs, release 1.7.</p>
<h2>Handleidingen <span lang="en">/ Guides</span></h2>
<ul>
{guides}
</ul>
<h2>API’s</h2>
<ul>
{apis}
</ul>
<h2>Toegang <span lang="en">/ Access</span></h2>
<p>Elk verzoek heeft een JWT nodig: <code>Authorization: Bearer …</code>, ondertekend met het secret van uw
<code>client_id</code>. De beheerder van uw gemeente geeft die uit.</p>
<p lang="en">Every request needs a JWT, signed with the secret of your <code>client_id</code>.
Ask the operator for both.</p>
<p><small>Samenzaak {version}</small></p>
</main>
</html>
"""

_ITEM = """<li><span><strong>{title}</strong><span>{text}</span><span lang="en">{english}</span></span>
<span><a href="/{name}/api/v1/docs" aria-label="Documentatie van {title}">documentatie</a> ·
<a href="/{name}/api/v1/openapi.json" aria-label="OpenAPI van {title}">openapi.json</a></span></li>"""

_GUIDE = """<li><span><a href="/docs/{page}">{dutch}</a>
<span lang="en"><a href="/docs/{other}" hreflang="en">{english}</a></span></span></li>"""

GUIDES = (
    ("nl/eerste-aanroep/", "Het eerste verzoek, in vijf minuten", "first-call/", "The first call, in five minutes"),
    ("nl/leveranciers/", "Voor leveranciers", "vendors/", "For vendors"),
    ("nl/front-ends/", "Voor ontwikkelaars van front-ends", "frontends/", "For developers of front-ends"),
    (
        *("nl/functioneel-beheer/", "Voor functioneel beheerders"),
        *("functional-administration/", "For functional administrators"),
    ),
    ("nl/installatiebeheer/", "Voor beheerders van een installatie", "operators/", "For operators"),
    ("nl/", "Alle handleidingen, met zoeken", "", "All guides, with search"),
)
"""What the front page shows of the guides: the page below /docs and its name, in Dutch and in English."""

FAVICON = Path(__file__).parent / "favicon.ico"

# The page needs its own style and nothing else, from anywhere; its icon is asked for by the browser itself.
_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
"""What every page of ours is sent with."""

SECURITY = "/.well-known/security.txt"
READ = ["GET", "HEAD"]

router = APIRouter(default_response_class=JSONResponse)


async def config_of(request: Request) -> Config:
    """Return the configuration of the gateway."""
    config: Config = request.app.state.config
    return config


async def missing_of(request: Request) -> list[str]:
    """Return what cannot do its work now."""
    missing: list[str] = await request.app.state.missing()
    return missing


def create_pages(config: Config, missing: Callable[[], Awaitable[list[str]]]) -> FastAPI:
    """Return the app of the gateway's own pages; ``missing`` tells what cannot do its work."""
    app = FastAPI(title="Samenzaak", openapi_url=None, redirect_slashes=False)
    app.state.config, app.state.missing, app.state.guides = config, missing, Guides()
    app.include_router(router)
    app.add_exception_handler(HTTPException, _refuse)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    instance = f"urn:uuid:{uuid.uuid4()}"
    problem = Problem(404, "not_found", advice(request.url.path, APIS))
    if error.status_code == 405:
        problem = Problem(405, "method_not_allowed", headers={"Allow": ", ".join(READ)})
    log.info("%s: %s refused: %s", instance, request.url.path, problem)
    return response(problem, request.app.state.config.public_url, instance)


@router.api_route("/", methods=READ)
async def front(request: Request) -> Response:
    """The front page."""
    return as_page(request, *fixed()["front"])


@router.api_route(PREFIX.rstrip("/"), methods=READ)
async def errors_without_slash() -> RedirectResponse:
    """All errors, for who leaves the slash out."""
    return RedirectResponse(PREFIX, 308)


@router.api_route("/{name}/api/v1/docs/", methods=READ)
async def reference_with_slash(name: str) -> RedirectResponse:
    """The reference of an API, for who adds a slash."""
    if name not in APIS:
        raise HTTPException(404)
    return RedirectResponse(f"/{name}/api/v1/docs", 308)


@router.api_route(PREFIX, methods=READ)
async def errors(request: Request) -> Response:
    """All errors."""
    return as_page(request, *fixed()["errors"])


@router.api_route(PREFIX + "{kind}", methods=READ)
@router.api_route(PREFIX + "{kind}/", methods=READ)
async def error(request: Request, kind: str) -> Response:
    """What an error is."""
    if (entry := entry_named(kind)) is None:
        raise HTTPException(404)
    return as_page(request, *explained(entry))


@router.api_route("/docs", methods=READ)
async def docs() -> RedirectResponse:
    """The guides; their links are relative to the slash."""
    return RedirectResponse("/docs/", 308)


@router.api_route("/docs/{path:path}", methods=READ)
async def guide(request: Request, path: str) -> Response:
    """A page of the guides, or what it needs."""
    guides: Guides = request.app.state.guides
    if (found := guides.answer(path, request)) is not None:
        return found
    if not weight(request.headers.get("accept", ""), "text/html"):
        raise HTTPException(404)
    return HTMLResponse(MISSING, 404, HEADERS)


@router.api_route("/favicon.ico", methods=READ)
async def favicon(request: Request) -> Response:
    """The icon that browsers ask for, whatever the page."""
    content, made = fixed()["favicon"]
    return send(request, made, lambda: content, "image/x-icon", {"Cache-Control": "public, max-age=86400"})


@router.api_route("/health/live", methods=READ)
async def live(answer: Response) -> dict[str, str]:
    """Whether this process is there."""
    answer.headers["Cache-Control"] = "no-store"
    return {"status": "ok"}


@router.api_route("/health/ready", methods=READ)
async def ready(missing: Annotated[list[str], Depends(missing_of)]) -> JSONResponse:
    """Whether the database and all services can do their work, or the names of those that cannot: 503."""
    content: dict[str, object] = {"status": "unavailable", "missing": missing} if missing else {"status": "ok"}
    return JSONResponse(content, 503 if missing else 200, headers={"Cache-Control": "no-store"})


@router.api_route(SECURITY, methods=READ)
async def security(config: Annotated[Config, Depends(config_of)]) -> PlainTextResponse:
    """Where to report a vulnerability."""
    if not config.security_contact:
        raise HTTPException(404)
    return PlainTextResponse(security_txt(config), headers={"Cache-Control": "max-age=3600"})


def security_txt(config: Config) -> str:
    """Return security.txt (RFC 9116), which has to expire within a year: the contact is a setting, so it is current."""
    expires = (datetime.now(UTC) + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    return (
        f"Contact: {config.security_contact}\nExpires: {expires}\nPreferred-Languages: nl, en\n"
        f"Canonical: {config.public_url}/.well-known/security.txt\n"
    )


def front_page() -> str:
    """Return the HTML of the front page."""
    items = (
        _ITEM.format(name=name, title=html.escape(title), text=html.escape(text), english=html.escape(english))
        for name, (title, text, english) in (APIS | BESIDE).items()
    )
    guides = (
        _GUIDE.format(page=page, dutch=dutch, other=other, english=english) for page, dutch, other, english in GUIDES
    )
    return _PAGE.format(guides="\n".join(guides), apis="\n".join(items), version=html.escape(VERSION))


@cache
def fixed() -> Mapping[str, tuple[bytes, Static]]:
    """Return the pages that everybody gets, each with its compressed form."""
    made = {"front": front_page().encode(), "errors": list_page().encode(), "favicon": FAVICON.read_bytes()}
    return {name: (content, pack(content)) for name, content in made.items()}


@cache
def explained(entry: Entry) -> tuple[bytes, Static]:
    """Return the page of an error with its compressed form: made once for each that there is, however it is named."""
    content = page_of(entry).encode()
    return content, pack(content)


def as_page(request: Request, content: bytes, page: Static) -> Response:
    """Return a page, which needs nothing but its own style."""
    return send(request, page, lambda: content, "text/html", HEADERS)


class Readiness:
    """Tells which of the database and the services cannot do their work. Each is asked by one check at a time, which
    is never cancelled: a check that takes too long counts as missing until it answers."""

    def __init__(self, registry: Registry, services: Mapping[str, ASGIApp]) -> None:
        self._registry = registry
        self._services = services
        self._checks: dict[str, asyncio.Task[str]] = {}

    async def missing(self) -> list[str]:
        """Return the names of what is missing: of the database, or of services."""
        names = ("database", *self._services)
        self._checks = {name: self._checks.get(name) or asyncio.create_task(self._check(name)) for name in names}
        done, late = await asyncio.wait(self._checks.values(), timeout=READY_SECONDS)
        found = [task.result() if task in done else name for name, task in self._checks.items()]
        self._checks = {name: task for name, task in self._checks.items() if task in late}
        return [missing for missing in found if missing]

    async def _check(self, name: str) -> str:
        # Any failure of a service means: not ready.
        try:
            if name == "database":
                return await self._registry.missing()
            return "" if await fetch_status(self._services[name], "/_intern/health") == 200 else name
        except Exception:
            return name
