"""What clients send for a value that it is not, and that the standard does not forbid (common.md §2, §3).

An empty text is null where null is allowed, and null is the empty list where a list is optional. Validation does the
rest: it trims text and takes numbers for it (``Fields.model_config``).
"""

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zgw.columns import Property
    from zgw.fields import Fields

EXACT = 2.0**53
"""From here on a number with a fraction or an exponent, or a longer one, is no longer read as it was written."""


class Kinds(NamedTuple):
    """The JSON names of fields, by what may be sent for them."""

    nullable: frozenset[str]
    lists: frozenset[str]
    texts: frozenset[str]


def accepted(fields: "type[Fields]", value: Any) -> Any:
    """Return the members of a body or a group as they are validated: ``{"hoofdzaak": ""}`` gives ``{"hoofdzaak":
    None}``."""
    if type(value) is not dict:
        return value
    nullable, lists, texts = kinds_of(fields)
    changed: dict[str, Any] = {}
    for name, item in value.items():
        kind = type(item)
        if kind is str:
            if name in nullable and not item.strip():
                changed[name] = None
        elif item is None:
            if name in lists:
                changed[name] = []
        elif kind is float:
            # Its text would be another number than the client wrote, so it is refused as a boolean is.
            if name in texts and abs(item) >= EXACT:
                changed[name] = False
        elif kind is list and name in texts and any(type(i) is float and abs(i) >= EXACT for i in item):
            changed[name] = [False if type(i) is float and abs(i) >= EXACT else i for i in item]
    return {**value, **changed} if changed else value


@cache
def kinds_of(fields: "type[Fields]") -> Kinds:
    """Return the names of the fields that an empty text, null or a number may be sent for."""
    from zgw.columns import describe

    described = describe(fields)
    return Kinds(
        frozenset(p.name for p in described if p.nullable and not may_be_empty(p)),
        frozenset(p.name for p in described if p.item is not None and not p.required and not p.nullable),
        frozenset(p.name for p in described if p.type is str or (p.item is not None and p.item.type is str)),
    )


def may_be_empty(p: "Property") -> bool:
    """Return whether the empty text is a value of a field."""
    from zgw.fields import Length, Matching

    if p.type is not str:
        return "" in p.choices
    length, matching = p.marker(Length), p.marker(Matching)
    return (
        (p.ref is None or p.ref.blank)
        and (length is None or not length.minimum)
        and (matching is None or matching.blank)
    )
