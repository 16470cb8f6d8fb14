"""Coming into the console: links, passwords, second factors, sessions, and who is kept out."""

import time
import uuid
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher

from beheer.operators import add_link, add_operator, remove_operator
from console.accounts import MOST_FAILURES, NOBODY, _matches, check_password, step_of
from console.people import OPERATOR
from console.web import local
from tests.console.browsing import ORIGIN, Visitor, comes_in
from tests.stack import Stack

PASSWORD = "vijf zwarte katten op het dak"


@pytest.fixture
def name() -> str:
    """The name of an operator that no other test has."""
    return f"op-{uuid.uuid4().hex[:12]}"


async def with_password(stack: Stack, name: str) -> Visitor:
    """Return an operator who chose a password."""
    operator = await comes_in(stack, user_id=name)
    assert (await operator.post("/mijn-account/wachtwoord", wachtwoord=PASSWORD)).status_code == 303
    return operator


async def log_in(stack: Stack, name: str, password: str = PASSWORD, code: str = "", naar: str = "/") -> tuple[int, str]:
    """Try to log in; return the status and where it leads to."""
    answer = await Visitor(stack).post("/login", naam=name, wachtwoord=password, code=code, naar=naar)
    return answer.status_code, answer.headers.get("location", "")


async def test_a_link_lets_somebody_in_once_and_looking_does_not_use_it(stack: Stack, name: str) -> None:
    async with stack.admin() as admin:
        link = await add_operator(admin, stack.settings, name)
        number = link.url.partition("=")[2]
        stored = await admin.fetch("SELECT digest::text FROM console.link WHERE user_id = $1", name)
    assert number not in str(stored)
    visitor = Visitor(stack)
    for _ in range(2):
        assert "Inloggen" in (await visitor.get("/login/link", nummer=number)).text
    assert (await visitor.post("/login/link", nummer=number)).headers["location"] == "/beheer/overzicht"
    assert (await visitor.get("/overzicht")).status_code == 200
    assert (await Visitor(stack).post("/login/link", nummer=number)).status_code == 403


async def test_signs_that_no_text_has_are_a_wrong_name(stack: Stack) -> None:
    for name in ("\0", "a\0b", "x" * 900, "É'; --"):
        assert (await log_in(stack, name))[0] == 403, name


async def test_a_link_expires(stack: Stack, name: str) -> None:
    async with stack.admin() as admin:
        link = await add_link(admin, stack.settings, "", OPERATOR, name, name, timedelta(seconds=-1))
    assert (await Visitor(stack).post("/login/link", nummer=link.url.partition("=")[2])).status_code == 403


async def test_a_password_and_then_a_second_factor(stack: Stack, name: str) -> None:
    operator = await with_password(stack, name)
    assert await log_in(stack, name) == (303, "/beheer/overzicht")
    assert (await log_in(stack, name, "een ander wachtwoord"))[0] == 403
    assert (await log_in(stack, "niemand"))[0] == 403
    secret = pyotp.random_base32()
    wrong = await operator.post("/mijn-account/tweede-factor", geheim=secret, code="000000x")
    assert wrong.status_code == 400
    used = pyotp.TOTP(secret).now()
    await operator.get("/log")
    assert (await operator.post("/mijn-account/tweede-factor", geheim=secret, code=used)).status_code == 303
    assert (await log_in(stack, name))[0] == 403
    assert (await log_in(stack, name, code=used))[0] == 403, "each code counts once"
    later = pyotp.TOTP(secret).at(time.time() + 30)
    assert await log_in(stack, name, code=later) == (303, "/beheer/overzicht")
    async with stack.admin() as admin:
        [row] = await admin.fetch("SELECT * FROM console.account WHERE name = $1", name)
    assert row["password_hash"].startswith("$argon2id$")
    assert secret not in str(dict(row))


async def test_too_many_failures_keep_an_account_out_for_a_while(stack: Stack, name: str) -> None:
    await with_password(stack, name)
    for _ in range(MOST_FAILURES):
        assert (await log_in(stack, name, "mis"))[0] == 403
    assert (await log_in(stack, name))[0] == 429
    async with stack.admin() as admin:
        await admin.execute("UPDATE console.failure SET moment = moment - interval '16 minutes'")
    assert (await log_in(stack, name))[0] == 303


async def test_a_session_ends_by_itself_by_logging_out_and_by_blocking(stack: Stack, name: str) -> None:
    idle, old, gone, blocked = [await comes_in(stack, user_id=f"{name}-{n}") for n in range(4)]
    async with stack.admin() as admin:
        change = "UPDATE console.session SET {} WHERE user_id = $1"
        await admin.execute(change.format("seen = seen - interval '31 minutes'"), f"{name}-0")
        await admin.execute(change.format("made = made - interval '8 hours 1 minute'"), f"{name}-1")
        await remove_operator(admin, f"{name}-2")
    other = await comes_in(stack, user_id=name)
    await other.get("/accounts")
    assert (await other.post(f"/accounts/{name}/blokkeren", aan="true")).status_code == 409
    assert (await other.post(f"/accounts/{name}-3/blokkeren", aan="true")).status_code == 303
    for visitor in (idle, old, gone, blocked):
        answer = await visitor.get("/gemeenten")
        assert (answer.status_code, answer.headers["location"]) == (303, "/beheer/login?naar=/beheer/gemeenten")
    assert (await other.post("/logout")).headers["location"] == "/beheer/login"
    assert (await other.get("/overzicht")).status_code == 303


async def test_a_login_gives_a_new_number_and_the_cookie_is_for_the_console_alone(stack: Stack, name: str) -> None:
    await with_password(stack, name)
    visitor = Visitor(stack)
    visitor.http.cookies.set("samenzaak", "chosen-by-somebody-else")
    answer = await visitor.post("/login", naam=name, wachtwoord=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert "chosen-by-somebody-else" not in cookie
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    async with stack.admin() as admin:
        digests = await admin.fetch("SELECT digest FROM console.session WHERE user_id = $1", name)
    assert cookie.split("=")[1].split(";")[0].encode() not in [row["digest"] for row in digests]


@pytest.mark.parametrize(
    "asked",
    ["https://evil.example/", "//evil.example/", "/beheer//evil.example", "/beheer/\\evil", "/zaken/api/v1", ""],
)
def test_a_login_leads_to_no_other_site(asked: str) -> None:
    assert local(asked) == "/"


def test_a_login_leads_back_to_the_page_that_was_asked_for() -> None:
    assert local("/beheer/zaken/1") == "/zaken/1"


async def test_a_form_from_elsewhere_is_refused(stack: Stack, name: str) -> None:
    operator = await comes_in(stack, user_id=name)
    for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
        answer = await operator.post("/mijn-account/wachtwoord", headers, wachtwoord=PASSWORD)
        assert answer.status_code == 403, headers
    await operator.get("/log")
    for token in ("", "0" * 64):
        whole = {"formulier": token, "wachtwoord": PASSWORD}
        answer = await operator.http.post("/beheer/mijn-account/wachtwoord", data=whole, headers=ORIGIN)
        assert answer.status_code == 403, token
    other = await comes_in(stack, user_id=f"{name}-2")
    operator.page = other.page
    assert (await operator.post("/mijn-account/wachtwoord", wachtwoord=PASSWORD)).status_code == 403


async def test_logins_are_in_the_log_and_nobody_changes_it(stack: Stack, name: str) -> None:
    await with_password(stack, name)
    await log_in(stack, name, "mis")
    operator = await comes_in(stack, user_id=name)
    await operator.get("/log", wie=name)
    said = operator.text()
    assert "Inloggen mislukt" in said
    assert "Wachtwoord gekozen" in said
    assert "mis " not in said
    async with stack.admin() as admin:
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            query = "SELECT has_table_privilege('samenzaak_console', 'console.beheerlog', $1)"
            assert not await admin.fetchval(query, right), right


@pytest.mark.parametrize("password", ["kort", "aaaaaaaaaaaaaaaa", "mijn-naam-is-jan", "x" * 300])
def test_a_password_that_is_no_password(password: str) -> None:
    assert check_password(password, "jan")


def test_no_password_has_the_hash_of_nobody() -> None:
    assert not _matches(PasswordHasher(), NOBODY, "nobody")


def test_codes_of_other_letters_are_no_codes() -> None:
    secret = pyotp.random_base32()
    assert step_of(secret, pyotp.TOTP(secret).now()) is not None
    assert step_of(secret, "١٢٣٤٥٦") is None
    assert step_of(secret, "") is None
