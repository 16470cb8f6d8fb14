"""Fixtures of those who speak to a stack.

A folder with a stack of its own imports them into its conftest, so that they are made for that stack and not for the
one above it.
"""

import pytest

from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack


@pytest.fixture(scope="session")
async def api(stack: Stack) -> Client:
    """A client of Deventer with all rights."""
    return await stack.add_client("deventer", "alles-deventer")


@pytest.fixture(scope="session")
async def raalte(stack: Stack) -> Client:
    """A client of Raalte with all rights, on Raalte's own host name."""
    return await stack.add_client("raalte", "alles-raalte", host="http://raalte.test")


@pytest.fixture(scope="module")
async def own(stack: Stack) -> Client:
    """A client with all rights of a municipality that only this file has, for what reads whole lists."""
    return await stack.add_own()


@pytest.fixture(scope="session")
def maak(api: Client, lijst: Selectielijst) -> Maak:
    """Makes catalogue types in Deventer."""
    return Maak(api, lijst)
