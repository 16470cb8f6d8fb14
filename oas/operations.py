"""The operations of a document: one for each verb of a resource, for each trail and for each other route."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.routing import APIRoute

from oas.codes import QUERY, WRITING, codes_of_route, codes_of_verb, rules_of_verb
from oas.model import Document, Operation
from oas.parts import (
    ANYTHING,
    AUDIT,
    EMPTY,
    PARAMETERS,
    SUFFIXES,
    ordering,
    query,
    trail_entry,
)
from oas.rules import lines_of
from oas.schemas import BESIDE_STANDARD, Schema, Side, name_of, summary_of
from zgw import audit
from zgw.api import MOST, Described, Member
from zgw.expand import expandable
from zgw.fields import Property, describe, unwrap
from zgw.filters import MANY, Filter
from zgw.resource import Resource
from zgw.routing import described_of, method_of, scopes_of
from zgw.select import properties
from zgw.verbs import ONE, VERBS, collection_path, operation_id, trails_of

SUMMARIES = {
    "list": "Alle objecten opvragen",
    "create": "Maak een object aan",
    "fetch": "Een object opvragen",
    "head": "De headers van een object opvragen",
    "replace": "Werk een object in zijn geheel bij",
    "merge": "Werk een object deels bij",
    "remove": "Verwijder een object",
}

FILE: Schema = {"type": "string", "format": "binary"}
FILES = ("application/zip",)
"""The types of bodies and answers that are a file."""

# --- Resources -------------------------------------------------------------------------------------------------------


def of_verb(made: Document, resource: Resource, verb: str) -> Operation:
    """Return one of the seven operations that every resource can have."""
    facts = VERBS[verb]
    operation = Operation(
        name=operation_id(resource, verb),
        method=facts.method.lower(),
        path=collection_path(resource) + facts.path,
        tag=resource.path,
        summary=f"{SUMMARIES[verb]} ({resource.name}).",
        scopes=[resource.scopes[facts.scopes]],
        status=facts.status,
        description=rules_of(resource, verb),
        deprecated=bool(resource.warning),
        extension=resource.beside_standard(verb),
        codes=codes_of_verb(resource, verb),
    )
    if verb not in ("head", "remove"):
        operation.response = response_of(made, resource)
    if verb == "list" and operation.response:
        item = operation.response
        operation.response = page(made, item) if resource.paginated else {"type": "array", "items": item}
        operation.parameters += list_parameters(made, resource)
    if verb in ("fetch", "head"):
        names = ["If-None-Match"] if resource.etag else []
        # HEAD takes the same parameters, but the normative files do not list them and they say nothing there.
        if verb == "fetch":
            names += resource.fetch_parameters
        operation.parameters += [PARAMETERS[name] for name in names]
        operation.parameters += expand_of(resource) if verb == "fetch" else []
        operation.headers = ("ETag",) if resource.etag else ()
    if verb in ("create", "replace", "merge"):
        side = Side.PATCH if verb == "merge" else Side.REQUEST
        operation.request = made.schemas.body(resource.fields, side, resource.ignored)
        operation.headers = ("Location",) if verb == "create" else ()
    if resource.crs:
        needed = {"Accept-Crs": verb != "remove", "Content-Crs": operation.request is not None}
        operation.parameters += [{**PARAMETERS[name], "required": value} for name, value in needed.items()]
        operation.headers = (*operation.headers, "Content-Crs") if operation.response else operation.headers
    if resource.audited and operation.method in WRITING:
        operation.parameters += [PARAMETERS[name] for name in AUDIT]
    return operation


def list_parameters(made: Document, resource: Resource) -> list[Schema]:
    """Return the query parameters of a list."""
    found = [filter_parameter(made, f) for f in resource.filters if not f.search_only]
    found += [ordering_of(resource)] if resource.ordering else []
    names = ["page", "pageSize"] if resource.paginated else []
    return found + [PARAMETERS[name] for name in names] + expand_of(resource)


def expand_of(resource: Resource) -> list[Schema]:
    """Return the query parameter with which related objects come along, or nothing when there are none."""
    if not (names := list(expandable(resource))):
        return []
    listed = ", ".join(f"`{name}`" for name in names)
    text = (
        f"Te tonen gerelateerde objecten, met komma's ertussen: {listed}. Met een punt gaat het verder in zo'n object."
    )
    return [{**PARAMETERS["expand"], "description": text}]


def ordering_of(resource: Resource) -> Schema:
    """Return the query parameter that orders a list of a resource."""
    return ordering(resource.ordering, [name for name in resource.ordering if resource.beside_standard(name)])


def response_of(made: Document, resource: Resource) -> Schema:
    """Return the reference to the schema of a resource as it is answered, with ``_expand`` where something expands."""
    name, new = made.schemas.claim(resource, pascal(resource), resource.fields.__module__)
    if new:
        schema = made.schemas.known[name] = {"type": "object"}
        if resource.description:
            schema["description"] = resource.description
        written: dict[str, Schema] = {"url": {"type": "string", "format": "uri", "minLength": 1, "maxLength": 1000}}
        written["url"] |= {"readOnly": True, "description": "Het adres van dit object."}
        sent = set(resource.fields.model_fields)
        for p in properties(resource):
            if p.name != "url":
                value = made.schemas.value(p, Side.RESPONSE)
                written[p.name] = value if p.attribute in sent or "$ref" in value else {**value, "readOnly": True}
        left_out = {p.name for p in properties(resource) if p.variants is not None}
        schema["required"] = [name for name in written if name not in left_out]
        schema["properties"] = {**written, **expanded(made, resource)}
    return {"$ref": f"#/components/schemas/{name}"}


def expanded(made: Document, resource: Resource) -> dict[str, Schema]:
    """Return the property ``_expand``, or nothing when nothing can be expanded."""
    found: dict[str, Schema] = {}
    kinds = {p.name: p for p in properties(resource)}
    for name, ref in expandable(resource).items():
        own = ref.service in ("", made.api.service)
        target = next((r for r in made.api.resources if own and r.path == ref.path), None)
        item = response_of(made, target) if target else ANYTHING
        if name in kinds and kinds[name].item is not None:
            found[name] = {"type": "array", "items": item}
        else:
            # Clients in Java refuse an object that fits two of `oneOf`, and to them each fits both.
            found[name] = {"anyOf": [item, made.schemas.named("EmptyObject", EMPTY)]} if target else item
    if not found:
        return {}
    text = "De gerelateerde objecten, alleen aanwezig wanneer daar met `expand` om is gevraagd."
    return {"_expand": {"type": "object", "description": text, "properties": found, "readOnly": True}}


def page(made: Document, item: Schema) -> Schema:
    """Return the reference to the envelope of a page of these items."""
    link = {"type": "string", "format": "uri", "nullable": True}
    members = {
        "count": {"type": "integer"},
        "next": link,
        "previous": link,
        "results": {"type": "array", "items": item},
    }
    schema = {"type": "object", "required": ["count", "next", "previous", "results"], "properties": members}
    return made.schemas.named("Paginated" + item["$ref"].rpartition("/")[2] + "List", schema)


def pascal(resource: Resource) -> str:
    """Return the name of the schema of a resource: that of its fields, else its own."""
    return name_of(resource.fields) or resource.name.title().replace("_", "")


def rules_of(resource: Resource, verb: str) -> str:
    """Return the business rules of a write as a list, from the docstrings of the functions that hold them."""
    text = [resource.warning] if resource.warning else []
    lines = lines_of(rules_of_verb(resource, verb))
    return "\n\n".join([*text, f"Regels:\n\n{lines}"] if lines else text)


def of_trail(made: Document, resource: Resource) -> Iterator[Operation]:
    """Yield the two operations of the audit trail of a main object."""
    for name, path in trails_of(resource):
        single = path.endswith(ONE)
        entry = made.schemas.named("AuditTrail", trail_entry())
        yield Operation(
            name=name,
            method="get",
            path=collection_path(resource) + path,
            tag="audittrail",
            summary=f"{'Een regel' if single else 'Alle regels'} van het audittrail opvragen ({resource.name}).",
            scopes=[audit.LEZEN],
            response=entry if single else {"type": "array", "items": entry},
            codes=[QUERY],
        )


# --- Other routes ----------------------------------------------------------------------------------------------------


def of_route(made: Document, route: APIRoute) -> Operation:
    """Return the operation of a route that is declared by itself."""
    described, method = described_of(route), method_of(route).lower()
    text = summary_of(route.endpoint.__doc__)
    operation = Operation(
        name=route.operation_id or route.name,
        method=method,
        path=route.path.removeprefix(made.api.root),
        tag=str(route.tags[0]),
        summary=text.partition(". ")[0] or route.unique_id,
        description=text,
        scopes=scopes_of(route),
        status=route.status_code or 200,
        failures=described.failures,
        deprecated=bool(route.deprecated),
        extension=described.extension,
        codes=codes_of_route(made.api, route, described),
    )
    sends = method in ("post", "put", "patch")
    if described.content_type in FILES:
        operation.request = FILE if sends else None
        operation.request_types, operation.response_type = [described.content_type], described.content_type
        operation.parameters += [filter_parameter(made, f) for f in described.filters]
    elif sends and (described.body is not None or described.filters):
        operation.request = body_of(made, route, described)
        operation.request_types = [part.strip() for part in described.content_type.split(",")]
        operation.body_required = method != "post" or bool(required_of(made, operation.request))
    elif described.taken:
        operation.request = several(made, operation.name, described.taken, Side.REQUEST)
    elif described.filters:
        operation.parameters += [filter_parameter(made, f) for f in described.filters]
    for name in described.parameters:
        names = {"CRS": ("Accept-Crs", "Content-Crs") if sends else ("Accept-Crs",), "audit": AUDIT}.get(name, (name,))
        if name == "ordering" and isinstance(described.response, Resource):
            operation.parameters.append(ordering_of(described.response))
        elif name == "expand" and isinstance(described.response, Resource):
            operation.parameters += expand_of(described.response)
        else:
            operation.parameters += [PARAMETERS[each] for each in names]
    operation.response = answer_of(made, described)
    if described.shown:
        operation.response = several(made, operation.name, described.shown, Side.RESPONSE)
    if described.shape == "binary" and described.content_type not in FILES:
        operation.response_type = "application/octet-stream"
    elif described.shape != "binary":
        operation.response_type = "application/json"
    operation.headers = ("Location",) if operation.status == 201 and isinstance(described.response, Resource) else ()
    if "If-None-Match" in described.parameters:
        operation.headers = (*operation.headers, "ETag")
    return operation


def several(made: Document, operation: str, members: Sequence[Member], side: Side) -> Schema:
    """Return the schema of the body or the answer of an operation that writes several objects."""
    properties: dict[str, Schema] = {}
    for member in members:
        item = part_of(made, member) if side is Side.REQUEST else response_of(made, member.resource)
        sizes = {"maxItems": MOST} if side is Side.REQUEST else {}
        properties[member.name] = {"type": "array", "items": item, **sizes} if member.many else item
    needed = [member.name for member in members if member.required or side is Side.RESPONSE]
    schema = {"type": "object", "required": needed, "properties": properties}
    name = "".join(part.title() for part in operation.split("_"))
    return made.schemas.named(name + ("Request" if side is Side.REQUEST else ""), schema)


def part_of(made: Document, member: Member) -> Schema:
    """Return the schema of an object in the body of such an operation: that of its own operation, without the main
    object, which it belongs to already."""
    resource = member.resource
    side = Side.PATCH if member.operation == "update" and not member.only else Side.REQUEST
    if resource.main is None and not member.only:
        return made.schemas.body(resource.fields, side, resource.ignored)
    whole = made.schemas.properties(resource.fields, side)
    own = resource.main.attribute if resource.main else ""
    kept = [p.name for p in describe(resource.fields) if p.attribute != own and p.name in (member.only or (p.name,))]
    properties = {name: whole["properties"][name] for name in kept}
    needed = member.only or [name for name in whole.get("required", ()) if name in kept]
    name = f"{pascal(resource)}{'Met' + member.only[0].title() if member.only else 'Onderdeel'}Request"
    return made.schemas.named(name, {"type": "object", "required": list(needed), "properties": properties})


def of_root(made: Document) -> Operation:
    """Return the root, which ``oas.routes`` serves."""
    text = "De adressen van de lijsten van deze API, per naam. Er is geen token voor nodig."
    url = {"type": "string", "format": "uri"}
    return Operation(
        name=f"{made.api.service}_root",
        method="get",
        path="/",
        tag="root",
        summary="De lijsten van deze API.",
        description=text,
        scopes=(),
        response={"type": "object", "description": text, "additionalProperties": url},
        extension=True,
    )


def body_of(made: Document, route: APIRoute, described: Described) -> Schema:
    """Return the schema of what an endpoint takes: its body, and filters as properties in which lists are arrays."""
    if described.body and not described.filters:
        return made.schemas.body(described.body, Side.PATCH if method_of(route) == "PATCH" else Side.REQUEST)
    body: Schema = {"type": "object", "properties": {}}
    if described.body:
        body = made.schemas.properties(described.body, Side.REQUEST)
    for declared in described.filters:
        mark = BESIDE_STANDARD if declared.extension else {}
        body["properties"].setdefault(declared.name, {**filter_schema(made, declared), **mark})
    if needed := [declared.name for declared in described.filters if declared.required]:
        body["required"] = [*body.get("required", ()), *needed]
    name = "".join(part.title() for part in route.unique_id.split("_"))
    return made.schemas.named(f"{name}Request", body)


def required_of(made: Document, ref: Schema) -> Any:
    """Return what a body must have."""
    return made.schemas.known[ref["$ref"].rpartition("/")[2]].get("required")


def answer_of(made: Document, described: Described) -> Schema | None:
    """Return the schema of what an endpoint answers."""
    if described.shape == "binary":
        return FILE
    if described.response is None:
        return None
    if isinstance(described.response, Resource):
        item = response_of(made, described.response)
    else:
        item = made.schemas.body(described.response, Side.RESPONSE)
    if described.shape == "page":
        return page(made, item)
    listed = {"type": "array", "items": item}
    if described.shape == "object|array":
        # As the request asks. The Java clients of openapi-generator need a class of the array among the choices.
        known = {**listed, "x-generate-alias-as-model": True}
        return {"oneOf": [item, made.schemas.named(item["$ref"].rpartition("/")[2] + "List", known)]}
    return listed if described.shape == "array" else item


# --- Parameters ------------------------------------------------------------------------------------------------------


def filter_schema(made: Document, declared: Filter) -> Schema:
    """Return the schema of the value of a filter."""
    if declared.shown is not None:
        return dict(declared.shown)
    kind, markers, nullable = unwrap(declared.type)
    schema = made.schemas.value(Property("", declared.name, kind, nullable, True, None, tuple(markers)), Side.QUERY)
    return {"type": "array", "items": schema, "maxItems": MANY} if declared.many else schema


def filter_parameter(made: Document, declared: Filter) -> Schema:
    """Return the query parameter of a filter."""
    found = query(declared.name, filter_schema(made, declared), SUFFIXES.get(declared.name.rpartition("__")[2], ""))
    found |= {"required": declared.required, **(BESIDE_STANDARD if declared.extension else {})}
    return {**found, "style": "form", "explode": False} if found["schema"].get("type") == "array" else found
