"""The types that the tests of relations work with."""

import pytest

from runtime.tenancy import schema_of
from tests.besluiten.wereld import Werk, deelbaar
from tests.maak import Maak
from tests.stack import Client, Stack


@pytest.fixture(scope="session")
async def werk(api: Client, maak: Maak) -> Werk:
    """One published zaaktype with its besluittype and informatieobjecttype; deelzaken are of the same type."""
    return await deelbaar(api, maak)


@pytest.fixture(scope="module", autouse=True)
async def nothing_waits(stack: Stack) -> None:
    """What other files left to be announced does not count here, such as a write that leads to a service that is gone.

    It would be tried again for ever, while tests wait until all is announced, or look at all that is not.
    """
    async with stack.admin() as admin:
        for tenant in stack.common:
            for service in ("zaken", "documenten", "besluiten"):
                await admin.execute(f'DELETE FROM "{schema_of(tenant, service)}".outbox')
