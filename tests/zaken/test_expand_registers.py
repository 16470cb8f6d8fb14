"""expand shows what other registers have, where the municipality opened them for it (common.md §13, zrc-028)."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

import zgw.expand
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.zaken.elders import ROOT, Elders, elders
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

OBJECTEN = "/zaken/api/v1/zaakobjecten"
KANAAL = {"url": "x", "naam": "balie", "omschrijving": "Aan de balie"}
PAND = {"url": "y", "record": {"bouwjaar": 1340}}
PERSOON = {"url": "z", "naam": {"volledigeNaam": "J. de Vries"}}


@pytest.fixture(scope="module")
async def register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """A register that the municipality opened for expand."""
    async with elders(zaken.api.stack, expand=True) as register:
        yield register


def expanded(answer: httpx.Response) -> dict[str, Any]:
    """Return what was expanded in one object."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["_expand"]
    return found


async def test_objects_of_an_open_register(zaken: Zaakmaker, maak: Maak, register: Elders) -> None:
    product, kanaal = register.add("producten/1", {"naam": "kaas"}), register.add("communicatiekanalen/1", KANAAL)
    own = Zaakmaker(zaken.api, await maak.zaaktype(productenOfDiensten=[product]))
    zaak = await own.zaak(communicatiekanaal=kanaal, productenOfDiensten=[product])
    rol = await own.rol(zaak["url"], betrokkene=register.add("personen/1", PERSOON), betrokkeneIdentificatie=...)
    pand = {"zaak": zaak["url"], "objectType": "pand", "object": register.add("objecten/1", PAND)}
    zaakobject = await zaken.api.created(OBJECTEN, pand)

    query = "?expand=communicatiekanaal,productenOfDiensten,rollen.betrokkene,zaakobjecten.object"
    shown = expanded(await zaken.api.get(zaak["url"] + query))
    assert shown["communicatiekanaal"] == KANAAL
    assert shown["productenOfDiensten"] == [{"naam": "kaas"}]
    assert shown["rollen"][0]["_expand"]["betrokkene"] == PERSOON
    assert shown["zaakobjecten"][0]["_expand"]["object"] == PAND

    assert expanded(await zaken.api.get(f"{rol['url']}?expand=betrokkene"))["betrokkene"] == PERSOON
    assert expanded(await zaken.api.get(f"{zaakobject['url']}?expand=object"))["object"] == PAND
    listed = await zaken.api.get(f"{OBJECTEN}?zaak={zaak['url']}&expand=object")
    assert listed.json()["results"][0]["_expand"]["object"] == PAND
    found = await zaken.api.post(f"{ZAKEN}/_zoek", {"uuid__in": [zaak["uuid"]], "expand": "communicatiekanaal"})
    assert found.json()["results"][0]["_expand"]["communicatiekanaal"] == KANAAL


async def test_nothing_to_show(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    query = "?expand=communicatiekanaal,productenOfDiensten,selectielijstklasse"
    assert expanded(await zaken.api.get(zaak["url"] + query)) == {
        "communicatiekanaal": {},
        "productenOfDiensten": [],
        "selectielijstklasse": {},
    }


async def test_selectielijstklasse(zaken: Zaakmaker, maak: Maak) -> None:
    klasse = maak.klasse()
    zaak = await zaken.zaak(selectielijstklasse=klasse["url"])
    shown = expanded(await zaken.api.get(f"{zaak['url']}?expand=selectielijstklasse"))
    assert shown["selectielijstklasse"] == klasse


async def test_zrc_028_a_closed_register_is_not_even_asked(zaken: Zaakmaker) -> None:
    async with elders(zaken.api.stack) as closed:
        zaak = await zaken.zaak(communicatiekanaal=closed.add("communicatiekanalen/1", KANAAL))
        closed.asked.clear()
        answer = await zaken.api.get(f"{zaak['url']}?expand=communicatiekanaal")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert closed.asked == []


async def test_zrc_028_an_object_that_is_gone(zaken: Zaakmaker, register: Elders) -> None:
    zaak = await zaken.zaak(communicatiekanaal=register.add("communicatiekanalen/2", KANAAL))
    del register.objects[f"{ROOT}/communicatiekanalen/2"]
    answer = await zaken.api.get(f"{zaak['url']}?expand=communicatiekanaal")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_zrc_027_nothing_is_known_below_it(zaken: Zaakmaker, register: Elders) -> None:
    zaak = await zaken.zaak(communicatiekanaal=register.add("communicatiekanalen/3", KANAAL))
    answer = await zaken.api.get(f"{zaak['url']}?expand=communicatiekanaal.naam")
    assert answer.status_code == 404


async def test_objects_elsewhere_are_limited(
    zaken: Zaakmaker, register: Elders, monkeypatch: pytest.MonkeyPatch
) -> None:
    zaak = await zaken.zaak()
    for number in range(2):
        person = register.add(f"personen/veel-{number}", PERSOON)
        roltype = zaken.types.roltypen["behandelaar"]
        await zaken.rol(zaak["url"], betrokkene=person, betrokkeneIdentificatie=..., roltype=roltype)
    url = f"{zaak['url']}?expand=rollen.betrokkene"
    monkeypatch.setattr(zgw.expand, "MAX_ELSEWHERE", 2)
    assert len(expanded(await zaken.api.get(url))["rollen"]) == 2
    monkeypatch.setattr(zgw.expand, "MAX_ELSEWHERE", 1)
    answer = await zaken.api.get(url)
    assert (answer.status_code, answer.json()["code"]) == (404, "invalid-expand-field")


async def test_zrc_028_a_slow_register_ends_the_request_in_time(
    zaken: Zaakmaker, register: Elders, monkeypatch: pytest.MonkeyPatch
) -> None:
    zaak = await zaken.zaak()
    for number in range(30):
        person = register.add(f"personen/traag-{number}", PERSOON)
        await zaken.rol(
            zaak["url"],
            betrokkene=person,
            betrokkeneIdentificatie=...,
            roltype=zaken.types.roltypen["behandelaar"],
        )
    service = zaken.api.stack.standalone.services["zaken"]
    monkeypatch.setattr(service, "settings", service.settings.model_copy(update={"outgoing_timeout": 0.5}))
    register.delay = 0.3
    try:
        answer = await zaken.api.get(f"{zaak['url']}?expand=rollen.betrokkene")
    finally:
        register.delay = 0.0
    assert answer.status_code == 404
    assert "traag" in answer.json()["detail"]


async def test_an_own_object_is_shown_to_who_may_read_it(zaken: Zaakmaker) -> None:
    zaak, other = await zaken.zaak(), await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    file = await document(zaken.api, informatieobjecttype=zaken.types.informatieobjecttype)
    for object_type, url in {"overige": other["url"], "enkelvoudig_document": file["url"]}.items():
        named = {"objectTypeOverige": "zaak"} if object_type == "overige" else {}
        await zaken.api.created(OBJECTEN, {"zaak": zaak["url"], "objectType": object_type, "object": url, **named})
    query = f"{zaak['url']}?expand=zaakobjecten.object"

    async def shown(*grants: dict[str, Any]) -> dict[str, Any]:
        rights = {"component": "zrc", "scopes": ["zaken.lezen"], "zaaktype": zaken.types.url}
        own = {**rights, "maxVertrouwelijkheidaanduiding": "openbaar"}
        client = await zaken.api.stack.add_client("deventer", f"lezer-{uuid.uuid4().hex[:12]}", [own, *grants])
        objects = expanded(await client.get(query))["zaakobjecten"]
        return {each["objectType"]: each["_expand"]["object"] for each in objects}

    whole = {
        each["objectType"]: each["_expand"]["object"] for each in expanded(await zaken.api.get(query))["zaakobjecten"]
    }
    assert whole["overige"]["url"] == other["url"]
    assert whole["enkelvoudig_document"]["url"] == file["url"]
    documents = {
        "component": "drc",
        "scopes": ["documenten.lezen"],
        "informatieobjecttype": zaken.types.informatieobjecttype,
        "maxVertrouwelijkheidaanduiding": "zeer_geheim",
    }
    some = await shown(documents)
    assert some["overige"] == {}
    assert some["enkelvoudig_document"]["url"] == file["url"]
