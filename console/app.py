"""The console as an ASGI app, below ``/beheer``."""

import logging
import re
import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from console.accounts import Accounts
from console.beheerlog import Beheerlog
from console.config import PREFIX, Config
from console.database import Database
from console.people import LoginNeeded, Sessions
from console.screens import accounts, applicaties, front, gemeenten, log, login, overzicht, zaaktypen, zaken
from console.services import Refused
from console.web import FOLDER, HEADERS, check_form, page, to
from runtime.faults import AWAY, Unavailable, problem_of
from runtime.internal import Internal
from runtime.problems import Problem

journal = logging.getLogger("samenzaak.console")

MAX_FORM = 2 * 1024 * 1024
"""Bytes of a form."""
ASSETS = FOLDER / "assets"
_ASSET = re.compile(r"[a-z0-9-]+\.(css|js|svg)")

STATUSES = {
    400: "Dit klopt niet",
    403: "Geen toegang",
    404: "Niet gevonden",
    405: "Niet gevonden",
    409: "Niet gelukt",
    413: "Te groot",
    429: "Te vaak geprobeerd",
    500: "Er ging iets mis",
    503: "Even niet beschikbaar",
}


def create_console(config: Config, dsn: str, internal: Internal) -> FastAPI:
    """Return the app. ``dsn`` logs in as the console; ``internal`` leads to the services, in its name."""
    app = FastAPI(openapi_url=None, redirect_slashes=False, dependencies=[Depends(check_form)])
    database = Database(dsn)
    app.state.config, app.state.database, app.state.internal = config, database, internal
    app.state.sessions = Sessions(database)
    app.state.accounts = Accounts(database, config.box)
    app.state.log = Beheerlog(database)
    for screen in (front, login, overzicht, gemeenten, accounts, log, zaken, zaaktypen, applicaties):
        app.include_router(screen.router, prefix=PREFIX)
    app.add_api_route(f"{PREFIX}/assets/{{name}}", asset, methods=["GET", "HEAD"])
    for kind in (Problem, Refused, HTTPException, RequestValidationError, Unavailable, Exception, *AWAY):
        app.add_exception_handler(kind, refuse)
    app.add_exception_handler(LoginNeeded, ask_login)
    app.add_middleware(Bounded)
    return app


class Bounded:
    """Refuses what is longer than any form is, before it is read."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        left = MAX_FORM

        async def counted() -> Mapping[str, Any]:
            nonlocal left
            message: Mapping[str, Any] = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise Problem(413, "too_large", "Dit formulier is te groot.")
            return message

        await self._app(scope, counted, send)


async def asset(name: str) -> Response:
    """A style sheet, a script or a picture."""
    if not _ASSET.fullmatch(name) or not (ASSETS / name).is_file():
        raise Problem(404, "not_found")
    return FileResponse(
        ASSETS / name, headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    )


async def ask_login(request: Request, error: Exception) -> Response:
    """Send somebody who is not logged in to the login, and back afterwards."""
    if request.method in ("GET", "HEAD") and request.url.path not in (PREFIX, f"{PREFIX}/"):
        return login.asking(request)
    return to("/login")


async def refuse(request: Request, error: Exception) -> Response:
    """Answer with a page that says what is wrong."""
    problem = _problem(error)
    instance = f"urn:uuid:{uuid.uuid4()}"
    if problem.status >= 500:
        journal.error("%s: %s", instance, problem, exc_info=error)
    answer = page(
        request,
        "error.html",
        problem.status,
        title=STATUSES.get(problem.status, "Er ging iets mis"),
        problem=problem,
        instance=instance,
    )
    answer.headers.update({**HEADERS, **problem.headers})
    return answer


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        told = error.problem
        lines = [f"{each.get('name')}: {each.get('reason')}" for each in told.get("invalidParams", ())]
        detail = " ".join(filter(None, (str(told.get("detail") or told.get("title") or ""), *lines)))
        return Problem(error.status, str(told.get("code") or "error"), detail)
    if isinstance(error, RequestValidationError):
        names = sorted({str(each["loc"][-1]) for each in error.errors()})
        return Problem(400, "invalid", f"Niet goed ingevuld: {', '.join(names)}.")
    if isinstance(error, HTTPException):
        return Problem(error.status_code, "not_found")
    if (found := problem_of(error)) is not None:
        return found
    if isinstance(error, AWAY):
        return Problem(503, "service_unavailable", "De database is nu niet beschikbaar.", headers={"Retry-After": "5"})
    return Problem(500, "error")
