"""Dates and moments as clients write them (common.md §2)."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import PydanticCustomError

from zgw.dates import parse_date, parse_date_time

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-07-01", " 2026-07-01 ", date(2026, 7, 1)])
def test_a_date(value: Any) -> None:
    assert parse_date(value) == date(2026, 7, 1)


@pytest.mark.parametrize("value", ["", "1-7-2026", "20260701", "2026-07-01T00:00", "2026-02-29", "0000-01-01", NOON, 1])
def test_no_date(value: Any) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse_date(value)
    assert refused.value.type == "invalid"


@pytest.mark.parametrize(
    "value",
    [
        "2026-07-01T12:00:00Z",
        "2026-07-01t12:00z",
        "2026-07-01 12:00:00.000+00",
        "2026-07-01T14:00:00+02:00",
        "2026-07-01T14:00:00+0200",
        # Without an offset it is the time of the municipality, which has summer time.
        "2026-07-01T14:00:00",
        NOON,
    ],
)
def test_a_moment(value: Any) -> None:
    assert parse_date_time(value) == NOON


def test_a_moment_without_an_offset_is_that_of_the_zone() -> None:
    assert parse_date_time("2026-01-01").isoformat() == "2026-01-01T00:00:00+01:00"
    assert parse_date_time("2026-01-01", ZoneInfo("America/Curacao")).isoformat() == "2026-01-01T00:00:00-04:00"


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "12:00",
        "2026-07-01T25:00:00Z",
        "2026-07-01T12",
        "2026-07-01T12:00:00 +02:00",
        # Outside what can be stored, in UTC.
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59.999999-01:00",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_no_moment(value: Any) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse_date_time(value)
    assert refused.value.type == "invalid"
