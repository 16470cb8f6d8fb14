"""The page of the guide for front-ends: it logs in at a provider and shows zaken, in a browser, without a secret."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from gateway import issuers, registry
from gateway.cors import response_headers
from guides.pages import ROOT
from tests.gateway.sleutels import RSA_KEY, pem
from tests.guides.provider import ISS, front_end, provider
from tests.maak import Maak
from tests.servers import serving
from tests.stack import Client, Stack

TEXT = (ROOT / "docs" / "frontends.md").read_text()
PROVIDER, API, CLIENT = "https://login.example.nl/realms/medewerkers", "https://zgw.deventer.nl", "mijn-zaken"


def block(language: str) -> str:
    """Return the one block of code of a language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
async def application(stack: Stack) -> AsyncIterator[Client]:
    """The application of the page, of which the provider signs the tokens."""
    client = await stack.add_client("deventer", CLIENT)
    async with stack.admin() as admin:
        await issuers.set_issuer(admin, "deventer", ISS, pem(RSA_KEY), ["RS256"])
    yield client
    async with stack.admin() as admin:
        await issuers.remove_issuer(admin, "deventer", ISS)
        await registry.set_origins(admin, "deventer", ())


@pytest.fixture
async def page(base: str, browser: Browser) -> AsyncIterator[Page]:
    """The page of the guide, opened, with its addresses replaced by those here."""
    async with serving(provider()) as login:
        [policy] = re.findall(r"^Content-Security-Policy: (.*)$", TEXT, re.MULTILINE)
        files = {"index.html": block("html"), "zaken.js": block("javascript")}
        for old, new in ((PROVIDER, login), (API, base), ("https://login.example.nl", login)):
            files = {name: text.replace(old, new) for name, text in files.items()}
            policy = policy.replace(old, new)
        async with serving(front_end(files, policy)) as origin:
            context = await browser.new_context()
            opened = await context.new_page()
            await opened.goto(f"{origin}/")
            yield opened
            await context.close()


async def allow(stack: Stack, *origins: str) -> None:
    """Set which pages may read answers of Deventer."""
    async with stack.admin() as admin:
        await registry.set_origins(admin, "deventer", origins)


async def test_the_page_shows_zaken_after_a_login(
    stack: Stack, application: Client, maak: Maak, page: Page, base: str
) -> None:
    zaaktype = await maak.zaaktype()
    body = {
        "bronorganisatie": "517439943",
        "verantwoordelijkeOrganisatie": "517439943",
        "zaaktype": zaaktype.url,
        "startdatum": "2999-01-01",
        "omschrijving": "<b>Straatfeest</b>",
    }
    zaak = await application.created("/zaken/api/v1/zaken", body)
    await allow(stack, page.url.rstrip("/"))
    await page.get_by_role("button", name="Inloggen").click()
    await expect(page.get_by_role("status")).to_have_text(re.compile(r"\d+ zaken"))
    await expect(page.get_by_role("listitem").first).to_have_text(f"{zaak['identificatie']} <b>Straatfeest</b>")
    assert "?" not in page.url
    kept = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    assert await page.evaluate(kept) == '["",{},{}]'
    assert (await application.delete(zaak["url"])).status_code == 204


async def test_a_page_of_another_origin_reads_nothing(stack: Stack, application: Client, page: Page) -> None:
    await allow(stack, "https://mijn.deventer.nl")
    await page.get_by_role("button", name="Inloggen").click()
    await expect(page.get_by_role("status")).to_have_text("Failed to fetch")
    await expect(page.get_by_role("listitem")).to_have_count(0)


def test_the_guide_names_what_a_page_can_read() -> None:
    [exposed] = [value for name, value in response_headers(b"https://a.nl") if name == b"access-control-expose-headers"]
    assert [name for name in exposed.decode().split(", ") if f"`{name}`" not in TEXT] == []


async def test_a_login_that_this_page_did_not_begin_is_not_taken(stack: Stack, page: Page) -> None:
    await page.goto(f"{page.url}?code=stolen&state=other")
    await expect(page.get_by_role("button", name="Inloggen")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("")
