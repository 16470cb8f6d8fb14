"""The least that can be said of each kind of object: what is not required has no value, at every depth."""

from typing import Any, get_args

import pytest

from services.zaken.objectidentificatie import OBJECTEN
from tests.oas.answers import as_read, faults
from tests.zaken.zaakmaker import Zaakmaker
from zgw.fields import Fields, Property, describe

ROOT = "/zaken/api/v1"


def value_of(p: Property) -> Any:
    """Return a valid value of a required field."""
    if p.choices:
        return get_args(p.type)[0]
    if p.group:
        return least(p.group)
    if p.name == "waardepeildatum":
        return "20260101"
    return {str: "1", int: 0, dict: {"A_b": [None, {"c": 1}]}}[p.type if p.type in (str, int) else dict]


def least(model: type[Fields]) -> dict[str, Any]:
    """Return the smallest object that is valid."""
    return {p.name: value_of(p) for p in describe(model) if p.required}


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """The URL of a zaak."""
    found: str = (await zaken.zaak())["url"]
    return found


@pytest.mark.parametrize("soort", [soort for soort, model in OBJECTEN.items() if model])
async def test_zrc_012_the_least_of_every_object(zaken: Zaakmaker, zaak: str, soort: str) -> None:
    """zrc-012: it is kept, and can be sent back as it was read."""
    model = OBJECTEN[soort]
    assert model is not None
    # A person has no required members, but nothing at all is no person.
    ident = least(model) or {describe(model)[0].name: "111222333"}
    sent = {"zaak": zaak, "objectType": soort, "objectIdentificatie": ident}
    if soort == "overige":
        sent["objectTypeOverige"] = "boom"
    made = await zaken.api.created(f"{ROOT}/zaakobjecten", sent)
    assert {name: made["objectIdentificatie"][name] for name in ident} == ident
    assert (await zaken.api.put(made["url"], made)).json() == made
    oas = (await zaken.api.get(f"{ROOT}/openapi.json")).json()
    assert not faults(as_read(oas), "/zaakobjecten/1", made)
