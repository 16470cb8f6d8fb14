"""The site of the guides, built once and served by the gateway of the shared stack."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from beheer.protocol import Protocol
from guides.build import SITE
from tests.browsers import browser
from tests.servers import serving
from tests.stack import Stack

__all__ = ["browser"]

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
