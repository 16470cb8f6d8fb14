"""Zaak: fields, and rules zrc-001, zrc-002, zrc-009 to zrc-015, zrc-022, zrc-026a."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.answers import errors
from tests.bodies import relatie
from tests.maak import Maak
from tests.zaken.zaakmaker import PUNT, RSIN, ZAKEN, Zaakmaker

ANDERE_RSIN = "000000000"


async def test_life_of_a_zaak(zaken: Zaakmaker) -> None:
    api = zaken.api
    made = await api.post(ZAKEN, zaken.body(omschrijving="Buurtfeest", zaakgeometrie=PUNT))
    assert made.status_code == 201
    assert made.headers["content-crs"] == "EPSG:4326"
    assert made.headers["api-version"] == "1.7.0"
    zaak = made.json()
    assert made.headers["location"] == zaak["url"]
    assert zaak["identificatie"].startswith("ZAAK-2026-")
    assert (zaak["status"], zaak["resultaat"], zaak["einddatum"], zaak["hoofdzaak"]) == (None, None, None, None)
    assert zaak["opschorting"] == {"indicatie": False, "eerdereOpschorting": False, "reden": ""}
    assert zaak["verlenging"] is None
    assert (zaak["archiefnominatie"], zaak["archiefstatus"]) == (None, "nog_te_archiveren")
    assert zaak["zaakgeometrie"] == PUNT
    read = await api.get(zaak["url"])
    assert read.json() == zaak
    assert (await api.get(zaak["url"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    assert (await api.request("HEAD", zaak["url"])).headers["etag"] == read.headers["etag"]
    changed = await api.patch(zaak["url"], {"toelichting": "Met kramen"})
    moment = changed.json()["laatstGemuteerd"]
    assert changed.json() == {**zaak, "toelichting": "Met kramen", "laatstGemuteerd": moment}
    assert moment > zaak["laatstGemuteerd"]
    # What a client read it may send back as a whole, read-only fields and empty groups included.
    assert (await api.put(zaak["url"], changed.json())).json() == changed.json()
    kept = await api.put(zaak["url"], zaken.body(startdatum="2026-01-02"))
    moment = kept.json()["laatstGemuteerd"]
    assert kept.json() == {**changed.json(), "startdatum": "2026-01-02", "laatstGemuteerd": moment}
    assert (await api.delete(zaak["url"])).status_code == 204
    assert (await api.get(zaak["url"])).status_code == 404


async def test_every_field_is_kept(zaken: Zaakmaker) -> None:
    other = await zaken.zaak()
    body = zaken.body(
        identificatie=f"Z/{uuid.uuid4().hex[:20]}",
        omschrijving="o",
        toelichting="t",
        registratiedatum="2025-12-30",
        einddatumGepland="2026-02-01",
        uiterlijkeEinddatumAfdoening="2026-03-01",
        publicatiedatum="2026-01-05",
        productenOfDiensten=["https://upl.example.nl/vergunning"],
        vertrouwelijkheidaanduiding="geheim",
        betalingsindicatie="gedeeltelijk",
        laatsteBetaaldatum="2026-01-03T10:00:00+01:00",
        zaakgeometrie=PUNT,
        verlenging={"reden": "druk", "duur": "P1M"},
        opschorting={"indicatie": True, "eerdereOpschorting": True, "reden": "wacht op stukken"},
        hoofdzaak=None,
        relevanteAndereZaken=[relatie(other["url"])],
        kenmerken=[{"kenmerk": "K-1", "bron": "oud systeem"}],
        archiefnominatie="vernietigen",
        archiefactiedatum="2036-01-01",
        opdrachtgevendeOrganisatie=RSIN,
        processobjectaard="paspoort",
        startdatumBewaartermijn="2026-01-01",
        processobject={
            "datumkenmerk": "einddatum",
            "identificatie": "1",
            "objecttype": "reisdocument",
            "registratie": "RAAS",
        },
    )
    zaak = await zaken.api.created(ZAKEN, body)
    expected = {**body, "laatsteBetaaldatum": "2026-01-03T09:00:00Z"}
    assert {name: zaak[name] for name in body} == expected
    assert zaak["betalingsindicatieWeergave"] == "De met de zaak gemoeide kosten zijn gedeeltelijk betaald."
    assert await zaken.lees(zaak) == zaak
    emptied = await zaken.api.patch(
        zaak["url"], {"verlenging": None, "opschorting": None, "processobject": None, "kenmerken": []}
    )
    assert emptied.json()["opschorting"] == {"indicatie": False, "eerdereOpschorting": True, "reden": ""}
    assert set(emptied.json()["processobject"].values()) == {""}
    assert (emptied.json()["verlenging"], emptied.json()["kenmerken"]) == (None, [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bronorganisatie": ...}, [("bronorganisatie", "required")]),
        ({"bronorganisatie": "123456789"}, [("bronorganisatie", "invalid")]),
        ({"startdatum": "1 januari"}, [("startdatum", "invalid")]),
        ({"identificatie": "x" * 41}, [("identificatie", "max_length")]),
        ({"identificatie": "a\nb"}, [("identificatie", "invalid")]),
        ({"omschrijving": "x" * 81}, [("omschrijving", "max_length")]),
        ({"omschrijving": None}, [("omschrijving", "null")]),
        ({"kenmerken": [{"kenmerk": "x"}]}, [("kenmerken.0.bron", "required")]),
        ({"kenmerken": {}}, [("kenmerken", "not_a_list")]),
        (
            {"relevanteAndereZaken": [{"url": "x", "aardRelatie": "vervolg"}]},
            [("relevanteAndereZaken.0.url", "invalid")],
        ),
        ({"archiefstatus": "kwijt"}, [("archiefstatus", "invalid_choice")]),
        ({"betalingsindicatie": "ooit"}, [("betalingsindicatie", "invalid_choice")]),
        ({"zaakgeometrie": {"type": "Feature"}}, [("zaakgeometrie", "invalid")]),
        ({"productenOfDiensten": "x"}, [("productenOfDiensten", "not_a_list")]),
        ({"processobjectaard": "x" * 201}, [("processobjectaard", "max_length")]),
    ],
)
async def test_field_errors(zaken: Zaakmaker, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert await zaken.weiger(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"verlenging": {"reden": "druk"}}, [("verlenging.duur", "required")]),
        ({"verlenging": {"reden": "druk", "duur": "een maand"}}, [("verlenging.duur", "invalid")]),
        ({"opschorting": {"reden": ""}}, [("opschorting.indicatie", "required")]),
        ({"opschorting": {"indicatie": True, "reden": None}}, [("opschorting.reden", "null")]),
        ({"processobject": {"datumkenmerk": "x"}}, [
            ("processobject.identificatie", "required"),
            ("processobject.objecttype", "required"),
            ("processobject.registratie", "required"),
        ]),
        ({"processobject": "x"}, [("processobject", "not_a_dict")]),
    ],
)  # fmt: skip
async def test_zrc_012_groups_are_validated_in_full(
    zaken: Zaakmaker, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert await zaken.weiger(**changes) == expected
    zaak = await zaken.zaak()
    assert errors(await zaken.api.patch(zaak["url"], changes)) == expected


async def test_zrc_001_zaaktype_must_be_a_published_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    unknown = zaken.types.url.rsplit("/", 1)[0] + "/"
    assert await zaken.weiger(zaaktype=f"{unknown}{uuid.uuid4()}") == [("zaaktype", "bad-url")]
    assert await zaken.weiger(zaaktype=f"{unknown}xyz") == [("zaaktype", "bad-url")]
    assert await zaken.weiger(zaaktype="https://nergens.example/zaaktypen/1") == [("zaaktype", "bad-url")]
    assert await zaken.weiger(zaaktype=zaken.types.statustypen[0]) == [("zaaktype", "invalid-resource")]
    concept = await maak.concept()
    assert await zaken.weiger(zaaktype=concept["url"]) == [("zaaktype", "not-published")]


async def test_zrc_001_zaaktype_may_change_when_everything_fits(zaken: Zaakmaker, maak: Maak) -> None:
    other = await maak.zaaktype(vertrouwelijkheidaanduiding="intern")
    zaak = await zaken.zaak()
    changed = await zaken.api.patch(zaak["url"], {"zaaktype": other.url})
    assert changed.json()["zaaktype"] == other.url
    status = await zaken.api.created("/zaken/api/v1/statussen", Zaakmaker(zaken.api, other).status_body(zaak["url"]))
    assert status["zaak"] == zaak["url"]
    back = await zaken.api.patch(zaak["url"], {"zaaktype": zaken.types.url})
    assert errors(back) == [("nonFieldErrors", "zaaktype-mismatch")]
    for add in (zaken.resultaat, zaken.rol):
        zaak = await zaken.zaak()
        await add(zaak["url"])
        refused = await zaken.api.patch(zaak["url"], {"zaaktype": other.url})
        assert errors(refused) == [("nonFieldErrors", "zaaktype-mismatch")]


async def test_zrc_002_identificatie_is_unique_within_bronorganisatie(zaken: Zaakmaker) -> None:
    number = f"Z-{uuid.uuid4().hex[:20]}"
    zaak = await zaken.zaak(identificatie=number)
    assert zaak["identificatie"] == number
    assert await zaken.weiger(identificatie=number) == [("identificatie", "identificatie-niet-uniek")]
    other = await zaken.zaak(identificatie=number, bronorganisatie=ANDERE_RSIN)
    clash = await zaken.api.patch(other["url"], {"bronorganisatie": RSIN})
    assert errors(clash) == [("identificatie", "identificatie-niet-uniek")]
    change = await zaken.api.patch(zaak["url"], {"identificatie": "anders"})
    assert errors(change) == [("identificatie", "wijzigen-niet-toegelaten")]
    assert (await zaken.api.patch(zaak["url"], {"identificatie": number})).status_code == 200


async def test_zrc_009_level_is_that_of_the_client_or_else_of_the_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    types = await maak.zaaktype(vertrouwelijkheidaanduiding="zaakvertrouwelijk")
    own = Zaakmaker(zaken.api, types)
    assert (await own.zaak())["vertrouwelijkheidaanduiding"] == "zaakvertrouwelijk"
    assert (await own.zaak(vertrouwelijkheidaanduiding=""))["vertrouwelijkheidaanduiding"] == "zaakvertrouwelijk"
    zaak = await own.zaak(vertrouwelijkheidaanduiding="openbaar")
    assert zaak["vertrouwelijkheidaanduiding"] == "openbaar"
    emptied = await own.api.patch(zaak["url"], {"vertrouwelijkheidaanduiding": ""})
    assert emptied.json()["vertrouwelijkheidaanduiding"] == "zaakvertrouwelijk"
    assert await own.weiger(vertrouwelijkheidaanduiding="top_geheim") == [
        ("vertrouwelijkheidaanduiding", "invalid_choice")
    ]


async def test_zrc_010_communicatiekanaal_and_selectielijstklasse_must_resolve(zaken: Zaakmaker) -> None:
    for name in ("communicatiekanaal", "selectielijstklasse"):
        assert await zaken.weiger(**{name: "https://nergens.example/1"}) == [(name, "bad-url")]
        assert await zaken.weiger(**{name: zaken.types.url}) == [(name, "invalid-resource")]
        assert (await zaken.zaak(**{name: ""}))[name] == ""


async def test_zrc_011_relevante_zaken_exist(zaken: Zaakmaker) -> None:
    one = await zaken.zaak()
    unknown = one["url"].rsplit("/", 1)[0] + f"/{uuid.uuid4()}"
    links = [relatie(url, "bijdrage") for url in (one["url"], unknown, "https://nergens.example/zaken/1")]
    expected = [("relevanteAndereZaken.1.url", "bad-url"), ("relevanteAndereZaken.2.url", "bad-url")]
    assert await zaken.weiger(relevanteAndereZaken=links) == expected
    assert errors(await zaken.api.patch(one["url"], {"relevanteAndereZaken": links})) == expected
    assert (await zaken.zaak(relevanteAndereZaken=links[:1]))["relevanteAndereZaken"] == links[:1]


async def test_zrc_013_hoofdzaak(zaken: Zaakmaker, maak: Maak) -> None:
    catalogus = await maak.een_catalogus()
    kind = Zaakmaker(zaken.api, await maak.zaaktype(catalogus=catalogus))
    types = await maak.zaaktype(catalogus=catalogus, deelzaaktypen=[kind.types.zaaktype["identificatie"]])
    top = Zaakmaker(zaken.api, types)
    hoofdzaak, deelzaak = await top.zaak(), await kind.zaak(hoofdzaak=None)
    changed = await zaken.api.patch(deelzaak["url"], {"hoofdzaak": hoofdzaak["url"]})
    assert changed.json()["hoofdzaak"] == hoofdzaak["url"]
    assert (await top.lees(hoofdzaak))["deelzaken"] == [deelzaak["url"]]
    assert await kind.weiger(hoofdzaak=deelzaak["url"]) == [
        ("hoofdzaak", "deelzaak-als-hoofdzaak"),
        ("hoofdzaak", "invalid-deelzaaktype"),
    ]
    assert await top.weiger(hoofdzaak=hoofdzaak["url"]) == [("hoofdzaak", "invalid-deelzaaktype")]
    itself = await zaken.api.patch(hoofdzaak["url"], {"hoofdzaak": hoofdzaak["url"]})
    assert errors(itself) == [("hoofdzaak", "self-forbidden")]
    unknown = hoofdzaak["url"].rsplit("/", 1)[0]
    assert await kind.weiger(hoofdzaak=f"{unknown}/{uuid.uuid4()}") == [("hoofdzaak", "does_not_exist")]
    assert await kind.weiger(hoofdzaak="https://nergens.example/1") == [("hoofdzaak", "no_match")]
    assert await kind.weiger(
        hoofdzaak=hoofdzaak["url"].replace("/zaken/", "/rollen/").replace("/rollen/api", "/zaken/api")
    ) == [("hoofdzaak", "incorrect_match")]
    assert (await kind.zaak(hoofdzaak=""))["hoofdzaak"] is None


async def test_zrc_013_a_zaak_with_deelzaken_does_not_become_a_deelzaak(zaken: Zaakmaker, maak: Maak) -> None:
    catalogus = await maak.een_catalogus()
    name = f"ZT-{uuid.uuid4().hex[:8]}"
    own = Zaakmaker(zaken.api, await maak.zaaktype(catalogus=catalogus, identificatie=name, deelzaaktypen=[name]))
    grand, parent = await own.zaak(), await own.zaak()
    await own.zaak(hoofdzaak=parent["url"])
    refused = await own.api.patch(parent["url"], {"hoofdzaak": grand["url"]})
    assert errors(refused) == [("hoofdzaak", "deelzaak-als-hoofdzaak")]


async def test_zrc_013_deelzaken_that_are_made_at_the_same_moment(zaken: Zaakmaker, maak: Maak) -> None:
    name = f"ZT-{uuid.uuid4().hex[:8]}"
    own = Zaakmaker(zaken.api, await maak.zaaktype(identificatie=name, deelzaaktypen=[name]))
    for _ in range(10):
        one, two, three = [await own.zaak() for _ in range(3)]
        pairs = ((one, two), (two, three), (three, one))
        calls = (own.api.patch(zaak["url"], {"hoofdzaak": above["url"]}) for zaak, above in pairs)
        answers = await asyncio.gather(*calls)
        assert all(answer.status_code in (200, 400, 409) for answer in answers)
        found = [await own.lees(zaak) for zaak in (one, two, three)]
        assert all(zaak["hoofdzaak"] is None or zaak["deelzaken"] == [] for zaak in found)


async def test_zrc_014_betaling(zaken: Zaakmaker) -> None:
    paid = {"betalingsindicatie": "nvt", "laatsteBetaaldatum": "2026-01-01T00:00:00Z"}
    assert await zaken.weiger(**paid) == [("laatsteBetaaldatum", "betaling-nvt")]
    future = await zaken.weiger(betalingsindicatie="geheel", laatsteBetaaldatum="2999-01-01T00:00:00Z")
    assert future == [("laatsteBetaaldatum", "future_not_allowed")]
    zaak = await zaken.zaak(betalingsindicatie="geheel", laatsteBetaaldatum="2026-01-01T00:00:00Z")
    changed = (await zaken.api.patch(zaak["url"], {"betalingsindicatie": "nvt"})).json()
    assert (changed["betalingsindicatie"], changed["laatsteBetaaldatum"]) == ("nvt", None)
    refused = await zaken.api.patch(zaak["url"], {"laatsteBetaaldatum": "2026-01-01T00:00:00Z"})
    assert errors(refused) == [("laatsteBetaaldatum", "betaling-nvt")]


async def test_zrc_015_products_belong_to_the_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    wrong = ["https://upl.example.nl/vergunning", "https://upl.example.nl/paspoort"]
    expected = [("productenOfDiensten", "invalid-products-services")]
    assert await zaken.weiger(productenOfDiensten=wrong) == expected
    zaak = await zaken.zaak(productenOfDiensten=wrong[:1])
    assert errors(await zaken.api.patch(zaak["url"], {"productenOfDiensten": wrong})) == expected
    other = await maak.zaaktype(productenOfDiensten=wrong[1:])
    assert errors(await zaken.api.patch(zaak["url"], {"zaaktype": other.url})) == expected


async def test_zrc_022_archiefstatus_needs_nominatie_and_date(zaken: Zaakmaker) -> None:
    expected = [("archiefnominatie", "archiefnominatie-not-set"), ("archiefactiedatum", "archiefactiedatum-not-set")]
    assert await zaken.weiger(archiefstatus="gearchiveerd") == expected
    zaak = await zaken.zaak(archiefnominatie="vernietigen")
    refused = await zaken.api.patch(zaak["url"], {"archiefstatus": "overgedragen"})
    assert errors(refused) == [("archiefactiedatum", "archiefactiedatum-not-set")]
    good = {"archiefstatus": "gearchiveerd", "archiefactiedatum": "2030-01-01"}
    assert (await zaken.api.patch(zaak["url"], good)).json()["archiefstatus"] == "gearchiveerd"


async def test_zrc_026a_start_of_retention_is_kept_as_sent(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(startdatumBewaartermijn="2027-01-01")
    assert zaak["startdatumBewaartermijn"] == "2027-01-01"


async def test_coordinates_must_be_understood(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    for method, url in (("GET", ZAKEN), ("GET", zaak["url"]), ("POST", ZAKEN), ("PATCH", zaak["url"])):
        wrong = await zaken.api.request(method, url, json={}, headers={"Accept-Crs": "EPSG:28992"})
        assert wrong.status_code == 406
    # Content is not sent here, so its coordinate system may be left out, but not be another one.
    headers = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:28992"}
    listed = f"{ZAKEN}?identificatie={zaak['identificatie']}"
    for method, url in (("GET", listed), ("GET", zaak["url"]), ("HEAD", zaak["url"])):
        assert (await zaken.api.request(method, url, headers=headers)).status_code == 406
        known = await zaken.api.request(method, url, headers={**headers, "Content-Crs": "EPSG:4326"})
        assert known.status_code == 200
    usual = zaken.api.http.headers
    missing = await zaken.api.http.get(zaak["url"], headers={**usual, "Authorization": f"Bearer {zaken.api.token()}"})
    assert (missing.status_code, missing.json()["code"]) == (412, "precondition_failed")
    assert (await zaken.api.request("DELETE", zaak["url"], headers=headers)).status_code == 204
