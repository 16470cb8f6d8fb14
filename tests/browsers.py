"""A browser for tests of pages."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.tools import browser as find_browser


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, that asks nothing of the world by itself."""
    # On a busy machine a page comes later than the five seconds that are usual.
    expect.set_options(timeout=30_000)
    path = find_browser()
    options = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    async with async_playwright() as playwright:
        # It refuses its sandbox to root, who runs the tests in a container.
        started = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *options])
        yield started
        await started.close()
