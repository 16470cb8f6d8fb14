"""What `make fuzz` found, and what holds since."""

import pytest

from tests.contract.conftest import served
from tests.maak import Maak
from tests.stack import Client


async def test_types_that_nothing_uses_can_be_removed(api: Client, maak: Maak) -> None:
    """Asking the other APIs whether a published type is in use failed, so that every removal was answered with 503."""
    for url in ((await maak.besluittype())["url"], (await maak.informatieobjecttype())["url"]):
        assert (await api.delete(url)).status_code == 204
        assert (await api.get(url)).status_code == 404


@pytest.mark.parametrize(
    ("service", "path", "method", "status"),
    [
        ("autorisaties", "/applicaties/consumer", "get", "404"),
        ("catalogi", "/_export", "get", "404"),
        ("catalogi", "/_import", "post", "415"),
        ("catalogi", "/_import", "post", "413"),
    ],
)
def test_statuses_that_are_answered_are_declared(service: str, path: str, method: str, status: str) -> None:
    assert status in served(service)["paths"][path][method]["responses"]


def test_a_group_without_values_is_of_the_declared_shape() -> None:
    """A zaaktype without a broncatalogus shows an empty one, whose domein was declared to have capitals."""
    domein = served("catalogi")["components"]["schemas"]["Broncatalogus"]["properties"]["domein"]
    assert {name for name in domein if name != "description"} == {"type", "maxLength"}
