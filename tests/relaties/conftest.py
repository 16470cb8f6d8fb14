"""The types that the tests of relations work with."""

import uuid

import pytest

from tests.besluiten.wereld import Werk
from tests.maak import Maak
from tests.stack import Client


@pytest.fixture(scope="session")
async def werk(api: Client, maak: Maak) -> Werk:
    """One published zaaktype with its besluittype and informatieobjecttype; deelzaken are of the same type."""
    naam = f"deelbaar-{uuid.uuid4().hex[:8]}"
    return Werk(api, maak, await maak.zaaktype(identificatie=naam, deelzaaktypen=[naam]))
