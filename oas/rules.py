"""What the declarations tell of the rules of a write: in words, and by the codes of the errors that they give."""

import re
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from oas.errors import NUMBERED, catalogue
from oas.schemas import summary_of
from zgw.fields import describe
from zgw.resource import Resource
from zgw.types import Length, Matching

_SOURCE = r"(?:[\w-]+\.md )?§[\d.]+|[A-Z]\d+|[a-z][\w-]*"
_SOURCES = re.compile(rf"({_SOURCE})((?:, (?:{_SOURCE}))*): ")
_REMARK = re.compile(r" \((?:(?:[\w-]+\.md )?(?:§[\d.]+|[A-Z]\d+)|nrc-\d+)\)")


def in_words(text: str) -> str:
    """Return what a docstring says to clients: without its references, but for the rules of the standard.

    Example: ``zrc-001, Z1: …`` is ``zrc-001: …``, and ``zaken.md §6: …`` only what follows.
    """
    text = _REMARK.sub("", text)
    if (found := _SOURCES.match(text)) is None:
        return text
    rules = NUMBERED.findall(found[0])
    rest = text[found.end() :]
    return f"{', '.join(rules)}: {rest}" if rules else rest[:1].upper() + rest[1:]


def lines_of(rules: Iterable[Callable[..., Any]]) -> str:
    """Return what rules say as a list in Markdown."""
    found = [in_words(summary_of(rule.__doc__)) for rule in rules]
    return "\n".join(f"* {line}" for line in dict.fromkeys(found) if line)


def codes_of(rules: Iterable[Callable[..., Any]], within: str = "") -> set[str]:
    """Return the codes that functions name, or those of their own module that they call; of a package ``within`` also
    those of its other modules."""
    seen: set[Callable[..., Any]] = set()
    found = {text for rule in rules for text in _texts(rule, seen, within)}
    return {text for text in found if text in catalogue() and catalogue()[text].field}


def codes_of_fields(resource: Resource, verb: str) -> set[str]:
    """Return the codes that the fields of a resource give by themselves, when they are written."""
    found = {"required", "null", "blank", "invalid"}
    for p in describe(resource.fields):
        limits = [marker for marker in p.markers if isinstance(marker, Length | Matching)]
        found |= {"max_length"} if any(limit.maximum is not None for limit in limits) else set()
        found |= {"invalid_choice"} if p.choices else set()
        found |= {"wijzigen-niet-toegelaten"} if p.immutable and verb != "create" else set()
        if p.ref and p.ref.follow:
            found |= (
                {"does_not_exist", "no_match", "incorrect_match"} if p.ref.table else {"bad-url", "invalid-resource"}
            )
    return found | {param.code for param in resource.unique.values()}


def _texts(function: Callable[..., Any], seen: set[Callable[..., Any]], within: str) -> Iterator[str]:
    if not isinstance(function, FunctionType) or function in seen:
        return
    seen.add(function)
    yield from _constants(function.__code__)
    for cell in function.__closure__ or ():
        if isinstance(cell.cell_contents, str):
            yield cell.cell_contents
    for name in _names(function.__code__):
        known = function.__globals__.get(name)
        if isinstance(known, str):
            yield known
        elif isinstance(known, tuple):
            yield from (each for each in known if isinstance(each, str))
        elif isinstance(known, FunctionType) and (
            known.__module__ == function.__module__ or (within and known.__module__.startswith(f"{within}."))
        ):
            yield from _texts(known, seen, within)


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        parts = constant if isinstance(constant, tuple) else (constant,)
        for part in parts:
            if isinstance(part, str):
                yield part
            elif isinstance(part, tuple):
                yield from (each for each in part if isinstance(each, str))
            elif isinstance(part, CodeType):
                yield from _constants(part)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
