"""Which of several errors a client hears (common.md §5), and what every answer has (common.md §6, §8).

Method and path come first, then Accept and Content-Type, then the token, then the scopes.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from beheer.provision import api_of
from oas.openapi import document
from tests.stack import PUBLIC, Client, Stack, built

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
BODIES = ("POST", "PUT", "PATCH")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path with some uuid, and declaration of every operation of every API."""
    for service in built():
        api = api_of(service)
        for path, methods in document(api)["paths"].items():
            for method, operation in methods.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    parts = (UUID if part.startswith("{") else part for part in path.split("/"))
                    yield method.upper(), api.root + "/".join(parts), operation


def answers_json(operation: dict[str, Any]) -> bool:
    """Return whether success is JSON."""
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    return any("application/json" in answer.get("content", {}) for answer in good)


def takes_json(operation: dict[str, Any]) -> bool:
    """Return whether there must be a JSON body."""
    body = operation.get("requestBody", {})
    return list(body.get("content", {})) == ["application/json"] and body.get("required", True)


ROOTS = {api_of(service).root + "/" for service in built()}
"""What is answered without a token: which API it is."""
ALL = [operation for operation in operations() if operation[1] not in ROOTS]


async def as_stranger(api: Client, method: str, path: str, **headers: str) -> httpx.Response:
    """Send a request without a token."""
    return await api.http.request(method, path, headers=headers)


def checked(answer: httpx.Response, status: int, code: str) -> None:
    """Check an error, with what every error has."""
    service = urlsplit(str(answer.url)).path.split("/")[1]
    assert (answer.status_code, answer.json()["code"]) == (status, code), (answer.url, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["api-version"] == api_of(service).version
    assert answer.json()["type"].startswith(f"{PUBLIC}/ref/fouten/")
    assert answer.json()["instance"].startswith("urn:uuid:")


async def test_accept_comes_before_the_token(api: Client) -> None:
    tried = 0
    for method, path, operation in ALL:
        if answers_json(operation):
            checked(await as_stranger(api, method, path, Accept="text/xml"), 406, "not_acceptable")
            tried += 1
    assert tried > 150


async def test_media_types_have_no_case(api: Client) -> None:
    """common.md §8."""
    headers = {"Accept": "Application/JSON", "Content-Type": "Application/JSON; Charset=UTF-8"}
    found = await api.post("/zaken/api/v1/zaken/_zoek", content=b'{"identificatie": "x"}', headers=headers)
    assert found.status_code == 200, found.text


@pytest.mark.parametrize("accept", ["application/json;q=0", "*/*;q=0.000", "text/html, application/json; Q=0, */*"])
async def test_who_wants_no_json_at_all_is_told(api: Client, accept: str) -> None:
    """RFC 9110, 12.4.2: a weight of 0 is a refusal, and the most specific range decides."""
    tried = 0
    for method, path, operation in ALL:
        if answers_json(operation):
            checked(await as_stranger(api, method, path, Accept=accept), 406, "not_acceptable")
            tried += 1
    assert tried > 150


async def test_accept_in_two_headers_is_one(api: Client) -> None:
    token = f"Bearer {api.token()}"
    headers = [("Authorization", token), ("Accept", "text/html"), ("Accept", "application/json;q=0.1")]
    answer = await api.http.get("/catalogi/api/v1/zaaktypen", headers=headers)
    assert answer.status_code == 200, answer.text


async def test_content_type_comes_before_the_token(api: Client) -> None:
    tried = 0
    for method, path, operation in ALL:
        if takes_json(operation):
            answer = await as_stranger(api, method, path, **{"Content-Type": "text/xml"})
            checked(answer, 415, "unsupported_media_type")
            tried += 1
    assert tried > 70


async def test_without_a_token_nothing_is_answered(api: Client) -> None:
    for method, path, operation in ALL:
        kind = next(iter(operation.get("requestBody", {}).get("content", {"application/json": None})))
        checked(await as_stranger(api, method, path, **{"Content-Type": kind}), 403, "permission_denied")


async def test_scopes_come_after_accept_and_content_type(stack: Stack) -> None:
    poor = await stack.add_client("deventer", "arm", [{"component": "drc", "scopes": ["iets.anders"]}])
    for method, path, operation in ALL:
        if answers_json(operation):
            answer = await poor.request(method, path, headers={"Accept": "text/xml"})
            checked(answer, 406, "not_acceptable")
        if takes_json(operation):
            answer = await poor.request(method, path, headers={"Content-Type": "text/xml"})
            checked(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("service", built())
async def test_the_errors_of_the_gateway_have_the_version_of_the_api(api: Client, service: str) -> None:
    root = api_of(service).root
    checked(await api.get(f"{root}/openapi.json/"), 404, "not_found")
    checked(await api.get(f"{root}/%2e%2e/geheim"), 404, "not_found")
    checked(await api.get(f"{root}/lang?x={'x' * 9000}"), 414, "uri_too_long")
    checked(await as_stranger(api, "DELETE", f"{root}/bestaat-niet"), 404, "not_found")
    wrong = await as_stranger(api, "GET", f"{root}/{api_of(service).resources[0].path}", Authorization="Bearer x.y.z")
    checked(wrong, 403, "jwt-decode-error")
    assert wrong.json()["type"].endswith("/JwtDecodeError/")
