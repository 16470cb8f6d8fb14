"""Which cases of a parametrised test ``make test`` leaves to ``make test-long``."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.fewer import choose, kind


class Case:
    """A case of a parametrised test, as pytest collects it."""

    def __init__(self, test: str, *marks: pytest.MarkDecorator, **params: Any) -> None:
        self.nodeid = f"{test}[{'-'.join(map(str, params.values()))}]"
        self.callspec = SimpleNamespace(params=params)
        self.marks = list(marks)

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        """As that of pytest."""
        return next((mark.mark for mark in self.marks if mark.name == name), None)

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        """As that of pytest."""
        self.marks.append(mark)


def in_make_test(*cases: Case) -> list[str]:
    """Return the names of what is left in ``make test``."""
    choose(cases)  # type: ignore[arg-type]
    return [case.nodeid for case in cases if case.get_closest_marker("long") is None]


def test_without_a_name_the_first_case_is_left() -> None:
    few = pytest.mark.few
    cases = [Case("a", few, x=1), Case("a", few, x=2), Case("b", few, x=2), Case("c", x=1), Case("c", x=2)]
    assert in_make_test(*cases) == ["a[1]", "b[2]", "c[1]", "c[2]"]


def test_one_of_each_kind_is_left() -> None:
    few = pytest.mark.few("service", "name")
    given = [("zaken", "x", 1), ("zaken", "x", 2), ("zaken", "y", 3), ("besluiten", "x", 4), ("besluiten", "x", 5)]
    cases = [Case("a", few, service=service, name=name, number=number) for service, name, number in given]
    assert in_make_test(*cases) == ["a[zaken-x-1]", "a[zaken-y-3]", "a[besluiten-x-4]"]


def test_what_is_long_already_stands_for_no_other() -> None:
    few = pytest.mark.few
    assert in_make_test(Case("a", few, pytest.mark.long, x=1), Case("a", few, x=2), Case("a", few, x=3)) == ["a[2]"]


def test_of_a_url_the_service_counts() -> None:
    assert kind("/zaken/api/v1/zaken") == kind("/zaken/api/v1/statussen") == "zaken"
    assert kind("/documenten/api/v1/verzendingen") == "documenten"
    assert kind({"a": 1}) == kind({"a": 1}) != kind({"a": 2})
    assert kind("naam") == "naam"


def test_every_name_is_that_of_a_parameter() -> None:
    with pytest.raises(KeyError):
        choose([Case("a", pytest.mark.few("onbekend"), service="zaken")])  # type: ignore[list-item]
