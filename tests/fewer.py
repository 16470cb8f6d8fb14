"""Which cases of a parametrised test are in ``make test``, where all of them take the same path through the code.

``@pytest.mark.few`` leaves the first case there, and makes the others ``long``. ``@pytest.mark.few("service")``
leaves the first for each value of that parameter. Of a URL or a path only the service counts: ``few("url")`` leaves
one for each service, and ``few("url", "name")`` one for each of them with each name.
"""

from collections.abc import Hashable, Iterable
from typing import Any

import pytest


def kind(value: Any) -> Hashable:
    """Return what is alike of the values of a parameter that make the same kind of case."""
    if isinstance(value, str) and value.startswith("/"):
        return value.split("/")[1]
    return value if isinstance(value, Hashable) else repr(value)


def choose(items: Iterable[pytest.Item]) -> None:
    """Mark as ``long`` what repeats a case of its kind; what is ``long`` already stands for no other case."""
    seen: set[tuple[Hashable, ...]] = set()
    for item in items:
        marker = item.get_closest_marker("few")
        if marker is None or item.get_closest_marker("long"):
            continue
        params: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]
        case = (item.nodeid.partition("[")[0], *(kind(params[name]) for name in marker.args))
        if case in seen:
            item.add_marker(pytest.mark.long)
        seen.add(case)
