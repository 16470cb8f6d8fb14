"""The document of each API, as it is served, against OpenAPI 3, the NL API Design Rules and what linters advise.

Spectral judges by the rules in ``tests/node/design_rules.mjs``, Redocly by those of ``tests/node/redocly.yaml``; what
no document shows is asked over HTTP. ``known_findings.py`` has what stays as it is.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from runtime.tenancy import SERVICES
from tests.oas.known_findings import KNOWN, Finding
from tests.stack import PUBLIC, Client
from tests.tools import FOLDER, node_modules, output, program

QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
PAGE = Path(__file__).parents[2] / "docs" / "design-rules.md"
RULES = FOLDER / "design_rules.mjs"


def documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents that stand one after the other in a text."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        yield found
        at += len(text[at:]) - len(text[at:].lstrip())


def pointer(path: list[Any]) -> str:
    """Return a place in a document as a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


async def by_spectral(files: list[Path]) -> list[Finding]:
    """Return what Spectral finds in the documents in these files."""
    found = json.loads(await output(program("node"), "lint.mjs", *map(str, files), folder=FOLDER))
    return [
        Finding(Path(file).stem, each["code"], pointer(each["path"]), each["message"])
        for file, findings in found.items()
        for each in findings
    ]


async def by_redocly(files: list[Path]) -> list[Finding]:
    """Return what Redocly finds in them."""
    command = (str(node_modules() / ".bin" / "redocly"), "lint", "--format", "json", "--max-problems", "100000")
    text = await output(*command, *map(str, files), folder=FOLDER, codes=(0, 1), variables=QUIET)
    problems = [each for found in documents(text) for each in found["problems"]]
    return [
        Finding(
            Path(place["source"]["ref"]).stem,
            each["ruleId"],
            place.get("pointer", "")[1:],
            " ".join(each["message"].split()),
        )
        for each in problems
        for place in each["location"][:1]
    ]


@pytest.fixture(scope="module")
async def files(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The document of each API in a file, as the gateway serves it to anybody."""
    folder, found = tmp_path_factory.mktemp("documents"), []
    async with httpx.AsyncClient(transport=stack.transport(), base_url=PUBLIC) as stranger:
        for service in SERVICES:
            answer = await stranger.get(f"/{service}/api/v1/openapi.json")
            assert answer.status_code == 200, answer.text
            # The connection of tests is not encrypted.
            (folder / f"{service}.json").write_text(answer.text.replace("http://samenzaak", "https://samenzaak"))
            found.append(folder / f"{service}.json")
    return found


@pytest.fixture(scope="module")
async def findings(files: list[Path]) -> list[Finding]:
    """What both linters find in them."""
    node_modules()
    return [each for found in await asyncio.gather(by_spectral(files), by_redocly(files)) for each in found]


async def test_every_document_is_valid(files: list[Path]) -> None:
    for file in files:
        validate(json.loads(file.read_text()))


async def test_nothing_is_found_that_is_not_known(findings: list[Finding]) -> None:
    assert [each for each in findings if not any(known.covers(each) for known in KNOWN)] == []


async def test_what_is_known_is_still_found(findings: list[Finding]) -> None:
    assert [known for known in KNOWN if not any(known.covers(each) for each in findings)] == []


async def test_the_rules_find_something(tmp_path: Path) -> None:
    """Each rule of ours finds what is wrong with a document that breaks it, and Redocly what breaks OpenAPI."""
    node_modules()
    private: dict[str, Any] = {"name": "Bsn_nummer", "in": "query", "schema": {"type": "string"}}
    problem = {"description": "Mis", "content": {"application/json": {"schema": {"type": "object"}}}}
    listed = {"schema": {"type": "array", "items": {"type": "string"}}}
    answer = {"description": "Gelukt", "content": {"application/json": listed}}
    path = {
        "get": {"parameters": [private], "requestBody": {"content": {}}, "responses": {"200": answer, "404": problem}},
        "trace": {"responses": {"200": answer}},
    }
    wrong = {
        "openapi": "3.0",
        "info": {"title": "Mis", "version": "1.x"},
        "servers": [{"url": "http://example.nl/api/v1.2"}],
        "paths": {"/Zaak/": path},
    }
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong))
    found = {each.rule for each in await by_spectral([file])}
    assert {rule for rule in names() if rule not in found} == set()
    (tmp_path / "worse.json").write_text(json.dumps({**wrong, "openapi": "3.0.3", "paths": {"/zaken": {"get": {}}}}))
    assert {each.rule for each in await by_redocly([tmp_path / "worse.json"])} >= {"struct", "operation-operationId"}


def names() -> list[str]:
    """Return the names of the rules that Spectral judges by."""
    return re.findall(r'^    "(/core/[^"]+)":', RULES.read_text(), re.MULTILINE)


def test_the_documentation_has_every_rule_and_every_exception() -> None:
    text = PAGE.read_text()
    assert len(names()) > 10
    assert [rule for rule in names() if f"`{rule}`" not in text] == []
    excepted = text.partition("## Exceptions")[2]
    assert {known.rule for known in KNOWN if known.rule.startswith("/core/")} == {
        *re.findall(r"`(/core/[^`]+)`", excepted)
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_the_document_is_published(api: Client, service: str) -> None:
    """/core/publish-openapi: below the root of the API, as JSON, for a page of anybody."""
    for path in ("openapi.json", "openapi.yaml"):
        answer = await api.http.get(f"/{service}/api/v1/{path}", headers={"Origin": "https://elders.example"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("service", SERVICES)
async def test_every_answer_has_the_headers(api: Client, service: str) -> None:
    """/core/version-header and /core/transport/security-headers, of answers and of refusals."""
    oas = (await api.http.get(f"/{service}/api/v1/openapi.json")).json()
    root = f"/{service}/api/v1"
    listed = root + next(
        path for path, item in oas["paths"].items() if "{" not in path and len(path) > 1 and "get" in item
    )
    known = {"Authorization": f"Bearer {api.token()}", "Accept-Crs": "EPSG:4326"}
    asked = [
        *((each, {}) for each in (root, f"{root}/openapi.json", f"{root}/docs", f"{root}/nergens", listed)),
        (listed, known),
        (f"{listed}?nergens=1", known),
        (listed, {**known, "Accept": "text/plain"}),
    ]
    statuses = set()
    for path, headers in asked:
        answer = await api.http.get(path, headers=headers)
        statuses.add(answer.status_code)
        assert answer.headers["api-version"] == oas["info"]["version"], path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert {"content-type", "cache-control"} <= {*answer.headers}, path
    assert statuses == {200, 403, 404, 400, 406}
