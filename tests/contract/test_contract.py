"""We serve what the standard prescribes, as the rulebook corrects it, without exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from .compare import compare
from .conftest import corrected, differences, is_built, served, standard_part
from .contract import read, resource_of
from .extensions import EXTENSIONS, document_extras, extras, without_marked
from .extract import NORMATIVE_FILES, extract, extract_file, normative, normative_document, normative_folder

RESOURCES = [
    (service, resource)
    for service in NORMATIVE_FILES
    for resource in sorted({resource_of(operation.path) for operation in normative(service).operations.values()})
]


@pytest.mark.parametrize(("service", "resource"), RESOURCES)
def test_served_resource_is_the_normative_one(service: str, resource: str) -> None:
    if not is_built(service):
        pytest.skip(f"services/{service} has no app yet")
    found = [str(difference) for difference in differences(service) if difference.resource == resource]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("service", NORMATIVE_FILES)
def test_every_correction_corrects_something(service: str) -> None:
    assert corrected(service)[1] == []


def test_what_is_served_beside_the_standard_is_listed_as_an_extension() -> None:
    found = [extra for name in NORMATIVE_FILES for extra in extras(name, corrected(name)[0], standard_part(name))]
    found += [extra for name in NORMATIVE_FILES for extra in document_extras(name, served(name))]
    unlisted = [extra for extra in found if not any(row.covers(extra) for row in EXTENSIONS)]
    assert unlisted == []
    unused = [row for row in EXTENSIONS if not any(row.covers(extra) for extra in found)]
    assert unused == []


def test_what_is_marked_as_an_extension_is_not_compared() -> None:
    oas = {
        "paths": {
            "/a": {
                "get": {"operationId": "a_list", "parameters": [{"name": "x", "x-samenzaak-extensie": True}]},
                "post": {"operationId": "a_register", "x-samenzaak-extensie": True},
            }
        },
        "components": {
            "schemas": {
                "A": {
                    "required": ["own", "standard"],
                    "properties": {
                        "own": {"x-samenzaak-extensie": True},
                        "standard": {"enum": ["a", "b"], "x-samenzaak-extensie-waarden": ["b"]},
                    },
                }
            }
        },
    }
    left, marked = without_marked(oas)
    assert left["paths"] == {"/a": {"get": {"operationId": "a_list", "parameters": []}}}
    assert left["components"]["schemas"]["A"] == {"required": ["standard"], "properties": {"standard": {"enum": ["a"]}}}
    assert [(each.what, each.name) for each in marked] == [
        ("parameter", "x"),
        ("operation", "POST /a"),
        ("property", "own"),
        ("value", "standard: b"),
    ]


@pytest.mark.parametrize("service", NORMATIVE_FILES)
def test_extract_is_up_to_date(service: str) -> None:
    assert extract(folder(), service) == extract_file(service).read_text(encoding="utf-8")


def test_catalogi_1_4_serves_clients_of_1_3() -> None:
    older = read(normative_document(folder(), "catalogi-1.3.3.yaml"))
    assert compare("catalogi", older, normative("catalogi")) == []


def folder() -> Path:
    """The normative files, without which these tests say nothing."""
    found = normative_folder()
    if found is None:
        pytest.skip("the normative files are not there: set SAMENZAAK_STANDARD")
    return found
