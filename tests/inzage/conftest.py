"""A municipality that only these tests read from."""

import time

import pytest

from tests import wereld as werelden
from tests.inzage.lezen import Gemeente
from tests.stack import Stack


@pytest.fixture(scope="module")
async def gemeente(stack: Stack) -> Gemeente:
    """A municipality that records what is usual."""
    name = f"lezers{time.time_ns() % 10**9}"
    await stack.add_tenant(name)
    client = await stack.add_client(name, f"zaaksysteem-{name}")
    return Gemeente(stack, name, client, await werelden.make(client))
