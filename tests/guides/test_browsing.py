"""Reading the guides in a browser: the search finds pages without a server, tabs show one language everywhere."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect


@pytest.fixture
async def page(browser: Browser, base: str) -> AsyncIterator[Page]:
    """The start of the guides, with the policy that they are served with."""
    context = await browser.new_context(base_url=base)
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    foreign: list[str] = []
    opened.on("request", lambda request: None if request.url.startswith(base) else foreign.append(request.url))
    await opened.goto("/docs/")
    yield opened
    await context.close()
    assert errors == []
    assert foreign == []


async def search(page: Page, words: str) -> None:
    """Search as a reader does."""
    await page.get_by_role("searchbox").fill(words)
    await page.get_by_role("searchbox").press("Enter")


async def test_the_search_finds_a_page_and_leads_to_it(page: Page) -> None:
    await search(page, "eindstatus offset")
    results = page.locator("#search-results")
    await expect(results.get_by_role("heading")).to_have_text("Search Results")
    first = results.get_by_role("listitem").first
    await expect(first).to_contain_text("offset")
    await first.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("For vendors")


async def test_the_search_is_dutch_for_who_reads_dutch(page: Page) -> None:
    await page.get_by_role("link", name="Nederlands").click()
    await search(page, "autorisaties volgnummer")
    results = page.locator("#search-results")
    await expect(results.get_by_role("heading")).to_have_text("Gevonden")
    await expect(results).to_contain_text("pagina’s gevonden.")
    await expect(results.get_by_role("link").first).to_have_text("Voor functioneel beheerders")
    await search(page, "eindstatus nergensbestaandwoord")
    await expect(results).to_contain_text("Geen pagina heeft al deze woorden.")


async def test_tabs_show_the_language_that_was_chosen_on_every_page(page: Page) -> None:
    await page.goto("/docs/first-call/")
    tabs = page.get_by_role("tablist", name="The same in several languages")
    await expect(page.get_by_role("tabpanel")).to_have_count(1)
    await expect(page.get_by_role("tabpanel", name="curl")).to_contain_text("openssl")
    await tabs.get_by_role("tab", name="Python").click()
    await expect(page.get_by_role("tabpanel", name="Python")).to_contain_text("import jwt")
    await page.keyboard.press("ArrowRight")
    await expect(tabs.get_by_role("tab", name="TypeScript")).to_be_focused()
    await page.goto("/docs/nl/eerste-aanroep/")
    await expect(page.get_by_role("tabpanel", name="TypeScript")).to_contain_text("node:crypto")


async def test_without_scripts_every_sample_is_there(browser: Browser, base: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    opened = await context.new_page()
    await opened.goto(f"{base}/docs/first-call/")
    for text in ("curl", "Python", "TypeScript", "C#", "PHP", "Java"):
        await expect(opened.locator(".language", has_text=text).first).to_be_visible()
    await context.close()
