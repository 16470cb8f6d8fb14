"""The OAS says what the declarations say, and is a valid OpenAPI document."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import pytest
import yaml
from openapi_spec_validator import validate
from sqlmodel import Field

from oas.descriptions import Texts
from oas.openapi import document
from tests.oas.oas_sample import API, VerlengingFields, sample
from zgw.fields import Fields, Variants
from zgw.types import JsonObject, Url

Json = dict[str, Any]

EMPTY_TEXT = {"type": "string", "maxLength": 0}


@pytest.fixture(scope="module")
def oas() -> Json:
    """The document of the sample."""
    return document(API, "https://zaken.example.nl", Texts())


def operation(oas: Json, name: str) -> Json:
    """An operation by its operationId."""
    return next(o for item in oas["paths"].values() for o in item.values() if o["operationId"] == name)


def parameters(oas: Json, name: str) -> dict[str, Json]:
    """The parameters of an operation, by name."""
    return {p["name"]: p for p in operation(oas, name)["parameters"]}


def schema(oas: Json, name: str) -> Json:
    """A named schema."""
    found: Json = oas["components"]["schemas"][name]
    return found


def content(oas: Json, name: str, status: int = 200) -> Json:
    """The schema of a response."""
    found: Json = operation(oas, name)["responses"][str(status)]["content"]["application/json"]["schema"]
    return found


def to(name: str) -> Json:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def test_document_is_valid(oas: Json) -> None:
    validate(oas)
    assert oas["servers"] == [{"url": "https://zaken.example.nl/zaken/api/v1"}]
    assert document(API)["servers"] == [{"url": "/zaken/api/v1"}]
    assert oas["info"]["title"] == "Zaken API"
    assert oas["info"]["version"] == "1.7.0"
    assert oas["info"]["license"]["name"] == "EUPL-1.2"


def test_document_has_no_parts_that_say_nothing(oas: Json) -> None:
    told = [*oas["tags"], *(o for item in oas["paths"].values() for o in item.values())]
    assert all(part.get("description", "x") for part in told)
    assert {"API-version", "ETag", "Location", "Content-Crs"} == set(oas["components"]["headers"])
    # That of the root, which each API has.
    assert set(document(replace(API, resources=(), routers=()))["components"]["headers"]) == {"API-version"}


def test_document_has_no_aliases_in_yaml(oas: Json) -> None:
    assert "&id" not in yaml.safe_dump(oas)


def test_paths_and_operation_ids(oas: Json) -> None:
    found = {path: {m: o["operationId"] for m, o in item.items()} for path, item in oas["paths"].items()}
    assert found["/zaken"] == {"get": "zaak_list", "post": "zaak_create"}
    assert list(found["/zaken/{uuid}"].items()) == [
        ("get", "zaak_retrieve"),
        ("head", "zaak_headers"),
        ("put", "zaak_update"),
        ("patch", "zaak_partial_update"),
        ("delete", "zaak_destroy"),
    ]
    assert found["/zaken/{zaak_uuid}/audittrail"] == {"get": "audittrail_list"}
    assert found["/zaken/{zaak_uuid}/audittrail/{uuid}"] == {"get": "audittrail_read"}
    nested = found["/zaken/{zaak_uuid}/zaakeigenschappen/{uuid}"]
    assert nested["get"] == "zaakeigenschap_read"
    # An operation without scopes does not exist.
    assert "delete" not in nested
    assert found["/zaken/{uuid}/lock"] == {"post": "zaak_lock"}


def test_security(oas: Json) -> None:
    assert operation(oas, "zaak_create")["security"] == [{"JWT-Claims": ["(zaken.aanmaken | zaken.bijwerken)"]}]
    assert operation(oas, "zaak_headers")["security"] == [{"JWT-Claims": ["zaken.lezen"]}]
    assert operation(oas, "zaak_lock")["security"] == []


def test_path_parameters(oas: Json) -> None:
    found = parameters(oas, "zaakeigenschap_read")
    assert list(found)[:2] == ["zaak_uuid", "uuid"]
    assert found["uuid"] == {
        "name": "uuid",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }


def test_query_parameters(oas: Json) -> None:
    found = parameters(oas, "zaak_list")
    assert {name: p["schema"] for name, p in found.items() if p["in"] == "query"} == {
        "bronorganisatie": {"type": "string", "maxLength": 9},
        "bronorganisatie__in": {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 1000},
        "startdatum": {"type": "string", "format": "date"},
        "startdatum__gt": {"type": "string", "format": "date"},
        "startdatum__isnull": {"type": "boolean"},
        "zaaktype": {"type": "string", "format": "uri"},
        "status": {"type": "string"},
        "ordering": {"type": "array", "items": {"type": "string", "enum": ["startdatum", "-startdatum"]}},
        "page": {"type": "integer"},
        "pageSize": {"type": "integer"},
        "expand": {"type": "string"},
    }
    assert not any(p["required"] for p in found.values() if p["in"] == "query")
    assert [name for name, p in found.items() if p.get("explode") is False] == ["bronorganisatie__in", "ordering"]
    # Whoever filters a list that is not in pages has nothing to page through.
    assert set(parameters(oas, "zaakeigenschap_list")) == {"zaak_uuid", "expand"}
    assert parameters(oas, "zaak_vind")["clientId"]["required"] is True


def test_header_parameters(oas: Json) -> None:
    headers = {
        name: sorted(
            p["name"] if p["required"] else f"({p['name']})"
            for p in operation(oas, name)["parameters"]
            if p["in"] == "header"
        )
        for name in ("zaak_list", "zaak_retrieve", "zaak_headers", "zaak_update", "zaak_destroy", "zaakeigenschap_read")
    }
    audit = ["(X-Audit-Toelichting)", "(X-NLX-Logrecord-ID)"]
    assert headers == {
        "zaak_list": ["(Content-Crs)", "Accept-Crs"],
        "zaak_retrieve": ["(Content-Crs)", "(If-None-Match)", "Accept-Crs"],
        "zaak_headers": ["(Content-Crs)", "(If-None-Match)", "Accept-Crs"],
        "zaak_update": [*audit, "Accept-Crs", "Content-Crs"],
        "zaak_destroy": ["(Accept-Crs)", "(Content-Crs)", *audit],
        "zaakeigenschap_read": [],
    }
    assert parameters(oas, "zaak_list")["Accept-Crs"]["schema"] == {"type": "string", "enum": ["EPSG:4326"]}
    crs = {"Accept-Crs", "Content-Crs"}
    assert set(parameters(oas, "zaak_retrieve")) == {"uuid", "expand", "versie", "If-None-Match", *crs}
    assert set(parameters(oas, "zaak_maak")) == {*crs, "X-Audit-Toelichting", "X-NLX-Logrecord-ID"}


def test_statuses_and_response_headers(oas: Json) -> None:
    def answers(name: str) -> Json:
        found: Json = operation(oas, name)["responses"]
        return found

    def headers(name: str, status: str) -> set[str]:
        return set(answers(name)[status]["headers"])

    assert headers("zaak_create", "201") == {"API-version", "Location", "Content-Crs"}
    assert headers("zaak_retrieve", "200") == headers("zaak_retrieve", "304") == {"API-version", "ETag", "Content-Crs"}
    assert "content" not in answers("zaak_headers")["200"]
    assert "content" not in answers("zaak_destroy")["204"]
    assert "304" not in answers("zaakeigenschap_read")
    errors = [status for status in answers("zaak_create") if int(status) >= 400]
    assert errors == ["400", "401", "403", "406", "409", "412", "413", "415", "429", "500", "503"]
    assert "414" in answers("zaak_list")
    assert [s for s in answers("zaakeigenschap_read") if int(s) >= 400] == [
        "400",
        "401",
        "403",
        "404",
        "406",
        "414",
        "429",
        "500",
        "503",
    ]
    problem = oas["components"]["responses"]["Fout400"]["content"]["application/problem+json"]["schema"]
    assert problem == to("ValidatieFout")
    assert "invalidParams" in schema(oas, "ValidatieFout")["properties"]


def test_request_schema(oas: Json) -> None:
    whole = schema(oas, "ZaakRequest")
    assert whole["required"] == ["zaaktype", "bronorganisatie", "verantwoordelijkeOrganisatie", "startdatum"]
    assert "url" not in whole["properties"]
    assert whole["properties"] == {
        "zaaktype": {"type": "string", "format": "uri", "maxLength": 1000},
        "bronorganisatie": {"type": "string", "maxLength": 9},
        "verantwoordelijkeOrganisatie": {"type": "string", "minLength": 1, "maxLength": 9},
        "hoofdzaak": {"type": "string", "format": "uri", "minLength": 1, "maxLength": 1000, "nullable": True},
        "besluit": {"anyOf": [{"type": "string", "format": "uri"}, EMPTY_TEXT]},
        "startdatum": {"type": "string", "format": "date"},
        "gewijzigd": {"type": "string", "format": "date-time", "nullable": True},
        "volgnummer": {"type": "integer", "minimum": 1, "maximum": 999, "default": 1},
        "omvang": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "format": "int64", "default": 0},
        "openbaar": {"type": "boolean", "default": True},
        "nominatie": {"type": "string", "enum": ["", "vernietigen", None], "nullable": True},
        "email": {"anyOf": [{"type": "string", "format": "email", "maxLength": 254}, EMPTY_TEXT]},
        "lock": {"type": "string", "writeOnly": True},
        "verlenging": {"allOf": [to("VerlengingRequest")], "nullable": True},
        "opschorting": {"allOf": [to("VerlengingRequest")], "nullable": True},
        "trefwoorden": {"type": "array", "items": {"type": "string", "maxLength": 30}, "maxItems": 9},
        "producten": {"type": "array", "items": {"type": "string", "format": "uri", "maxLength": 1000}},
        "betrokkeneIdentificatie": {
            "anyOf": [to("OrganisatieRequest"), to("MedewerkerRequest")],
            "nullable": True,
        },
        "kenmerken": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 1000}},
        "geometrie": {"type": "object", "x-vrij": 1},
    }
    assert content_of_request(oas, "zaak_update") == to("ZaakRequest")


def content_of_request(oas: Json, name: str, kind: str = "application/json") -> Json:
    """The schema of a request."""
    found: Json = operation(oas, name)["requestBody"]["content"][kind]["schema"]
    return found


def test_patch_requires_nothing_but_what_is_inside_groups(oas: Json) -> None:
    assert content_of_request(oas, "zaak_partial_update") == to("ZaakPatchRequest")
    assert content_of_request(oas, "zaak_merge") == to("ZaakPatchRequest")
    assert "required" not in schema(oas, "ZaakPatchRequest")
    assert schema(oas, "ZaakPatchRequest")["properties"] == schema(oas, "ZaakRequest")["properties"]
    assert schema(oas, "VerlengingRequest")["required"] == ["reden"]
    # An answer has every member.
    assert schema(oas, "Verlenging")["required"] == ["reden", "duur"]
    assert schema(oas, "Verlenging")["description"] == "De verlenging van een zaak."


def test_response_schema(oas: Json) -> None:
    whole = schema(oas, "Zaak")
    shown = whole["properties"]
    assert {k: shown["url"][k] for k in ("format", "minLength", "maxLength", "readOnly")} == {
        "format": "uri",
        "minLength": 1,
        "maxLength": 1000,
        "readOnly": True,
    }
    assert shown["uuid"] == {"type": "string", "format": "uuid", "readOnly": True}
    assert shown["einddatum"] == {"type": "string", "format": "date", "nullable": True, "readOnly": True}
    assert "lock" not in shown
    # A polymorphic group without a value is left out.
    assert set(whole["required"]) == set(shown) - {"_expand", "betrokkeneIdentificatie"}
    # A group without a value is shown as its marker says, so never as null.
    assert shown["opschorting"] == to("Verlenging")
    assert "default" not in shown["volgnummer"]
    assert shown["betrokkeneIdentificatie"]["anyOf"] == [to("Organisatie"), to("Medewerker")]
    assert set(schema(oas, "OrganisatieRequest")["properties"]) == {"rsin", "geheim"}
    assert set(schema(oas, "Organisatie")["properties"]) == {"rsin"}


def test_expand_lists_what_can_be_expanded(oas: Json) -> None:
    found = schema(oas, "Zaak")["properties"]["_expand"]["properties"]
    assert found == {
        "zaaktype": {"type": "object", "additionalProperties": True},
        "hoofdzaak": {"anyOf": [to("Zaak"), to("EmptyObject")]},
        "besluit": {"type": "object", "additionalProperties": True},
        "deelzaken": {"type": "array", "items": to("Zaak")},
    }


def test_lists(oas: Json) -> None:
    assert content(oas, "zaak_list") == to("PaginatedZaakList")
    page = schema(oas, "PaginatedZaakList")
    assert {"count", "results"} <= set(page["required"])
    assert page["properties"]["results"] == {"type": "array", "items": to("Zaak")}
    assert content(oas, "zaakeigenschap_list") == {"type": "array", "items": to("Eigenschap")}


def test_audit_trail(oas: Json) -> None:
    assert content(oas, "audittrail_list") == {"type": "array", "items": to("AuditTrail")}
    assert content(oas, "audittrail_read") == to("AuditTrail")
    assert schema(oas, "AuditTrail")["properties"]["wijzigingen"]["properties"]["oud"]["nullable"] is True


def test_search_body_has_the_filters(oas: Json) -> None:
    body = schema(oas, "ZaakZoekRequest")["properties"]
    assert content_of_request(oas, "zaak__zoek") == to("ZaakZoekRequest")
    assert body["uuid__in"] == {"type": "array", "items": {"type": "string", "format": "uuid"}, "maxItems": 1000}
    assert {"expand", "startdatum__gt", "zaaktype"} <= set(body)
    assert operation(oas, "zaak__zoek")["requestBody"]["required"] is False
    assert content(oas, "zaak__zoek") == to("PaginatedZaakList")
    assert "409" not in operation(oas, "zaak__zoek")["responses"]


def test_actions(oas: Json) -> None:
    assert operation(oas, "zaak_lock")["summary"] == "Doe iets"
    assert content(oas, "zaak_lock") == to("Lock")
    assert schema(oas, "Lock")["required"] == ["lock"]
    binary = operation(oas, "zaak_download")["responses"]["200"]["content"]
    assert binary == {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    kinds = operation(oas, "zaak_deel")["requestBody"]["content"]
    assert set(kinds) == {"multipart/form-data", "application/x-www-form-urlencoded"}
    # Clients cannot tell two kinds of the same schema apart.
    multipart, urlencoded = (kind["schema"] for kind in kinds.values())
    assert "$ref" in multipart
    assert urlencoded == schema(oas, multipart["$ref"].rpartition("/")[2])
    assert "Location" in operation(oas, "zaak_maak")["responses"]["201"]["headers"]


def test_one_object_or_more_of_them_are_two_schemas_with_a_name(oas: Json) -> None:
    """Java has no class of a generic type: a choice with an unnamed array gives a client that does not compile."""
    assert content(oas, "zaak_nummers") == {"oneOf": [to("Lock"), to("LockList")]}
    listed = schema(oas, "LockList")
    assert (listed["type"], listed["items"], listed["x-generate-alias-as-model"]) == ("array", to("Lock"), True)


def test_rules_and_warnings_are_told(oas: Json) -> None:
    created = operation(oas, "zaak_create")
    told = "Deze resource is verouderd.\n\nRegels:\n\n* zrc-001: het zaaktype bestaat."
    assert created["description"].partition("\n\nFoutcodes van velden: ")[0] == told
    assert created["deprecated"] is True
    assert operation(oas, "zaak_list")["description"] == "Deze resource is verouderd."


def test_relation_may_be_written_by_name_and_shown_by_url() -> None:
    class Written(Fields):
        typen: list[str]

    class Answered(Fields):
        url: Url
        typen: list[Url]

    api = sample(Written, Answered)
    found = document(api)
    assert schema(found, "WrittenRequest")["properties"]["typen"]["items"] == {"type": "string"}
    assert schema(found, "Written")["properties"]["typen"]["items"]["format"] == "uri"


def test_classes_of_the_same_name_have_their_own_schemas() -> None:
    class Other(Fields):
        inner: VerlengingFields
        second: Annotated[JsonObject, Variants("x", {"a": lookalike()})]

    found = document(sample(Other, Fields))["components"]["schemas"]
    names = [name for name in found if name.endswith("Verlenging")]
    assert sorted(found[name]["properties"].popitem()[0] for name in names) == ["datum", "duur"]


def test_group_that_contains_itself() -> None:
    found = document(sample(Boom, Fields))
    validate(found)
    assert schema(found, "Knoop")["properties"]["takken"]["items"] == to("Knoop")


def test_type_without_a_schema_is_refused() -> None:
    class Wrong(Fields):
        inhoud: bytes

    with pytest.raises(TypeError, match="inhoud: there is no OAS schema"):
        document(sample(Wrong, Fields))


class Knoop(Fields):
    takken: "list[Knoop]" = Field(default_factory=list)


class Boom(Fields):
    knoop: Knoop


def lookalike() -> type[Fields]:
    """Another class with the name of one that exists."""

    class VerlengingFields(Fields):
        datum: date

    return VerlengingFields
