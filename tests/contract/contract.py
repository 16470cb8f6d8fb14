"""The facts of a whole OpenAPI document, operation by operation, and how they are kept in a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .schema import Facts, Flat, Schema, flatten, lookup, visible

METHODS = ("get", "post", "put", "patch", "delete", "head")

# OpenAPI says that header parameters with these names are ignored; the normative files declare Content-Type.
IGNORED_HEADERS = frozenset({"content-type", "accept", "authorization"})


def read(oas: Schema) -> Contract:
    """The contract that an OpenAPI document describes.

    >>> read({"paths": {"/zaken": {"get": {"operationId": "zaak_list", "responses": {}}}}}).operations["zaak_list"].path
    '/zaken'
    """
    contract = Contract(str(oas.get("info", {}).get("version", "")))
    for path, item in oas["paths"].items():
        for method in METHODS:
            if method in item:
                operation = read_operation(oas, path, method, item)
                contract.operations[operation.name] = operation
    return contract


def read_operation(oas: Schema, path: str, method: str, item: Schema) -> Operation:
    """The facts of one operation."""
    declared = item[method]
    operation = Operation(
        name=declared.get("operationId", f"{method} {path}"),
        method=method.upper(),
        path=path,
        scopes=read_scopes(declared.get("security", oas.get("security"))),
    )
    for parameter in [*item.get("parameters", ()), *declared.get("parameters", ())]:
        operation.parameters |= dict(read_parameter(oas, resolved(oas, parameter)))
    request = resolved(oas, declared.get("requestBody", {}))
    operation.body_required = bool(request.get("required"))
    operation.request = read_content(oas, request, f"{operation.name}.request", "readOnly")
    responses = {str(status): response for status, response in declared.get("responses", {}).items()}
    operation.statuses = sorted(int(status) for status in responses if re.fullmatch("2[0-9][0-9]", status))
    if operation.statuses:
        response = resolved(oas, responses[str(operation.statuses[0])])
        operation.response = read_content(oas, response, f"{operation.name}.response", "writeOnly")
    return operation


def resolved(oas: Schema, part: Schema) -> Schema:
    """A parameter, body or response itself, when the operation only has a reference to it."""
    return (lookup(oas, part["$ref"]) or {}) if "$ref" in part else part


def read_parameter(oas: Schema, parameter: Schema) -> Iterator[tuple[str, Facts]]:
    """The facts of a parameter, under its place and name: `query:page`, `header:accept-crs`."""
    name, place = parameter["name"], parameter["in"]
    if place == "header":
        name = name.lower()
        if name in IGNORED_HEADERS:
            return
    for path, facts in flatten(parameter.get("schema", {}), oas).items():
        if path == "":
            facts = {key: value for key, value in facts.items() if key not in ("readOnly", "writeOnly")}
            if place == "query" and facts.get("type") == "array":
                facts["explode"] = parameter.get("explode", True)
            if parameter.get("required"):
                facts["required"] = True
        yield f"{place}:{name}{path}", facts


def read_content(oas: Schema, part: Schema, name: str, hidden: str) -> dict[str, Body]:
    """The bodies by content type; a body is called after its schema when it has a name of its own."""
    bodies: dict[str, Body] = {}
    for media_type, content in part.get("content", {}).items():
        schema = content.get("schema", {})
        ref = schema.get("$ref", "")
        called = f"{ref.rpartition('/')[2]}.{name.rpartition('.')[2]}" if ref else name
        bodies[media_type] = Body(called, visible(flatten(schema, oas), hidden))
    return bodies


def read_scopes(security: Any) -> list[str] | None:
    """The scopes of which a client needs one; None when the operation declares no security.

    The normative files write alternatives inside one string: `(zaken.bijwerken | zaken.geforceerd-bijwerken)`.
    """
    if not security:
        return None
    expressions = [scope for requirement in security for scopes in requirement.values() for scope in scopes]
    return sorted({scope.strip() for text in expressions for scope in text.strip("() ").split("|") if scope.strip()})


def dump(contract: Contract) -> str:
    """The contract as JSON with one property a line, and with each body written once."""
    bodies: dict[str, Flat] = {}
    operations = {}
    for operation in contract.operations.values():
        for body in [*operation.request.values(), *operation.response.values()]:
            bodies[body.name] = body.flat
        operations[operation.name] = {
            "method": operation.method,
            "path": operation.path,
            "scopes": operation.scopes,
            "statuses": operation.statuses,
            "body_required": operation.body_required,
            "request": {media: body.name for media, body in operation.request.items()},
            "response": {media: body.name for media, body in operation.response.items()},
            "parameters": operation.parameters,
        }
    whole = {"version": contract.version, "operations": operations, "bodies": dict(sorted(bodies.items()))}
    return to_lines(whole) + "\n"


def to_lines(value: Any, indent: str = "") -> str:
    """JSON with a line for everything that holds no further objects, so that a change of one fact is one line."""
    if not isinstance(value, Mapping) or not any(isinstance(child, Mapping) for child in value.values()):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + " "
    lines = [f"{inner}{json.dumps(key)}: {to_lines(child, inner)}" for key, child in value.items()]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def load(text: str) -> Contract:
    """The contract that `dump` wrote."""
    whole = json.loads(text)
    contract = Contract(whole["version"])

    def content(names: Mapping[str, str]) -> dict[str, Body]:
        return {media: Body(name, whole["bodies"][name]) for media, name in names.items()}

    for name, kept in whole["operations"].items():
        bodies = {"request": content(kept["request"]), "response": content(kept["response"])}
        contract.operations[name] = Operation(**{**kept, "name": name, **bodies})
    return contract


def resource_of(path: str) -> str:
    """The resource that a path belongs to: its fixed segments.

    >>> resource_of("/zaken/{zaak_uuid}/zaakeigenschappen/{uuid}")
    'zaken/zaakeigenschappen'
    """
    return "/".join(segment for segment in path.split("/") if segment and not segment.startswith("{"))


@dataclass
class Body:
    """A request or response body: the name under which it is kept, and its facts."""

    name: str
    flat: Flat


@dataclass
class Operation:
    """What a client can see of one operation."""

    name: str
    method: str
    path: str
    scopes: list[str] | None = None
    statuses: list[int] = field(default_factory=list)
    body_required: bool = False
    request: dict[str, Body] = field(default_factory=dict)
    response: dict[str, Body] = field(default_factory=dict)
    parameters: dict[str, Facts] = field(default_factory=dict)


@dataclass
class Contract:
    """All the operations of one API, by operationId."""

    version: str
    operations: dict[str, Operation] = field(default_factory=dict)
