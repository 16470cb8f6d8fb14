"""The OpenAPI 3.0.3 document of an API, made from its declarations and from nothing else."""

import re
from typing import Any

import orjson

from oas.codes import WRITING
from oas.descriptions import Texts, describe, texts_of
from oas.examples import illustrate
from oas.failures import CODES, explain
from oas.model import Document, Operation
from oas.operations import of_root, of_route, of_trail, of_verb
from oas.parts import (
    LICENSE,
    SCHEMAS,
    SECURITY,
    by_method,
    failure,
    path_parameters,
    scope_text,
    used_headers,
    with_text,
)
from oas.schemas import BESIDE_STANDARD
from runtime.version import VERSION
from zgw.api import Api
from zgw.verbs import verbs_of


def document(api: Api, base: str = "", texts: Texts | None = None, contact_email: str | None = None) -> dict[str, Any]:
    """Return the OpenAPI document of an API that clients reach below ``base``, with its texts or those given, and the
    e-mail address of who runs it."""
    made = Document(api)
    for resource in api.resources:
        for verb in verbs_of(resource):
            add(made, of_verb(made, resource, verb))
        for operation in of_trail(made, resource):
            add(made, operation)
    for route in api.operations:
        add(made, of_route(made, route))
    add(made, of_root(made))
    tags = dict.fromkeys(operation["tags"][0] for item in made.paths.values() for operation in item.values())
    descriptions = {resource.path: resource.description for resource in api.resources}
    whole = {
        "openapi": "3.0.3",
        "info": {
            "title": api.title,
            "version": api.version,
            "description": api.description,
            "contact": {
                "name": "Samenzaak",
                "url": f"{base}/docs/vendors/",
                **({"email": contact_email} if contact_email else {}),
            },
            "license": LICENSE,
            "x-samenzaak-versie": VERSION,
        },
        "externalDocs": {"url": f"{base}/docs/", "description": "De handleidingen."},
        "servers": [{"url": base + api.root}],
        "tags": [with_text({"name": tag}, descriptions.get(tag, "")) for tag in tags],
        "paths": {path: dict(sorted(item.items(), key=by_method)) for path, item in made.paths.items()},
        "components": {
            "schemas": dict(sorted((made.schemas.known | SCHEMAS).items())),
            "responses": dict(sorted(made.failures.items())),
            "headers": used_headers(made.paths),
            "securitySchemes": SECURITY,
        },
    }
    # Parts that occur more than once would be anchors and aliases in YAML, which many tools do not read.
    copied: dict[str, Any] = orjson.loads(orjson.dumps(whole))
    describe(copied, texts_of(api.service) if texts is None else texts)
    illustrate(copied, api.service, base)
    explain(copied, base)
    return copied


def add(made: Document, operation: Operation) -> None:
    """Write an operation into the document."""
    written: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        # The normative files write alternatives within one string, which clients show as it is.
        "security": [{"JWT-Claims": [scope_text(each) for each in operation.scopes]}] if operation.scopes else [],
        "parameters": [*path_parameters(operation.path), *operation.parameters],
    }
    written = with_text(written, operation.description) | ({"deprecated": True} if operation.deprecated else {})
    written |= BESIDE_STANDARD if operation.extension else {}
    written |= {CODES: list(operation.codes)} if operation.codes else {}
    if operation.request is not None:
        content = made.schemas.content(operation.request, operation.request_types)
        written["requestBody"] = {"required": operation.body_required, "content": content}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("API-version", *operation.headers)}
    responses: dict[str, Any] = {str(operation.status): {"description": "Gelukt.", "headers": headers}}
    if operation.response is not None:
        responses[str(operation.status)]["content"] = {operation.response_type: {"schema": operation.response}}
    if any(p.get("name") == "If-None-Match" for p in operation.parameters):
        responses["304"] = {"description": "Niet gewijzigd: de client heeft deze versie al.", "headers": headers}
    for status in failures(operation):
        made.failures.setdefault(f"Fout{status}", failure(status))
        responses[str(status)] = {"$ref": f"#/components/responses/Fout{status}"}
    path = re.sub(r":\w+\}", "}", operation.path)
    made.paths.setdefault(path, {})[operation.method] = {**written, "responses": responses}


def failures(operation: Operation) -> list[int]:
    """Return the error statuses that an operation can answer."""
    if operation.path == "/":
        return [404, 429, 500, 503]
    # Every operation but the root refuses query parameters that it does not know.
    found = {400, 401, 403, 406, 429, 500, 503, *operation.failures}
    names = {p["name"] for p in operation.parameters}
    if operation.request is not None:
        found |= {413, 415}
    if any(p["in"] == "query" for p in operation.parameters):
        found.add(414)
    if names & {"page", "expand"} or "{" in operation.path:
        found.add(404)
    if operation.method in WRITING and not operation.path.endswith("_zoek"):
        found.add(409)
    if any(p["name"] == "Accept-Crs" and p["required"] for p in operation.parameters):
        found.add(412)
    return sorted(found)
