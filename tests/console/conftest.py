"""The console in a real browser."""

from collections.abc import AsyncIterator

import pytest

from beheer.protocol import Protocol
from tests.browsers import browser
from tests.servers import serving
from tests.stack import Stack

__all__ = ["browser"]


@pytest.fixture(scope="session")
async def base(stack: Stack) -> AsyncIterator[str]:
    """The address at which the gateway listens."""
    async with serving(stack.gateway, Protocol) as url:
        yield url
