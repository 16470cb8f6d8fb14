"""Dates and moments as clients write them (common.md §2)."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic_core import PydanticCustomError

from zgw.dates import parse_date, parse_date_time

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-07-01", " 2026-07-01 ", date(2026, 7, 1)])
@pytest.mark.parametrize("exact", [False, True])
def test_a_date(value: Any, exact: bool) -> None:
    assert parse_date(value, exact) == date(2026, 7, 1)


@pytest.mark.parametrize("value", ["20260701", "2026-7-1", "2026-07-1", " 20260701\n"])
def test_other_forms_of_a_date_are_for_bodies_alone(value: str) -> None:
    assert parse_date(value) == date(2026, 7, 1)
    with pytest.raises(PydanticCustomError):
        parse_date(value, exact=True)


NO_DATES = ["", "1-7-2026", "2026071", "202671", "2026-07-01T00:00", "2026-02-29", "0000-01-01", NOON, 1, 20260701]


@pytest.mark.parametrize("value", [*NO_DATES, "2026-W27-3", "26-7-1", "2026-07-001", "2026-0701", "٢٠٢٦-٠٧-٠١"])
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
        "2026-07-01T14:00",
        "2026-7-1 14:00",
        "2026-07-01T12:00:00+00",
        # As Java and bridges from StUF write it.
        "2026-07-01T14:00:00.000000000",
        "20260701T120000Z",
        "20260701T1400",
        "20260701T120000.000Z",
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
        "2026-07-01T24:00",
        "2026-07-01T24:00:00Z",
        "20260701T24",
        "01-07-2026",
        1782907200,
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
