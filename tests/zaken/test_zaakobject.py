"""Zaakobject: the 31 kinds of object, and the rules of zaken.md §7.1."""

import uuid
from typing import Any

import pytest

from services.zaken.objectidentificatie import OBJECTEN
from tests.answers import errors
from tests.maak import Maak
from tests.zaken.identificaties import IDENTIFICATIES, PARTIJEN, TERREIN
from tests.zaken.zaakmaker import Zaakmaker, archiveer

OBJECTS = "/zaken/api/v1/zaakobjecten"


@pytest.fixture(scope="module")
async def zaak(zaken: Zaakmaker) -> str:
    """A zaak that gets any number of objects."""
    return str((await zaken.zaak())["url"])


def body(zaak: str, soort: str = "pand", /, **changes: Any) -> dict[str, Any]:
    """Return the body of a zaakobject; a change to ``...`` leaves the field out."""
    made = {"zaak": zaak, "objectType": soort, "objectIdentificatie": IDENTIFICATIES.get(soort, ...)}
    if soort == "overige":
        made["objectTypeOverige"] = "boom"
    return {name: value for name, value in {**made, **changes}.items() if value is not ...}


async def weiger(zaken: Zaakmaker, zaak: str, soort: str = "pand", /, **changes: Any) -> list[tuple[str, str]]:
    """Send a zaakobject that is refused; return the errors."""
    return errors(await zaken.api.post(OBJECTS, body(zaak, soort, **changes)))


def test_there_are_31_types() -> None:
    assert len(OBJECTEN) == 31
    assert set(IDENTIFICATIES) == {soort for soort, model in OBJECTEN.items() if model}


async def test_life_of_a_zaakobject(zaken: Zaakmaker) -> None:
    api, url = zaken.api, (await zaken.zaak())["url"]
    soort = zaken.types.zaakobjecttype
    made = await api.post(OBJECTS, body(url, zaakobjecttype=soort, relatieomschrijving="hier"))
    assert made.status_code == 201
    item = made.json()
    assert made.headers["location"] == item["url"]
    assert (item["object"], item["objectTypeOverige"], item["objectTypeOverigeDefinitie"]) == ("", "", None)
    read = await api.get(item["url"])
    assert read.json() == item
    assert (await api.get(item["url"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    assert (await zaken.lees({"url": url}))["zaakobjecten"] == [item["url"]]
    # objectType may be left out: that of the stored object decides what the identification is.
    changed = await api.patch(item["url"], {"objectIdentificatie": {"identificatie": "2"}, "relatieomschrijving": ""})
    assert changed.json() == {**item, "objectIdentificatie": {"identificatie": "2"}, "relatieomschrijving": ""}
    assert (await api.put(item["url"], item)).json() == item
    assert (await api.delete(item["url"])).status_code == 204
    trail = (await api.get(f"{url}/audittrail")).json()
    acties = [entry["actie"] for entry in trail if entry["resource"] == "zaakobject"]
    assert acties == ["create", "partial_update", "update", "destroy"]


@pytest.mark.parametrize("soort", IDENTIFICATIES)
async def test_every_kind_of_object_keeps_every_member(zaken: Zaakmaker, zaak: str, soort: str) -> None:
    item = await zaken.api.created(OBJECTS, body(zaak, soort))
    assert item["objectIdentificatie"] == IDENTIFICATIES[soort]
    assert (await zaken.api.get(item["url"])).json() == item
    if model := OBJECTEN[soort]:
        required = [name for name, info in model.model_fields.items() if info.is_required()]
        if required:
            found = await weiger(zaken, zaak, soort, objectIdentificatie={"x": 1})
            assert len(found) == len(required)
            assert {code for _, code in found} == {"required"}


@pytest.mark.parametrize(
    ("soort", "identificatie", "expected"),
    [
        ("pand", {"identificatie": True}, [("identificatie", "invalid")]),
        ("pand", {"identificatie": "x" * 101}, [("identificatie", "max_length")]),
        ("pand", {"identificatie": None}, [("identificatie", "null")]),
        ("waterdeel", {"typeWaterdeel": "plas", "identificatie": "1"}, [("typeWaterdeel", "invalid_choice")]),
        ("overige", {"overigeData": None}, [("overigeData", "null")]),
        (
            "huishouden",
            {"nummer": "1", "isGehuisvestIn": {"identificatie": None}},
            [("isGehuisvestIn.identificatie", "null")],
        ),
        (
            "huishouden",
            {"nummer": "1", "isGehuisvestIn": {**TERREIN, "adresAanduidingGrp": {"aoaHuisnummer": "x"}}},
            [
                ("isGehuisvestIn.adresAanduidingGrp.wplWoonplaatsNaam", "required"),
                ("isGehuisvestIn.adresAanduidingGrp.gorOpenbareRuimteNaam", "required"),
                ("isGehuisvestIn.adresAanduidingGrp.aoaHuisnummer", "invalid"),
            ],
        ),
        (
            "woz_waarde",
            {"waardepeildatum": "2026-01-01", "isVoor": {"wozObjectNummer": ""}},
            [("waardepeildatum", "max_length")],
        ),
        (
            "zakelijk_recht",
            {"identificatie": "1", "avgAard": "x", "heeftAlsGerechtigde": {"natuurlijkPersoon": {"inpBsn": "1"}}},
            [("heeftAlsGerechtigde.natuurlijkPersoon.inpBsn", "min_length")],
        ),
    ],
)
async def test_zrc_012_members_of_an_object(
    zaken: Zaakmaker, zaak: str, soort: str, identificatie: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = await weiger(zaken, zaak, soort, objectIdentificatie=identificatie)
    assert found == [(f"objectIdentificatie.{name}", code) for name, code in expected]


async def test_an_address_has_one_of_two_identifications(zaken: Zaakmaker, zaak: str) -> None:
    group = {
        k: v for k, v in TERREIN["adresAanduidingGrp"].items() if k not in ("oaoIdentificatie", "aoaIdentificatie")
    }
    without = {**TERREIN, "adresAanduidingGrp": group}
    found = await weiger(zaken, zaak, "terrein_gebouwd_object", objectIdentificatie=without)
    assert found == [("objectIdentificatie.adresAanduidingGrp", "required")]
    for name in ("oaoIdentificatie", "aoaIdentificatie"):
        with_one = {**TERREIN, "adresAanduidingGrp": {**group, name: "2"}}
        await zaken.api.created(OBJECTS, body(zaak, "terrein_gebouwd_object", objectIdentificatie=with_one))


async def test_groups_without_a_value(zaken: Zaakmaker, zaak: str) -> None:
    for empty in ({}, {"isOnderdeelVan": None}):
        given = {"nummerWozDeelObject": "1", **empty}
        item = await zaken.api.created(OBJECTS, body(zaak, "woz_deelobject", objectIdentificatie=given))
        assert item["objectIdentificatie"] == {"nummerWozDeelObject": "1"}
    item = await zaken.api.created(OBJECTS, body(zaak, "huishouden", objectIdentificatie={"nummer": "1"}))
    assert item["objectIdentificatie"] == {"nummer": "1", "isGehuisvestIn": None}
    recht = {"identificatie": "1", "avgAard": "erfpacht"}
    for empty in ({}, {"heeftBetrekkingOp": None, "heeftAlsGerechtigde": None}):
        given = body(zaak, "zakelijk_recht", objectIdentificatie={**recht, **empty})
        assert (await zaken.api.created(OBJECTS, given))["objectIdentificatie"] == recht
    wrong = await weiger(zaken, zaak, "zakelijk_recht", objectIdentificatie={**recht, "avgAard": None})
    assert wrong == [("objectIdentificatie.avgAard", "null")]


async def test_invalid_zaakobject(zaken: Zaakmaker, zaak: str) -> None:
    empties: list[Any] = [..., None, {}]
    for soort in ("pand", "natuurlijk_persoon", "status", "besluit", "enkelvoudig_document"):
        for empty in empties:
            if soort == "pand" and empty == {}:
                continue
            found = await weiger(zaken, zaak, soort, objectIdentificatie=empty)
            assert found == [("nonFieldErrors", "invalid-zaakobject")]
    assert await weiger(zaken, zaak, objectType="huis") == [("objectType", "invalid_choice")]
    assert await weiger(zaken, zaak, objectType=...) == [("objectType", "required")]


async def test_persons_under_their_other_name(zaken: Zaakmaker, zaak: str) -> None:
    persoon = PARTIJEN["natuurlijk_persoon"]
    item = await zaken.api.created(
        OBJECTS, body(zaak, "natuurlijk_persoon", objectIdentificatie=..., betrokkeneIdentificatie=persoon)
    )
    assert item["objectIdentificatie"] == persoon
    assert "betrokkeneIdentificatie" not in item
    changed = await zaken.api.patch(item["url"], {"betrokkeneIdentificatie": {"geslachtsnaam": "Pietersen"}})
    assert changed.json()["objectIdentificatie"]["geslachtsnaam"] == "Pietersen"
    assert changed.json()["objectIdentificatie"]["inpBsn"] == ""


async def test_both_names_of_the_identification(zaken: Zaakmaker, zaak: str) -> None:
    """Z10: a client made from the OAS sends both, the one that does not matter empty."""
    empties: list[Any] = [None, {}]
    for empty in empties:
        pand = {"objectIdentificatie": {"identificatie": "1"}, "betrokkeneIdentificatie": empty}
        made = await zaken.api.created(OBJECTS, body(zaak, "pand", **pand))
        assert made["objectIdentificatie"] == {"identificatie": "1"}
        changed = await zaken.api.patch(made["url"], {"relatieomschrijving": "x", "betrokkeneIdentificatie": empty})
        assert changed.json() == {**made, "relatieomschrijving": "x"}
        person = {"objectIdentificatie": empty, "betrokkeneIdentificatie": {"identificatie": "jan"}}
        made = await zaken.api.created(OBJECTS, body(zaak, "medewerker", **person))
        assert made["objectIdentificatie"]["identificatie"] == "jan"


async def test_object_by_url(zaken: Zaakmaker, zaak: str) -> None:
    status = await zaken.status(zaak)
    item = await zaken.api.created(OBJECTS, body(zaak, "status", object=status["url"]))
    assert item["object"] == status["url"]
    assert "objectIdentificatie" not in item
    found = await zaken.api.get(f"{OBJECTS}?object={status['url']}")
    assert [each["url"] for each in found.json()["results"]] == [item["url"]]
    unknown = f"http://samenzaak.test/zaken/api/v1/statussen/{uuid.uuid4()}"
    for url in (unknown, "https://bag.example/panden/1", "http://127.0.0.1/panden/1"):
        assert await weiger(zaken, zaak, "pand", object=url) == [("object", "bad-url")]
    assert await weiger(zaken, zaak, "pand", object="pand 1") == [("object", "invalid")]


async def test_type_overige(zaken: Zaakmaker, zaak: str) -> None:
    found = await weiger(zaken, zaak, "overige", objectTypeOverige=...)
    assert found == [("nonFieldErrors", "missing-object-type-overige")]
    found = await weiger(zaken, zaak, "pand", objectTypeOverige="boom")
    assert found == [("nonFieldErrors", "invalid-object-type-overige-usage")]
    for wrong, code in (("BOOM", "invalid"), ("1-2", "invalid"), ("b" * 101, "max_length")):
        assert await weiger(zaken, zaak, "overige", objectTypeOverige=wrong) == [("objectTypeOverige", code)]


async def test_zaakobjecttype_that_is_null_is_none(zaken: Zaakmaker, zaak: str) -> None:
    made = await zaken.api.created(OBJECTS, body(zaak, zaakobjecttype=None))
    assert made["zaakobjecttype"] == ""
    changed = await zaken.api.patch(made["url"], {"zaakobjecttype": None, "relatieomschrijving": "hier"})
    assert (changed.status_code, changed.json()["relatieomschrijving"]) == (200, "hier")


async def test_zaakobjecttype_of_another_zaaktype(zaken: Zaakmaker, maak: Maak, zaak: str) -> None:
    other = await maak.zaakobjecttype((await maak.concept())["url"])
    assert await weiger(zaken, zaak, zaakobjecttype=other["url"]) == [("nonFieldErrors", "zaaktype-mismatch")]
    assert await weiger(zaken, zaak, zaakobjecttype=zaken.types.url) == [("zaakobjecttype", "invalid-resource")]
    unknown = f"http://samenzaak.test/catalogi/api/v1/zaakobjecttypen/{uuid.uuid4()}"
    assert await weiger(zaken, zaak, zaakobjecttype=unknown) == [("zaakobjecttype", "bad-url")]


async def test_what_may_not_change(zaken: Zaakmaker, zaak: str) -> None:
    item = await zaken.api.created(OBJECTS, body(zaak))
    other, status = await zaken.zaak(), await zaken.status(zaak)
    for name, value in (
        ("zaak", other["url"]),
        ("object", status["url"]),
        ("zaakobjecttype", zaken.types.zaakobjecttype),
    ):
        answer = await zaken.api.patch(item["url"], {name: value})
        assert errors(answer) == [(name, "wijzigen-niet-toegelaten")]
    answer = await zaken.api.patch(item["url"], {"objectType": "wijk", "objectIdentificatie": IDENTIFICATIES["wijk"]})
    assert errors(answer) == [("objectType", "wijzigen-niet-toegelaten")]
    assert (await zaken.api.patch(item["url"], {"zaak": zaak, "object": "", "objectType": "pand"})).status_code == 200


async def test_filters_of_zaakobjecten(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"]
    pand = await zaken.api.created(OBJECTS, body(zaak))
    wijk = await zaken.api.created(OBJECTS, body(zaak, "wijk"))
    found = (await zaken.api.get(f"{OBJECTS}?zaak={zaak}")).json()
    assert (found["count"], [item["url"] for item in found["results"]]) == (2, [wijk["url"], pand["url"]])
    found = (await zaken.api.get(f"{OBJECTS}?zaak={zaak}&objectType=wijk")).json()
    assert [item["url"] for item in found["results"]] == [wijk["url"]]
    assert errors(await zaken.api.get(f"{OBJECTS}?objectType=huis")) == [("objectType", "invalid_choice")]


async def test_zrc_006_zrc_007_objects_of_other_and_of_closed_zaken(zaken: Zaakmaker) -> None:
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    item = await zaken.api.created(OBJECTS, body(secret["url"]))
    low = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await low.get(item["url"])).status_code == 403
    assert (await low.patch(item["url"], {"relatieomschrijving": "x"})).status_code == 403
    assert (await low.post(OBJECTS, body(secret["url"]))).status_code == 403
    assert (await low.get(f"{OBJECTS}?zaak={secret['url']}")).json()["results"] == []
    closed = await zaken.gesloten()
    creator = await zaken.client("zaken.aanmaken", "zaken.verwijderen")
    forced = await zaken.client("zaken.geforceerd-bijwerken")
    assert (await creator.post(OBJECTS, body(closed["url"]))).status_code == 403
    made = await forced.post(OBJECTS, body(closed["url"]))
    assert made.status_code == 201
    url = made.json()["url"]
    assert (await (await zaken.client("zaken.bijwerken")).patch(url, {})).status_code == 403
    assert (await creator.delete(url)).status_code == 403
    await archiveer(zaken, closed["url"])
    expected = [("nonFieldErrors", "zaak-archiefstatus-invalid")]
    assert await weiger(zaken, closed["url"]) == expected
    assert errors(await zaken.api.patch(url, {"relatieomschrijving": "x"})) == expected
    assert (await forced.delete(url)).status_code == 204
