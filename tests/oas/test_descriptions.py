"""The Dutch texts beside the declarations reach the document, and none of them is left over."""

from importlib.resources import files
from typing import Any

import pytest

from beheer.provision import api_of
from oas.descriptions import Texts, base_of, describe, objects, parsed, texts_of
from oas.openapi import document
from runtime.tenancy import SERVICES

FILE = """# Zaak

Een zaak is
werk.

identificatie
: Het nummer
  van de zaak.

## Filters

startdatum__gt
: Begonnen na deze dag.

## Bewerkingen

zaak_list
: Vraag zaken op.
"""


def texts(content: str) -> Texts:
    found = Texts()
    parsed(content.splitlines(), found)
    return found


def test_file_is_read() -> None:
    found = texts(FILE)
    assert found.schemas == {"Zaak": "Een zaak is werk."}
    assert found.properties == {("Zaak", "identificatie"): "Het nummer van de zaak."}
    assert found.filters == {("Zaak", "startdatum__gt"): "Begonnen na deze dag."}
    assert found.operations == {"zaak_list": "Vraag zaken op."}


@pytest.mark.parametrize("wrong", ["# Zaak\n\n## Velden\n", "# Zaak\n\na\n: x\n\na\n: y\n"])
def test_wrong_file_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"second heading|two texts"):
        texts(wrong)


def test_texts_reach_the_document() -> None:
    text: dict[str, Any] = {"type": "string"}
    date = {"name": "startdatum__gt", "in": "query", "description": "later", "schema": text}
    path = {"name": "uuid", "in": "path", "schema": text}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Zaak"}}}}
    whole: dict[str, Any] = {
        "components": {"schemas": {
            "Zaak": {"type": "object", "properties": {"identificatie": dict(text), "verlenging": {"$ref": "x"}}},
            "OpschortingRequest": {"type": "object"},
            "ZaakPatchRequest": {"type": "object", "properties": {"identificatie": dict(text)}},
        }},
        "paths": {"/zaken": {"get": {
            "operationId": "zaak_list", "description": "Regels:", "parameters": [date, path],
            "responses": {"200": answer},
        }}},
    }  # fmt: skip
    describe(whole, texts(FILE + "\n# Verlenging, Opschorting\n\nLanger.\n\n# Algemeen\n\nuuid\n: Het kenmerk.\n"))
    schemas, operation = whole["components"]["schemas"], whole["paths"]["/zaken"]["get"]
    assert schemas["Zaak"]["description"] == "Een zaak is werk."
    assert schemas["OpschortingRequest"]["description"] == "Langer."
    for name in ("Zaak", "ZaakPatchRequest"):
        assert schemas[name]["properties"]["identificatie"] == {**text, "description": "Het nummer van de zaak."}
    assert schemas["Zaak"]["properties"]["verlenging"] == {"$ref": "x"}
    assert operation["description"] == "Vraag zaken op.\n\nRegels:"
    assert date["description"] == "Begonnen na deze dag."
    assert path["description"] == "Het kenmerk."


def test_a_filter_says_what_it_asks_of_which_property() -> None:
    found = texts("# Zaak\n\neinddatum\n: De dag van sluiten; `null` zolang zij open is. Niet te schrijven.\n")
    assert found.parameter("Zaak", "einddatum__gt") == (
        "Alleen objecten waarvan `einddatum` na deze waarde ligt. Dat veld: de dag van sluiten."
    )
    assert found.parameter("Zaak", "einddatum") == (
        "Alleen objecten waarvan `einddatum` deze waarde is. Dat veld: de dag van sluiten."
    )
    assert found.parameter("Zaak", "iets") == ""


@pytest.mark.parametrize("service", SERVICES)
def test_an_operation_says_nothing_twice(service: str) -> None:
    for item in document(api_of(service))["paths"].values():
        for operation in item.values():
            rest = operation["description"].split("\n\n")[1:]
            summary = operation["summary"].rstrip(".")
            assert not [line for line in rest if line.startswith(summary)], operation["operationId"]


def test_expand_names_what_a_resource_has() -> None:
    for path, method, has, has_not in (
        ("/statussen", "get", "statustype", "rollen"),
        ("/zaken/{uuid}", "get", "rollen", "statustype"),
        ("/zaken/_zoek", "post", "rollen", "statustype"),
    ):
        operation = document(api_of("zaken"))["paths"][path][method]
        [expand] = [p for p in operation["parameters"] if p["name"] == "expand"]
        assert f"`{has}`" in expand["description"]
        assert f"`{has_not}`" not in expand["description"]


@pytest.mark.parametrize("service", SERVICES)
def test_no_text_is_left_over(service: str) -> None:
    """A text that no document has was written under a name that does not exist (any more)."""
    found, whole = texts_of(service), document(api_of(service))
    operations = {operation["operationId"] for item in whole["paths"].values() for operation in item.values()}
    assert [key for key in {**found.properties, **found.filters} if key not in found.used | general()] == []
    assert set(found.operations) <= operations
    assert set(found.schemas) - general_schemas() <= {base_of(name) for name in whole["components"]["schemas"]}


@pytest.mark.parametrize("service", SERVICES)
def test_everything_has_a_text(service: str) -> None:
    whole = document(api_of(service))
    missing = [name for name, schema in whole["components"]["schemas"].items() if not schema.get("description")]
    missing += [tag["name"] for tag in whole["tags"] if not tag.get("description")]
    for name, schema in whole["components"]["schemas"].items():
        for owner, properties in objects(schema, base_of(name)):
            missing += [f"{owner}.{each}" for each, value in properties.items() if not value.get("description")]
    for item in whole["paths"].values():
        for operation in item.values():
            parts = [operation, *(p for p in operation["parameters"] if "$ref" not in p)]
            missing += [
                f"{operation['operationId']} {part.get('name')}" for part in parts if not part.get("description")
            ]
    assert missing == []


def general() -> set[tuple[str, str]]:
    """The texts that all APIs have; not each of them uses them all."""
    return set(_general().properties)


def general_schemas() -> set[str]:
    return set(_general().schemas)


def _general() -> Texts:
    return texts((files("oas") / "texts" / "algemeen.md").read_text("utf-8"))
