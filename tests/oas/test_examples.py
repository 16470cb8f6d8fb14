"""The examples of the OAS are real: what they send is accepted, and what they show is what is answered."""

import re
from typing import Any

import pytest
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator

from beheer.provision import api_of
from oas.examples import ORDER, entries_of
from oas.openapi import document
from runtime.tenancy import SERVICES
from tests.oas.answers import as_read, formats
from tests.oas.replay import is_json, replaying
from tests.stack import Stack

Json = dict[str, Any]

WITHOUT = {
    "catalogus_export": "the answer is a file",
    "catalogus_import": "the body is a file",
    "enkelvoudiginformatieobject_download": "the answer is the content of a document",
    "zaakbesluit_create": "the Besluiten API makes it, when a besluit names a zaak",
    "zaakbesluit_destroy": "the Besluiten API removes it",
    "objectinformatieobject_create": "the API of the zaak or the besluit makes it",
    "objectinformatieobject_destroy": "the API of the zaak or the besluit removes it",
}
"""Operations without an example, and why."""

CHANGED = "run `make examples`, and look at what changed"


async def test_what_is_sent_is_accepted_and_answered_as_shown(stack: Stack) -> None:
    found = []
    async with replaying(stack) as replay:
        async for example, answer in replay.run():
            assert answer.status_code == example.status, f"{example.name}: {answer.text}"
            shown = replay.inward(answer.json(), example.answer, example.name) if is_json(answer) else None
            assert shown == example.answer, f"{example.name}: {CHANGED}"
            found.append(example.operation)
    assert len(found) > 200


@pytest.fixture(scope="module", params=SERVICES)
def whole(request: pytest.FixtureRequest) -> Json:
    """The document of an API."""
    return document(api_of(request.param), "https://voorbeeld.test")


def operations(whole: Json) -> list[Json]:
    return [operation for item in whole["paths"].values() for operation in item.values()]


def test_every_operation_has_examples(whole: Json) -> None:
    missing = []
    for operation in operations(whole):
        answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        shown = [*answers[0].get("content", {}).values()]
        sent = [*operation.get("requestBody", {}).get("content", {}).values()][:1]
        if not all("examples" in content for content in (*shown, *sent)):
            missing.append(operation["operationId"])
        path = [p for p in operation["parameters"] if p["in"] == "path"]
        assert operation["operationId"] in WITHOUT or all("example" in p for p in path), operation["operationId"]
    assert [name for name in missing if name not in WITHOUT] == []


def test_every_resource_has_an_example(whole: Json) -> None:
    schemas = whole["components"]["schemas"]
    resources = {name for name, schema in schemas.items() if "url" in schema.get("properties", {})}
    resources = {name for name in resources if not name.endswith("Request")}
    assert {name for name in resources if "example" not in schemas[name]} == EMBEDDED & resources


EMBEDDED = {
    "RelevanteZaak",
    "GerelateerdeZaak",
    "ObjectTypeOverigeDefinitie",
    "Broncatalogus",
    "BronzaakType",
    "BestandsDeel",
    "NieuwDocumentShown",
    "ZaakInformatieObjectGemaakt",
}
"""Schemas with a url that are parts of another object: they are in the example of that."""


def test_examples_are_as_the_schema_says(whole: Json) -> None:
    parts = as_read(whole["components"])
    faults = []
    for operation in operations(whole):
        contents = [
            (OAS30WriteValidator, each) for each in operation.get("requestBody", {}).get("content", {}).values()
        ]
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                contents += [(OAS30ReadValidator, each) for each in answer.get("content", {}).values()]
        for kind, content in contents:
            for example in content.get("examples", {}).values():
                value = whole["components"]["examples"][example["$ref"].rpartition("/")[2]]["value"]
                schema = {"allOf": [as_read(content["schema"])], "components": parts}
                found = kind(schema, format_checker=formats).iter_errors(value)
                faults += [f"{operation['operationId']}: {e.json_path}: {e.message[:200]}" for e in found]
    assert faults == []


def test_an_operation_has_one_example() -> None:
    every = [example for service in ORDER for example in entries_of(service) if not example.extra]
    names = [(example.api or example.service, example.operation) for example in every]
    assert [name for name in names if names.count(name) > 1] == []


def test_examples_hold_nothing_real() -> None:
    """Numbers of persons are those for tests, hosts are of nobody, and there are no secrets."""
    for service in ORDER:
        text = str([(example.request, example.answer) for example in entries_of(service)])
        hosts = set(re.findall(r"https?://([^/'\"\s]+)", text))
        known = {"selectielijst.openzaak.nl", "standaarden.overheid.nl", "schema.org"}
        assert {host for host in hosts if not host.endswith(".example")} <= known
        assert set(re.findall(r"'inpBsn': '(\d+)'", text)) <= {"999993653"}
        assert set(re.findall(r"'auth': '([^']+)'", text)) <= {"Bearer voorbeeld-van-een-token"}
