"""Whether the value of a zaakeigenschap fits its specificatie (zaken.md §7.4), without a database."""

from typing import Any

import pytest

from services.zaken.zaakeigenschap import fits


@pytest.mark.parametrize(
    ("formaat", "lengte", "good", "bad"),
    [
        ("tekst", "3", ["", "abc"], ["abcd"]),
        ("tekst", "", ["x" * 5000], []),
        ("tekst", "²", ["x" * 5000], []),
        ("getal", "3", ["", "0", "123"], ["1234", "-1", "1.5", "een"]),
        ("getal", "2,1", ["12", "12,3", "1,2", ",5"], ["123,4", "1,23", "1.2"]),
        ("getal", "veel", ["wat dan ook"], []),
        ("getal", "9" * 18, ["1" * 1000], ["1" * 1001]),
        ("datum", "8", ["20260131", "20261231"], ["2026-01-31", "20261301", "20260100", ""]),
        ("datum_tijd", "14", ["20260131235959"], ["20260131", "20260131240000", "20260131236000"]),
        ("onbekend", "1", ["wat dan ook"], []),
    ],
)
def test_values_and_formats(formaat: str, lengte: str, good: list[str], bad: list[str]) -> None:
    specification = {"formaat": formaat, "lengte": lengte}
    assert [value for value in good if not fits(value, specification)] == []
    assert [value for value in bad if fits(value, specification)] == []


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(["rood", "blauw"], False), (["groen"], True), ([], True), (None, True), ("groen", True)],
)
def test_only_what_the_waardenverzameling_has(allowed: Any, expected: bool) -> None:
    assert fits("groen", {"formaat": "tekst", "lengte": "10", "waardenverzameling": allowed}) is expected


def test_a_type_elsewhere_may_say_nothing() -> None:
    assert fits("wat dan ook", {})
