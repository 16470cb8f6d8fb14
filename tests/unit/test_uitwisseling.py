"""Rows of a file of Open Zaak and bodies of the API (catalogi.md §9): names, empty values and references."""

from typing import Any

import pytest

from services.catalogi.besluittype import BESLUITTYPE
from services.catalogi.uitwisseling.bestand import Bundel
from services.catalogi.uitwisseling.vorm import Namen, body_of, snake, uuid_of

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TYPE = f"http://elders.example/catalogi/api/v1/informatieobjecttypen/{UUID}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TYPE, UUID),
        (f"{TYPE.upper()}/", UUID),
        (f"{TYPE}?x=1", ""),
        ("Brief", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_the_uuid_of_a_reference(value: Any, expected: str) -> None:
    assert uuid_of(value) == expected


def test_names_in_the_style_of_the_file() -> None:
    value = {"eindeGeldigheid": None, "brondatumArchiefprocedure": {"einddatumBekend": [{"aB": 1}]}}
    expected = {"einde_geldigheid": None, "brondatum_archiefprocedure": {"einddatum_bekend": [{"a_b": 1}]}}
    assert snake(value) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"publicatie_indicatie": True, "reactietermijn": "P0D"},
            {"publicatieIndicatie": True, "reactietermijn": None},
        ),
        (
            {"publicatieIndicatie": True, "reactietermijn": "P6W"},
            {"publicatieIndicatie": True, "reactietermijn": "P6W"},
        ),
        # Null is no text; what only responses have, or nobody knows, is left out.
        ({"omschrijving": None, "url": TYPE, "onbekend": 1}, {}),
    ],
)
def test_a_row_becomes_a_body(row: dict[str, Any], expected: dict[str, Any]) -> None:
    assert body_of(BESLUITTYPE.fields, row) == expected


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (TYPE, "Brief"),
        (f"https://elders.example/x/{UUID}", "Brief"),
        ("Memo", "Memo"),
        (TYPE.replace("7c9e", "0000"), None),
        ("", None),
        (None, None),
    ],
)
def test_references_become_names(value: Any, name: str | None) -> None:
    names = Namen(Bundel({"InformatieObjectType": [{"url": TYPE, "omschrijving": "Brief"}]}))
    assert names.name("informatieobjecttype", value) == name
    body: dict[str, Any] = {"informatieobjecttypen": [value]}
    lost = names.relations("BesluitType", {"informatieobjecttype_omschrijvingen": ["Foto", "Brief"]}, body)
    assert lost == ([] if name else ["informatieobjecttypen"])
    assert body["informatieobjecttypen"] == list(dict.fromkeys([*([name] if name else []), "Foto", "Brief"]))
