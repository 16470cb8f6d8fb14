"""The types that the tests of besluiten work with."""

import pytest

from tests.besluiten.wereld import Werk
from tests.maak import Maak
from tests.stack import Client


@pytest.fixture(scope="session")
async def werk(api: Client, maak: Maak) -> Werk:
    """One published zaaktype with its besluittype and informatieobjecttype."""
    return Werk(api, maak, await maak.zaaktype())
