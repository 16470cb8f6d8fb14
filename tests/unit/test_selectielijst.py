"""How URLs and objects of the selection list are compared (selectielijst.md), without the register."""

from typing import Any

import pytest

from services.catalogi.selectielijst import has_shape, kind_of, same_register, same_url

ROOT = "https://selectielijst.example/api/v1/"
RESULTAAT: dict[str, Any] = {
    "url": f"{ROOT}resultaten/1",
    "procesType": f"{ROOT}procestypen/1",
    "nummer": 1,
    "naam": "Verleend",
    "herkomst": "Wet",
    "waardering": "vernietigen",
}


@pytest.mark.parametrize(
    ("other", "same", "by_uuid"),
    [
        (f"{ROOT}procestypen/1", True, True),
        (f"{ROOT}procestypen/1/", True, True),
        ("HTTP://Selectielijst.Example/api/v1/procestypen/1", True, True),
        ("https://elders.example/api/v1/procestypen/1", False, True),
        (f"{ROOT}procestypen/1?jaar=2020", False, True),
        (f"{ROOT}procestypen/2", False, False),
        ("", False, False),
    ],
)
def test_urls_of_one_object(other: str, same: bool, by_uuid: bool) -> None:
    one = f"{ROOT}procestypen/1"
    assert same_url(one, other) is same
    assert same_url(one, other, by_uuid=True) is by_uuid
    assert same_url("", "") is False


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{ROOT}resultaten/1", True),
        (f"{ROOT}../geheim", False),
        (f"{ROOT}%2E%2e/geheim", False),
        ("https://selectielijst.example/ander", False),
        ("https://selectielijst.example.kwaad/api/v1/resultaten/1", False),
    ],
)
def test_what_lies_in_the_register(url: str, expected: bool) -> None:
    assert same_register(url, ROOT) is expected


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "resultaat"),
        ({"procestermijn": None, "bewaartermijn": "P10Y"}, "resultaat"),
        ({"bewaartermijn": 10}, ""),
        ({"nummer": True}, ""),
        ({"nummer": "1"}, ""),
        ({"naam": None}, ""),
        ({"omschrijving": "x", "definitie": "y"}, "resultaat"),
    ],
)
def test_the_kind_of_an_object_is_told_by_its_properties(changes: dict[str, Any], kind: str) -> None:
    assert kind_of({**RESULTAAT, **changes}) == kind


def test_an_object_of_another_kind() -> None:
    assert kind_of({"omschrijving": "x", "definitie": "y"}) == "resultaattypeomschrijving"
    wrong: list[Any] = [None, [], "x", {}]
    assert not any(has_shape(each, "resultaat") for each in wrong)
