"""What a party or an object of a zaak holds, and how it is called (zaken.md §3.4, §7.1), without a database."""

from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from services.zaken import rol, zaakobject
from services.zaken.betrokkene import has_value
from services.zaken.objectidentificatie import OBJECTEN, readable_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ("", False),
        ({}, False),
        ({"inpBsn": "", "verblijfsadres": None, "handelsnaam": []}, False),
        ({"verblijfsadres": {"aoaPostcode": ""}}, False),
        ({"handelsnaam": [""]}, False),
        ({"verblijfsadres": {"aoaHuisnummer": 0}}, True),
        ({"handelsnaam": ["", "Bakker"]}, True),
        (False, True),
    ],
)
def test_whether_anything_is_filled_in(value: Any, expected: bool) -> None:
    assert has_value(value) is expected


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        ("pand", {"identificatie": "1"}, True),
        ("pand", {"identificatie": None, "x": 1}, True),
        ("pand", {"x": 1}, False),
        ("pand", {}, False),
        ("pand", None, False),
        ("besluit", {"identificatie": "1"}, False),
        ("onbekend", {"identificatie": "1"}, False),
    ],
)
def test_whether_an_identification_names_something(kind: str, sent: object, expected: bool) -> None:
    assert zaakobject.names_something(kind, sent) is expected
    assert OBJECTEN["pand"] is not None


@pytest.mark.parametrize("value", ["", "20260131", "2026-01-31", "2026-1-31"])
def test_dates_that_the_archiving_can_read(value: str) -> None:
    assert readable_date(value) == value


@pytest.mark.parametrize("value", ["2026", "31-01-2026", "20260231", "gisteren"])
def test_dates_that_it_cannot_read(value: str) -> None:
    with pytest.raises(PydanticCustomError):
        readable_date(value)


def test_names_in_the_audit_trail() -> None:
    url = "https://personen.example/1/"
    assert rol.naam_van({"betrokkene": url, "uuid": "u"}) == "1"
    assert rol.naam_van({"betrokkene": "", "uuid": "u"}) == "u"
    assert zaakobject.naam_van({"object": url, "relatieomschrijving": "hier", "object_type": "pand"}) == "1"
    assert zaakobject.naam_van({"object": "", "relatieomschrijving": "hier", "object_type": "pand"}) == "hier"
    assert zaakobject.naam_van({"object": "", "relatieomschrijving": None, "object_type": "pand"}) == "pand"
