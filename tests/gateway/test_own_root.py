"""The root of the gateway's own API, and where clients of others look for its OAS: as of the six APIs."""

import pytest

from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token

ROOT = "/beheer/api/v1"


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("token", [None, "x", make_token()])
async def test_the_root_tells_what_there_is(world: World, end: str, token: str | None) -> None:
    answer = await ask(world.gateway, f"{ROOT}{end}", token=token)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {name: f"https://zgw.example.nl{ROOT}/{name}" for name in ("verzoeken", "inzage")}
    answer = await ask(world.gateway, f"{ROOT}{end}", headers=[("accept", "text/html,*/*;q=0.8")])
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'href="https://zgw.example.nl{ROOT}/docs#verzoek_list"'.encode() in answer.body


async def test_not_where_no_municipality_is(world: World) -> None:
    assert (await ask(world.gateway, f"{ROOT}/", host="nobody.example.com")).code == (404, "not_found")


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("schema/", "docs"),
        ("schema", "docs"),
        ("schema/openapi.json", "openapi.json"),
        ("schema/openapi.yaml", "openapi.yaml"),
        ("schema/openapi.yaml?format=json", "openapi.json"),
    ],
)
async def test_where_others_have_it(world: World, asked: str, leads: str) -> None:
    answer = await ask(world.gateway, f"{ROOT}/{asked}")
    assert (answer.status, answer.headers["location"]) == (302, f"https://zgw.example.nl{ROOT}/{leads}")


@pytest.mark.parametrize(("path", "kind"), [("/verzoeken", "Verzoek"), ("/inzage", "Raadpleging")])
async def test_the_example_of_a_list_is_whole(world: World, path: str, kind: str) -> None:
    """Members that are null are there too, as in an answer."""
    oas = (await ask(world.gateway, f"{ROOT}/openapi.json")).json
    listed = oas["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    schemas = oas["components"]["schemas"]
    whole = schemas[listed["schema"]["$ref"].rpartition("/")[2]]
    assert listed["example"].keys() == whole["properties"].keys()
    assert all(schemas[kind]["required"] == [*each] for each in listed["example"]["results"])


async def test_who_has_the_icon_gets_it_once(world: World) -> None:
    first = await ask(world.gateway, "/favicon.ico")
    assert (first.status, first.headers["content-type"]) == (200, "image/x-icon")
    again = await ask(world.gateway, "/favicon.ico", headers=[("if-none-match", first.headers["etag"])])
    assert (again.status, again.body) == (304, b"")
