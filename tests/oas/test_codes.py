"""The codes that operations really give are those that the OAS names: each operation is sent what it does not take."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from beheer.provision import api_of
from oas.failures import CODES
from oas.openapi import document
from runtime.tenancy import SERVICES
from tests import wereld as werelden
from tests.stack import Client

Json = dict[str, Any]

WRONG: tuple[Any, ...] = (None, "", "x" * 3_000, "https://x.test/y", "2026-99-99", -1, 1.5, {"x": 1}, [], [None])
"""What every property of a body is given, one after the other."""

QUERY = ("", "x" * 300, "https://x.test/y", "2026-99-99", "-1")
"""What every parameter of a list is given."""


@pytest.fixture(scope="module")
async def wereld(own: Client) -> werelden.Wereld:
    """One object of everything, in a municipality of its own."""
    found = await werelden.make(own)
    found.client = own  # type: ignore[attr-defined]
    return found


def operations(whole: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and operation of everything but the root."""
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            if operation["tags"] != ["root"]:
                yield path, method, operation


def url_of(service: str, path: str, wereld: werelden.Wereld) -> str:
    """Return the URL of an operation: of an object of the municipality where there is one of its kind."""
    whole = f"/{service}/api/v1{path}"
    collection = re.sub(r"^zaak_\w+", "zaken", path.strip("/").split("/")[0])
    known = wereld.urls.get(f"{service}/{collection}", "")
    own = known.rsplit("/", 1)[1] if known else str(uuid.uuid4())
    # The uuid of what is below it is found by its own collection.
    parts, last = re.split(r"\{[^}]*\}", whole), re.findall(r"\{[^}]*\}", whole)
    uuids = [own]
    if len(last) > 1:
        below = wereld.urls.get(f"{service}/{path.strip('/').split('/')[2]}", "")
        uuids.append(below.rsplit("/", 1)[1] if below else str(uuid.uuid4()))
    return "".join(part + value for part, value in zip(parts, [*uuids, ""], strict=False))


def bodies(whole: Json, operation: Json) -> Iterator[Any]:
    """Yield bodies that an operation does not take: wrong values for each property, also of the objects inside it."""
    [content] = list(operation["requestBody"]["content"].values())[:1]
    schema = content["schema"]
    yield {}
    yield []
    for wrong in WRONG:
        yield filled(whole, schema, wrong)
        yield filled(whole, schema, wrong, inside=True)


def filled(whole: Json, schema: Json, wrong: Any, inside: bool = False) -> Any:
    """Return a body whose properties are all wrong; with ``inside`` those of the objects in it."""
    found = {}
    for name, each in properties(whole, schema).items():
        inner = each.get("items", each)
        if inside and properties(whole, inner):
            value = filled(whole, inner, wrong, inside)
            found[name] = [value] if "items" in each else value
        else:
            found[name] = wrong
    return found


def properties(whole: Json, schema: Json) -> Json:
    """Return the properties of a schema, followed."""
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for each in schema.get("allOf", []):
        if found := properties(whole, each):
            return found
    found = schema.get("properties", {})
    return dict(found)


def codes_in(answer: httpx.Response) -> set[str]:
    """Return the codes in ``invalidParams`` of an answer."""
    if "json" not in answer.headers.get("content-type", "") or answer.status_code < 400 or not answer.content:
        return set()
    return {each["code"] for each in answer.json().get("invalidParams", ())}


@pytest.mark.parametrize("service", SERVICES)
async def test_what_operations_answer_is_named(service: str, wereld: werelden.Wereld) -> None:
    client: Client = wereld.client  # type: ignore[attr-defined]
    whole = document(api_of(service))
    unnamed: dict[str, set[str]] = {}
    asked = 0
    for path, method, operation in operations(whole):
        url = url_of(service, path, wereld)
        answers = [await client.request(method.upper(), url, params={"geenParameter": "x"})]
        names = [each["name"] for each in operation["parameters"] if each["in"] == "query"]
        for wrong in QUERY if names else ():
            for name in names:
                answers.append(await client.request(method.upper(), url, params={name: wrong}))
        if "requestBody" in operation:
            answers += [await client.request(method.upper(), url, json=body) for body in bodies(whole, operation)]
        given = set().union(*(codes_in(answer) for answer in answers))
        asked += bool(given)
        assert not [answer for answer in answers if answer.status_code >= 500], operation["operationId"]
        if extra := given - set(operation[CODES]):
            unnamed[operation["operationId"]] = extra
    assert unnamed == {}
    assert asked > 0
