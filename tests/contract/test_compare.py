"""The comparison finds every kind of difference, and accepts what is none."""

from __future__ import annotations

from typing import Any

import pytest

from .compare import Difference, compare
from .contract import dump, load, read
from .correct import Correction, correct
from .extensions import extras
from .extract import NORMATIVE_FILES, normative
from .schema import flatten

Json = dict[str, Any]


def oas(schema: Json, components: Json | None = None, **changes: Any) -> Json:
    """A document with one operation, which receives and answers the same schema."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation: Json = {
        "operationId": "zaak_create",
        "security": [{"JWT-Claims": ["(zaken.aanmaken | zaken.bijwerken)"]}],
        "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}],
        "requestBody": {"required": True, **content},
        "responses": {"201": content, "400": {}},
    } | changes
    return {"paths": {"/zaken": {"post": operation}}, "components": {"schemas": components or {}}}


def thing(required: list[str] | None = None, **properties: Json) -> Json:
    """An object schema."""
    return {"type": "object", "properties": properties, "required": required or []}


def differences(theirs: Json, ours: Json) -> list[Difference]:
    """What the comparison finds between two documents."""
    return compare("zaken", read(theirs), read(ours))


def found(theirs: Json, ours: Json) -> set[tuple[str, str]]:
    """The kinds and paths of what the comparison finds."""
    return {(difference.kind, difference.path) for difference in differences(theirs, ours)}


TEXT: Json = {"type": "string", "maxLength": 40}


def test_same_document_has_no_differences() -> None:
    assert found(oas(thing(naam=TEXT)), oas(thing(naam=TEXT))) == set()


def test_missing_operation() -> None:
    assert [difference.kind for difference in differences(oas(TEXT), {"paths": {}})] == ["operation"]


@pytest.mark.parametrize(
    ("changes", "kind", "path"),
    [
        ({"operationId": "maak_zaak"}, "operationId", ""),
        ({"security": [{"JWT-Claims": ["zaken.lezen"]}]}, "scopes", ""),
        ({"security": []}, "scopes", ""),
        ({"responses": {"200": {"content": {"application/json": {"schema": TEXT}}}}}, "statuses", ""),
        ({"responses": {"201": {}}}, "response.content-type", "application/json"),
        ({"requestBody": {}}, "request.content-type", "application/json"),
        ({"parameters": []}, "parameter.missing", "query:page"),
        ({"parameters": [{"name": "page", "in": "query", "schema": TEXT}]}, "parameter.type", "query:page"),
    ],
)
def test_difference_of_an_operation(changes: Json, kind: str, path: str) -> None:
    assert (kind, path) in found(oas(TEXT), oas(TEXT, **changes))


def test_method_and_path() -> None:
    ours = oas(TEXT)
    ours["paths"] = {"/zaak": {"put": ours["paths"]["/zaken"]["post"]}}
    assert found(oas(TEXT), ours) == {("method", ""), ("path", "")}


def test_scopes_are_the_same_in_any_notation() -> None:
    separate = [{"JWT-Claims": ["zaken.bijwerken"]}, {"JWT-Claims": ["zaken.aanmaken"]}]
    assert found(oas(TEXT), oas(TEXT, security=separate)) == set()


def test_extra_parameter_matters_only_when_required() -> None:
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    extra = {"name": "pageSize", "in": "query", "schema": {"type": "integer"}}
    assert found(oas(TEXT), oas(TEXT, parameters=[page, extra])) == set()
    required = [page, extra | {"required": True}]
    assert found(oas(TEXT), oas(TEXT, parameters=required)) == {("parameter.extra-required", "query:pageSize")}


def test_header_parameters_ignore_case_and_content_type() -> None:
    header = {"in": "header", "schema": {"type": "string"}}
    theirs = oas(TEXT, parameters=[header | {"name": "Accept-Crs"}, header | {"name": "Content-Type"}])
    assert found(theirs, oas(TEXT, parameters=[header | {"name": "accept-crs"}])) == set()


def test_required_body_of_our_own() -> None:
    body = {"content": {"application/json": {"schema": TEXT}}}
    assert found(oas(TEXT, requestBody=body), oas(TEXT)) == {("request.body-required", "")}


@pytest.mark.parametrize(
    ("theirs", "ours", "kinds"),
    [
        (TEXT, {"type": "integer"}, {"request.type", "response.type", "request.maxLength", "response.maxLength"}),
        (TEXT, TEXT | {"maxLength": 30}, {"request.maxLength"}),
        (TEXT, TEXT | {"maxLength": 50}, {"request.maxLength", "response.maxLength"}),
        (TEXT, TEXT | {"minLength": 1}, {"request.minLength"}),
        (TEXT, TEXT | {"format": "uri"}, {"request.format"}),
        (TEXT | {"format": "uri"}, TEXT, {"request.format", "response.format"}),
        (TEXT, TEXT | {"enum": ["a"]}, {"request.enum"}),
        (TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a"]}, {"request.enum", "response.enum"}),
        # What more may be sent is an extension; what more is answered is none.
        (TEXT | {"enum": ["a"]}, TEXT | {"enum": ["a", "b"]}, {"response.enum"}),
        (TEXT, TEXT | {"nullable": True}, {"request.nullable", "response.nullable"}),
        (TEXT | {"nullable": True}, TEXT, {"request.nullable"}),
        ({"type": "integer", "minimum": 1}, {"type": "integer"}, {"request.minimum"}),
        (TEXT, TEXT | {"readOnly": True}, {"request.missing"}),
        (TEXT | {"readOnly": True}, TEXT, {"request.readOnly"}),
        (TEXT, TEXT | {"writeOnly": True}, {"response.missing"}),
        (TEXT | {"writeOnly": True}, TEXT, {"response.writeOnly"}),
    ],
)
def test_difference_of_a_property(theirs: Json, ours: Json, kinds: set[str]) -> None:
    assert found(oas(thing(naam=theirs)), oas(thing(naam=ours))) == {(kind, "naam") for kind in kinds}


def test_missing_property_is_reported_once() -> None:
    theirs = thing(verlenging=thing(reden=TEXT, duur=TEXT))
    assert found(oas(theirs), oas(thing())) == {("request.missing", "verlenging"), ("response.missing", "verlenging")}


def test_required_is_reported_on_both_sides() -> None:
    optional, required = thing(naam=TEXT), thing(["naam"], naam=TEXT)
    assert found(oas(optional), oas(required)) == {("request.required", "naam")}
    assert found(oas(required), oas(optional)) == {("request.required", "naam"), ("response.required", "naam")}


def test_extra_property_matters_only_when_required_in_a_request() -> None:
    assert found(oas(thing()), oas(thing(extra=TEXT))) == set()
    assert found(oas(thing()), oas(thing(["extra"], extra=TEXT))) == {("request.extra-required", "extra")}
    nested = thing(extra=thing(["reden"], reden=TEXT))
    assert found(oas(thing()), oas(nested)) == set()


def test_a_value_beside_those_of_the_standard_is_an_extension() -> None:
    theirs, ours = (oas(thing(soort=TEXT | {"enum": values})) for values in (["a", "b"], ["a", "b", "c"]))
    extra = [(found.what, found.path) for found in extras("zaken", read(theirs), read(ours))]
    assert extra == [("request", "soort=c")]
    assert list(extras("zaken", read(ours), read(theirs))) == []


def test_notation_of_openapi_3_0_and_3_1_is_the_same() -> None:
    old = thing(
        datum={"type": "string", "nullable": True},
        soort={"oneOf": [{"enum": ["a", "b"], "type": "string"}, {"enum": [""]}, {"enum": [None]}]},
        inhoud={"type": "string", "format": "byte"},
        aantal={"type": "integer", "minimum": 1},
        leeg={"type": "string", "minLength": 0, "format": "string"},
    )
    new = thing(
        datum={"anyOf": [{"type": "string"}, {"type": "null"}]},
        soort={"type": ["string", "null"], "enum": ["", "a", "b", None]},
        inhoud={"type": "string", "contentEncoding": "base64"},
        aantal={"type": "integer", "exclusiveMinimum": 0},
        leeg={"type": "string"},
    )
    assert found(oas(old), oas(new)) == set()


def test_rounded_limit_is_no_difference() -> None:
    theirs, ours = ({"type": "integer", "maximum": limit} for limit in (9223372036854776000, 2**63 - 1))
    assert found(oas(thing(omvang=theirs)), oas(thing(omvang=ours))) == set()


def test_all_of_merges() -> None:
    parts = {"Base": thing(["naam"], naam=TEXT), "More": thing(url=TEXT)}
    schema = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/More"}], "nullable": True}
    assert flatten(schema, {"components": {"schemas": parts}}) == {
        "": {"type": "object", "nullable": True},
        "naam": TEXT | {"required": True},
        "url": TEXT,
    }


def test_one_of_is_the_union() -> None:
    short = thing(["soort", "code"], soort=TEXT, code={"type": "string", "maxLength": 2})
    long = thing(["soort"], soort=TEXT, code={"type": "string", "maxLength": 9}, naam=TEXT)
    assert flatten({"oneOf": [short, long]}, {}) == {
        "": {"type": "object"},
        "soort": TEXT | {"required": True},
        "code": {"type": "string", "maxLength": 9},
        "naam": TEXT,
    }


def test_union_without_a_common_limit_has_none() -> None:
    assert flatten({"anyOf": [TEXT, {"type": "string"}]}, {}) == {"": {"type": "string"}}


@pytest.mark.parametrize("mapping", [{"medewerker": "#/components/schemas/Medewerker"}, None])
def test_discriminator_is_the_union_of_its_subtypes(mapping: Json | None) -> None:
    base = thing(["soort"], soort=TEXT) | {"discriminator": {"propertyName": "soort", "mapping": mapping}}
    schemas = {"Rol": base, "Medewerker": {"allOf": [{"$ref": "#/components/schemas/Rol"}, thing(achternaam=TEXT)]}}
    flat = flatten({"$ref": "#/components/schemas/Rol"}, {"components": {"schemas": schemas}})
    assert flat == {"": {"type": "object"}, "soort": TEXT | {"required": True}, "achternaam": TEXT}


def test_arrays_maps_and_recursion() -> None:
    schemas = {"Zaak": thing(delen={"type": "array", "items": {"$ref": "#/components/schemas/Zaak"}})}
    flat = flatten({"$ref": "#/components/schemas/Zaak"}, {"components": {"schemas": schemas}})
    assert flat == {"": {"type": "object"}, "delen": {"type": "array"}, "delen[]": {"type": "object"}}
    free = flatten({"type": "object", "additionalProperties": TEXT}, {})
    assert free == {"": {"type": "object"}, "{}": TEXT}


def test_expand_is_compared_by_the_names_of_its_keys() -> None:
    theirs = thing(_expand=thing(zaaktype={"$ref": "../other.yaml#/components/schemas/ZaakType"}, rollen=thing(a=TEXT)))
    ours = thing(_expand=thing(rollen=thing()))
    assert found(oas(theirs), oas(ours)) == {
        ("request.missing", "_expand.zaaktype"),
        ("response.missing", "_expand.zaaktype"),
    }


def test_corrections_change_what_they_are_about_and_nothing_else() -> None:
    open_body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    document = oas(thing(["naam"], naam=TEXT))
    document["paths"]["/zaken"]["patch"] = {"operationId": "zaak_patch", "requestBody": open_body, "responses": {}}
    rows = [
        Correction("Z1", "", "zaak_create", "statuses", "", [201], [200]),
        Correction("Z1", "", "zaak_patch", "request", "", "object", "zaak_create"),
        Correction("Z1", "", "zaak_*", "request.maxLength", "naam", 40, 50),
        Correction("Z1", "", "zaak_create", "parameter.format", "query:page", None, "int32"),
    ]
    wrong = [
        Correction("Z1", "", "zaak_create", "statuses", "", [202], [200]),
        Correction("Z1", "", "zaak_create", "response", "", "object", None),
        Correction("Z1", "", "zaak_*", "request.maxLength", "naam", 41, 50),
        Correction("Z1", "", "zaak_delete", "scopes", "", None, ["zaken.lezen"]),
        Correction("Z1", "", "zaak_create", "parameter.required", "query:page", True, None),
        Correction("Z1", "", "zaak_create", "request.path", "bijnaam", "bijnaam", "naam"),
    ]
    contract = read(document)
    assert correct(contract, [*rows, *wrong]) == wrong
    create, patch = contract.operations["zaak_create"], contract.operations["zaak_patch"]
    assert create.statuses == [200]
    assert create.parameters == {"query:page": {"type": "integer", "format": "int32"}}
    assert create.request["application/json"].flat["naam"] == {**TEXT, "maxLength": 50, "required": True}
    assert create.response["application/json"].flat["naam"] == {**TEXT, "required": True}
    assert patch.request["application/json"].flat["naam"] == {**TEXT, "maxLength": 50}


def test_correction_of_a_name_takes_along_what_is_below_it() -> None:
    person = thing(bsn=TEXT, naam=TEXT | {"maxLength": 90})
    contract = read(oas(thing(persoon=person, ding=thing(["naam"], naam=TEXT))))
    assert correct(contract, [Correction("Z1", "", "zaak_create", "request.path", "persoon", "persoon", "ding")]) == []
    operation = contract.operations["zaak_create"]
    assert operation.request["application/json"].flat == {
        "": {"type": "object"},
        "ding": {"type": "object"},
        "ding.naam": {"type": "string", "maxLength": 90},
        "ding.bsn": TEXT,
    }
    assert "persoon.bsn" in operation.response["application/json"].flat


def test_correction_of_an_array_that_is_one_object() -> None:
    document = oas({"type": "array", "items": thing(naam=TEXT)})
    one = {"operationId": "zaak_read", "responses": {"200": {"content": {"application/json": {"schema": thing()}}}}}
    document["paths"]["/zaken"]["get"] = one
    contract = read(document)
    assert correct(contract, [Correction("Z1", "", "zaak_create", "response", "", "array", "zaak_read")]) == []
    assert contract.operations["zaak_create"].response["application/json"].flat == {"": {"type": "object"}}


@pytest.mark.parametrize("service", NORMATIVE_FILES)
def test_extract_survives_being_written(service: str) -> None:
    contract = normative(service)
    assert load(dump(contract)) == contract
    assert compare(service, contract, contract) == []
