"""Logging in and out: with a one-time link, or with a password and a second factor."""

from typing import Annotated
from urllib.parse import quote

import pyotp
from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from console.accounts import check_password
from console.beheerlog import address_of
from console.config import PREFIX, Config
from console.forms import Typed
from console.menu import home_of
from console.people import LONGEST, Anybody, Operator, Person
from console.web import HEADERS, local, page, to
from runtime.problems import Problem

router = APIRouter()

ISSUER = "Samenzaak"


def asking(request: Request) -> Response:
    """Return the way to the login, that leads back to the page that was asked for."""
    here = quote(request.url.path, safe="/")
    return RedirectResponse(f"{PREFIX}/login?naar={here}", 303, headers=HEADERS)


@router.get("/login")
async def show(request: Request, naar: str = "") -> Response:
    """The login of operators."""
    return page(request, "login.html", naar=local(naar), wrong=False, name="")


@router.post("/login")
async def log_in(
    request: Request,
    naam: Typed = "",
    wachtwoord: Annotated[str, Form(max_length=1000)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
    naar: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Let an operator in whose password and code are right."""
    accounts, name, address = request.app.state.accounts, naam.lower()[:100], address_of(request)
    await accounts.check_tries(name, address)
    person = await accounts.verify(name, wachtwoord, code)
    if person is None:
        await accounts.failed(name, address)
        unknown = Person("", "operator", name, "")
        await request.app.state.log.add(request, unknown, "login-failed", name)
        return page(request, "login.html", 403, naar=local(PREFIX + naar), wrong=True, name=name)
    return await enter(request, person, local(PREFIX + naar))


async def enter(request: Request, person: Person, path: str) -> Response:
    """Start a session, with a new number, and go to ``path``."""
    config: Config = request.app.state.config
    number = await request.app.state.sessions.begin(person, address_of(request))
    await request.app.state.log.add(request, person, "login")
    answer = to(path if path != "/" else home_of(person))
    answer.set_cookie(
        config.cookie,
        number,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/login/link")
async def show_link(request: Request, nummer: str = "") -> Response:
    """A page with a button: who only looks at a link, as mail programs do, does not use it up. Its number is in the
    query, which no log has."""
    return page(request, "link.html", number=nummer)


@router.post("/login/link")
async def use_link(request: Request, nummer: Annotated[str, Form(max_length=100)] = "") -> Response:
    """Let in whom a one-time link is for."""
    person = await request.app.state.sessions.take_link(nummer)
    if person is None:
        raise Problem(403, "permission_denied", "Deze link is al gebruikt of verlopen. Vraag om een nieuwe.")
    return await enter(request, person, "/")


@router.post("/logout")
async def log_out(request: Request, person: Anybody) -> Response:
    """End the session."""
    await request.app.state.sessions.end(person)
    await request.app.state.log.add(request, person, "logout")
    answer = to("/login")
    answer.delete_cookie(request.app.state.config.cookie, path="/")
    return answer


@router.get("/mijn-account")
async def own_account(request: Request, person: Operator) -> Response:
    """Where an operator chooses a password and sets up a second factor."""
    has = await request.app.state.accounts.has_second_factor(person.user_id)
    secret = pyotp.random_base32()
    address = pyotp.TOTP(secret, name=person.user_id, issuer=ISSUER).provisioning_uri()
    return page(request, "own_account.html", has_second_factor=has, secret=secret, address=address, wrong="")


@router.post("/mijn-account/wachtwoord")
async def choose_password(
    request: Request, person: Operator, wachtwoord: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Keep a password."""
    if wrong := check_password(wachtwoord, person.user_id):
        raise Problem(400, "invalid", wrong)
    await request.app.state.accounts.set_password(person.user_id, wachtwoord)
    await request.app.state.log.add(request, person, "password", person.user_id)
    return to("/mijn-account")


@router.post("/mijn-account/tweede-factor")
async def set_up_second_factor(
    request: Request,
    person: Operator,
    geheim: Annotated[str, Form(pattern="[A-Z2-7]{32}")],
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Keep a second factor whose first code is right."""
    if not await request.app.state.accounts.set_second_factor(person.user_id, geheim, code):
        raise Problem(400, "invalid", "Deze code hoort niet bij de sleutel. Begin opnieuw.")
    await request.app.state.log.add(request, person, "second-factor", person.user_id)
    return to("/mijn-account")
