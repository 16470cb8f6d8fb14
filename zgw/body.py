"""The JSON of a request, and how much of it there may be."""

import codecs
import re
from collections.abc import Sequence
from typing import Any

import orjson

from runtime.problems import Problem, invalid
from zgw.problems import MAX_NAME, not_json

MAX_DEPTH = 100
"""How deep arrays and objects of a body may lie inside each other. What is stored is later written out inside other
objects, and orjson writes 254 levels."""


MAX_INTERNAL = 64 * 1024**2
"""Most bytes that one of our own services sends to another."""
MAX_VALUES = 100_000
"""How many values a body may hold beside its coordinates: each costs time in which the process answers nobody."""
MAX_LIST = 10_000
"""How many of them may stand in one list or object, of whatever kind."""
MAX_PARTS = 40_000
"""How many lists and objects a body may hold: the largest geometry has 20,000 positions in 10,000 rings and polygons.
They take a hundred times the time and memory of the bytes that they are written in, so they are counted before they
are made."""
MAX_COORDINATES = 80_000
"""How many values the coordinates of a body may have. The largest geometry has 60,000, and the brackets around it."""

MAX_EXPONENTS = 1_000
"""How many numbers of a body may have an exponent of twenty or more: PostgreSQL writes all their digits, up to
324 for 5e-324, and so does all that reads them again."""


_EXPONENT = re.compile(rb"[0-9][eE][+-]?0*(?:[2-9][0-9]|[1-9][0-9]{2})")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"')


def parsed(raw: bytes | bytearray, internal: bool = False) -> dict[str, Any]:
    """Return the JSON object that a client, or with ``internal`` one of our own services sent; raise 400 for anything
    else.

    A byte order mark, which software on Windows likes to put before UTF-8, is ignored (RFC 8259, 8.1). Nothing at all
    is the empty object.
    """
    if not raw:
        return {}
    inner = raw.count(b"[") + raw.count(b"{")
    if not internal and inner > MAX_PARTS and brackets(raw) > MAX_PARTS:
        raise Problem(400, "parse_error", f"De inhoud heeft meer dan {MAX_PARTS} lijsten en objecten.")
    try:
        data = orjson.loads(raw.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as e:
        raise Problem(400, "parse_error", not_json(raw, e)) from None
    if not isinstance(data, dict):
        raise invalid("nonFieldErrors", "not_a_dict")
    if internal:
        return data
    parts = inner + raw.count(b",")
    if parts > MAX_EXPONENTS and has_exponents(raw):
        raise Problem(400, "parse_error", f"De inhoud heeft meer dan {MAX_EXPONENTS} getallen met een grote exponent.")
    if parts >= MAX_LIST and (reason := too_long(data)):
        raise Problem(400, "parse_error", reason)
    if inner > MAX_DEPTH and is_deep(data):
        raise Problem(400, "parse_error", f"De inhoud is meer dan {MAX_DEPTH} niveaus diep.")
    if b"\\u0000" in raw and (name := with_nul(data, "")):
        raise invalid(name, "invalid", "NUL-tekens zijn niet toegestaan.")
    return data


def brackets(raw: bytes | bytearray) -> int:
    """Return how many lists and objects there are in JSON, without those in its texts."""
    outside = _TEXT.sub(b"", raw)
    return outside.count(b"[") + outside.count(b"{")


def has_exponents(raw: bytes | bytearray) -> bool:
    """Return whether JSON has too many numbers with a large exponent; what looks like one in its texts is none."""
    return len(_EXPONENT.findall(raw)) > MAX_EXPONENTS and len(_EXPONENT.findall(_TEXT.sub(b"", raw))) > MAX_EXPONENTS


def is_deep(value: Any) -> bool:
    """Return whether arrays and objects lie more than ``MAX_DEPTH`` deep inside each other."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = (item.values() if isinstance(item, dict) else item for item in level)
        level = [child for items in inside for child in items if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def too_long(data: dict[str, Any]) -> str:
    """Return what a body has too much of, or an empty string. It looks at no more values than are allowed."""
    values = 0
    todo: list[tuple[Any, str]] = [(data, "")]
    shapes: list[Any] = []
    for part, name in todo:
        values += len(part)
        if len(part) > MAX_LIST:
            return f"{name[:MAX_NAME] or 'De inhoud'} heeft meer dan {MAX_LIST} waarden."
        if values > MAX_VALUES:
            return f"De inhoud heeft meer dan {MAX_VALUES} waarden."
        for key, item in part.items() if isinstance(part, dict) else enumerate(part):
            if not isinstance(item, dict | list):
                continue
            if key == "coordinates":
                shapes.append(item)
            else:
                todo.append((item, name or str(key)))
    coordinates = 0
    while shapes:
        # A level at a time: a geometry has tens of thousands of lists of two numbers.
        coordinates += sum(map(len, shapes))
        if coordinates > MAX_COORDINATES:
            return f"De coördinaten hebben meer dan {MAX_COORDINATES} waarden."
        inside = (part.values() if type(part) is dict else part for part in shapes)
        shapes = [value for values in inside for value in values if type(value) in (dict, list)]
    return ""


def with_nul(value: Any, path: str) -> str:
    """Return the path of the first text that holds NUL, which PostgreSQL cannot store, or an empty string."""
    if isinstance(value, str):
        return (path or "nonFieldErrors") if "\0" in value else ""
    items: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        if any("\0" in key for key in value):
            return path or "nonFieldErrors"
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        if found := with_nul(item, f"{path}.{key}" if path else str(key)):
            return found
    return ""
