"""Which codes of errors each operation can give in ``invalidParams``: from its rules, its fields and its filters.

What rules can give is read from their code (``oas.rules``). What fields and filters can give is found by handing each
of them what it does not take.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from pydantic import ConfigDict, TypeAdapter, ValidationError

from oas.errors import catalogue
from oas.rules import codes_of, codes_of_fields
from zgw.api import Api, Described, Member
from zgw.expand import expandable
from zgw.fields import Fields, Property, describe
from zgw.filters import Filter
from zgw.problems import from_pydantic
from zgw.resource import Resource, Rule
from zgw.routing import method_of
from zgw.verbs import VERBS, collection_path

WRITING = ("post", "put", "patch", "delete")
QUERY = "unknown-parameters"
"""Every operation but the root gives it: each refuses query parameters that it does not have."""

WRONG: tuple[Any, ...] = (
    *(None, "", " ", "x", "x" * 20_000, "a b", "\0", "https://x", "2026-99-99", "P1X", "0", "123456789", "12345678"),
    *(-1, 0, 1.5, 10**12, True, [], ["x"], ["x"] * 2_000, [None], {}, {"x": 1}),
)
"""What is handed to a field: of each kind of value some that another kind does not take."""


FILTER = ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True)


def codes_of_verb(resource: Resource, verb: str) -> list[str]:
    """Return the codes that one of the seven operations of a resource can give."""
    found = {QUERY}
    if VERBS[verb].method.lower() in WRITING:
        # Effects judge what is stored, and a removal stores nothing.
        effects = () if verb == "remove" else resource.effects
        found |= codes_of([*rules_of_verb(resource, verb), *resource.guards, *effects])
        found |= {"pending-relations"} if resource.mirrors else set()
        # The main object is in the path, and may be another one in the body.
        found |= {"inconsistent-relation"} if resource.parent and verb != "remove" else set()
        found |= set() if verb == "remove" else codes_of_fields(resource, verb) | codes_of_model(resource.fields)
    elif verb == "list":
        found |= codes_of_filters(resource.filters)
        found |= {"invalid_choice"} if resource.ordering else set()
        found |= {"invalid"} if resource.paginated or expandable(resource) else set()
    elif resource.fetch_parameters:
        found |= {"invalid"}
    return known(found)


def rules_of_verb(resource: Resource, verb: str) -> Sequence[Rule]:
    """Return the rules of a write."""
    writes = VERBS[verb].method.lower() in WRITING
    return resource.removal_rules if verb == "remove" else resource.rules if writes else ()


def codes_of_route(api: Api, route: APIRoute, described: Described) -> list[str]:
    """Return the codes that an operation with an endpoint of its own can give: those of the operation of a resource
    in whose place it stands, of the objects that it writes, of its body and filters, and those that it names itself,
    or a function of its service that it calls."""
    service = route.endpoint.__module__.rpartition(".")[0]
    found = {QUERY, *described.codes} | codes_of([route.endpoint], service)
    if (stands_for := verb_of(api, route)) is not None:
        found |= set(codes_of_verb(*stands_for))
    for resource, verb in described.writes:
        found |= set(codes_of_verb(resource, verb))
    for member in described.taken:
        found |= codes_of_member(member)
    if described.body is not None:
        found |= codes_of_model(described.body) | {"required"}
    found |= codes_of_filters(described.filters)
    found |= {"invalid"} if described.parameters or described.filters else set()
    return known(found)


def codes_of_member(member: Member) -> set[str]:
    """Return the codes that an object in the body of an operation that writes several of them can give."""
    verb = "create" if member.operation == "create" else "merge"
    found = {*codes_of_verb(member.resource, verb), "null", "invalid"}
    found |= {"required"} if member.required or member.only else set()
    return found | ({"not_a_list", "max_length"} if member.many else set())


def verb_of(api: Api, route: APIRoute) -> tuple[Resource, str] | None:
    """Return the resource and the operation of it in whose place an endpoint stands, or None."""
    for resource in api.resources:
        collection = api.root + collection_path(resource)
        for verb, facts in VERBS.items():
            if (facts.method, collection + facts.path) == (method_of(route), route.path):
                return resource, verb
    return None


def known(codes: Iterable[str]) -> list[str]:
    """Return the codes that have a page of a field, in the order of the alphabet."""
    return sorted(code for code in codes if code in catalogue() and catalogue()[code].field)


def codes_of_filters(filters: Iterable[Filter]) -> set[str]:
    """Return the codes that the values of filters can give."""
    found: set[str] = set()
    for each in filters:
        texts = [value for value in WRONG if isinstance(value, str) and value.strip()]
        found |= _refused(each.type, tuple(texts)) | ({"max_length"} if each.many else set())
    return found


@cache
def codes_of_model(model: type[Fields]) -> frozenset[str]:
    """Return the codes that a body of these fields can give by its form."""
    # A body of another form, such as a list.
    found: set[str] = {"not_a_dict"}
    for wrong in WRONG:
        for body in _bodies(model, wrong):
            try:
                model.model_validate(body, context={})
            except ValidationError as e:
                found |= {param.code for param in from_pydantic(e.errors())}
    for p in describe(model):
        for group in p.variants.models.values() if p.variants else ():
            found |= codes_of_model(group) if group is not None else set()
    return frozenset(found)


def _bodies(model: type[Fields], wrong: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield bodies in which each field has a wrong value: of a group first the group itself, then what is in it."""
    yield {p.name: wrong for p in describe(model)}
    inner = {p.name: group for p in describe(model) if (group := _group(p)) is not None}
    if inner and depth < 4:
        deeper = {name: list(_bodies(group, wrong, depth + 1)) for name, group in inner.items()}
        for number in range(max(len(bodies) for bodies in deeper.values())):
            body = {name: bodies[number] for name, bodies in deeper.items() if number < len(bodies)}
            lists = {p.name for p in describe(model) if p.item is not None}
            yield {name: [each] if name in lists else each for name, each in body.items()}


def _group(p: Property) -> type[Fields] | None:
    return p.group or (p.item.group if p.item else None)


@cache
def _refused(type_: Any, values: tuple[Any, ...]) -> set[str]:
    found: set[str] = set()
    adapter: TypeAdapter[Any] = TypeAdapter(type_, config=FILTER)
    for value in values:
        try:
            adapter.validate_python(value, context={})
        except ValidationError as e:
            found |= {param.code for param in from_pydantic(e.errors())}
    return found
