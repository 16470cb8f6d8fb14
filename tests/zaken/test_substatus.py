"""Substatussen: steps within a status of a zaak."""

from typing import Any

import pytest

from tests.answers import errors
from tests.waiting import until
from tests.zaken.zaakmaker import Zaakmaker, archiveer

SUBSTATUSSEN = "/zaken/api/v1/substatussen"


async def test_life_of_a_substatus(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    zaak = (await zaken.zaak())["url"]
    first, last = await zaken.status(zaak), await zaken.status(zaak, 2)
    answer = await zaken.api.post(SUBSTATUSSEN, {"zaak": zaak, "omschrijving": "Wacht op advies"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, made["url"])
    assert made == {
        "url": made["url"],
        "uuid": made["url"].rpartition("/")[2],
        "zaak": zaak,
        "status": last["url"],
        "omschrijving": "Wacht op advies",
        "tijdstip": made["tijdstip"],
        "doelgroep": "betrokkenen",
    }
    moment = "2026-01-01T10:00:00Z"
    body = {"zaak": zaak, "status": first["url"], "omschrijving": "o" * 200, "tijdstip": moment, "doelgroep": "intern"}
    older = await zaken.api.created(SUBSTATUSSEN, body)
    assert {name: older[name] for name in body} == body
    for query, found in (
        ({}, [made, older]),
        ({"status": first["url"]}, [older]),
        ({"doelgroep": "betrokkenen"}, [made]),
        ({"tijdstip__gt": moment}, [made]),
        ({"tijdstip__gte": moment}, [made, older]),
        ({"tijdstip__lt": made["tijdstip"]}, [older]),
        ({"tijdstip__lte": moment}, [older]),
    ):
        assert (await zaken.api.get(SUBSTATUSSEN, params={"zaak": zaak, **query})).json()["results"] == found
    assert (await zaken.api.get(made["url"])).json() == made
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await zaken.api.request(method, made["url"], json={})).status_code == 405
    trail = (await zaken.api.get(f"{zaak}/audittrail")).json()
    assert [(entry["resource"], entry["actie"]) for entry in trail[-2:]] == [("substatus", "create")] * 2
    assert trail[-1]["wijzigingen"]["nieuw"] == older
    await until(lambda: older["url"] in {message["resourceUrl"] for message in gemeld})
    assert [m["actie"] for m in gemeld if m["resource"] == "substatus" and m["hoofdObject"] == zaak] == ["create"] * 2
    assert (await zaken.api.delete(zaak)).status_code == 204
    assert (await zaken.api.get(made["url"])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"omschrijving": ""}, [("omschrijving", "blank")]),
        ({"omschrijving": "x" * 201}, [("omschrijving", "max_length")]),
        ({"tijdstip": "2999-01-01T00:00:00Z"}, [("tijdstip", "date-in-future")]),
        ({"doelgroep": "iedereen"}, [("doelgroep", "invalid_choice")]),
        ({"status": "x"}, [("status", "invalid")]),
        ({"status": "http://samenzaak.test/zaken/api/v1/zaken/x"}, [("status", "incorrect_match")]),
    ],
)
async def test_what_is_refused(zaken: Zaakmaker, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    zaak = (await zaken.zaak())["url"]
    await zaken.status(zaak)
    body = {"zaak": zaak, "omschrijving": "o", **changes}
    assert errors(await zaken.api.post(SUBSTATUSSEN, body)) == expected


async def test_a_substatus_needs_a_status_of_its_zaak(zaken: Zaakmaker) -> None:
    zaak, other = (await zaken.zaak())["url"], (await zaken.zaak())["url"]
    body = {"zaak": zaak, "omschrijving": "o"}
    assert errors(await zaken.api.post(SUBSTATUSSEN, body)) == [("status", "invalid")]
    status = (await zaken.status(other))["url"]
    answer = await zaken.api.post(SUBSTATUSSEN, {**body, "status": status})
    assert errors(answer) == [("nonFieldErrors", "zaak-status-mismatch")]


async def test_zrc_007_who_may_add_a_substatus(zaken: Zaakmaker) -> None:
    zaak, closed = (await zaken.zaak())["url"], (await zaken.gesloten())["url"]
    await zaken.status(zaak)
    for scope, opened, shut in (
        ("zaken.aanmaken", 201, 403),
        ("zaken.statussen.toevoegen", 201, 403),
        ("zaken.geforceerd-bijwerken", 403, 201),
        ("zaken.bijwerken", 403, 403),
        ("zaken.lezen", 403, 403),
    ):
        client = await zaken.client(scope)
        found = [
            (await client.post(SUBSTATUSSEN, {"zaak": url, "omschrijving": "o"})).status_code for url in (zaak, closed)
        ]
        assert found == [opened, shut], scope
    secret = (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"]
    await zaken.status(secret)
    made = await zaken.api.created(SUBSTATUSSEN, {"zaak": secret, "omschrijving": "o"})
    reader = await zaken.client("zaken.lezen", "zaken.aanmaken", cap="openbaar")
    assert (await reader.get(made["url"])).status_code == 403
    assert (await reader.get(SUBSTATUSSEN, params={"zaak": secret})).json()["count"] == 0
    await archiveer(zaken, closed)
    answer = await zaken.api.post(SUBSTATUSSEN, {"zaak": closed, "omschrijving": "o"})
    assert errors(answer) == [("nonFieldErrors", "zaak-archiefstatus-invalid")]
