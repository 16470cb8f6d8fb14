"""Bad input gets the right 4xx with a problem+json body, whatever the resource; nothing is written."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from beheer.provision import api_of
from tests.stack import Client, built
from zgw.api import Api
from zgw.expand import expandable
from zgw.resource import Resource
from zgw.verbs import collection_path

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def resources() -> Iterator[tuple[Api, Resource]]:
    """Yield every resource of every API."""
    for service in built():
        api = api_of(service)
        yield from ((api, resource) for resource in api.resources)


def url_of(api: Api, resource: Resource) -> str:
    """Return the path of a collection; a nested one below a parent that does not exist."""
    return api.root + collection_path(resource).replace(f"{{{resource.parent}_uuid:uuid}}", UUID)


def writable() -> list[str]:
    """Return the paths to which one can POST JSON through the generic verbs."""
    return [
        url_of(api, resource)
        for api, resource in resources()
        if "create" in resource.verbs and "create" in resource.scopes and not resource.parent
    ]


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """Check that this is a problem of the standard's shape, and return it."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, object] = answer.json()
    assert set(content) >= {"type", "code", "title", "status", "detail", "instance"}
    assert (content["status"], content["code"]) == (status, code)
    assert str(content["instance"]).startswith("urn:uuid:")
    return content


BODIES = {
    "malformed": (b'{"label": ', 400, "parse_error"),
    "not an object": (b"[1, 2]", 400, "invalid"),
    "a string": (b'"x"', 400, "invalid"),
    "blank": (b" \n", 400, "parse_error"),
    "invalid UTF-8": (b'{"label": "\xff\xfe"}', 400, "parse_error"),
    "lone surrogate": (b'{"label": "\\ud800"}', 400, "parse_error"),
    "NUL": (b'{"label": "a\\u0000b", "omschrijving": "a\\u0000b", "toelichting": "\\u0000"}', 400, "invalid"),
    "deep": (b'{"label": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "parse_error"),
    "deeper than can be written": (b'{"label": ' + b"[" * 100 + b"]" * 100 + b"}", 400, "parse_error"),
    "more values than anyone sends": (b'{"label": [' + b"[[]]," * 50_000 + b"1]}", 400, "parse_error"),
    "trailing garbage": (b"{} x", 400, "parse_error"),
    "NaN": (b'{"label": NaN}', 400, "parse_error"),
}


@pytest.mark.few("url", "name")
@pytest.mark.parametrize("url", writable())
@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_no_json_object(api: Client, url: str, name: str) -> None:
    content, status, code = BODIES[name]
    answer = await api.post(url, content=content, headers={"Content-Type": "application/json"})
    problem(answer, status, code)


@pytest.mark.parametrize("url", ["/zaken/api/v1/zaken", "/documenten/api/v1/enkelvoudiginformatieobjecten"])
@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b'{"label": NaN}', "Dit is geen geldige JSON: regel 1, teken 11."),
        (b'{"a":\n 1,]', "Dit is geen geldige JSON: regel 2, teken 4."),
        (b" ", "De inhoud is leeg."),
        (b'{"label": "\xff"}', "De inhoud is geen UTF-8."),
    ],
)
async def test_a_parse_error_is_told_in_dutch(api: Client, url: str, content: bytes, detail: str) -> None:
    answer = await api.post(url, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 400, "parse_error")["detail"] == detail


@pytest.mark.few("url")
@pytest.mark.parametrize("url", writable())
async def test_wrong_types_everywhere(api: Client, url: str) -> None:
    service, path = url.split("/")[1], url.rsplit("/", 1)[1]
    resource = next(r for r in api_of(service).resources if r.path == path)
    names = [info.alias or name for name, info in resource.fields.model_fields.items()]
    values: tuple[Any, ...] = (
        10**30,
        -(10**30),
        1e308,
        True,
        [],
        {},
        [{}],
        "x" * 5000,
        {"a": {"b": [None]}},
        None,
        "",
        "\ud83d\ude00",
    )
    for value in values:
        content = json.dumps(dict.fromkeys(names, value)).encode()
        answer = await api.post(url, content=content, headers={"Content-Type": "application/json"})
        found = problem(answer, 400, "invalid")
        assert found["invalidParams"], value


@pytest.mark.few("url")
@pytest.mark.parametrize("url", writable())
async def test_another_content_type(api: Client, url: str) -> None:
    for kind in ("text/plain", "application/xml", "multipart/form-data", ""):
        answer = await api.post(url, content=b"{}", headers={"Content-Type": kind})
        problem(answer, 415, "unsupported_media_type")


@pytest.mark.few("url")
@pytest.mark.parametrize("url", writable())
async def test_a_compressed_body_is_not_read(api: Client, url: str) -> None:
    for coding in ("gzip", "br", "GZIP"):
        headers = {"Content-Type": "application/json", "Content-Encoding": coding}
        answer = await api.post(url, content=gzip.compress(b"{}"), headers=headers)
        problem(answer, 415, "unsupported_media_type")
        assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.few("url")
@pytest.mark.parametrize("url", writable())
async def test_a_byte_order_mark_is_ignored(api: Client, url: str) -> None:
    answer = await api.post(url, content=b"\xef\xbb\xbf{}", headers={"Content-Type": "application/json"})
    assert problem(answer, 400, "invalid")["invalidParams"]


each_list = pytest.mark.parametrize(
    ("api_", "resource"),
    [(api_, resource) for api_, resource in resources() if not resource.parent and "list" in resource.scopes],
    ids=lambda x: getattr(x, "path", getattr(x, "service", "")),
)


@pytest.mark.few("api_")
@each_list
async def test_paths_and_queries(own: Client, api_: Api, resource: Resource) -> None:
    url = url_of(api_, resource)
    problem(await own.get(f"{url}?{'x' * 10_000}=1"), 414, "uri_too_long")
    problem(await own.get(f"{url}?onbekend=1"), 400, "invalid")
    # What cannot be expanded at all has no such parameter.
    unknown = (404, "invalid-expand-field") if expandable(resource) else (400, "invalid")
    problem(await own.get(f"{url}?expand=onbekend"), *unknown)
    problem(await own.get(f"{url}?page=%00"), 400, "invalid")
    problem(await own.get(f"{url}?page=%ff"), 400, "invalid")
    if resource.paginated:
        for page in ("0", "-1", "x", "999999", "1.0", "9" * 40, "٣"):
            problem(await own.get(f"{url}?page={page}"), 404, "not_found")
        for size in ("0", "00", "-1", "x", "9" * 5000, "٣", "1.0", "+1"):
            answer = await own.get(f"{url}?page=last&pageSize={size}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["next"] is None
    problem(await own.get(f"{url}/geen-uuid"), 404, "not_found")
    problem(await own.get(f"{url}/"), 404, "not_found")
    problem(await own.get(f"{url}/{UUID}/"), 404, "not_found")
    problem(await own.request("TRACE", url), 405, "method_not_allowed")
    if "fetch" in resource.verbs:
        problem(await own.get(f"{url}/{UUID}"), 404, "not_found")
        problem(await own.get(f"{url}/{UUID}?onbekend=1"), 400, "invalid")
        problem(await own.get(f"{url}/{UUID}", headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.few("api_")
@each_list
async def test_every_filter_refuses_or_understands_nonsense(own: Client, api_: Api, resource: Resource) -> None:
    for declared in resource.filters:
        if declared.search_only:
            continue
        for value in (
            "x",
            "%27%22;--",
            "9" * 30,
            "-1",
            "2026-13-45",
            "http://[",
            "https://x/" + "y" * 3000,
            "%F0%9F%98%80",
        ):
            answer = await own.get(f"{url_of(api_, resource)}?{declared.name}={value}")
            assert answer.status_code in (200, 400), (declared.name, value, answer.text[:300])
            if answer.status_code == 400:
                assert declared.name in [param["name"] for param in answer.json()["invalidParams"]]
        empty = await own.get(f"{url_of(api_, resource)}?{declared.name}=")
        assert empty.status_code == 200, (declared.name, empty.text)


async def test_an_oversized_body(api: Client) -> None:
    body = b'{"label": "' + b"x" * (11 * 1024 * 1024) + b'"}'
    answer = await api.post(
        "/autorisaties/api/v1/applicaties", content=body, headers={"Content-Type": "application/json"}
    )
    problem(answer, 413, "request_too_large")


@pytest.mark.parametrize("service", built())
async def test_the_api_version_is_on_every_answer_also_on_errors(api: Client, service: str) -> None:
    declared = api_of(service)
    for path in ("/openapi.json", "/bestaat-niet", f"/{declared.resources[0].path}/{UUID}"):
        answer = await api.get(declared.root + path)
        assert answer.headers["api-version"] == declared.version
