"""Zaaknotitie: notes, their rules and filters."""

import uuid
from typing import Any

from tests.answers import errors
from tests.zaken.zaakmaker import Zaakmaker

NOTITIES = "/zaken/api/v1/zaaknotities"


async def notitie(zaken: Zaakmaker, zaak: str, **changes: Any) -> dict[str, Any]:
    """Make a note."""
    body = {"gerelateerdAan": zaak, "onderwerp": "Let op", "tekst": "Bel de aanvrager", **changes}
    return await zaken.api.created(NOTITIES, body)


async def test_life_of_a_zaaknotitie(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, (await zaken.gesloten())["url"]
    trail = (await api.get(f"{zaak}/audittrail")).json()
    item = await notitie(zaken, zaak)
    assert "uuid" not in item
    assert (item["notitieType"], item["status"], item["aangemaaktDoor"]) == ("intern", "concept", "")
    assert item["aanmaakdatum"] == item["wijzigingsdatum"]
    assert (await api.get(item["url"])).json() == item
    changed = (await api.patch(item["url"], {"tekst": "Gebeld", "notitieType": "extern"})).json()
    assert (changed["tekst"], changed["notitieType"], changed["aanmaakdatum"]) == (
        "Gebeld",
        "extern",
        item["aanmaakdatum"],
    )
    assert changed["wijzigingsdatum"] > item["wijzigingsdatum"]
    assert (await api.put(item["url"], {**changed, "status": "definitief"})).json()["status"] == "definitief"
    assert errors(await api.patch(item["url"], {"tekst": "x"})) == [("status", "invalid")]
    assert errors(await api.put(item["url"], {**item})) == [("status", "invalid")]
    assert (await api.delete(item["url"])).status_code == 204
    assert (await api.get(item["url"])).status_code == 404
    # Notes leave no trail.
    assert (await api.get(f"{zaak}/audittrail")).json() == trail


async def test_fields_of_a_zaaknotitie(zaken: Zaakmaker) -> None:
    async def refused(body: dict[str, Any]) -> list[tuple[str, str]]:
        return errors(await zaken.api.post(NOTITIES, body))

    zaak = (await zaken.zaak())["url"]
    assert await refused({}) == [("gerelateerdAan", "required")]
    assert await refused({"gerelateerdAan": zaak}) == [("onderwerp", "required"), ("tekst", "required")]
    assert await refused({"gerelateerdAan": zaak, "onderwerp": "", "tekst": ""}) == [
        ("onderwerp", "blank"),
        ("tekst", "blank"),
    ]
    whole = {"gerelateerdAan": zaak, "onderwerp": "x", "tekst": "x" * 100_000}
    assert await refused({**whole, "onderwerp": "x" * 256}) == [("onderwerp", "max_length")]
    assert await refused({**whole, "status": "x", "notitieType": "x"}) == [
        ("notitieType", "invalid_choice"),
        ("status", "invalid_choice"),
    ]
    assert (await zaken.api.post(NOTITIES, whole)).status_code == 201
    unknown = f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}"
    assert await refused({**whole, "gerelateerdAan": unknown}) == [("gerelateerdAan", "object-does-not-exist")]
    assert await refused({**whole, "gerelateerdAan": "https://elders.example/1"}) == [("gerelateerdAan", "no_match")]


async def test_zrc_006_notes_of_other_zaken(zaken: Zaakmaker) -> None:
    secret, own = (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"], (await zaken.zaak())["url"]
    hidden, mine = await notitie(zaken, secret), await notitie(zaken, own)
    low = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await low.get(hidden["url"])).status_code == 403
    assert (await low.patch(hidden["url"], {"tekst": "x"})).status_code == 403
    assert (await low.delete(hidden["url"])).status_code == 403
    assert (await low.get(f"{NOTITIES}?gerelateerdAan={secret}")).json()["count"] == 0
    assert (await low.post(NOTITIES, {"gerelateerdAan": secret, "onderwerp": "x", "tekst": "x"})).status_code == 403
    # Neither can a note be moved to where the client may not write.
    assert (await low.patch(mine["url"], {"gerelateerdAan": secret})).status_code == 403
    for url, code in ((f"{secret[:-3]}000", "object-does-not-exist"), (hidden["url"], "incorrect_match")):
        assert errors(await low.patch(mine["url"], {"gerelateerdAan": url})) == [("gerelateerdAan", code)]
    assert (await zaken.api.patch(mine["url"], {"gerelateerdAan": secret})).status_code == 200


async def test_filters_of_zaaknotities(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"]
    one = await notitie(
        zaken, zaak, onderwerp="Eerste 100%", tekst="Geef_hier", aangemaaktDoor="Jan", notitieType="extern"
    )
    two = await notitie(zaken, zaak, onderwerp="Tweede", tekst="daar", aangemaaktDoor="Piet", status="definitief")

    async def found(query: str) -> list[str]:
        answer = await zaken.api.get(f"{NOTITIES}?gerelateerdAan={zaak}&{query}")
        assert answer.status_code == 200, answer.text
        return [item["url"] for item in answer.json()["results"]]

    both = [two["url"], one["url"]]
    assert await found("") == both
    for query in (
        "onderwerp=Tweede",
        "onderwerp__icontains=TWEE",
        "tekst=daar",
        "tekst__icontains=DAA",
        "status=definitief",
    ):
        assert await found(query) == [two["url"]]
    for query in (
        "aangemaaktDoor=Jan",
        "aangemaaktDoor__icontains=jA",
        "notitieType=extern",
        "onderwerp__icontains=100%25",
    ):
        assert await found(query) == [one["url"]]
    # The signs of LIKE mean themselves.
    assert await found("tekst__icontains=geef_") == [one["url"]]
    assert await found("tekst__icontains=d_ar") == []
    for field in ("aanmaakdatum", "wijzigingsdatum"):
        moment = one[field]
        assert await found(f"{field}={moment}") == [one["url"]]
        assert await found(f"{field}__gt={moment}") == [two["url"]]
        assert await found(f"{field}__gte={moment}") == both
        assert await found(f"{field}__lt={moment}") == []
        assert await found(f"{field}__lte={moment}") == [one["url"]]
    assert await found("pageSize=1") == [two["url"]]
    assert await found("pageSize=1&page=2") == [one["url"]]
    assert errors(await zaken.api.get(f"{NOTITIES}?gerelateerdAan=5")) == [("gerelateerdAan", "invalid")]
    assert errors(await zaken.api.get(f"{NOTITIES}?zaak=5")) == [("nonFieldErrors", "unknown-parameters")]
