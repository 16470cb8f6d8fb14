"""axe finds nothing against WCAG 2.2 AA on any page that the gateway serves, light and dark, wide and on a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from runtime.tenancy import SERVICES
from tests.guides.axe import LOOKS, violations

SOME = ("/docs/", "/docs/first-call/", "/docs/samples/", "/docs/nl/leveranciers/", "/docs/adr/", "/docs/search/?q=zaak")
"""One of each kind, without the longest, for which axe needs seconds each."""


def guides(site: Path) -> list[str]:
    """Return the paths of all pages of the site."""
    pages = sorted(page.parent.relative_to(site).as_posix() for page in site.rglob("index.html"))
    return ["/docs/" if page == "." else f"/docs/{page}/" for page in pages]


@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
@pytest.mark.parametrize("all_of_them", [False, pytest.param(True, marks=pytest.mark.long)], ids=("some", "all"))
async def test_guides(browser: Browser, base: str, site: Path, look: dict[str, Any], all_of_them: bool) -> None:
    paths = [*guides(site), "/docs/search/?q=zaak", "/docs/nl/zoeken/?q=zaak"]
    assert {*SOME} <= {*paths}
    assert await violations(browser, base, paths if all_of_them else list(SOME), look) == []


PAGES = (
    "/",
    "/ref/fouten/ValidationError/",
    "/ref/fouten/NotFound/",
    "/ref/fouten/",
    "/docs/no-such-page/",
    "/zaken/api/v1/",
)
"""The pages that are not guides and no reference."""
LOUD = ("error", "warning")


@pytest.mark.few
@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
async def test_no_page_asks_for_what_its_policy_forbids(browser: Browser, base: str, look: dict[str, Any]) -> None:
    reference = ("/zaken/api/v1/docs#zaak_create", "/autorisaties/api/v1/docs#applicatie_list")
    found: list[str] = []
    context = await browser.new_context(**look)
    page = await context.new_page()
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    page.on("console", lambda message: found.append(f"{page.url}: {message.text}") if message.type in LOUD else None)
    page.on("requestfailed", lambda request: found.append(f"{page.url}: {request.url}"))
    for path in (*PAGES, *SOME, *reference):
        await page.goto(base + path)
        await page.wait_for_load_state("networkidle")
    await context.close()
    # A page that is not there is told in the console as well.
    assert [each for each in found if "no-such-page" not in each] == []


@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
async def test_front_page_and_errors(browser: Browser, base: str, look: dict[str, Any]) -> None:
    assert await violations(browser, base, list(PAGES), look) == []


@pytest.mark.few
@pytest.mark.parametrize("look", LOOKS, ids=("wide", "phone"))
@pytest.mark.parametrize("service", SERVICES)
async def test_reference(browser: Browser, base: str, service: str, look: dict[str, Any]) -> None:
    assert await violations(browser, base, [f"/{service}/api/v1/docs"], look) == []
