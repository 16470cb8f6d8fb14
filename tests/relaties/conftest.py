"""The types that the tests of relations work with."""

import pytest

from tests.besluiten.wereld import Werk, deelbaar
from tests.maak import Maak
from tests.stack import Client


@pytest.fixture(scope="session")
async def werk(api: Client, maak: Maak) -> Werk:
    """One published zaaktype with its besluittype and informatieobjecttype; deelzaken are of the same type."""
    return await deelbaar(api, maak)
