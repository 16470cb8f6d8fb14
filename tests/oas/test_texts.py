"""What the OAS tells of an operation is written for who calls it: in Dutch, and of what it does."""

import re

import pytest

from beheer.provision import api_of
from oas.openapi import document
from runtime.tenancy import SERVICES

ENGLISH = re.compile(r"\b(the|answer|an|returns?|with|for)\b", re.IGNORECASE)
RULE = re.compile(r"^\* (.*)", re.MULTILINE)


@pytest.mark.parametrize("service", SERVICES)
def test_summaries_are_dutch_and_short(service: str) -> None:
    for path, methods in document(api_of(service))["paths"].items():
        for method, operation in methods.items():
            summary = operation["summary"]
            assert not ENGLISH.search(summary), (method, path, summary)
            assert not re.match(r"[a-z]+-[x0-9]", summary), (method, path, summary)
            assert 0 < len(summary) <= 110, (method, path, summary)
            for rule in RULE.findall(operation.get("description", "")):
                assert not ENGLISH.search(rule), (method, path, rule)


def test_types_have_the_names_of_the_standard() -> None:
    """Existing software checks a fetched type by looking its schema up under that name."""
    names = {"ZaakType", "StatusType", "RolType", "ResultaatType", "ZaakObjectType", "BesluitType"}
    names |= {"InformatieObjectType", "ZaakTypeInformatieObjectType", "Eigenschap", "Catalogus"}
    assert names <= document(api_of("catalogi"))["components"]["schemas"].keys()
