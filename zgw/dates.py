"""Dates and moments as clients write them (common.md §2)."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from zgw.problems import error

LOCAL_TIME = ZoneInfo("Europe/Amsterdam")
"""The time zone where neither the installation nor the municipality has another one."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}(:?\d{2})?)?")


FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The driver of PostgreSQL takes these two for infinity; moments lie between them."""


def parse_date(value: Any) -> date:
    """Return the date of ``YYYY-MM-DD``; else the error ``invalid``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not (isinstance(value, str) and _DATE.fullmatch(value := value.strip())):
        raise error("invalid", "Voer een datum in als JJJJ-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise error("invalid", "Deze datum bestaat niet.") from None


def parse_date_time(value: Any, zone: ZoneInfo = LOCAL_TIME) -> datetime:
    """Return the moment, with the offset that was sent; else the error ``invalid``.

    Without an offset it is the local time of ``zone``, and a date is its midnight there (common.md §2).
    """
    if isinstance(value, datetime):
        return value
    value = value.strip() if isinstance(value, str) else ""
    if not (_DATE_TIME.fullmatch(value) or _DATE.fullmatch(value)):
        raise error("invalid", "Voer een tijdstip in volgens ISO 8601.")
    try:
        moment = datetime.fromisoformat(value.upper())
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


def today(zone: ZoneInfo = LOCAL_TIME) -> date:
    """Return today's date in a time zone."""
    return datetime.now(zone).date()
