"""Compares the contract that we serve with the normative one.

What a client sends may not be narrowed, what it receives may not be widened. A request therefore has to match exactly,
since accepting more than the standard is a decision as well; a response may have properties and limits of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from .contract import Body, Contract, Operation, resource_of
from .schema import LIMITS_ABOVE, LIMITS_BELOW, Facts, Flat, is_below

EQUAL_IN_REQUEST = ("type", "format", "enum", "nullable", "required", "explode", *LIMITS_BELOW, *LIMITS_ABOVE)

# The largest 64-bit integer is written rounded in the normative files, which a comparison of floats does not see.
NUMBERS = (*LIMITS_BELOW, *LIMITS_ABOVE)


def compare(service: str, normative: Contract, ours: Contract) -> list[Difference]:
    """Everything in which our contract of a service is not the normative one."""
    differences: list[Difference] = []
    for operation in normative.operations.values():
        resource = resource_of(operation.path)
        for kind, path, expected, found in operation_differences(operation, counterpart(operation, ours)):
            differences.append(Difference(service, resource, operation.name, kind, path, expected, found))
    return differences


def counterpart(operation: Operation, ours: Contract) -> Operation | None:
    """Our operation with the same name, or else the one that answers the same requests under another name."""
    if operation.name in ours.operations:
        return ours.operations[operation.name]
    template = parameterless(operation.path)
    return next(
        (
            other
            for other in ours.operations.values()
            if other.method == operation.method and parameterless(other.path) == template
        ),
        None,
    )


def parameterless(path: str) -> str:
    """A path in which all path parameters have the same name."""
    return "/".join("{}" if segment.startswith("{") else segment for segment in path.split("/"))


def operation_differences(normative: Operation, ours: Operation | None) -> Iterator[Finding]:
    """The differences of one operation."""
    if ours is None:
        yield Finding("operation", "", f"{normative.method} {normative.path}", None)
        return
    for kind in ("name", "method", "path", "scopes", "statuses"):
        expected, found = getattr(normative, kind), getattr(ours, kind)
        if expected != found:
            yield Finding("operationId" if kind == "name" else kind, "", expected, found)
    if ours.body_required and not normative.body_required and normative.method == "POST":
        yield Finding("request.body-required", "", False, True)
    yield from parameter_differences(normative.parameters, ours.parameters)
    yield from content_differences("request", normative.request, ours.request)
    yield from content_differences("response", normative.response, ours.response)


def parameter_differences(normative: Flat, ours: Flat) -> Iterator[Finding]:
    """The differences in parameters; an optional one of ours that the standard does not know is fine."""
    yield from missing_properties("parameter", normative, ours)
    for name, facts in normative.items():
        if name in ours:
            yield from request_facts("parameter", name, facts, ours[name])
    for name, facts in ours.items():
        if facts.get("required") and name not in normative:
            yield Finding("parameter.extra-required", name, None, facts)


def content_differences(side: str, normative: dict[str, Body], ours: dict[str, Body]) -> Iterator[Finding]:
    """The differences in the bodies of one side, for every content type of the standard."""
    for media_type, body in normative.items():
        if media_type not in ours:
            yield Finding(f"{side}.content-type", media_type, media_type, sorted(ours) or None)
        elif side == "request":
            yield from request_differences(body.flat, ours[media_type].flat)
        else:
            yield from response_differences(body.flat, ours[media_type].flat)


def request_differences(normative: Flat, ours: Flat) -> Iterator[Finding]:
    """The differences in what a client sends; a read-only property is no part of it."""
    for path, facts in normative.items():
        if facts.get("readOnly") and not ours.get(path, {"readOnly": True}).get("readOnly"):
            yield Finding("request.readOnly", path, True, None)
    sent = {path: facts for path, facts in normative.items() if not facts.get("readOnly")}
    taken = {path: facts for path, facts in ours.items() if not facts.get("readOnly")}
    yield from missing_properties("request", sent, taken)
    for path in (path for path in sent if path in taken):
        yield from request_facts("request", path, sent[path], taken[path])
    for path, facts in taken.items():
        # What is required inside an optional object that the standard does not know hinders no client.
        if facts.get("required") and path not in normative and parent(path) in sent:
            yield Finding("request.extra-required", path, None, facts)


def response_differences(normative: Flat, ours: Flat) -> Iterator[Finding]:
    """The differences in what a client receives; a write-only property is no part of it."""
    sent = {path: facts for path, facts in normative.items() if not facts.get("writeOnly")}
    given = {path: facts for path, facts in ours.items() if not facts.get("writeOnly")}
    yield from missing_properties("response", sent, given)
    for path in (path for path in sent if path in given):
        yield from response_facts(path, sent[path], given[path])
    for path, facts in normative.items():
        if facts.get("writeOnly") and path in given:
            yield Finding("response.writeOnly", path, True, None)


def missing_properties(side: str, normative: Flat, ours: Flat) -> Iterator[Finding]:
    """The properties that we lack; what lies below a missing one is not repeated."""
    missing = [path for path in normative if path not in ours]
    for path in missing:
        if not is_below(path, missing):
            yield Finding(f"{side}.missing", path, normative[path], None)


def request_facts(side: str, path: str, normative: Facts, ours: Facts) -> Iterator[Finding]:
    """The facts about something that a client sends, which have to be the same."""
    for fact in EQUAL_IN_REQUEST:
        # A property without a type is free-form, about which nothing can be compared but its presence.
        if fact == "required" or normative.get("type"):
            expected, found = normative.get(fact), ours.get(fact)
            if fact == "enum" and expected and found and set(expected) < set(found):
                # What clients may send beside the standard is an extension (extensions.py).
                continue
            if number(fact, expected) != number(fact, found):
                yield Finding(f"{side}.{fact}", path, expected, found)


def response_facts(path: str, normative: Facts, ours: Facts) -> Iterator[Finding]:
    """The facts about something that a client receives, which may be narrower than promised."""
    if normative.get("required") and not ours.get("required"):
        yield Finding("response.required", path, True, None)
    if not normative.get("type"):
        return
    if normative["type"] != ours.get("type"):
        yield Finding("response.type", path, normative["type"], ours.get("type"))
    if ours.get("nullable") and not normative.get("nullable"):
        yield Finding("response.nullable", path, None, True)
    for fact in ("format", "enum"):
        if fact in normative and normative[fact] != ours.get(fact):
            yield Finding(f"response.{fact}", path, normative[fact], ours.get(fact))
    for limit in LIMITS_ABOVE:
        if limit in normative and float(ours.get(limit, "inf")) > float(normative[limit]):
            yield Finding(f"response.{limit}", path, normative[limit], ours.get(limit))


def number(fact: str, value: Any) -> Any:
    """A limit in the precision in which limits are compared, and any other fact as it is."""
    return float(value) if fact in NUMBERS and value is not None else value


def parent(path: str) -> str:
    """The path of what holds a property or an item.

    >>> parent("kenmerken[].bron")
    'kenmerken[]'
    """
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def matches(pattern: str, text: str) -> bool:
    """Whether a text is one of the alternatives of a pattern; `*` stands for any text, also for none.

    >>> matches("*besluittype|*zaak", "results[].zaak")
    True
    """
    alternatives = pattern.split("|")
    return any(re.fullmatch(".*".join(map(re.escape, each.split("*"))), text) for each in alternatives)


class Finding(NamedTuple):
    """One difference within an operation."""

    kind: str
    path: str
    normative: Any
    ours: Any


class Difference(NamedTuple):
    """One difference, and where it is."""

    service: str
    resource: str
    operation: str
    kind: str
    path: str
    normative: Any
    ours: Any

    def __str__(self) -> str:
        """The difference on one line, for people."""
        place = f"{self.operation} {self.kind} {self.path}".rstrip()
        return f"{place}: normative {self.normative!r}, ours {self.ours!r}"
