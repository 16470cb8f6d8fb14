"""The documents of all APIs hold nothing that generators of clients trip over."""

from collections.abc import Iterator
from typing import Any

import pytest

from beheer.provision import api_of
from oas.openapi import document
from runtime.tenancy import SERVICES

Json = dict[str, Any]


def nodes(node: Any) -> Iterator[Json]:
    """Yield every object in a document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


@pytest.mark.parametrize("service", SERVICES)
def test_no_choice_has_an_array_without_a_name(service: str) -> None:
    keywords = ("oneOf", "anyOf", "allOf")
    found = [choice for node in nodes(document(api_of(service))) for word in keywords for choice in node.get(word, ())]
    assert found
    assert [choice for choice in found if choice.get("type") == "array"] == []


@pytest.mark.parametrize("service", SERVICES)
def test_java_can_choose(service: str) -> None:
    """Its clients ignore unknown members, so an object fits each class, and they refuse what fits two of `oneOf`."""
    found = document(api_of(service))
    kinds = [
        [found["components"]["schemas"][choice["$ref"].rpartition("/")[2]]["type"] for choice in node["oneOf"]]
        for node in nodes(found)
        if "oneOf" in node
    ]
    assert [kind for kind in kinds if kind != ["object", "array"]] == []


@pytest.mark.parametrize("service", SERVICES)
def test_an_object_of_any_members_says_so(service: str) -> None:
    """TypeScript takes one that says nothing for an object that has no member, and Java drops what it has."""
    known = {"properties", "additionalProperties", "maxProperties"}
    objects = [node for node in nodes(document(api_of(service))) if node.get("type") == "object"]
    assert [node for node in objects if not known & node.keys()] == []
