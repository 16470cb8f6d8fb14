"""Fixtures of the attacks."""

import pytest

from tests.maak import Maak, Types
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker


@pytest.fixture(scope="session")
async def types(maak: Maak) -> Types:
    """A published zaaktype whose zaken are archived from the day that they are closed."""
    return await maak.zaaktype()


@pytest.fixture(scope="session")
def zaken(api: Client, types: Types) -> Zaakmaker:
    """Makes zaken of that zaaktype, as a client with all rights."""
    return Zaakmaker(api, types)
