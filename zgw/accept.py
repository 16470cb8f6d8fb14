"""Accepts other forms of a value that clients send and the standard does not forbid (common.md §2, §3).

An empty text is null where null is allowed, null is the empty list where clients send it so, and enums and booleans
are trimmed as text is. Validation does the rest: it trims text and takes numbers for it (``Fields.model_config``), and
takes the texts of numbers and booleans for those.
"""

from typing import Any, NamedTuple

EXACT = 2.0**53
"""From here on a number with a fraction or an exponent, or a longer one, is no longer read as it was written."""


class Kinds(NamedTuple):
    """The JSON names of fields, by what may be sent for them."""

    nullable: frozenset[str]
    lists: frozenset[str]
    texts: frozenset[str]
    trimmed: frozenset[str]


def accepted(kinds: Kinds, value: Any) -> Any:
    """Return the members of a body or a group as they are validated: ``{"hoofdzaak": ""}`` gives ``{"hoofdzaak":
    None}``."""
    if type(value) is not dict:
        return value
    nullable, lists, texts, to_trim = kinds
    changed: dict[str, Any] = {}
    for name, item in value.items():
        kind = type(item)
        if kind is str:
            if name in nullable and not item.strip():
                changed[name] = None
            elif name in to_trim and (trimmed := item.strip()) != item:
                changed[name] = trimmed
        elif item is None:
            if name in lists:
                changed[name] = []
        elif kind is float:
            # Its text would be another number than the client wrote, so it is refused as a boolean is.
            if name in texts and abs(item) >= EXACT:
                changed[name] = False
        elif kind is list and name in texts and any(type(i) is float and abs(i) >= EXACT for i in item):
            changed[name] = [False if type(i) is float and abs(i) >= EXACT else i for i in item]
        elif kind is list and name in to_trim:
            changed[name] = [i.strip() if type(i) is str else i for i in item]
    return {**value, **changed} if changed else value
