"""What a zaak has beside the standard, member by member."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.answers import errors
from tests.stack import Stack
from tests.waiting import until
from tests.zaken.zaakmaker import Zaakmaker

LEEG = {"indicatie": False, "eerdereOpschorting": False, "reden": ""}
ELDERS = "http://samenzaak.test/zaken/api/v1/zaken/"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({}, {"communicatiekanaalNaam": "", "laatstGeopend": None, "gerelateerdeZaken": []}),
        ({"communicatiekanaalNaam": " Balie "}, {"communicatiekanaalNaam": "Balie", "communicatiekanaal": ""}),
        ({"communicatiekanaalNaam": "x" * 250}, {"communicatiekanaalNaam": "x" * 250}),
        (
            {"betalingsindicatie": "gefactureerd"},
            {"betalingsindicatieWeergave": "De met de zaak gemoeide kosten zijn gefactureerd."},
        ),
        (
            {"betalingsindicatie": "gecrediteerd", "laatsteBetaaldatum": "2026-01-01T00:00:00Z"},
            {
                "betalingsindicatie": "gecrediteerd",
                "betalingsindicatieWeergave": "De met de zaak gemoeide kosten zijn gecrediteerd.",
                "laatsteBetaaldatum": "2026-01-01T00:00:00Z",
            },
        ),
        (
            {"betalingsindicatie": "betaald"},
            {"betalingsindicatieWeergave": "De met de zaak gemoeide kosten zijn betaald."},
        ),
        ({"laatstGeopend": "2026-01-01T10:00:00.123456Z"}, {"laatstGeopend": "2026-01-01T10:00:00.123456Z"}),
        ({"laatstGeopend": "2026-01-01T10:00:00"}, {"laatstGeopend": "2026-01-01T09:00:00Z"}),
        ({"laatstGeopend": None}, {"laatstGeopend": None}),
        ({"gerelateerdeZaken": None}, {"gerelateerdeZaken": []}),
        ({"verlenging": {"reden": "druk", "duur": "P0D"}}, {"verlenging": None}),
        ({"verlenging": {"reden": "", "duur": "PT0S"}}, {"verlenging": None}),
        ({"verlenging": {"reden": "druk", "duur": "P10D"}}, {"verlenging": {"reden": "druk", "duur": "P10D"}}),
        ({"verlenging": None}, {"verlenging": None}),
        ({"opschorting": None}, {"opschorting": LEEG}),
        ({"opschorting": LEEG}, {"opschorting": LEEG}),
        (
            {"opschorting": {"indicatie": False, "reden": "was"}},
            {"opschorting": {"indicatie": False, "eerdereOpschorting": False, "reden": "was"}},
        ),
        (
            {"opschorting": {"indicatie": True, "eerdereOpschorting": False, "reden": "wacht"}},
            {"opschorting": {"indicatie": True, "eerdereOpschorting": True, "reden": "wacht"}},
        ),
        # Nobody but the zaak itself says whether there was one.
        ({"opschorting": {"indicatie": False, "eerdereOpschorting": True, "reden": ""}}, {"opschorting": LEEG}),
        (
            {"processobject": None},
            {"processobject": dict.fromkeys(("datumkenmerk", "identificatie", "objecttype", "registratie"), "")},
        ),
    ],
)
async def test_what_is_shown(zaken: Zaakmaker, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    made = await zaken.zaak(**sent)
    assert {name: made[name] for name in shown} == shown
    assert await zaken.lees(made) == made
    # A client that sends it back as it read it changes nothing.
    assert (await zaken.api.put(made["url"], made)).json() == made
    trail = (await zaken.api.get(f"{made['url']}/audittrail")).json()
    assert trail[-1]["wijzigingen"] == {"oud": made, "nieuw": made}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"communicatiekanaalNaam": None}, [("communicatiekanaalNaam", "null")]),
        ({"communicatiekanaalNaam": "x" * 251}, [("communicatiekanaalNaam", "max_length")]),
        ({"betalingsindicatie": "gratis"}, [("betalingsindicatie", "invalid_choice")]),
        (
            {"betalingsindicatie": "betaald", "laatsteBetaaldatum": "2999-01-01T00:00:00Z"},
            [("laatsteBetaaldatum", "future_not_allowed")],
        ),
        ({"laatstGeopend": "2999-01-01T00:00:00Z"}, [("laatstGeopend", "date-in-future")]),
        ({"laatstGeopend": "gisteren"}, [("laatstGeopend", "invalid")]),
        ({"gerelateerdeZaken": {}}, [("gerelateerdeZaken", "not_a_list")]),
        ({"gerelateerdeZaken": [{}]}, [("gerelateerdeZaken.0.url", "required")]),
        ({"gerelateerdeZaken": [{"url": "x"}]}, [("gerelateerdeZaken.0.url", "invalid")]),
        ({"gerelateerdeZaken": [{"url": f"{ELDERS}x"}] * 1001}, [("gerelateerdeZaken", "max_length")]),
        ({"verlenging": {"reden": None, "duur": "P0D"}}, [("verlenging.reden", "null")]),
        ({"opschorting": {"indicatie": True}}, [("opschorting.reden", "required")]),
    ],
)
async def test_what_is_refused(zaken: Zaakmaker, sent: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert await zaken.weiger(**sent) == expected
    made = await zaken.zaak()
    assert errors(await zaken.api.patch(made["url"], sent)) == expected


async def test_an_opschorting_is_not_forgotten(zaken: Zaakmaker) -> None:
    url = (await zaken.zaak(opschorting={"indicatie": True, "reden": "wacht"}))["url"]
    was = {"indicatie": False, "eerdereOpschorting": True, "reden": ""}
    for body, shown in (
        ({"opschorting": {"indicatie": False, "reden": ""}}, was),
        ({"opschorting": None}, was),
        ({"toelichting": "verder"}, was),
        ({"opschorting": {**was, "eerdereOpschorting": False}}, was),
        ({"opschorting": {"indicatie": True, "reden": "weer"}}, {**was, "indicatie": True, "reden": "weer"}),
    ):
        assert (await zaken.api.patch(url, body)).json()["opschorting"] == shown
        assert (await zaken.lees({"url": url}))["opschorting"] == shown


@pytest.mark.parametrize("indicatie", [True, False])
async def test_what_release_0_1_0_stored(zaken: Zaakmaker, stack: Stack, indicatie: bool) -> None:
    made, other = await zaken.zaak(), await zaken.zaak()
    opschorting = {"indicatie": indicatie, "reden": "x"}
    related = [{"url": "/zaken/api/v1/zaken/" + other["uuid"], "aardRelatie": "vervolg"}]
    async with stack.admin() as admin:
        change = (
            "UPDATE deventer_zaken.zaak SET opschorting = $1::text::jsonb, relevante_andere_zaken = $2::text::jsonb"
        )
        given = (json.dumps(opschorting), json.dumps(related), made["uuid"])
        await admin.execute(f"{change} WHERE uuid::text = $3", *given)
    now = await zaken.lees(made)
    assert now["opschorting"] == {**opschorting, "eerdereOpschorting": indicatie}
    whole = {"url": other["url"], "aardRelatie": "vervolg", "overigeRelatie": "", "toelichting": ""}
    assert now["relevanteAndereZaken"] == [whole]
    listed = (await zaken.api.get("/zaken/api/v1/zaken", params={"identificatie": made["identificatie"]})).json()
    assert listed["results"] == [now]


async def test_relations_of_another_kind(zaken: Zaakmaker) -> None:
    other = (await zaken.zaak())["url"]
    item = {"url": other, "aardRelatie": "overig", "overigeRelatie": "buurzaak", "toelichting": "t" * 255}
    made = await zaken.zaak(relevanteAndereZaken=[item, {"url": other, "aardRelatie": "vervolg"}])
    plain = {"url": other, "aardRelatie": "vervolg", "overigeRelatie": "", "toelichting": ""}
    assert made["relevanteAndereZaken"] == [item, plain]
    assert await zaken.lees(made) == made
    for wrong, name, code in (
        ({"overigeRelatie": ""}, "overigeRelatie", "overigerelatie-required"),
        ({"overigeRelatie": "x" * 101}, "overigeRelatie", "max_length"),
        ({"toelichting": "x" * 256}, "toelichting", "max_length"),
        ({"aardRelatie": "neef"}, "aardRelatie", "invalid_choice"),
    ):
        found = await zaken.weiger(relevanteAndereZaken=[plain, {**item, **wrong}])
        assert found == [(f"relevanteAndereZaken.1.{name}", code)]


async def test_opening_a_zaak_announces_nothing(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    url, soon = (await zaken.zaak())["url"], (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    opened = await zaken.api.patch(url, {"laatstGeopend": soon})
    assert opened.json()["laatstGeopend"] == soon.replace("+00:00", "Z")
    await zaken.api.patch(url, {"laatstGeopend": soon, "toelichting": "t"})
    await zaken.api.put(url, (await zaken.api.get(url)).json())
    last = ("update", url)
    await until(lambda: last in {(message["actie"], message["hoofdObject"]) for message in gemeld})
    mine = [message["actie"] for message in gemeld if message["hoofdObject"] == url]
    assert sorted(mine) == ["create", "partial_update", "update"]
    trail = (await zaken.api.get(f"{url}/audittrail")).json()
    assert [entry["actie"] for entry in trail] == ["create", "partial_update", "partial_update", "update"]
