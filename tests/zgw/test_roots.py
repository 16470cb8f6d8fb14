"""The root of each API as a check of a connection sees it, and where other implementations have their OAS."""

import re

import httpx
import pytest

from beheer.provision import api_of
from oas.root_page import prefers_html
from tests.stack import PUBLIC, Client, built
from zgw.app import routes_of

LISTS = {
    "zaken": {"zaken", "statussen", "zaakobjecten", "klantcontacten", "rollen", "resultaten", "zaakinformatieobjecten"}
    | {"zaakcontactmomenten", "zaakverzoeken", "zaaknummer_reserveren", "zaaknotities"},
    "documenten": {"enkelvoudiginformatieobjecten", "gebruiksrechten", "objectinformatieobjecten", "verzendingen"},
    "catalogi": {"catalogussen", "zaaktypen", "statustypen", "resultaattypen", "roltypen", "eigenschappen"}
    | {"zaakobjecttypen", "informatieobjecttypen", "besluittypen", "zaaktype-informatieobjecttypen"},
    "besluiten": {"besluiten", "besluitinformatieobjecten"},
    "autorisaties": {"applicaties"},
    "notificaties": {"abonnement", "kanaal", "notificaties"},
}


@pytest.fixture
async def stranger(api: Client) -> httpx.AsyncClient:
    """Somebody without a token."""
    return api.http


@pytest.mark.parametrize("service", built())
@pytest.mark.parametrize("end", ["", "/"])
async def test_the_root_tells_the_lists(stranger: httpx.AsyncClient, service: str, end: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer x"},
        {"Accept": "*/*"},
        {"Accept": "application/json, text/html;q=0.9"},
    ):
        answer = await stranger.get(f"/{service}/api/v1{end}", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
        assert answer.headers["api-version"] == api_of(service).version
        assert answer.headers["vary"] == "Accept"
        found = answer.json()
        assert set(found) >= LISTS[service]
        assert all(url == f"{PUBLIC}/{service}/api/v1/{name}" for name, url in found.items())


@pytest.mark.parametrize("service", built())
async def test_a_browser_gets_a_page_of_the_lists(stranger: httpx.AsyncClient, service: str) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    lists = (await stranger.get(f"/{service}/api/v1/")).json()
    for url in (f"/{service}/api/v1", f"/{service}/api/v1/"):
        answer = await stranger.get(url, headers=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
    links = re.findall(r'href="([^"]+)"', answer.text)
    assert {*lists.values()} <= {*links}
    reference = (await stranger.get(f"/{service}/api/v1/docs")).text
    operations = [link.partition("#")[2] for link in links if "#" in link]
    assert len(operations) == len(lists)
    assert [name for name in operations if f'<details class="operation" id="{name}">' not in reference] == []
    assert (await stranger.head(f"/{service}/api/v1", headers=accept)).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html", True),
        ("TEXT/HTML;q=0.5, */*", True),
        ("text/html, application/json", False),
        ("application/json;q=0.1, text/html;q=0.2", True),
        ("text/html;q=0", False),
        ("text/html;q=x", True),
        ("text/html;q=nan, application/json;q=0.9", True),
        ("text/*", False),
        ("", False),
    ],
)
def test_which_accept_asks_for_a_page(accept: str, page: bool) -> None:
    assert prefers_html(accept) == page


@pytest.mark.parametrize("service", built())
async def test_each_address_of_the_root_is_there(own: Client, service: str) -> None:
    paths = {route.path for route in routes_of(api_of(service))}
    for url in (await own.http.get(f"/{service}/api/v1/")).json().values():
        assert url.removeprefix(PUBLIC) in paths
        assert (await own.get(url)).status_code in (200, 400, 405), url


async def test_the_root_has_the_host_name_that_was_called(api: Client) -> None:
    answer = await api.http.get("http://raalte.test/zaken/api/v1/")
    assert answer.json()["zaken"] == "http://raalte.test/zaken/api/v1/zaken"
    assert (await api.http.get("http://zutphen.test/zaken/api/v1/")).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_is_written_to_the_root(api: Client, method: str) -> None:
    for path in ("/zaken/api/v1", "/zaken/api/v1/"):
        answer = await api.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("schema/openapi.yaml", "openapi.yaml"),
        ("schema/openapi.json", "openapi.json"),
        ("schema/openapi.yaml?format=json", "openapi.json"),
        ("schema/openapi.yaml?format=yaml", "openapi.yaml"),
        ("schema/", "docs"),
        ("schema", "docs"),
    ],
)
@pytest.mark.parametrize("service", built())
async def test_the_paths_of_other_implementations_lead_to_the_oas(
    stranger: httpx.AsyncClient, service: str, path: str, to: str
) -> None:
    moved = await stranger.get(f"/{service}/api/v1/{path}")
    assert (moved.status_code, moved.headers["location"]) == (302, f"{PUBLIC}/{service}/api/v1/{to}")
    answer = await stranger.get(f"/{service}/api/v1/{path}", follow_redirects=True)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    if to == "openapi.json":
        assert answer.json()["openapi"].startswith("3.")


async def test_the_root_is_in_the_oas_as_an_extension(stranger: httpx.AsyncClient) -> None:
    for service in built():
        operation = (await stranger.get(f"/{service}/api/v1/openapi.json")).json()["paths"]["/"]["get"]
        assert (operation["x-samenzaak-extensie"], operation["security"]) == (True, [])
