"""The choice of properties of ``_zoek`` (zrc-029), without a database."""

from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from runtime.problems import Problem
from services.zaken.zoekvelden import chosen, select_fields

ZAAK: dict[str, Any] = {
    "url": "z",
    "identificatie": "ZAAK-1",
    "kenmerken": [{"kenmerk": "a", "bron": "b"}, {"kenmerk": "c", "bron": "d"}],
    "verlenging": {},
    "_expand": {"status": {"url": "s", "statustype": "t"}, "rollen": [{"url": "r1"}, {"url": "r2"}], "resultaat": {}},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["url"], {"url": "z"}),
        (["URL", "Identificatie"], {"url": "z", "identificatie": "ZAAK-1"}),
        ([{"kenmerken": ["bron"]}], {"kenmerken": [{"bron": "b"}, {"bron": "d"}]}),
        ([{"verlenging": ["reden"]}], {"verlenging": {}}),
        ([{"status": ["statustype"]}], {"_expand": {"status": {"statustype": "t"}}}),
        (["url", {"rollen": ["*"]}], {"url": "z", "_expand": {"rollen": [{"url": "r1"}, {"url": "r2"}]}}),
        ([{"resultaat": ["url"]}], {"_expand": {"resultaat": {}}}),
        ([{"status": ["url"]}, {"status": ["statustype"]}], {"_expand": {"status": {"url": "s", "statustype": "t"}}}),
        (["*"], {name: value for name, value in ZAAK.items() if name != "_expand"}),
        # What an object may lack although the property exists.
        (["url", "betrokkeneIdentificatie"], {"url": "z"}),
        ([], {}),
    ],
)
def test_zrc_029_what_is_chosen_is_left(fields: list[Any], expected: dict[str, Any]) -> None:
    assert select_fields(ZAAK, chosen(fields)) == expected


@pytest.mark.parametrize("fields", [["onbekend"], [{"onbekend": ["url"]}], [{"status": ["onbekend"]}], ["_expand"]])
def test_zrc_029_a_name_that_is_not_there(fields: list[Any]) -> None:
    with pytest.raises(Problem) as refused:
        select_fields(ZAAK, chosen(fields))
    assert (refused.value.status, refused.value.code) == (404, "invalid-expand-field")


@pytest.mark.parametrize("value", [None, "url", {}, [1], [None], [["url"]], [{"status": "url"}], ["a"] * 101])
def test_zrc_029_what_is_no_choice(value: Any) -> None:
    with pytest.raises(PydanticCustomError):
        chosen(value)


def test_zrc_029_a_choice_has_a_depth() -> None:
    value: list[Any] = ["url"]
    for _ in range(20):
        value = [{"zaak": value}]
    assert chosen(value).inside
    with pytest.raises(PydanticCustomError):
        chosen([{"zaak": value}])
