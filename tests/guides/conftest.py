"""The site of the guides, built once and served by the gateway of the shared stack."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from beheer.protocol import Protocol
from guides.build import SITE
from tests.servers import serving
from tests.stack import Stack
from tests.tools import browser as find_browser

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site, built when it is not up to date."""
    # In a process of its own: the generator warns, and what it loads stays.
    done = subprocess.run([sys.executable, "-m", "guides.build"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return SITE


@pytest.fixture(scope="session")
async def base(stack: Stack, site: Path) -> AsyncIterator[str]:
    """The address at which the gateway listens."""
    async with serving(stack.gateway, Protocol) as url:
        yield url


@pytest.fixture(scope="session")
async def browse(base: str) -> AsyncIterator[httpx.AsyncClient]:
    """What asks for pages, without a token."""
    async with httpx.AsyncClient(base_url=base) as client:
        yield client


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
