"""Flattens a schema of an OpenAPI document to the facts about each of its properties.

Two documents describe the same body in different ways: inline or by $ref, with allOf or without, nullable by a
keyword or by a null type. Facts per dotted path are the same for all of these, so they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Facts = dict[str, Any]
Flat = dict[str, Facts]
Schema = Mapping[str, Any]

LIMITS_BELOW = ("minLength", "minimum")
LIMITS_ABOVE = ("maxLength", "maximum", "maxItems", "maxProperties")

# Positions in GeoJSON nest to five levels and mean nothing to the contract, so they are not followed.
OPAQUE = frozenset({"coordinates", "geometries"})

# `format: string` is a slip in the normative files; without it the fact is only the type.
NO_FORMAT = frozenset({"string"})


def flatten(schema: Schema, oas: Schema) -> Flat:
    """The facts of a schema, by dotted path; `[]` is an item of an array, `{}` a value of a free map.

    >>> flatten({"type": "array", "items": {"type": "string", "maxLength": 9}}, {})
    {'': {'type': 'array'}, '[]': {'type': 'string', 'maxLength': 9}}
    """
    flat: Flat = {}
    write(build(schema, Walk(oas)), "", flat)
    return flat


def lookup(oas: Schema, ref: str) -> Schema | None:
    """The object that a local reference points to, None when it points outside the document."""
    if not ref.startswith("#/"):
        return None
    target: Any = oas
    for key in ref[2:].split("/"):
        target = target[key.replace("~1", "/").replace("~0", "~")]
    return target if isinstance(target, Mapping) else None


def build(schema: Schema | bool, walk: Walk) -> Node:
    """The node of a schema: references resolved, allOf, oneOf, anyOf and discriminator merged."""
    if isinstance(schema, bool):
        return Node()
    own = own_node(schema, walk)
    parts = [build(part, walk) for part in schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(build_reference(schema["$ref"], walk))
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            parts.append(any_of([build(branch, walk) for branch in schema[keyword]]))
    return all_of([*parts, own]) if parts else own


def build_reference(ref: str, walk: Walk) -> Node:
    """The node behind a reference, as the union of its subtypes when a discriminator selects among them."""
    target = lookup(walk.oas, ref)
    # References to other files only occur below `_expand`, of which just the key names are compared.
    if target is None:
        return Node()
    if ref in walk.bases:
        return build(target, replace(walk, seen=walk.seen | {ref}, bases=walk.bases - {ref}))
    if ref in walk.seen:
        return Node({"type": "object"})
    inside = replace(walk, seen=walk.seen | {ref})
    subtypes = discriminated(ref, target, walk.oas)
    if not subtypes:
        return build(target, inside)
    return any_of([build_reference(subtype, replace(inside, bases=walk.bases | {ref})) for subtype in subtypes])


def discriminated(ref: str, target: Schema, oas: Schema) -> list[str]:
    """References to the subtypes of a base schema with a discriminator.

    The mapping is optional in OpenAPI: without one, the subtypes are the schemas that have the base in their allOf.
    """
    if "discriminator" not in target or "oneOf" in target or "anyOf" in target:
        return []
    mapping = target["discriminator"].get("mapping")
    if mapping:
        return sorted(set(mapping.values()))
    schemas: Mapping[str, Schema] = oas.get("components", {}).get("schemas", {})
    inherits = (name for name, schema in schemas.items() if {"$ref": ref} in schema.get("allOf", ()))
    return [f"#/components/schemas/{name}" for name in inherits]


def own_node(schema: Schema, walk: Walk) -> Node:
    """What a schema says itself, next to its references and compositions."""
    node = Node(own_facts(schema), required=frozenset(schema.get("required", ())))
    for name, child in schema.get("properties", {}).items():
        if name == "_expand":
            node.properties[name] = expand_node(child, walk)
        elif name in OPAQUE:
            node.properties[name] = Node({"type": "array"})
        else:
            node.properties[name] = build(child, walk)
    if "items" in schema:
        node.items = build(schema["items"], walk)
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping) and values:
        node.properties["{}"] = build(values, walk)
    return node


def expand_node(schema: Schema, walk: Walk) -> Node:
    """The `_expand` of a resource: the names of its keys, without what they hold.

    The normative files type the expanded objects in outdated versions and partly wrong, and they are cyclic.
    """
    seen: set[str] = set()
    names: set[str] = set()
    queue = [schema]
    while queue:
        part = queue.pop()
        names |= set(part.get("properties", ()))
        queue += [*part.get("allOf", ()), *part.get("oneOf", ()), *part.get("anyOf", ())]
        ref = part.get("$ref")
        if ref and ref not in seen and (target := lookup(walk.oas, ref)):
            seen.add(ref)
            queue.append(target)
    return Node({"type": "object"}, {name: Node() for name in sorted(names)})


def own_facts(schema: Schema) -> Facts:
    """The facts about a value that a schema states directly, in one notation for OpenAPI 3.0 and 3.1."""
    facts: Facts = {}
    types = schema.get("type", ())
    types = {types} if isinstance(types, str) else set(types)
    enum = [schema["const"]] if "const" in schema else schema.get("enum")
    nullable = bool(schema.get("nullable")) or "null" in types or (enum is not None and None in enum)
    types.discard("null")
    if enum is not None and (values := sorted({str(value) for value in enum if value is not None})):
        facts["enum"] = values
        types = types or {"string"}
    if not types and "properties" in schema:
        types = {"object"}
    if types:
        facts["type"] = "|".join(sorted(types))
    if (form := own_format(schema)) is not None:
        facts["format"] = form
    for limit in (*LIMITS_BELOW, *LIMITS_ABOVE):
        if (value := own_limit(schema, limit)) is not None:
            facts[limit] = value
    facts |= {flag: True for flag in ("readOnly", "writeOnly") if schema.get(flag)}
    return facts | ({"nullable": True} if nullable else {})


def own_format(schema: Schema) -> str | None:
    """The format of a schema; OpenAPI 3.1 writes binary content in two other keywords."""
    if schema.get("contentEncoding") == "base64":
        return "byte"
    if "contentMediaType" in schema:
        return "binary"
    form = schema.get("format")
    return None if form in NO_FORMAT else form


def own_limit(schema: Schema, limit: str) -> int | float | None:
    """A length or a bound; a minimum length of nothing is no limit."""
    value: int | float | None = schema.get(limit)
    exclusive = {"minimum": ("exclusiveMinimum", 1), "maximum": ("exclusiveMaximum", -1)}.get(limit)
    if exclusive and value is None:
        bound = schema.get(exclusive[0])
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            value = bound + exclusive[1]
    return None if limit == "minLength" and value == 0 else value


def all_of(nodes: list[Node]) -> Node:
    """The node that satisfies all the given ones; a later one refines an earlier one."""
    merged = Node()
    for node in nodes:
        merged.facts |= node.facts
        merged.required |= node.required
        merged.items = node.items or merged.items
        for name, child in node.properties.items():
            known = merged.properties.get(name)
            merged.properties[name] = all_of([known, child]) if known else child
    return merged


def any_of(nodes: list[Node]) -> Node:
    """The node that admits everything that one of the given ones admits."""
    nullable = any(node.facts.get("nullable") for node in nodes)
    nodes = [node for node in nodes if not node.is_nothing]
    facts = any_facts(nodes) | ({"nullable": True} if nullable else {})
    objects = [node for node in nodes if node.properties or node.facts.get("type") == "object"]
    required = frozenset.intersection(*(node.required for node in objects)) if objects else frozenset()
    names = dict.fromkeys(name for node in nodes for name in node.properties)
    properties = {name: any_of([node.properties[name] for node in nodes if name in node.properties]) for name in names}
    items = [node.items for node in nodes if node.items]
    return Node(facts, properties, required, any_of(items) if items else None)


def any_facts(nodes: list[Node]) -> Facts:
    """The widest facts: a limit or a list of values only remains when every branch has one."""
    facts: Facts = {}
    all_facts = [node.facts for node in nodes]
    types = {name for known in all_facts for name in known.get("type", "").split("|") if name}
    if types:
        facts["type"] = "|".join(sorted(types))
    if all_facts and all("enum" in known for known in all_facts):
        facts["enum"] = sorted({value for known in all_facts for value in known["enum"]})
    for limits, widest in ((LIMITS_BELOW, min), (LIMITS_ABOVE, max)):
        for limit in limits:
            if all_facts and all(limit in known for known in all_facts):
                facts[limit] = widest(known[limit] for known in all_facts)
    for fact in ("format", "readOnly", "writeOnly"):
        if len({known.get(fact) for known in all_facts}) == 1 and fact in all_facts[0]:
            facts[fact] = all_facts[0][fact]
    return facts


def write(node: Node, path: str, flat: Flat) -> None:
    """Adds the node and what is below it to the flat facts."""
    flat[path] = dict(node.facts)
    for name, child in node.properties.items():
        below = f"{path}.{name}" if path else name
        write(child, below, flat)
        if name in node.required:
            flat[below] = {**flat[below], "required": True}
    if node.items is not None:
        write(node.items, f"{path}[]", flat)


def visible(flat: Flat, hidden: str) -> Flat:
    """The facts without what lies below a hidden property: below `readOnly` in a request nothing counts."""
    roots = [path for path, facts in flat.items() if path and facts.get(hidden)]
    kept = {path: facts for path, facts in flat.items() if not is_below(path, roots)}
    return {path: {hidden: True} if path in roots else facts for path, facts in kept.items()}


def is_below(path: str, roots: Iterable[str]) -> bool:
    """Whether a path lies strictly below one of the roots."""
    return any(path.startswith((f"{root}.", f"{root}[]")) for root in roots)


@dataclass
class Node:
    """A schema with everything merged into it, before it is written as a flat list."""

    facts: Facts = field(default_factory=dict)
    properties: dict[str, Node] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Node | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether this branch of a union only says that null, or an empty text, is allowed."""
        only = set(self.facts) == {"nullable"} or self.facts == {"type": "string", "maxLength": 0}
        return only and not self.properties and self.items is None


@dataclass(frozen=True)
class Walk:
    """Where a walk through a document is: which references it is inside of, and which bases it specialises."""

    oas: Schema
    seen: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()
