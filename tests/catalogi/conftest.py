"""Clients with exactly the scopes that a test is about."""

import pytest

from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack


@pytest.fixture(scope="session")
async def beheerder(stack: Stack) -> Client:
    """A client that may write the catalogue, but may correct nothing that was published."""
    grants = [{"component": "ztc", "scopes": ["catalogi.lezen", "catalogi.schrijven"]}]
    return await stack.add_client("deventer", "catalogusbeheerder", grants)


@pytest.fixture(scope="session")
async def corrector(stack: Stack) -> Client:
    """A client that may do nothing but correct."""
    scopes = ["catalogi.lezen", "catalogi.geforceerd-schrijven", "catalogi.geforceerd-verwijderen"]
    return await stack.add_client("deventer", "corrector", [{"component": "ztc", "scopes": scopes}])


@pytest.fixture(scope="session")
def beheer(beheerder: Client, lijst: Selectielijst) -> Maak:
    """Makes types without the scopes for corrections."""
    return Maak(beheerder, lijst)
