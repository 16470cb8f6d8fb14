"""The work of one request has a bound: in values, in errors, in bytes."""

import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import orjson
import pytest

from oas.openapi import document as oas_of
from runtime.tenancy import SERVICES
from tests.answers import errors, problem
from tests.documenten.maak_document import document
from tests.stack import Client
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker
from zgw.body import MAX_EXPONENTS, MAX_LIST, MAX_PARTS
from zgw.fields import Fields, Property, describe
from zgw.filters import MANY
from zgw.problems import MAX_ERRORS
from zgw.routing import described_of
from zgw.types import Length

VENDORS = Path(__file__).parents[2] / "docs" / "vendors.md"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"


def lists(fields: type[Fields], before: str = "") -> Iterator[tuple[str, Property]]:
    """Return the lists and open objects with typed values of a body, each with its path."""
    for p in describe(fields):
        path = before + p.name
        groups = [p.group, p.item.group if p.item else None, *(p.variants.models.values() if p.variants else ())]
        if p.item or (get_origin(p.type) is dict and get_args(p.type)[1] is not Any):
            yield path, p
        for group in groups:
            if group is not None:
                yield from lists(group, path + ".")


def bodies() -> Iterator[tuple[str, type[Fields]]]:
    """Return every body that clients send, with the path of its collection or action."""
    for service in SERVICES:
        api = import_module(f"services.{service}.app").API
        for resource in api.resources:
            yield f"{api.root}/{resource.path}", resource.fields
        for route in api.operations:
            if (body := described_of(route).body) is not None:
                yield route.path, body


LISTS = {(url, path): p for url, fields in bodies() for path, p in lists(fields)}


def maximum(p: Property) -> int | None:
    """Return the most that a list may have."""
    marker = p.marker(Length)
    return marker.maximum if marker else None


def test_every_list_in_a_body_has_a_maximum_that_is_told() -> None:
    assert len(LISTS) > 25
    rows = [line for line in VENDORS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    for (url, path), p in LISTS.items():
        if url.endswith("_zoek"):
            continue
        most = maximum(p)
        assert most is not None, (url, path)
        named = [row for row in rows if f"`{p.name}`" in row]
        assert any(f"{most:,}" in row for row in named), f"docs/vendors.md: a row with `{p.name}` and {most:,}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_oas_tells_the_maximum_of_every_list(service: str) -> None:
    whole = oas_of(import_module(f"services.{service}.app").API)
    wrong: list[str] = []

    def look(schema: Any, path: str, seen: frozenset[str]) -> None:
        if isinstance(schema, list):
            for part in schema:
                look(part, path, seen)
        if not isinstance(schema, dict):
            return
        if (ref := schema.get("$ref")) and ref not in seen:
            look(whole["components"]["schemas"][ref.rpartition("/")[2]], path, seen | {ref})
        if schema.get("type") == "array" and "maxItems" not in schema:
            wrong.append(path)
        for name, inside in schema.get("properties", {}).items():
            # A position of GeoJSON, and what a collection holds, has the limits of the geometry as a whole.
            if name not in ("coordinates", "geometries") and not (isinstance(inside, dict) and inside.get("readOnly")):
                look(inside, f"{path}.{name}", seen)
        for key in ("items", "allOf", "anyOf", "oneOf", "additionalProperties"):
            look(schema.get(key), path, seen)

    for url, operations in whole["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "requestBody" in operation:
                body = operation["requestBody"]
                if "$ref" in body:
                    body = whole["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
                for content in body["content"].values():
                    look(content["schema"], f"{method} {url}", frozenset())
    assert not wrong


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return a body with a value at a path; every group on the way may be a list or an object."""
    name, _, rest = path.partition(".")
    return {name: nested(rest, value) if rest else value}


PLAIN = [key for key in LISTS if "." not in key[1] and not key[0].endswith(("_zoek", "}", "zaaknotities"))]


@pytest.mark.parametrize(("url", "path"), PLAIN, ids=[f"{url[1:4]}-{path}" for url, path in PLAIN])
async def test_a_list_that_is_too_long_is_one_error(api: Client, url: str, path: str) -> None:
    p = LISTS[url, path]
    most = maximum(p)
    assert most is not None
    many: Any = [None] * (most + 1) if p.item else {str(number): None for number in range(most + 1)}
    answer = await api.post(url, {path: many})
    found = [code for name, code in errors(answer) if name == path or name.startswith(f"{path}.")]
    assert found == ["max_length"], answer.text[:2000]
    assert f"{most}" in answer.text


async def test_lists_within_lists_have_a_maximum_too(api: Client) -> None:
    scopes = [{"component": "zrc", "scopes": ["x"] * 101}]
    answer = await api.post(
        "/autorisaties/api/v1/applicaties", {"label": "x", "clientIds": ["x"], "autorisaties": scopes}
    )
    assert errors(answer) == [("autorisaties.0.scopes", "max_length")]
    filters = [{"naam": "zaken", "filters": {str(number): "x" for number in range(101)}}]
    body = {"callbackUrl": "https://x.example/", "auth": "x", "kanalen": filters}
    answer = await api.post("/notificaties/api/v1/abonnement", body)
    assert errors(answer) == [("kanalen.0.filters", "max_length")]


async def test_no_more_than_a_hundred_errors_are_told(zaken: Zaakmaker) -> None:
    answer = await zaken.api.post(ZAKEN, zaken.body(kenmerken=[{"bron": 5}] * 500))
    assert len(errors(answer)) == MAX_ERRORS == 100
    assert len(answer.content) < 20_000
    own = [{"url": f"http://samenzaak.test{ZAKEN}/{uuid.uuid4()}", "aardRelatie": "vervolg"} for _ in range(1000)]
    answer = await zaken.api.post(ZAKEN, zaken.body(relevanteAndereZaken=own))
    assert errors(answer) == [(f"relevanteAndereZaken.{number}.url", "bad-url") for number in range(100)]


async def test_the_name_of_an_error_is_short(api: Client) -> None:
    body = {"kanaal": "zaken", "kenmerken": {"é" * 100_000: 5}}
    answer = await api.post("/notificaties/api/v1/notificaties", body)
    assert answer.status_code == 400
    assert len(answer.content) < 5_000


# --- Objects from before there was a maximum -------------------------------------------------------------------------


async def test_what_was_stored_may_be_longer_and_can_be_changed(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(kenmerken=[{"kenmerk": "a", "bron": "b"}])
    async with zaken.api.stack.admin() as admin:
        sql = (
            "UPDATE deventer_zaken.zaak SET kenmerken = (SELECT jsonb_agg(jsonb_build_object('kenmerk', n::text,"
            " 'bron', 'b')) FROM generate_series(1, 2000) n) WHERE uuid = $1"
        )
        await admin.execute(sql, uuid.UUID(zaak["uuid"]))
    answer = await zaken.api.patch(zaak["url"], {"toelichting": "nieuw"})
    assert (answer.status_code, answer.json()["toelichting"], len(answer.json()["kenmerken"])) == (200, "nieuw", 2000)
    answer = await zaken.api.patch(zaak["url"], {"kenmerken": answer.json()["kenmerken"]})
    assert errors(answer) == [("kenmerken", "max_length")]


# --- Searching -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name", "value"),
    [
        (f"{ZAKEN}/_zoek", "zaaktype__in", "http://samenzaak.test/catalogi/api/v1/zaaktypen/x"),
        (f"{ZAKEN}/_zoek", "uuid__in", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        (f"{ZAKEN}/_zoek", "bronorganisatie__in", 5),
        (f"{ZAKEN}/_zoek", "archiefnominatie__in", None),
        (f"{DOCUMENTEN}/_zoek", "uuid__in", "7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    ],
)
async def test_a_search_for_too_many_values(zaken: Zaakmaker, url: str, name: str, value: Any) -> None:
    answer = await zaken.api.post(url, {name: [value] * (MANY + 1)})
    assert errors(answer) == [(name, "max_length")]
    answer = await zaken.api.post(url, {name: ",".join(["1"] * (MANY + 1))})
    assert errors(answer) == [(name, "max_length")]
    if isinstance(value, str):
        assert (await zaken.api.post(url, {name: [value] * MANY})).status_code == 200


async def test_a_list_with_too_many_values_in_a_filter(api: Client) -> None:
    for url, name in (
        (ZAKEN, "bronorganisatie__in"),
        (DOCUMENTEN, "trefwoorden"),
        ("/catalogi/api/v1/zaaktypen", "trefwoorden"),
        ("/autorisaties/api/v1/applicaties", "clientIds"),
    ):
        answer = await api.get(f"{url}?{name}={'1,' * MANY}1")
        assert errors(answer) == [(name, "max_length")], url


# --- Bodies ----------------------------------------------------------------------------------------------------------


async def test_a_body_is_at_most_two_mebibytes(zaken: Zaakmaker) -> None:
    answer = await zaken.api.post(ZAKEN, zaken.body(toelichting="x" * 2 * 1024**2))
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    # The content of a document does not count.
    types = zaken.types
    made = await document(zaken.api, informatieobjecttype=types.informatieobjecttype, inhoud="AAAA" * 1024**2)
    assert made["bestandsomvang"] == 3 * 1024**2


async def test_lists_that_no_field_has_are_bounded(zaken: Zaakmaker) -> None:
    for field in ("onzin", "kenmerken"):
        answer = await zaken.api.post(ZAKEN, zaken.body(**{field: [0] * (MAX_LIST + 1)}))
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
        assert answer.json()["detail"].startswith(field)
    whole = {"objectType": "overige", "objectIdentificatie": {"overigeData": {str(n): n for n in range(MAX_LIST + 1)}}}
    answer = await zaken.api.post("/zaken/api/v1/zaakobjecten", whole)
    assert answer.json()["detail"].startswith("objectIdentificatie")
    many = [[0] * 1000] * 101
    assert (await zaken.api.post(ZAKEN, zaken.body(onzin=many))).json()["code"] == "parse_error"


async def test_lists_are_counted_before_they_are_made(zaken: Zaakmaker, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    real = orjson.loads

    def loads(raw: Any) -> Any:
        parsed.append(len(raw))
        return real(raw)

    monkeypatch.setattr("zgw.request.orjson.loads", loads)
    for deep in (1, 99):
        one = "[" * deep + "]" * deep
        body = '{"onzin": [' + ",".join([one] * (MAX_PARTS // deep + 1)) + "]}"
        answer = await zaken.api.request("POST", ZAKEN, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert max(parsed, default=0) < MAX_PARTS
    # In a text they are only letters.
    text = '[{"\\' * (MAX_PARTS // 2)
    answer = await zaken.api.post(ZAKEN, zaken.body(toelichting=text))
    assert errors(answer) == [("toelichting", "max_length")]


async def test_coordinates_are_counted_apart(zaken: Zaakmaker) -> None:
    ring = [[5 + number / 100_000, 52.0] for number in range(19_998)]
    shape = {"type": "Polygon", "coordinates": [[[5.0, 51.0], *ring, [5.0, 51.0]]]}
    zaak = await zaken.zaak(zaakgeometrie=shape, kenmerken=[{"kenmerk": "a", "bron": "b"}] * 500)
    assert len(zaak["zaakgeometrie"]["coordinates"][0]) == 20_000
    too_many = {"type": "MultiPoint", "coordinates": [[5, 52]] * 40_000}
    answer = await zaken.api.post(ZAKEN, zaken.body(zaakgeometrie=too_many))
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


async def test_what_stands_beside_the_content_of_a_document_is_bounded(api: Client) -> None:
    rest = ",".join(["0"] * 200_000)
    body = f'{{"inhoud": "{"A" * 80_000}", "trefwoorden": [{rest}]}}'
    answer = await api.request("POST", DOCUMENTEN, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    escapes = f'{{"inhoud": "{"A" * 80_000}", "beschrijving": "{chr(92)}n' + f"{chr(92)}n" * 100_000 + '"}'
    answer = await api.request("POST", DOCUMENTEN, content=escapes, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("number", ["5e-324", "1E+300", "-1e0020", "1.5e99"])
@pytest.mark.parametrize("name", ["overigeData", "coordinates"])
async def test_few_numbers_are_written_longer_than_they_were_sent(zaken: Zaakmaker, number: str, name: str) -> None:
    """PostgreSQL writes all digits of a number: 630 kB of them took thirty megabytes each time that they were read."""
    zaak = (await zaken.zaak())["url"]
    start = {"zaak": zaak, "objectType": "overige", "objectTypeOverige": "x"}

    async def made(numbers: list[str]) -> Any:
        data = {"overigeData": {name: "@"}}
        raw = orjson.dumps({**start, "objectIdentificatie": data}).replace(b'"@"', f"[{','.join(numbers)}]".encode())
        kind = {"Content-Type": "application/json"}
        return await zaken.api.request("POST", "/zaken/api/v1/zaakobjecten", content=raw, headers=kind)

    answer = await made([number] * (MAX_EXPONENTS + 1))
    assert problem(answer) == (400, "parse_error")
    assert f"{MAX_EXPONENTS} getallen" in answer.json()["detail"]
    # What is not large, and texts that look like it, may be there.
    plain = [number] * MAX_EXPONENTS + ["5.1e-5", "1e19", "1E+7", f'"{number}"', '"\\"1e300"'] * 1_000
    answer = await made(plain)
    assert answer.status_code == 201, answer.text[:300]
    assert answer.json()["objectIdentificatie"]["overigeData"][name][-1] == '"1e300'
