"""Dates and moments as clients write them (common.md §2)."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from zgw.problems import error

LOCAL_TIME = ZoneInfo("Europe/Amsterdam")
"""The time zone where neither the installation nor the municipality has another one."""

EXACT_DATES = "exact_dates"
"""In the context of a validation: dates are YYYY-MM-DD and nothing else, as those of query parameters are."""

_DATE = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})"
_TIME = r"(?!24)(?:[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?|[0-9]{4}(?:[0-9]{2}(?:\.[0-9]+)?)?)"
_OFFSET = r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_EXACT_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ANY_DATE = re.compile(_DATE)
_ANY_MOMENT = re.compile(rf"(?:{_DATE})(?:[Tt ]({_TIME}{_OFFSET}))?")

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The driver of PostgreSQL takes these two for infinity; moments lie between them."""


def parse_date(value: Any, exact: bool = False) -> date:
    """Return the date of ``YYYY-MM-DD``, or unless it must be ``exact`` of ``YYYYMMDD`` and ``YYYY-M-D``; else the
    error ``invalid``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    value = value.strip() if isinstance(value, str) else ""
    if not _EXACT_DATE.fullmatch(value):
        if exact or not (found := _ANY_DATE.fullmatch(value)):
            raise error("invalid", "Voer een datum in als JJJJ-MM-DD.")
        value = _usual(found)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise error("invalid", "Deze datum bestaat niet.") from None


def parse_date_time(value: Any, zone: ZoneInfo = LOCAL_TIME) -> datetime:
    """Return the moment, with the offset that was sent; else the error ``invalid``.

    Without an offset it is the local time of ``zone``, and a date is its midnight there (common.md §2). Seconds may be
    left out, and so may the hyphens and colons; of decimals the first six count.
    """
    if isinstance(value, datetime):
        return value
    value = value.strip() if isinstance(value, str) else ""
    if not (found := _ANY_MOMENT.fullmatch(value)):
        raise error("invalid", "Voer een tijdstip in volgens ISO 8601.")
    try:
        moment = datetime.fromisoformat(f"{_usual(found)}T{(found[7] or '00:00').upper()}")
    except ValueError:
        raise error("invalid", "Dit tijdstip bestaat niet.") from None
    try:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        possible = FIRST < moment.astimezone(UTC) < LAST
    except OverflowError:
        possible = False
    if not possible:
        raise error("invalid", "Dit tijdstip valt buiten het bereik.")
    return moment


def _usual(found: re.Match[str]) -> str:
    """Return the date that was found as ``YYYY-MM-DD``."""
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
    return f"{year}-{month:0>2}-{day:0>2}"


def today(zone: ZoneInfo = LOCAL_TIME) -> date:
    """Return today's date in a time zone."""
    return datetime.now(zone).date()
