"""What a client reads it may send back: with PUT and PATCH, read-only fields, ``_expand`` and empty groups included."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from services.zaken.objectidentificatie import OBJECTEN
from tests.documenten.maak_document import document
from tests.zaken.zaakmaker import PUNT, Zaakmaker
from zgw.describe import Property, describe
from zgw.fields import Fields

ROOT = "/zaken/api/v1"


def value_of(p: Property) -> Any:
    """Return a valid value of a required field."""
    if p.choices:
        return get_args(p.type)[0]
    if p.group:
        return least(p.group)
    return {str: "1", int: 0, dict: {"A_b": [None, {"c": 1}]}}[p.type if p.type in (str, int) else dict]


def least(model: type[Fields]) -> dict[str, Any]:
    """Return the smallest object that is valid."""
    return {p.name: value_of(p) for p in describe(model) if p.required}


async def back(zaken: Zaakmaker, url: str, expand: str) -> None:
    """Send an object back as it was read."""
    read = await zaken.api.get(url, params={"expand": expand} if expand else None)
    assert read.status_code == 200, read.text
    whole = read.json()
    plain: Mapping[str, Any] = {name: value for name, value in whole.items() if name != "_expand"}
    for method in ("PUT", "PATCH"):
        answer = await zaken.api.request(method, url, json=whole)
        assert answer.status_code == 200, (method, url, answer.text)
        assert {**answer.json(), "wijzigingsdatum": None} == {**plain, "wijzigingsdatum": None}


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """The URL of a zaak."""
    found: str = (await zaken.zaak())["url"]
    return found


@pytest.mark.parametrize("soort", [soort for soort, model in OBJECTEN.items() if model])
async def test_zrc_012_the_least_of_every_object(zaken: Zaakmaker, zaak: str, soort: str) -> None:
    """zrc-012: groups inside that are not sent, and members that are not required, have no value."""
    model = OBJECTEN[soort]
    assert model is not None
    # A person has no required members, but nothing at all is no person.
    ident = least(model) or {describe(model)[0].name: "111222333"}
    sent = {"zaak": zaak, "objectType": soort, "objectIdentificatie": ident}
    if soort == "overige":
        sent["objectTypeOverige"] = "boom"
    made = await zaken.api.created(f"{ROOT}/zaakobjecten", sent)
    assert {name: made["objectIdentificatie"][name] for name in ident} == ident
    await back(zaken, made["url"], "zaak.zaaktype")


async def test_every_resource_that_can_be_replaced(zaken: Zaakmaker) -> None:
    full = await zaken.zaak(
        zaakgeometrie=PUNT,
        verlenging={"reden": "druk", "duur": "P1M"},
        kenmerken=[{"kenmerk": "1", "bron": "a"}],
        laatsteBetaaldatum="2026-01-03T10:00:00.123+01:00",
        betalingsindicatie="geheel",
        archiefnominatie="vernietigen",
    )
    zaak, api = full["url"], zaken.api
    file = await document(api, informatieobjecttype=zaken.types.informatieobjecttype)
    status = await zaken.status(zaak)
    eigenschap = await zaken.eigenschap(zaak, "kleur", "rood")
    resultaat = await zaken.resultaat(zaak)
    relation = {"zaak": zaak, "informatieobject": file["url"], "status": status["url"]}
    zio = await api.created(f"{ROOT}/zaakinformatieobjecten", relation)
    note = await api.created(f"{ROOT}/zaaknotities", {"gerelateerdAan": zaak, "onderwerp": "x", "tekst": "y"})
    await zaken.rol(zaak)
    await back(zaken, zaak, "zaaktype,status,rollen.roltype,hoofdzaak,zaakinformatieobjecten.informatieobject")
    await back(zaken, (await zaken.zaak())["url"], "")
    await back(zaken, eigenschap["url"], "eigenschap,zaak")
    await back(zaken, resultaat["url"], "resultaattype")
    await back(zaken, zio["url"], "informatieobject,status")
    await back(zaken, note["url"], "")
