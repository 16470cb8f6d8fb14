"""The operations of a document: one for each verb of a resource, for each trail and for each action."""

from typing import Any

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
from oas.schemas import Schema, Side, name_of, summary_of
from zgw.api import Action
from zgw.expand import expandable
from zgw.fields import Property, unwrap
from zgw.filters import MANY, Filter
from zgw.resource import Resource
from zgw.select import properties

VERBS = {
    "list": ("get", "list", "list", "Alle objecten opvragen"),
    "create": ("post", "create", "create", "Maak een object aan"),
    "fetch": ("get", "retrieve", "fetch", "Een object opvragen"),
    "head": ("head", "headers", "fetch", "De headers van een object opvragen"),
    "replace": ("put", "update", "update", "Werk een object in zijn geheel bij"),
    "merge": ("patch", "partial_update", "update", "Werk een object deels bij"),
    "remove": ("delete", "destroy", "remove", "Verwijder een object"),
}
"""Per verb its method, the end of its operationId, the key of its scopes and its summary."""

WRITING = ("post", "put", "patch", "delete")
AUDIT_SCOPE = frozenset({"audittrails.lezen"})


# --- Resources -------------------------------------------------------------------------------------------------------


def of_verb(made: Document, resource: Resource, verb: str) -> Operation:
    """Return one of the seven operations that every resource can have."""
    method, end, scope, summary = VERBS[verb]
    single = verb not in ("list", "create")
    operation = Operation(
        name=resource.operations.get(verb, f"{resource.prefix}_{end}"),
        method=method,
        path=collection_path(resource) + ("/{uuid:uuid}" if single else ""),
        tag=resource.path,
        summary=f"{summary} ({resource.name}).",
        scopes=resource.scopes[scope],
        status={"create": 201, "remove": 204}.get(verb, 200),
        description=rules_of(resource, verb),
        deprecated=bool(resource.warning),
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
            names += [*resource.fetch_parameters, *(["expand"] if expandable(resource) else [])]
        operation.parameters += [PARAMETERS[name] for name in names]
        operation.headers = ("ETag",) if resource.etag else ()
    if verb in ("create", "replace", "merge"):
        side = Side.PATCH if verb == "merge" else Side.REQUEST
        operation.request = made.schemas.body(resource.fields, side, resource.ignored)
        operation.headers = ("Location",) if verb == "create" else ()
    if resource.crs:
        needed = {"Accept-Crs": verb != "remove", "Content-Crs": operation.request is not None}
        operation.parameters += [{**PARAMETERS[name], "required": value} for name, value in needed.items()]
        operation.headers = (*operation.headers, "Content-Crs") if operation.response else operation.headers
    if resource.audited and method in WRITING:
        operation.parameters += [PARAMETERS[name] for name in AUDIT]
    return operation


def collection_path(resource: Resource) -> str:
    """Return the path of a collection below the root of its API."""
    if resource.parent and resource.main:
        return f"/{resource.main.resource.path}/{{{resource.parent}_uuid:uuid}}/{resource.path}"
    return f"/{resource.path}"


def list_parameters(made: Document, resource: Resource) -> list[Schema]:
    """Return the query parameters of a list."""
    found = [filter_parameter(made, f) for f in resource.filters if not f.search_only]
    found += [ordering(resource.ordering)] if resource.ordering else []
    names = [*(["page", "pageSize"] if resource.paginated else []), *(["expand"] if expandable(resource) else [])]
    return found + [PARAMETERS[name] for name in names]


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
    rules = resource.removal_rules if verb == "remove" else resource.rules if VERBS[verb][0] in WRITING else ()
    found = [summary_of(rule.__doc__) for rule in rules]
    lines = "\n".join(f"* {line}" for line in dict.fromkeys(found) if line)
    return "\n\n".join([*text, f"Regels:\n\n{lines}"] if lines else text)


def of_trail(made: Document, resource: Resource) -> list[Operation]:
    """Return the two operations of the audit trail of a main object."""
    entry = made.schemas.named("AuditTrail", trail_entry())
    path = f"{collection_path(resource)}/{{{resource.name}_uuid:uuid}}/audittrail"
    listed: Schema = {"type": "array", "items": entry}
    both = (
        ("audit_list", "audittrail_list", path, listed, "Alle regels"),
        ("audit_fetch", "audittrail_retrieve", path + "/{uuid:uuid}", entry, "Een regel"),
    )
    return [
        Operation(
            name=resource.operations.get(verb, name),
            method="get",
            path=path,
            tag="audittrail",
            summary=f"{what} van het audittrail opvragen ({resource.name}).",
            scopes=AUDIT_SCOPE,
            response=response,
        )
        for verb, name, path, response, what in both
    ]


# --- Actions ---------------------------------------------------------------------------------------------------------


def of_action(made: Document, action: Action) -> Operation:
    """Return the operation of an ordinary endpoint."""
    method = action.method.lower()
    text = action.description or summary_of(action.run.__doc__)
    operation = Operation(
        name=action.operation,
        method=method,
        path=action.path,
        tag=action.path.split("/")[1].partition(":")[0],
        summary=text.partition(". ")[0] or action.operation,
        description=text,
        scopes=action.scopes,
        status=action.status,
        failures=action.failures,
    )
    sends = method in ("post", "put", "patch")
    if sends and (action.body is not None or action.filters):
        operation.request = action_body(made, action)
        operation.request_types = [part.strip() for part in action.content_type.split(",")]
        operation.body_required = method != "post" or bool(required_of(made, operation.request))
    elif action.filters:
        operation.parameters += [filter_parameter(made, f) for f in action.filters]
    for name in action.parameters:
        names = {"CRS": ("Accept-Crs", "Content-Crs") if sends else ("Accept-Crs",), "audit": AUDIT}.get(name, (name,))
        operation.parameters += [PARAMETERS[each] for each in names]
    operation.response = action_response(made, action)
    if action.shape == "binary":
        operation.response_type = "application/octet-stream"
    operation.headers = ("Location",) if action.status == 201 and isinstance(action.response, Resource) else ()
    if "If-None-Match" in action.parameters:
        operation.headers = (*operation.headers, "ETag")
    return operation


def action_body(made: Document, action: Action) -> Schema:
    """Return the schema of what an action receives: its body, and filters as properties in which lists are arrays."""
    if action.body and not action.filters:
        return made.schemas.body(action.body, Side.PATCH if action.method.upper() == "PATCH" else Side.REQUEST)
    body: Schema = {"type": "object", "properties": {}}
    if action.body:
        body = made.schemas.properties(action.body, Side.REQUEST)
    for declared in action.filters:
        body["properties"].setdefault(declared.name, filter_schema(made, declared))
    if needed := [declared.name for declared in action.filters if declared.required]:
        body["required"] = [*body.get("required", ()), *needed]
    name = "".join(part.title() for part in action.operation.split("_"))
    return made.schemas.named(f"{name}Request", body)


def required_of(made: Document, ref: Schema) -> Any:
    """Return what a body must have."""
    return made.schemas.known[ref["$ref"].rpartition("/")[2]].get("required")


def action_response(made: Document, action: Action) -> Schema | None:
    """Return the schema of what an action answers."""
    if action.shape == "binary":
        return {"type": "string", "format": "binary"}
    if action.response is None:
        return None
    if isinstance(action.response, Resource):
        item = response_of(made, action.response)
    else:
        item = made.schemas.body(action.response, Side.RESPONSE)
    if action.shape == "page":
        return page(made, item)
    listed = {"type": "array", "items": item}
    if action.shape == "object|array":
        # As the request asks. The Java clients of openapi-generator need a class of the array among the choices.
        known = {**listed, "x-generate-alias-as-model": True}
        return {"oneOf": [item, made.schemas.named(item["$ref"].rpartition("/")[2] + "List", known)]}
    return listed if action.shape == "array" else item


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
    found["required"] = declared.required
    return {**found, "style": "form", "explode": False} if found["schema"].get("type") == "array" else found
