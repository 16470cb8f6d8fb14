"""What is answered is what the OAS that we serve says, formats included, so that generated clients can read it."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import FormatChecker
from openapi_schema_validator import OAS30ReadValidator

from tests import wereld as werelden
from tests.foundation.test_every_resource import ALL, IDS, path_of
from tests.stack import CRS, Client
from zgw.expand import expandable
from zgw.resource import Resource

Json = dict[str, Any]

formats = FormatChecker(("date", "date-time", "uuid", "email"))


@formats.checks("uri")
def is_url(value: object) -> bool:
    """Return whether a text has a scheme; the checker has none of its own without another package."""
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


@formats.checks("duration")
def is_duration(value: object) -> bool:
    """Return whether a text begins as a duration does."""
    return not isinstance(value, str) or bool(re.match(r"P\d|PT\d", value))


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """Everything at Deventer."""
    return await werelden.make(api)


@pytest.fixture(scope="module")
async def documents(api: Client) -> dict[str, Json]:
    """The OAS of each service, as it is served."""
    names = {service for service, _ in ALL}
    return {name: as_read((await api.get(f"/{name}/api/v1/openapi.json")).json()) for name in names}


def as_read(schema: Any) -> Any:
    """Return a schema in which `nullable` beside `allOf` or `anyOf` means what generators of clients take it for."""
    if isinstance(schema, list):
        return [as_read(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: as_read(value) for name, value in schema.items()}
    if found.get("nullable") and "type" not in found:
        return {"anyOf": [{**found, "nullable": False}, {"nullable": True, "enum": [None]}]}
    return found


def faults(oas: Json, path: str, body: Any) -> list[str]:
    """Return what in the answer of a GET is not as the OAS says."""
    fits = next(
        (item for template, item in oas["paths"].items() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path))
    )
    schema = fits["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = OAS30ReadValidator({"allOf": [schema], "components": oas["components"]}, format_checker=formats)
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator.iter_errors(body)
        for error in (error.context or [error])
    ]


@pytest.mark.parametrize(("service", "resource"), ALL, ids=IDS)
async def test_answers_fit_the_oas(
    wereld: werelden.Wereld, api: Client, documents: dict[str, Json], service: str, resource: Resource
) -> None:
    name = f"{service}/{resource.path}"
    urls = [path_of(wereld, service, resource)] if "list" in resource.verbs else []
    urls += [wereld[name]] if name in wereld.urls and "fetch" in resource.verbs else []
    query = {"expand": ",".join(expandable(resource))} if expandable(resource) else {}
    for url in urls:
        for params in ({}, query) if query else ({},):
            answer = await api.get(url, params=params, headers=CRS)
            assert answer.status_code == 200, answer.text
            path = urlsplit(url).path.removeprefix(f"/{service}/api/v1")
            found = faults(documents[service], path, answer.json())
            assert not found, (url, params)
