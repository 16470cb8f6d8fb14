"""Rules of the three main types: publishing, corrections, dates, related types (catalogi.md §6)."""

from typing import Any

import pytest

from tests.answers import error_set
from tests.maak import ROOT, Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client

OBJECT = "nonFieldErrors"


async def one_of(kind: str, beheer: Maak, **changes: Any) -> dict[str, Any]:
    """Return a concept of a main type."""
    if kind == "zaaktypen":
        return await beheer.concept(**changes)
    make = beheer.informatieobjecttype if kind == "informatieobjecttypen" else beheer.besluittype
    return await make(concept=True, **changes)


KINDS = pytest.mark.parametrize("kind", ["zaaktypen", "informatieobjecttypen", "besluittypen"])


@KINDS
async def test_publish_once_and_again(beheer: Maak, kind: str) -> None:
    made = await one_of(kind, beheer)
    assert made["concept"] is True
    for _ in range(2):
        published = await beheer.publiceer(made["url"])
        assert published == {**made, "concept": False}
    assert (await beheer.api.post(f"{ROOT}/{kind}/00000000-0000-4000-8000-000000000000/publish")).status_code == 404


@KINDS
async def test_publish_needs_the_scope(beheer: Maak, corrector: Client, kind: str) -> None:
    made = await one_of(kind, beheer)
    assert error_set(await corrector.post(made["url"] + "/publish"), 403) == set()


@KINDS
async def test_ztc_009_a_published_type_does_not_change(beheer: Maak, kind: str) -> None:
    made = await beheer.publiceer((await one_of(kind, beheer))["url"])
    refused = {(OBJECT, "non-concept-object")}
    assert error_set(await beheer.api.patch(made["url"], {"omschrijving": "Anders"})) == refused
    assert (
        error_set(await beheer.api.patch(made["url"], {"omschrijving": "Anders", "eindeGeldigheid": "2030-01-01"}))
        == refused
    )
    assert error_set(await beheer.api.put(made["url"], made)) == refused
    assert error_set(await beheer.api.delete(made["url"])) == refused
    answer = await beheer.api.patch(made["url"], {"eindeGeldigheid": "2030-12-31"})
    assert answer.status_code == 200
    assert answer.json()["eindeGeldigheid"] == "2030-12-31"


@KINDS
async def test_ztc_009_corrections_with_the_scope(beheer: Maak, corrector: Client, kind: str) -> None:
    made = await beheer.publiceer((await one_of(kind, beheer))["url"])
    changed = await corrector.patch(
        made["url"],
        {"omschrijvingGeneriek": "Beschikking"} if kind != "informatieobjecttypen" else {"trefwoord": ["a"]},
    )
    assert changed.status_code == 200, changed.text
    assert (await corrector.put(made["url"], changed.json())).status_code == 200
    assert (await corrector.delete(made["url"])).status_code == 204
    assert (await corrector.get(made["url"])).status_code == 404


@KINDS
async def test_a_concept_changes_and_disappears(beheer: Maak, kind: str) -> None:
    made = await one_of(kind, beheer)
    changed = await beheer.api.patch(made["url"], {"omschrijving": "Anders"})
    assert (changed.status_code, changed.json()["omschrijving"]) == (200, "Anders")
    replaced = await beheer.api.put(made["url"], {**made, "omschrijving": "Nog anders"})
    assert (replaced.status_code, replaced.json()["omschrijving"]) == (200, "Nog anders")
    assert (await beheer.api.delete(made["url"])).status_code == 204


@KINDS
async def test_ztc_x5_the_end_is_not_before_the_begin(beheer: Maak, kind: str) -> None:
    made = await one_of(kind, beheer, beginGeldigheid="2024-01-01", eindeGeldigheid="2024-01-01")
    assert error_set(await beheer.api.patch(made["url"], {"eindeGeldigheid": "2023-12-31"})) == {
        (OBJECT, "date-mismatch")
    }
    assert error_set(await beheer.api.patch(made["url"], {"beginGeldigheid": "2024-01-02"})) == {
        (OBJECT, "date-mismatch")
    }


def identity(kind: str) -> str:
    """Return the field that versions have in common."""
    return "identificatie" if kind == "zaaktypen" else "omschrijving"


@KINDS
async def test_ztc_016_published_versions_do_not_overlap(beheer: Maak, kind: str) -> None:
    first = await one_of(kind, beheer, beginGeldigheid="2020-01-01")
    name = {identity(kind): first[identity(kind)]}
    second = await one_of(kind, beheer, beginGeldigheid="2024-01-01", **name)
    await beheer.publiceer(first["url"])
    assert error_set(await beheer.api.post(second["url"] + "/publish")) == {("beginGeldigheid", "overlap")}
    assert (await beheer.api.get(second["url"])).json()["concept"] is True
    assert (await beheer.api.patch(first["url"], {"eindeGeldigheid": "2023-12-31"})).status_code == 200
    await beheer.publiceer(second["url"])
    assert error_set(await beheer.api.patch(first["url"], {"eindeGeldigheid": "2024-01-02"})) == {
        ("eindeGeldigheid", "overlap")
    }
    assert error_set(await beheer.api.patch(first["url"], {"eindeGeldigheid": None})) == {
        ("eindeGeldigheid", "overlap")
    }
    # One shared day is what existing catalogues have.
    assert (await beheer.api.patch(first["url"], {"eindeGeldigheid": "2024-01-01"})).status_code == 200


@KINDS
async def test_ztc_016_the_same_name_in_another_catalogue_is_another_type(beheer: Maak, kind: str) -> None:
    first = await one_of(kind, beheer)
    elsewhere = (await beheer.catalogus())["url"]
    second = await one_of(kind, beheer, catalogus=elsewhere, **{identity(kind): first[identity(kind)]})
    await beheer.publiceer(first["url"])
    await beheer.publiceer(second["url"])


@KINDS
async def test_begin_and_end_of_the_object_span_all_versions(beheer: Maak, kind: str) -> None:
    first = await one_of(kind, beheer, beginGeldigheid="2020-01-01", eindeGeldigheid="2020-12-31")
    name = {identity(kind): first[identity(kind)]}
    second = await one_of(
        kind, beheer, beginGeldigheid="2021-01-01", eindeGeldigheid="2021-06-30", beginObject="1999-01-01", **name
    )
    assert (second["beginObject"], second["eindeObject"]) == ("2020-01-01", "2021-06-30")
    shown = (await beheer.api.get(first["url"])).json()
    assert (shown["beginObject"], shown["eindeObject"]) == ("2020-01-01", "2021-06-30")


async def test_ztc_001_the_procestype_is_one(beheer: Maak, lijst: Selectielijst) -> None:
    resultaat = beheer.klasse()["url"]
    body = await beheer.zaaktype_body()
    for url, code in [
        (lijst.root + "/procestypen/bestaat-niet", "bad-url"),
        ("https://elders.example.nl/api/v1/procestypen/1", "bad-url"),
        (resultaat, "invalid-resource"),
    ]:
        assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", {**body, "selectielijstProcestype": url})) == {
            ("selectielijstProcestype", code)
        }
    made = await beheer.api.created(f"{ROOT}/zaaktypen", {**body, "selectielijstProcestype": ""})
    assert made["selectielijstProcestype"] == ""
    assert error_set(await beheer.api.patch(made["url"], {"selectielijstProcestype": resultaat})) == {
        ("selectielijstProcestype", "invalid-resource")
    }


async def test_ztc_x3_prolongation_has_a_term(beheer: Maak) -> None:
    body = await beheer.zaaktype_body(verlengingMogelijk=True, verlengingstermijn=None)
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {(OBJECT, "verlenging-mismatch")}
    made = await beheer.concept(verlengingMogelijk=False, verlengingstermijn="P1Y")
    assert made["verlengingstermijn"] is None


async def test_ztc_x4_broncatalogus_and_bronzaaktype_go_together(beheer: Maak) -> None:
    catalogus = {"url": "https://a.example.nl/catalogussen/1", "domein": "BRON", "rsin": "000000000"}
    zaaktype = {"url": "https://a.example.nl/zaaktypen/1", "identificatie": "1", "omschrijving": "Bron"}
    refused = {(OBJECT, "invalid-bronzaaktype-for-broncatalogus")}
    for one in ({"broncatalogus": catalogus}, {"bronzaaktype": zaaktype}):
        assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", await beheer.zaaktype_body(**one))) == refused
    made = await beheer.concept(broncatalogus=catalogus, bronzaaktype=zaaktype)
    assert (made["broncatalogus"], made["bronzaaktype"]) == (catalogus, zaaktype)
    empty = {"broncatalogus": dict.fromkeys(catalogus, ""), "bronzaaktype": dict.fromkeys(zaaktype, "")}
    cleared = (await beheer.api.patch(made["url"], empty)).json()
    # An absent group is shown with empty members; it is cleared with them, or with null.
    assert {name: cleared[name] for name in empty} == empty
    await beheer.api.patch(made["url"], {"broncatalogus": catalogus, "bronzaaktype": zaaktype})
    cleared = (await beheer.api.patch(made["url"], {"broncatalogus": None, "bronzaaktype": None})).json()
    assert {name: cleared[name] for name in empty} == empty


async def test_ztc_x6_a_servicenorm_of_nothing(beheer: Maak) -> None:
    body = await beheer.zaaktype_body(servicenorm="P0D")
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {("servicenorm", "empty-duration")}


async def test_ztc_x1_x2_related_types_of_another_catalogue(beheer: Maak) -> None:
    elsewhere = (await beheer.catalogus())["url"]
    other = await beheer.concept(catalogus=elsewhere)
    besluit = await beheer.besluittype(catalogus=elsewhere)
    document = await beheer.informatieobjecttype(catalogus=elsewhere)
    code = "relations-incorrect-catalogus"
    body = await beheer.zaaktype_body(deelzaaktypen=[other["url"]])
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {("deelzaaktypen", code)}
    body = await beheer.zaaktype_body(besluittypen=[besluit["url"]])
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {(OBJECT, code)}
    made = await beheer.besluittype(concept=True)
    assert error_set(await beheer.api.patch(made["url"], {"informatieobjecttypen": [document["url"]]})) == {
        (OBJECT, code)
    }


async def test_a_url_that_does_not_resolve(beheer: Maak) -> None:
    catalogus = await beheer.een_catalogus()
    nowhere = catalogus.replace("catalogussen", "besluittypen")
    body = await beheer.zaaktype_body(
        besluittypen=[nowhere, catalogus], gerelateerdeZaaktypen=[{"zaaktype": catalogus, "aardRelatie": "vervolg"}]
    )
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {
        ("besluittypen.0", "bad-url"),
        ("besluittypen.1", "invalid-resource"),
        ("gerelateerdeZaaktypen.0.zaaktype", "invalid-resource"),
    }


async def test_a_name_is_not_blank_or_too_long(beheer: Maak) -> None:
    related = [{"zaaktype": name, "aardRelatie": "vervolg"} for name in ("", "x" * 51)]
    body = await beheer.zaaktype_body(
        besluittypen=["", "x" * 81], deelzaaktypen=["", "x" * 51], gerelateerdeZaaktypen=related
    )
    blank = {("besluittypen.0", "blank"), ("deelzaaktypen.0", "blank"), ("gerelateerdeZaaktypen.0.zaaktype", "blank")}
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == blank
    for name in ("besluittypen", "deelzaaktypen", "gerelateerdeZaaktypen"):
        body[name] = body[name][1:]
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {
        ("besluittypen.0", "max_length"),
        ("deelzaaktypen.0", "max_length"),
        ("gerelateerdeZaaktypen.0.zaaktype", "max_length"),
    }
    ziot = {"zaaktype": (await beheer.concept())["url"], "volgnummer": 1, "richting": "intern"}
    for name, code in (("", "blank"), ("x" * 101, "max_length")):
        answer = await beheer.api.post(f"{ROOT}/zaaktype-informatieobjecttypen", {**ziot, "informatieobjecttype": name})
        assert error_set(answer) == {("informatieobjecttype", code)}
    await beheer.ziot(ziot["zaaktype"], "x" * 100)


async def test_ztc_x9_a_catalogue_is_unique_in_domein_and_rsin(beheer: Maak) -> None:
    made = await beheer.catalogus()
    body = {"domein": made["domein"], "rsin": made["rsin"], "contactpersoonBeheerNaam": "A"}
    assert error_set(await beheer.api.post(f"{ROOT}/catalogussen", body)) == {(OBJECT, "unique")}
    assert error_set(await beheer.api.post(f"{ROOT}/catalogussen", {**body, "domein": "abc"})) == {
        ("domein", "invalid")
    }
    assert error_set(await beheer.api.post(f"{ROOT}/catalogussen", {**body, "rsin": "123456789"})) == {
        ("rsin", "invalid")
    }


async def test_ztc_x11_an_unknown_catalogue(beheer: Maak) -> None:
    catalogus = await beheer.een_catalogus()
    uuid = "/00000000-0000-4000-8000-000000000000"
    for url, code in [
        (catalogus.rpartition("/")[0] + uuid, "does_not_exist"),
        (catalogus.replace("catalogussen", "zaaktypen"), "incorrect_match"),
        ("https://elders.example.nl/catalogi/api/v1/catalogussen" + uuid, "no_match"),
        ("geen-url", "invalid"),
    ]:
        body = await beheer.zaaktype_body(catalogus=url)
        assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {("catalogus", code)}


async def test_ztc_017_a_catalogue_with_types_stays(beheer: Maak) -> None:
    for kind in ("zaaktypen", "informatieobjecttypen", "besluittypen"):
        catalogus = (await beheer.catalogus())["url"]
        made = await one_of(kind, beheer, catalogus=catalogus)
        answer = await beheer.api.delete(catalogus)
        assert error_set(answer, 409) == set()
        assert answer.json()["code"] == "CATALOG_NOT_EMPTY"
        assert (await beheer.api.delete(made["url"])).status_code == 204
        assert (await beheer.api.delete(catalogus)).status_code == 204


async def test_an_identificatie_is_generated(beheer: Maak) -> None:
    body = await beheer.zaaktype_body(versiedatum="2023-05-01")
    del body["identificatie"]
    numbers = {(await beheer.api.created(f"{ROOT}/zaaktypen", body))["identificatie"] for _ in range(2)}
    assert len(numbers) == 2
    assert all(number.startswith("ZAAKTYPE-2023-") and len(number) == 24 for number in numbers)


async def test_a_zaaktype_with_relations_stays_in_its_catalogue(beheer: Maak) -> None:
    elsewhere = (await beheer.catalogus())["url"]
    made = await beheer.concept(besluittypen=["Iets"])
    assert error_set(await beheer.api.patch(made["url"], {"catalogus": elsewhere})) == {
        ("catalogus", "wijzigen-niet-toegelaten")
    }
    free = await beheer.concept()
    assert (await beheer.api.patch(free["url"], {"catalogus": elsewhere})).json()["catalogus"] == elsewhere


async def test_required_fields_and_bad_values_of_a_zaaktype(beheer: Maak) -> None:
    body = await beheer.zaaktype_body()
    required = {
        "omschrijving",
        "doel",
        "doorlooptijd",
        "verlengingMogelijk",
        "productenOfDiensten",
        "besluittypen",
        "gerelateerdeZaaktypen",
        "beginGeldigheid",
        "catalogus",
    }
    answer = await beheer.api.post(f"{ROOT}/zaaktypen", {k: v for k, v in body.items() if k not in required})
    assert error_set(answer) == {(name, "required") for name in required}
    wrong: dict[str, tuple[Any, str]] = {
        "vertrouwelijkheidaanduiding": ("geheimzinnig", "invalid_choice"),
        "doorlooptijd": ("30 dagen", "invalid"),
        "omschrijving": ("x" * 81, "max_length"),
        "doel": ("", "blank"),
        "identificatie": ("x" * 51, "max_length"),
        "productenOfDiensten": ("https://a.example.nl", "not_a_list"),
        "beginGeldigheid": ("2024-02-30", "invalid"),
        "referentieproces": ("Proces", "not_a_dict"),
    }
    answer = await beheer.api.post(f"{ROOT}/zaaktypen", {**body, **{name: value for name, (value, _) in wrong.items()}})
    assert error_set(answer) == {(name, code) for name, (_, code) in wrong.items()}


async def test_texts_in_groups_may_be_empty(beheer: Maak) -> None:
    groups: dict[str, dict[str, str]] = {
        "referentieproces": {"naam": "", "link": ""},
        "broncatalogus": {"url": "https://a.example.nl/catalogussen/1", "domein": "", "rsin": ""},
        "bronzaaktype": {"url": "https://a.example.nl/zaaktypen/1", "identificatie": "", "omschrijving": ""},
    }
    made = await beheer.concept(**groups)
    assert {name: made[name] for name in groups} == groups
    answer = await beheer.api.patch(made["url"], {"broncatalogus": {**groups["broncatalogus"], "rsin": "123456789"}})
    assert error_set(answer) == {("broncatalogus.rsin", "invalid")}

    names = ("informatieobjecttype", "definitieInformatieobjecttype", "herkomstInformatieobjecttype")
    generiek = {f"{name}OmschrijvingGeneriek": "" for name in (*names, "hierarchieInformatieobjecttype")}
    generiek |= {"opmerkingInformatieobjecttypeOmschrijvingGeneriek": "Alleen dit"}
    document = await beheer.informatieobjecttype(omschrijvingGeneriek=generiek)
    assert document["omschrijvingGeneriek"] == generiek

    item = {"itemnaam": "", "vraagstelling": "", "verplicht": True, "toelichting": None}
    status = await beheer.statustype(made["url"], checklistitemStatustype=[item])
    assert status["checklistitemStatustype"] == [item]


async def test_ztc_011_012_013_related_types_may_be_concepts(beheer: Maak) -> None:
    """ztc-011, ztc-012 and ztc-013 are withdrawn: publishing asks nothing of related types, nor of subtypes."""
    besluit, document = await beheer.besluittype(concept=True), await beheer.informatieobjecttype(concept=True)
    deel = await beheer.concept()
    made = await beheer.concept(besluittypen=[besluit["url"]], deelzaaktypen=[deel["url"]])
    await beheer.ziot(made["url"], document["url"])
    assert (await beheer.publiceer(made["url"]))["besluittypeOmschrijving"] == [besluit["omschrijving"]]
    assert (await beheer.publiceer((await beheer.concept())["url"]))["statustypen"] == []


@KINDS
async def test_ztc_x10_a_second_concept_of_a_type_is_allowed(beheer: Maak, kind: str) -> None:
    first = await one_of(kind, beheer)
    second = await one_of(kind, beheer, **{identity(kind): first[identity(kind)]})
    assert second[identity(kind)] == first[identity(kind)]
    await beheer.publiceer(first["url"])
    third = await one_of(kind, beheer, **{identity(kind): first[identity(kind)]})
    assert third["concept"] is True


async def test_ztc_x12_the_procestype_may_change_when_there_are_resultaattypen(
    beheer: Maak, lijst: Selectielijst
) -> None:
    zaaktype = await beheer.concept()
    await beheer.resultaattype(zaaktype["url"])
    other = next(p["url"] for p in lijst.objects["/procestypen"] if p["url"] != zaaktype["selectielijstProcestype"])
    answer = await beheer.api.patch(zaaktype["url"], {"selectielijstProcestype": other})
    assert (answer.status_code, answer.json()["selectielijstProcestype"]) == (200, other)


@KINDS
async def test_ztc_016_a_correction_of_the_begin_or_the_name_does_not_overlap(
    beheer: Maak, corrector: Client, kind: str
) -> None:
    first = await one_of(kind, beheer, beginGeldigheid="2020-01-01", eindeGeldigheid="2020-12-31")
    name = {identity(kind): first[identity(kind)]}
    second = await one_of(kind, beheer, beginGeldigheid="2021-01-01", **name)
    other = await one_of(kind, beheer, beginGeldigheid="2020-06-01")
    for made in (first, second, other):
        await beheer.publiceer(made["url"])
    refused = {("eindeGeldigheid", "overlap")}
    assert error_set(await corrector.patch(second["url"], {"beginGeldigheid": "2020-12-30"})) == refused
    assert error_set(await corrector.put(other["url"], {**other, **name})) == refused
    assert (await corrector.patch(second["url"], {"beginGeldigheid": "2020-12-31"})).status_code == 200
