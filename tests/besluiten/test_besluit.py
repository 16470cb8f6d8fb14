"""Besluiten: fields, brc-001, brc-002, brc-006, brc-007, brc-009, closed zaken, rights."""

import asyncio
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.answers import errors
from tests.besluiten.wereld import BESLUITEN, RSIN, Werk
from tests.stack import Stack
from tests.waiting import until
from zgw.dates import today


def organisatie() -> str:
    """Return an RSIN that no other test uses."""
    while True:
        digits = f"{uuid.uuid4().int % 10**8:08}"
        total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True))
        if (last := total % 11) < 10:
            return f"{digits}{last}"


async def test_life_of_a_besluit(werk: Werk) -> None:
    api, zaak = werk.api, await werk.zaak()
    made = await api.post(BESLUITEN, werk.body(zaak=zaak, vervalreden="tijdelijk", vervaldatum="2023-01-01"))
    assert made.status_code == 201, made.text
    besluit = made.json()
    assert made.headers["location"] == besluit["url"]
    assert made.headers["api-version"] == "1.1.0"
    assert besluit == {
        "url": besluit["url"],
        "identificatie": besluit["identificatie"],
        "verantwoordelijkeOrganisatie": RSIN,
        "besluittype": werk.types.besluittype,
        "zaak": zaak,
        "datum": "2024-03-02",
        "toelichting": "",
        "bestuursorgaan": "",
        "ingangsdatum": "2024-03-10",
        "vervaldatum": "2023-01-01",
        "vervalreden": "tijdelijk",
        "vervalredenWeergave": "Besluit met tijdelijke werking",
        "publicatiedatum": None,
        "verzenddatum": None,
        "uiterlijkeReactiedatum": None,
    }
    read = await api.get(besluit["url"])
    assert read.json() == besluit
    changed = await api.patch(besluit["url"], {"toelichting": "Nader bepaald"})
    assert changed.json() == {**besluit, "toelichting": "Nader bepaald"}
    # B3: ETag and HEAD, of which the ETag follows the content.
    head = await api.request("HEAD", besluit["url"])
    assert head.status_code == 200
    assert head.headers["etag"] != read.headers["etag"]
    known = {"If-None-Match": head.headers["etag"]}
    assert (await api.get(besluit["url"], headers=known)).status_code == 304
    put = await api.put(besluit["url"], {**changed.json(), "vervalreden": "", "vervaldatum": None})
    assert (put.json()["vervalreden"], put.json()["vervalredenWeergave"], put.json()["vervaldatum"]) == ("", "", None)
    assert (await api.delete(besluit["url"])).status_code == 204
    assert (await api.get(besluit["url"])).status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"verantwoordelijkeOrganisatie": "517439944"}, ("verantwoordelijkeOrganisatie", "invalid")),
        ({"verantwoordelijkeOrganisatie": "51743994x"}, ("verantwoordelijkeOrganisatie", "only-digits")),
        ({"verantwoordelijkeOrganisatie": "51743"}, ("verantwoordelijkeOrganisatie", "min_length")),
        ({"identificatie": "x" * 51}, ("identificatie", "max_length")),
        ({"identificatie": None}, ("identificatie", "null")),
        ({"datum": "2024-02-30"}, ("datum", "invalid")),
        ({"datum": None}, ("datum", "null")),
        ({"datum": (today() + timedelta(days=1)).isoformat()}, ("datum", "future_not_allowed")),
        ({"ingangsdatum": ""}, ("ingangsdatum", "invalid")),
        ({"vervalreden": "anders"}, ("vervalreden", "invalid_choice")),
        ({"bestuursorgaan": "x" * 51}, ("bestuursorgaan", "max_length")),
        ({"toelichting": True}, ("toelichting", "invalid")),
        ({"toelichting": "a\0b"}, ("toelichting", "invalid")),
        ({"zaak": "geen-url"}, ("zaak", "invalid")),
        ({"zaak": None}, ("zaak", "null")),
        ({"besluittype": ""}, ("besluittype", "blank")),
    ],
)
async def test_field_errors(werk: Werk, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(await werk.api.post(BESLUITEN, werk.body(**changes))) == [expected]


async def test_required_fields_and_today(werk: Werk) -> None:
    assert sorted(errors(await werk.api.post(BESLUITEN, {}))) == [
        ("besluittype", "required"),
        ("datum", "required"),
        ("ingangsdatum", "required"),
        ("verantwoordelijkeOrganisatie", "required"),
    ]
    await werk.besluit(datum=today().isoformat())


async def test_brc_001_besluittype_exists_is_a_besluittype_and_is_published(werk: Werk) -> None:
    concept = await werk.maak.besluittype(concept=True)
    cases = {
        f"http://samenzaak.test/catalogi/api/v1/besluittypen/{uuid.uuid4()}": "bad-url",
        "http://samenzaak.test/catalogi/api/v1/besluittypen/xyz": "bad-url",
        "https://elders.example.nl/catalogi/api/v1/besluittypen/1": "bad-url",
        werk.types.url: "invalid-resource",
        concept["url"]: "not-published",
    }
    for besluittype, code in cases.items():
        assert errors(await werk.api.post(BESLUITEN, werk.body(besluittype=besluittype))) == [("besluittype", code)]


async def test_brc_001_besluittype_may_not_change(werk: Werk) -> None:
    besluit, other = await werk.besluit(), await werk.maak.besluittype()
    for answer in (
        await werk.api.patch(besluit["url"], {"besluittype": other["url"]}),
        await werk.api.put(besluit["url"], {**besluit, "besluittype": other["url"]}),
    ):
        assert errors(answer) == [("besluittype", "wijzigen-niet-toegelaten")]


async def test_brc_002_identificatie_is_unique_within_the_organisation(werk: Werk) -> None:
    first = await werk.besluit(identificatie=uuid.uuid4().hex)
    again = await werk.api.post(BESLUITEN, werk.body(identificatie=first["identificatie"]))
    assert errors(again) == [("identificatie", "identificatie-niet-uniek")]
    await werk.besluit(identificatie=first["identificatie"], verantwoordelijkeOrganisatie="000000000")
    # Two at the same time: the database decides.
    body = werk.body(identificatie=uuid.uuid4().hex)
    both = await asyncio.gather(*(werk.api.post(BESLUITEN, body) for _ in range(5)))
    assert sorted(answer.status_code for answer in both) == [201, 400, 400, 400, 400]


async def test_brc_002_identificatie_and_organisatie_may_not_change(werk: Werk) -> None:
    besluit = await werk.besluit()
    changes = {"identificatie": "ANDERS", "verantwoordelijkeOrganisatie": "000000000"}
    for name, value in changes.items():
        answer = await werk.api.patch(besluit["url"], {name: value})
        assert errors(answer) == [(name, "wijzigen-niet-toegelaten")]
    # What is left out of a PUT, or echoed, does not change.
    kept = {name: value for name, value in besluit.items() if name != "identificatie"}
    assert (await werk.api.put(besluit["url"], kept)).json() == besluit


async def test_brc_002_numbers_are_generated_and_never_issued_again(werk: Werk) -> None:
    rsin = organisatie()
    answers = await asyncio.gather(*(werk.besluit(verantwoordelijkeOrganisatie=rsin) for _ in range(20)))
    numbers = [besluit["identificatie"] for besluit in answers]
    assert len(set(numbers)) == 20
    assert all(re.fullmatch(r"BESLUIT-2024-\d{10}", number) for number in numbers)
    last = max(numbers)
    await werk.api.delete(next(b["url"] for b in answers if b["identificatie"] == last))
    following = await werk.besluit(identificatie="", verantwoordelijkeOrganisatie=rsin)
    assert following["identificatie"] > last


async def test_brc_002_a_number_that_a_client_chose_is_skipped(werk: Werk) -> None:
    last = (await werk.besluit())["identificatie"]
    ahead = [f"BESLUIT-2024-{int(last[-10:]) + step:010}" for step in (2, 3)]
    kept, removed = [await werk.besluit(identificatie=number) for number in ahead]
    await werk.api.delete(removed["url"])
    issued = [(await werk.besluit())["identificatie"] for _ in range(4)]
    assert kept["identificatie"] not in issued
    assert removed["identificatie"] not in issued


async def test_brc_006_the_zaak_knows_its_besluiten(werk: Werk) -> None:
    one, two = await werk.zaak(), await werk.zaak()
    besluit = (await werk.besluit(zaak=one))["url"]
    assert await werk.zaakbesluiten(one) == [besluit]
    # B1: the zaak may change, and be left.
    assert (await werk.api.patch(besluit, {"zaak": two})).json()["zaak"] == two
    assert (await werk.zaakbesluiten(one), await werk.zaakbesluiten(two)) == ([], [besluit])
    assert (await werk.api.patch(besluit, {"toelichting": "x"})).status_code == 200
    assert await werk.zaakbesluiten(two) == [besluit]
    assert (await werk.api.patch(besluit, {"zaak": ""})).json()["zaak"] == ""
    assert await werk.zaakbesluiten(two) == []
    assert (await werk.api.patch(besluit, {"zaak": one})).status_code == 200
    assert await werk.zaakbesluiten(one) == [besluit]


async def test_the_zaak_must_be_a_zaak(werk: Werk) -> None:
    for zaak, code in {
        f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}": "bad-url",
        "https://elders.example.nl/zaken/api/v1/zaken/1": "bad-url",
        await werk.document(): "invalid-resource",
    }.items():
        assert errors(await werk.api.post(BESLUITEN, werk.body(zaak=zaak))) == [("zaak", code)]


async def test_brc_007_besluittype_belongs_to_the_zaaktype(werk: Werk) -> None:
    zaak, other = await werk.zaak(), await werk.maak.besluittype()
    answer = await werk.api.post(BESLUITEN, werk.body(zaak=zaak, besluittype=other["url"]))
    assert errors(answer) == [("nonFieldErrors", "zaaktype-mismatch")]
    loose = await werk.besluit(besluittype=other["url"])
    answer = await werk.api.patch(loose["url"], {"zaak": zaak})
    assert errors(answer) == [("nonFieldErrors", "zaaktype-mismatch")]
    assert await werk.zaakbesluiten(zaak) == []
    # The same name in another catalogue is another type.
    name = (await werk.api.get(werk.types.besluittype)).json()["omschrijving"]
    elsewhere = await werk.maak.besluittype(catalogus=(await werk.maak.catalogus())["url"], omschrijving=name)
    answer = await werk.api.post(BESLUITEN, werk.body(zaak=zaak, besluittype=elsewhere["url"]))
    assert errors(answer) == [("nonFieldErrors", "zaaktype-mismatch")]


async def test_brc_007_another_version_of_the_besluittype_will_do(werk: Werk) -> None:
    types = await werk.maak.zaaktype()
    old = (await werk.api.get(types.besluittype)).json()
    ended = await werk.api.patch(types.besluittype, {"eindeGeldigheid": "2024-01-01"})
    assert ended.status_code == 200, ended.text
    body = {"omschrijving": old["omschrijving"], "catalogus": old["catalogus"], "beginGeldigheid": "2024-01-02"}
    new = await werk.maak.besluittype(**body)
    own = Werk(werk.api, werk.maak, types)
    zaak = await own.zaak()
    for besluittype in (types.besluittype, new["url"]):
        await own.besluit(zaak=zaak, besluittype=besluittype)


async def test_brc_009_deleting_takes_along_what_belongs_to_it(werk: Werk) -> None:
    zaak, document = await werk.zaak(), await werk.document()
    besluit = (await werk.besluit(zaak=zaak))["url"]
    bio = (await werk.bio(besluit, document))["url"]
    assert await werk.objecten(document) == [("besluit", besluit)]
    assert (await werk.api.delete(besluit)).status_code == 204
    assert (await werk.api.get(bio)).status_code == 404
    assert (await werk.api.get(f"{besluit}/audittrail")).status_code == 404
    assert await werk.zaakbesluiten(zaak) == []
    assert await werk.objecten(document) == []
    assert (await werk.api.get(document)).status_code == 200
    assert (await werk.api.delete(zaak)).status_code == 204


async def test_a_closed_zaak_is_protected(werk: Werk, stack: Stack) -> None:
    zaak, opened = await werk.zaak(), await werk.zaak()
    besluit, loose = await werk.besluit(zaak=zaak), await werk.besluit()
    await werk.sluit(zaak)
    scopes = ["lezen", "aanmaken", "bijwerken", "verwijderen"]
    grant = {
        "component": "brc",
        "besluittype": werk.types.besluittype,
        "scopes": [f"besluiten.{scope}" for scope in scopes],
    }
    zaken = {
        "component": "zrc",
        "zaaktype": werk.types.url,
        "maxVertrouwelijkheidaanduiding": "zeer_geheim",
        "scopes": ["zaken.lezen", "zaken.bijwerken"],
    }
    weak = await stack.add_client("deventer", f"zwak-{uuid.uuid4().hex[:8]}", [grant, zaken])
    forced = {**zaken, "scopes": ["zaken.geforceerd-bijwerken"]}
    strong = await stack.add_client("deventer", f"sterk-{uuid.uuid4().hex[:8]}", [grant, forced])
    for answer in (
        await weak.post(BESLUITEN, werk.body(zaak=zaak)),
        await weak.patch(besluit["url"], {"toelichting": "x"}),
        await weak.patch(besluit["url"], {"zaak": ""}),
        await weak.patch(loose["url"], {"zaak": zaak}),
        await weak.delete(besluit["url"]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert (await weak.patch(loose["url"], {"zaak": opened})).status_code == 200
    assert (await strong.post(BESLUITEN, werk.body(zaak=zaak))).status_code == 201
    assert (await strong.patch(besluit["url"], {"toelichting": "x"})).status_code == 200
    assert (await strong.delete(besluit["url"])).status_code == 204


async def test_filters(werk: Werk) -> None:
    zaak = await werk.zaak()
    besluit = await werk.besluit(zaak=zaak, identificatie=uuid.uuid4().hex)
    for name in ("zaak", "identificatie"):
        found = (await werk.api.get(BESLUITEN, params={name: besluit[name]})).json()
        assert (found["count"], found["results"]) == (1, [besluit])
    for name in ("besluittype", "verantwoordelijkeOrganisatie"):
        found = (await werk.api.get(BESLUITEN, params={name: besluit[name]})).json()
        assert {item[name] for item in found["results"]} == {besluit[name]}
    nothing = {"zaak": f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}", "besluittype": "http://x.example/1"}
    for name, value in nothing.items():
        assert (await werk.api.get(BESLUITEN, params={name: value})).json()["count"] == 0
    for name, value in {"zaak": "geen-url", "verantwoordelijkeOrganisatie": "123456789"}.items():
        assert errors(await werk.api.get(BESLUITEN, params={name: value})) == [(name, "invalid")]
    answer = await werk.api.get(BESLUITEN, params={"datum": "2024-01-01"})
    assert errors(answer) == [("nonFieldErrors", "unknown-parameters")]
    newest, mine = await werk.besluit(), {"besluittype": werk.types.besluittype}
    assert (await werk.api.get(BESLUITEN, params=mine)).json()["results"][:2] == [newest, besluit]


async def test_expand(werk: Werk) -> None:
    zaak = await werk.zaak()
    besluit = await werk.besluit(zaak=zaak)
    found = (await werk.api.get(f"{besluit['url']}?expand=besluittype,zaak.zaaktype")).json()
    assert found["_expand"]["besluittype"]["url"] == werk.types.besluittype
    assert found["_expand"]["zaak"]["_expand"]["zaaktype"]["url"] == werk.types.url
    loose = await werk.besluit()
    assert (await werk.api.get(f"{loose['url']}?expand=zaak")).json()["_expand"] == {"zaak": {}}
    unknown = await werk.api.get(f"{besluit['url']}?expand=onbekend")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "invalid-expand-field")
    listed = await werk.api.get(f"{BESLUITEN}?identificatie={besluit['identificatie']}&expand=zaak")
    assert listed.json()["results"][0]["_expand"]["zaak"]["url"] == zaak


async def test_audit_trail(werk: Werk) -> None:
    besluit = await werk.besluit()
    document = await werk.document()
    bio = await werk.bio(besluit["url"], document)
    await werk.api.patch(besluit["url"], {"toelichting": "x"}, headers={"X-Audit-Toelichting": "Op verzoek"})
    await werk.api.put(besluit["url"], besluit)
    await werk.api.delete(bio["url"])
    trail = (await werk.api.get(f"{besluit['url']}/audittrail")).json()
    facts = [(entry["actie"], entry["resource"], entry["resultaat"], entry["bron"]) for entry in trail]
    assert facts == [
        ("create", "besluit", 201, "brc"),
        ("create", "besluitinformatieobject", 201, "brc"),
        ("partial_update", "besluit", 200, "brc"),
        ("update", "besluit", 200, "brc"),
        ("destroy", "besluitinformatieobject", 204, "brc"),
    ]
    number = (await werk.api.get(document)).json()["identificatie"]
    assert trail[1]["resourceWeergave"] == f"({besluit['identificatie']}) - {number}"
    assert trail[2]["toelichting"] == "Op verzoek"
    assert trail[2]["wijzigingen"]["oud"] == besluit
    one = await werk.api.get(f"{besluit['url']}/audittrail/{trail[0]['uuid']}")
    assert one.json() == trail[0]


async def test_notifications(werk: Werk, gemeld: list[dict[str, Any]]) -> None:
    zaak, document = await werk.zaak(), await werk.document()
    besluit = (await werk.besluit(zaak=zaak))["url"]
    await werk.api.patch(besluit, {"toelichting": "x"})
    bio = (await werk.bio(besluit, document))["url"]
    await werk.api.delete(bio)
    await werk.api.delete(besluit)
    await until(lambda: sum(m["hoofdObject"] == besluit for m in gemeld) >= 5)
    mine = [m for m in gemeld if m["hoofdObject"] == besluit]
    assert sorted((m["resource"], m["actie"], m["resourceUrl"]) for m in mine) == sorted(
        [
            ("besluit", "create", besluit),
            ("besluit", "partial_update", besluit),
            ("besluitinformatieobject", "create", bio),
            ("besluitinformatieobject", "destroy", bio),
            ("besluit", "destroy", besluit),
        ]
    )
    expected = {
        "verantwoordelijkeOrganisatie": RSIN,
        "besluittype": werk.types.besluittype,
        "besluittype.catalogus": werk.types.catalogus,
    }
    assert all(m["kanaal"] == "besluiten" and m["kenmerken"] == expected for m in mine)
