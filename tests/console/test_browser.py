"""The console in Chromium: a story with the keyboard alone, its policy, and axe against WCAG 2.2 AA."""

from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from beheer.operators import add_link, add_operator
from console import menu
from console.people import OPERATOR
from tests import wereld as werelden
from tests.guides.axe import LOOKS, violations_of
from tests.stack import Client, Stack

LOUD = ("error", "warning")


@pytest.fixture(scope="module")
async def own(stack: Stack) -> Client:
    """A municipality of its own, with one of everything."""
    made = await stack.add_own("scherm")
    await werelden.make(made)
    return made


async def path_of_link(stack: Stack, tenant: str, role: str) -> str:
    """Return the path of a link for somebody of a municipality, or for an operator."""
    async with stack.admin() as admin:
        if tenant:
            link = await add_link(admin, stack.settings, tenant, role, role, role.title())
        else:
            link = await add_operator(admin, stack.settings, "browser")
    return link.url.partition("/beheer")[2]


async def come_in(context: BrowserContext, base: str, path: str) -> tuple[Page, list[str]]:
    """Come in with a link; return the page, and a list of what its scripts and its policy say."""
    page, said = await context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type in LOUD else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(f"{base}/beheer{path}")
    await page.get_by_role("main").get_by_role("button").click()
    await page.wait_for_url("**/beheer/*")
    return page, said


async def test_a_zaak_is_looked_up_with_the_keyboard_alone(
    browser: Browser, base: str, stack: Stack, own: Client
) -> None:
    context = await browser.new_context(locale="nl-NL")
    page, said = await come_in(context, base, await path_of_link(stack, own.tenant, "beheerder"))
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Naar de inhoud")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Zaaknummer, omschrijving of uuid")).to_be_focused()
    await page.keyboard.type("ZAAK")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**zoek=ZAAK**")
    await page.get_by_role("rowheader").get_by_role("link").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Statussen")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("ZAAK")
    assert said == []
    await context.close()


async def test_without_scripts_it_works_too(browser: Browser, base: str, stack: Stack, own: Client) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="nl-NL")
    page, said = await come_in(context, base, await path_of_link(stack, own.tenant, "auditor"))
    await page.get_by_role("link", name="Zaaktypen").click()
    await page.get_by_role("table").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="Resultaattypen")).to_be_visible()
    assert said == []
    await context.close()


@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
@pytest.mark.parametrize("role", [OPERATOR, "beheerder"])
async def test_axe(browser: Browser, base: str, stack: Stack, own: Client, role: str, look: dict[str, Any]) -> None:
    # The policy of a page forbids scripts from outside, such as axe.
    context = await browser.new_context(**look, bypass_csp=True)
    page, said = await come_in(context, base, await path_of_link(stack, own.tenant if role != OPERATOR else "", role))
    paths = [screen.path for screen in menu.SCREENS if role in screen.roles]
    found = []
    for path in paths:
        await page.goto(f"{base}/beheer{path}")
        links = page.locator("tbody th a")
        found += await violations_of(page)
        if await links.count():
            await page.goto(f"{base}{await links.first.get_attribute('href')}")
            found += await violations_of(page)
    if role == OPERATOR:
        for path in ("/mijn-account", "/bestaat-niet", "/login"):
            await page.goto(f"{base}/beheer{path}")
            found += await violations_of(page)
    assert found == []
    assert [text for text in said if "404" not in text] == []
    await context.close()
