"""How screens are written: templates, the language of who reads, and the headers of every page."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import yaml
from fastapi import Request
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.config import PREFIX, Config
from console.menu import menu_of
from console.people import ROLES, Person
from runtime.problems import Problem
from runtime.version import VERSION

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FORM_FIELD = "formulier"
"""The field of every form with the token of the session."""


@cache
def english() -> Mapping[str, str]:
    """Return the English of each Dutch text."""
    return yaml.safe_load((FOLDER / "english.yaml").read_text()) or {}


def language_of(request: Request) -> str:
    """Return ``nl``, or ``en`` for a browser that asks for it and for no Dutch before it."""
    for part in request.headers.get("accept-language", "").lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in ("nl", "en"):
            return code
    return "nl"


def moment(value: datetime | str | None, zone: str = "Europe/Amsterdam") -> str:
    """Return a moment as people write it: ``30-11-2026 14:05``; of a date only that."""
    if not value:
        return ""
    if isinstance(value, str):
        if len(value) == len("2026-11-30"):
            return f"{value[8:]}-{value[5:7]}-{value[:4]}"
        value = datetime.fromisoformat(value)
    return value.astimezone(ZoneInfo(zone)).strftime("%d-%m-%Y %H:%M")


def number(value: int) -> str:
    """Return a number as people write it: ``1.204.000``."""
    return f"{value:,}".replace(",", ".")


def query_with(request: Request, **changes: Any) -> str:
    """Return the address of this page with other parameters; one that is None or empty goes."""
    kept = {**dict(request.query_params), **changes}
    kept = {name: value for name, value in kept.items() if value not in (None, "")}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=moment, number=number)
    environment.globals.update(prefix=PREFIX, version=VERSION, role_names=ROLES, token_field=FORM_FIELD)
    return environment


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page from a template, for who is logged in, if anybody is."""
    person: Person | None = getattr(request.state, "person", None)
    config: Config = request.app.state.config
    language = language_of(request)
    texts = english() if language == "en" else {}
    content = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            person=person,
            municipality=getattr(request.state, "municipality", None),
            language=language,
            t=lambda text, **values: (texts.get(text, text)).format(**values) if values else texts.get(text, text),
            form_token=person.token(config) if person else "",
            menu=menu_of(person) if person else (),
            query_with=lambda **changes: query_with(request, **changes),
            **context,
        )
    )
    return HTMLResponse(content, status, headers=HEADERS)


def to(path: str) -> Response:
    """Return the way to another page, after a form: ``to("/accounts")``."""
    return RedirectResponse(PREFIX + path, 303, headers=HEADERS)


def local(path: str) -> str:
    """Return ``path`` if it is a page of the console, to go to after a login; else its front page. Nobody can be sent
    to another site with it."""
    if path.startswith(PREFIX + "/") and not set(path) & set("\\\r\n\t") and "//" not in path:
        return path.removeprefix(PREFIX)
    return "/"


async def check_form(request: Request) -> None:
    """Raise Problem 403 for a form that was not sent from a page of ours, or not from this session.

    A browser tells where a form was sent from; who leaves that out is no browser, and has no session.
    """
    if request.method in ("GET", "HEAD"):
        return
    config: Config = request.app.state.config
    origin = request.headers.get("origin", "")
    if origin not in own_origins(request, config):
        raise Problem(403, "permission_denied", "Dit formulier is niet vanaf deze site verstuurd.")
    cookie = request.cookies.get(config.cookie, "")
    person = await request.app.state.sessions.find(cookie) if cookie else None
    if person is not None:
        form: FormData = await request.form(max_files=2, max_fields=200, max_part_size=1024 * 1024)
        if not secrets.compare_digest(str(form.get(FORM_FIELD, "")).encode(), person.token(config).encode()):
            raise Problem(403, "permission_denied", "Dit formulier hoort niet bij uw sessie. Laad de pagina opnieuw.")


def own_origins(request: Request, config: Config) -> tuple[str, ...]:
    """Return the origins of the console's own pages: where it was asked, with the scheme that browsers use."""
    scheme = "https" if config.secure else "http"
    return (f"{scheme}://{request.headers.get('host', '')}",)
