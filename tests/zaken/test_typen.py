"""What the Zaken API knows of the catalogue: a copy that is dropped when the catalogue changes."""

from typing import Any

import httpx
import pytest

from tests.answers import errors
from tests.maak import Maak
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker
from zgw.references import References


async def test_a_zaaktype_is_a_concept_until_it_is_published(zaken: Zaakmaker, maak: Maak) -> None:
    types = await maak.zaaktype(concept=True)
    own = Zaakmaker(zaken.api, types)
    for _ in range(2):
        assert await own.weiger() == [("zaaktype", "not-published")]
    await maak.publiceer(types.url)
    assert (await own.zaak())["zaaktype"] == types.url


async def test_a_change_of_a_type_counts_from_the_next_request_on(zaken: Zaakmaker, maak: Maak) -> None:
    own = Zaakmaker(zaken.api, await maak.zaaktype(productenOfDiensten=["https://upl.example.nl/een"]))
    new = ["https://upl.example.nl/twee"]
    assert await own.weiger(productenOfDiensten=new) == [("productenOfDiensten", "invalid-products-services")]
    assert (await zaken.api.patch(own.types.url, {"productenOfDiensten": new})).status_code == 200
    assert (await own.zaak(productenOfDiensten=new))["productenOfDiensten"] == new
    old = own.body(productenOfDiensten=["https://upl.example.nl/een"])
    assert errors(await zaken.api.post(ZAKEN, old)) == [("productenOfDiensten", "invalid-products-services")]


async def test_a_type_that_changes_while_it_is_read_is_read_again(
    zaken: Zaakmaker, maak: Maak, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Zaakmaker(zaken.api, await maak.zaaktype())
    roltype = own.types.roltypen["belanghebbende"]
    real = References.batch
    changed: list[httpx.Response] = []

    async def batch(self: References, caller: Any, service: str, collection: str, *args: Any) -> list[dict[str, Any]]:
        found = await real(self, caller, service, collection, *args)
        if collection == "roltypen" and not changed:
            changed.append(await zaken.api.patch(roltype, {"omschrijving": "Buren"}))
        return found

    monkeypatch.setattr(References, "batch", batch)
    zaak = (await own.zaak())["url"]
    assert (await own.rol(zaak, roltype=roltype))["omschrijving"] != "Buren"
    assert changed[0].status_code == 200
    assert (await own.rol(zaak, roltype=roltype))["omschrijving"] == "Buren"
