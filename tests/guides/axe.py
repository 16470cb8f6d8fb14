"""axe in a browser: what it finds against WCAG 2.2 AA on pages."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Browser, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = f"axe.run(document, {{resultTypes: ['violations'], runOnly: {RULES}}})"
LOOKS: tuple[dict[str, Any], ...] = (
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
)


async def violations(browser: Browser, base: str, paths: list[str], look: dict[str, Any]) -> list[str]:
    """Return what axe finds on these pages, and the errors of their scripts."""
    found: list[str] = []
    # The policy of a page forbids scripts from outside, such as axe.
    context = await browser.new_context(**look, bypass_csp=True)
    page = await context.new_page()
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    for path in paths:
        await page.goto(base + path)
        found += await violations_of(page)
    await context.close()
    return found


async def violations_of(page: Page) -> list[str]:
    """Return what axe finds on the page that is shown, whose policy is bypassed."""
    await page.evaluate(AXE)
    result = await page.evaluate(RUN)
    found = [
        f"{page.url}: {each['id']}: {node['html'][:200]}" for each in result["violations"] for node in each["nodes"][:3]
    ]
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url}: wider than the screen")
    return found
