"""What is answered is what the OAS that we serve says, formats included, so that generated clients can read it."""

from urllib.parse import urlsplit

import pytest

from tests import wereld as werelden
from tests.foundation.resources import ALL, each, name_of, path_of, verbs_of
from tests.oas.answers import Json, as_read, faults
from tests.stack import CRS, Client, Stack
from zgw.expand import expandable
from zgw.resource import Resource


@pytest.fixture(scope="module")
async def wereld(own: Client, stack: Stack) -> werelden.Wereld:
    """Everything, with the rights of an application that may do little."""
    found = await werelden.make(own)
    reading = {
        "component": "brc",
        "scopes": ["besluiten.lezen"],
        "besluittype": found["catalogi/besluittypen"],
    }
    await stack.add_client(own.tenant, "leest-weinig", [reading, {"component": "nrc", "scopes": ["iets.anders"]}])
    return found


@pytest.fixture(scope="module")
async def documents(own: Client) -> dict[str, Json]:
    """The OAS of each service, as it is served."""
    names = {service for service, _ in ALL}
    return {name: as_read((await own.get(f"/{name}/api/v1/openapi.json")).json()) for name in names}


@each(among=ALL)
async def test_answers_fit_the_oas(
    wereld: werelden.Wereld, own: Client, documents: dict[str, Json], service: str, resource: Resource
) -> None:
    name, verbs = name_of(service, resource), verbs_of(service, resource)
    urls = [path_of(wereld, service, resource)] if "list" in verbs else []
    urls += [wereld[name]] if name in wereld.urls and "fetch" in verbs else []
    query = {"expand": ",".join(expandable(resource))} if expandable(resource) else {}
    for url in urls:
        for params in ({}, query) if query else ({},):
            answer = await own.get(url, params=params, headers=CRS)
            assert answer.status_code == 200, answer.text
            path = urlsplit(url).path.removeprefix(f"/{service}/api/v1")
            found = faults(documents[service], path, answer.json())
            assert not found, (url, params)
