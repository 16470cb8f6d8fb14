"""Fixtures for tests with deelzaken."""

import pytest

from tests.besluiten.wereld import deelbaar
from tests.maak import Maak
from tests.stack import Client
from tests.zaken.schrijven import GEWOON
from tests.zaken.zaakmaker import Zaakmaker


@pytest.fixture(scope="module")
async def own(zaken: Zaakmaker, maak: Maak) -> Zaakmaker:
    """Makes zaken that may be deelzaken of each other."""
    return Zaakmaker(zaken.api, (await deelbaar(zaken.api, maak)).types)


@pytest.fixture(scope="module")
async def gewoon(own: Zaakmaker) -> Client:
    """A client that may do everything with zaken of every level, but for closed ones."""
    return await own.client(*GEWOON)
