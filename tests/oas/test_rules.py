"""What a document tells of rules and errors: nothing that is only of use to us, and codes that have a page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from beheer.provision import api_of
from oas.errors import catalogue, entry_named, example
from oas.failures import CODES
from oas.openapi import document
from oas.rules import in_words
from runtime.tenancy import SERVICES

Json = dict[str, Any]

INTERNAL = re.compile(
    r"\b[A-Z][A-Z]+_[A-Z_]{2,}\b|``|§|\.md\b|\b(?:zrc|ztc|drc|brc|ac|nrc)-x\d+|\bnrc-\d+|\b[A-Z]\d{1,2}\b[:,)]"
    r"|\b(?:which|cannot|does not|the)\b"
)
"""Names of constants, places in the rulebook, numbers of our own rules, and English."""


def texts(node: Any) -> Iterator[str]:
    """Yield every description and summary."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("description", "summary") and isinstance(value, str):
                yield value
            elif name not in ("example", "examples"):
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


@pytest.fixture(scope="module", params=SERVICES)
def whole(request: pytest.FixtureRequest) -> Json:
    """The document of an API."""
    return document(api_of(request.param), "https://voorbeeld.test")


def test_nothing_internal_is_told(whole: Json) -> None:
    assert [text for text in texts(whole) if INTERNAL.search(text.replace("CATALOG_NOT_EMPTY", ""))] == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("zrc-001, Z1: wie het wijzigt.", "zrc-001: wie het wijzigt."),
        ("zaken.md §6: wat erbij hoort.", "Wat erbij hoort."),
        ("ztc-x5: de laatste dag.", "De laatste dag."),
        ("date-in-future: de zaak is open.", "De zaak is open."),
        ("Een besluit is er (besluiten.md §5.1).", "Een besluit is er."),
        ("Naast de standaard: een client.", "Naast de standaard: een client."),
        ("nrc-6: de callback weigert (nrc-10).", "De callback weigert."),
    ],
)
def test_references_are_left_out(written: str, told: str) -> None:
    assert in_words(written) == told


def test_every_operation_names_its_codes(whole: Json) -> None:
    """All but the root, which takes anything. Each code has a page, and an example."""
    operations = [operation for item in whole["paths"].values() for operation in item.values()]
    reads = [item[method] for item in whole["paths"].values() for method in ("get", "head") if method in item]
    named = [operation for operation in operations if operation["tags"] != ["root"]]
    assert len(named) == len(operations) - 1
    for operation in named:
        codes = operation.get(CODES)
        assert codes, operation["operationId"]
        assert codes == sorted(set(codes))
        for code in codes:
            assert entry_named(code) is not None, code
            assert example(catalogue()[code], "")["invalidParams"]
            assert operation in reads or f"`{code}`" in operation["description"]


@pytest.mark.parametrize(
    ("service", "operation", "codes"),
    [
        ("zaken", "zaak_afsluiten", {"eindstatus-required", "resultaat-does-not-exist", "betaling-nvt", "required"}),
        ("zaken", "zaak_bijwerken", {"eindstatus-not-allowed", "invalid-betrokkene", "not_a_list"}),
        ("zaken", "zaak_registreren", {"zaaktype-mismatch", "invalid-zaakobject", "pending-relations"}),
        ("zaken", "zaak__zoek", {"empty_search_body", "only-digits"}),
        ("besluiten", "besluit_verwerken", {"zaaktype-mismatch", "future_not_allowed", "pending-relations"}),
        ("documenten", "enkelvoudiginformatieobject_create", {"invalid-base64", "file-size", "min_value"}),
        ("documenten", "enkelvoudiginformatieobject_destroy", {"destroy-locked", "pending-relations"}),
        ("documenten", "enkelvoudiginformatieobject_lock", {"existing-lock"}),
        ("documenten", "enkelvoudiginformatieobject_unlock", {"incomplete-upload", "incorrect-lock-id"}),
        ("documenten", "bestandsdeel_update", {"file-size", "incorrect-lock-id"}),
        ("documenten", "document_registreren", {"invalid-base64", "pending-relations", "invalid_for_received"}),
        ("notificaties", "abonnement_partial_update", {"blank", "null", "max_length"}),
        ("notificaties", "kanaal_create", {"unique"}),
        ("notificaties", "notificaties_create", {"required", "invalid"}),
        ("catalogi", "zaaktype_publish", {"concept-relation", "overlap"}),
        ("zaken", "zaak_list", {"unknown-parameters", "invalid_choice", "invalid"}),
    ],
)
def test_codes_of_operations_of_their_own(service: str, operation: str, codes: set[str]) -> None:
    items = document(api_of(service))["paths"].values()
    [found] = [each for item in items for each in item.values() if each["operationId"] == operation]
    assert codes - set(found[CODES]) == set()


def test_a_removal_names_no_codes_of_what_is_stored() -> None:
    of_a_zaak = document(api_of("zaken"))["paths"]["/zaken/{uuid}"]["delete"][CODES]
    assert of_a_zaak == ["pending-relations", "related-besluiten", "unknown-parameters"]
    assert document(api_of("autorisaties"))["paths"]["/applicaties/{uuid}"]["delete"][CODES] == ["unknown-parameters"]
    assert "non-concept-object" in document(api_of("catalogi"))["paths"]["/zaaktypen/{uuid}"]["delete"][CODES]


def test_codes_are_found_where_rules_name_them() -> None:
    zaken = document(api_of("zaken"))["paths"]
    assert {"betaling-nvt", "deelzaak-als-hoofdzaak", "bad-url", "required"} <= set(zaken["/zaken"]["post"][CODES])
    assert "related-besluiten" in zaken["/zaken/{uuid}"]["delete"][CODES]
    assert "zaaktype-mismatch" in zaken["/rollen"]["post"][CODES]
    roltypen = document(api_of("catalogi"))["paths"]["/roltypen"]["post"][CODES]
    assert "non-concept-zaaktype" in roltypen


def test_every_error_has_an_example(whole: Json) -> None:
    responses = whole["components"]["responses"]
    for name, answer in responses.items():
        examples = answer["content"]["application/problem+json"]["examples"]
        assert examples, name
        for code, each in examples.items():
            assert each["value"]["status"] == int(name.removeprefix("Fout")), code
            assert each["value"]["type"].startswith("https://voorbeeld.test/ref/fouten/")


def test_a_document_says_where_to_turn(whole: Json) -> None:
    assert whole["info"]["contact"]["url"] == "https://voorbeeld.test/docs/vendors/"
    assert "email" not in whole["info"]["contact"]
    assert document(api_of("besluiten"), contact_email="a@b.nl")["info"]["contact"]["email"] == "a@b.nl"
    assert whole["externalDocs"]["url"] == "https://voorbeeld.test/docs/"
    assert whole["servers"][0]["url"].startswith("https://voorbeeld.test/")
    assert whole["info"]["license"]["name"] == "EUPL-1.2"
