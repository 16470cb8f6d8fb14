"""Answers that a real Open Zaak gave (tests/data/README.md), and how an answer of ours differs from one of them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "openzaak" / "antwoorden.json"
ABSENT = "absent"
Difference = tuple[str, Any, Any]
"""A place, what Open Zaak has there, and what we have."""


@cache
def answers() -> dict[str, list[dict[str, Any]]]:
    """Return the objects by their collection (``zaken/rollen``)."""
    found: dict[str, list[dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def url(value: Any) -> bool:
    """Return whether a value is a URL."""
    return isinstance(value, str) and value.startswith("http")


def differences(theirs: Any, ours: Any, path: str = "") -> Iterator[Difference]:
    """Yield where an answer of ours is another one; URLs are alike, whatever they lead to, and so are their lists."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in theirs.keys() | ours.keys():
            yield from differences(theirs.get(name, ABSENT), ours.get(name, ABSENT), f"{path}.{name}".lstrip("."))
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) == len(ours):
            for one, other in zip(theirs, ours, strict=True):
                yield from differences(one, other, f"{path}[]")
        elif not all(url(each) for each in theirs + ours):
            yield path, theirs, ours
    elif not (url(theirs) and url(ours)) and (type(theirs) is not type(ours) or theirs != ours):
        yield path, theirs, ours
