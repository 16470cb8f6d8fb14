"""The bundles of scopes (zgw/bundels.py)."""

from itertools import pairwise

import pytest

from beheer.provision import api_of
from oas.openapi import document
from zgw.bundels import MORE, NAMES, scopes_of
from zgw.rights import COMPONENTS


def test_each_bundle_has_what_the_one_before_it_has() -> None:
    for component in MORE:
        sets = [set(scopes_of(name, component)) for name in NAMES]
        assert all(smaller < larger for smaller, larger in pairwise(sets))
    assert scopes_of("behandelen", "zrc") == [
        "zaken.aanmaken", "zaken.bijwerken", "zaken.lezen", "zaken.statussen.toevoegen",
    ]  # fmt: skip


def test_the_largest_bundle_has_every_scope_that_the_oas_of_an_api_asks_for() -> None:
    """None is misspelt, and none is forgotten."""
    for service in ("zaken", "documenten", "besluiten"):
        component, asked = COMPONENTS[service], set()
        for item in document(api_of(service))["paths"].values():
            for operation in item.values():
                for each in operation.get("security", ()):
                    asked |= {scope for claims in each["JWT-Claims"] for scope in claims.strip("()").split(" | ")}
        own = {scope for scope in asked if COMPONENTS.get(scope.partition(".")[0], component) == component}
        assert own == set(scopes_of("alles", component))


def test_there_are_no_bundles_without_types() -> None:
    with pytest.raises(ValueError, match="bundel lezen has no scopes for ztc"):
        scopes_of("lezen", "ztc")
