"""What a client takes, by the weights of its ``Accept`` or ``Accept-Encoding`` (RFC 9110, 12.4.2 and 12.5)."""

import re
from collections.abc import Iterable

_READ = 100
"""How many values of a header are read: browsers send a dozen, and the client decides how long the header is."""
_PARAMETERS = 10
"""How many parameters of a value are read."""
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


def weight(header: str, *names: str) -> float | None:
    """Return the weight, from 0 (not wanted) to 1, of the first of ``names`` that is in a header, or None without any.

    Names are in small letters, the most specific first. Parameters other than ``q`` are not looked at, and a weight
    that cannot be read is 1, as without one. Of a name that is there twice the largest weight counts.

    >>> weight("text/html, application/json;q=0.5", "application/json")
    0.5
    >>> weight("*/*;q=0", "application/json", "application/*", "*/*")
    0.0
    """
    found: dict[str, float] = {}
    for each in header.lower().split(",", _READ)[:_READ]:
        name, *parameters = each.split(";", _PARAMETERS + 1)[: _PARAMETERS + 1]
        if (name := name.strip()) in names:
            found[name] = max(found.get(name, 0.0), _weight(parameters))
    return next((found[name] for name in names if name in found), None)


def takes_json(accept: str) -> bool:
    """Return whether a client takes JSON: its ``Accept`` names it with a weight above 0, or is empty.

    >>> takes_json("text/html, */*;q=0.1"), takes_json("application/json;q=0, */*")
    (True, False)
    """
    if not accept or accept in ("*/*", "application/json"):
        return True
    # Java sends "*" for "*/*".
    return bool(weight(accept, "application/json", "application/*", "*/*", "*"))


def _weight(parameters: Iterable[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            return min(float(value), 1.0) if _NUMBER.fullmatch(value.strip()) else 1.0
    return 1.0
