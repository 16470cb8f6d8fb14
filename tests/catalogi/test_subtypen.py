"""Rules of what belongs to a zaaktype: concept, selection list, archiving, uniqueness (catalogi.md §6)."""

from typing import Any

import pytest

from tests.answers import error_set
from tests.catalogi.subtypen import ALLOWED, FILLED, KINDS, TABLE, body_of
from tests.maak import PROCEDURES, ROOT, Maak, procedure
from tests.selectielijst import Selectielijst
from tests.stack import Client

OBJECT = "nonFieldErrors"


@pytest.mark.parametrize("kind", KINDS)
async def test_ztc_010_a_published_zaaktype_keeps_what_belongs_to_it(
    beheer: Maak, corrector: Client, kind: str
) -> None:
    published = await beheer.publiceer((await beheer.concept())["url"])
    concept = await beheer.concept()
    refused = {
        (
            OBJECT,
            "non-concept-relation"
            if kind.endswith("objecttypen") and kind.startswith("zaaktype")
            else "non-concept-zaaktype",
        )
    }
    body = await body_of(kind, beheer, published["url"])
    assert error_set(await beheer.api.post(f"{ROOT}/{kind}", body)) == refused
    in_concept = await beheer.api.created(f"{ROOT}/{kind}", {**body, "zaaktype": concept["url"]})
    assert error_set(await beheer.api.patch(in_concept["url"], {"zaaktype": published["url"]})) == refused
    made = await corrector.created(f"{ROOT}/{kind}", body)
    assert error_set(await beheer.api.patch(made["url"], {"zaaktype": concept["url"]})) == refused
    assert error_set(await beheer.api.put(made["url"], made)) == refused
    assert error_set(await beheer.api.delete(made["url"])) == refused
    assert (await corrector.put(made["url"], made)).status_code == 200
    assert (await corrector.delete(made["url"])).status_code == 204
    assert (await beheer.api.delete(in_concept["url"])).status_code == 204


@pytest.mark.parametrize("kind", KINDS)
async def test_dates_are_those_of_the_zaaktype(beheer: Maak, kind: str) -> None:
    zaaktype = await beheer.concept(beginGeldigheid="2021-01-01", eindeGeldigheid="2022-01-01")
    body = {
        **await body_of(kind, beheer, zaaktype["url"]),
        "beginGeldigheid": "1999-01-01",
        "eindeObject": "1999-01-01",
    }
    made = await beheer.api.created(f"{ROOT}/{kind}", body)
    assert (made["zaaktypeIdentificatie"], made["catalogus"]) == (zaaktype["identificatie"], zaaktype["catalogus"])
    if kind != "zaaktype-informatieobjecttypen":
        await beheer.api.patch(zaaktype["url"], {"eindeGeldigheid": "2023-01-01"})
        made = (await beheer.api.get(made["url"])).json()
        names = ("beginGeldigheid", "eindeGeldigheid", "beginObject", "eindeObject")
        assert [made[name] for name in names] == ["2021-01-01", "2023-01-01", "2021-01-01", "2023-01-01"]


async def test_a_concept_zaaktype_takes_its_subtypes_along(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]
    made = [await beheer.api.created(f"{ROOT}/{kind}", await body_of(kind, beheer, zaaktype)) for kind in KINDS]
    status = next(item["url"] for item in made if "/statustypen/" in item["url"])
    await beheer.eigenschap(zaaktype, "bij de status", statustype=status)
    assert (await beheer.api.delete(zaaktype)).status_code == 204
    assert {(await beheer.api.get(item["url"])).status_code for item in made} == {404}


async def test_ztc_002_the_selection_list_is_asked(beheer: Maak, lijst: Selectielijst) -> None:
    zaaktype = (await beheer.concept())["url"]
    body = beheer.resultaattype_body(zaaktype)
    nowhere, other = lijst.root + "/resultaten/bestaat-niet", body["selectielijstklasse"]
    for name, wrong in [
        ("resultaattypeomschrijving", other),
        ("selectielijstklasse", body["resultaattypeomschrijving"]),
    ]:
        for url, code in [
            (nowhere, "bad-url"),
            (wrong, "invalid-resource"),
            ("https://elders.example.nl/x", "bad-url"),
        ]:
            assert error_set(await beheer.api.post(f"{ROOT}/resultaattypen", {**body, name: url})) == {(name, code)}
        assert error_set(await beheer.api.post(f"{ROOT}/resultaattypen", {**body, name: ""})) == {(name, "blank")}


async def test_ztc_002b_e_f_what_is_absent_comes_from_the_selection_list(beheer: Maak, lijst: Selectielijst) -> None:
    zaaktype = (await beheer.concept())["url"]
    klasse = beheer.klasse()
    made = await beheer.resultaattype(zaaktype, archiefnominatie="", archiefactietermijn=None)
    assert made["omschrijvingGeneriek"] == lijst.omschrijvingen()[0]["omschrijving"]
    assert made["archiefnominatie"] == klasse["waardering"]
    assert made["archiefactietermijn"] == klasse["bewaartermijn"]
    own = await beheer.resultaattype(zaaktype, archiefnominatie="blijvend_bewaren", archiefactietermijn="P77Y")
    assert (own["archiefnominatie"], own["archiefactietermijn"]) == ("blijvend_bewaren", "P77Y")
    other = lijst.omschrijvingen()[1]
    changed = await beheer.api.patch(own["url"], {"resultaattypeomschrijving": other["url"]})
    assert changed.json()["omschrijvingGeneriek"] == other["omschrijving"]


async def test_ztc_002d_the_procestype_is_that_of_the_zaaktype(beheer: Maak, lijst: Selectielijst) -> None:
    wanted = beheer.klasse()
    other = next(p["url"] for p in lijst.objects["/procestypen"] if p["url"] != wanted["procesType"])
    for procestype in (other, ""):
        zaaktype = (await beheer.concept(selectielijstProcestype=procestype))["url"]
        answer = await beheer.api.post(f"{ROOT}/resultaattypen", beheer.resultaattype_body(zaaktype))
        assert error_set(answer) == {(OBJECT, "procestype-mismatch")}


@pytest.mark.parametrize("procestermijn", ALLOWED)
async def test_ztc_003_the_procestermijn_says_which_afleidingswijze(
    beheer: Maak, lijst: Selectielijst, procestermijn: str
) -> None:
    klasse = next(r for jaar in (2020, 2017) for r in lijst.resultaten(procestermijn, jaar))
    zaaktype = (await beheer.concept(selectielijstProcestype=klasse["procesType"]))["url"]
    for afleidingswijze in PROCEDURES:
        body = beheer.resultaattype_body(zaaktype, afleidingswijze, selectielijstklasse=klasse["url"])
        answer = await beheer.api.post(f"{ROOT}/resultaattypen", body)
        if afleidingswijze in ALLOWED[procestermijn]:
            assert answer.status_code == 201, (afleidingswijze, answer.text)
        else:
            assert error_set(answer) == {(OBJECT, "invalid-afleidingswijze-for-procestermijn")}, afleidingswijze


@pytest.mark.parametrize("afleidingswijze", TABLE)
async def test_the_members_that_belong_to_an_afleidingswijze(
    beheer: Maak, lijst: Selectielijst, afleidingswijze: str
) -> None:
    """ztc-004, ztc-005, ztc-006, ztc-007, ztc-008: must have a value, must be empty, or are free."""
    klasse = next(r for jaar in (2020, 2017) for r in lijst.resultaten("", jaar))
    zaaktype = (await beheer.concept(selectielijstProcestype=klasse["procesType"]))["url"]

    async def refused(**members: Any) -> set[tuple[str, str]]:
        brondatum = {"afleidingswijze": afleidingswijze, **members}
        body = beheer.resultaattype_body(
            zaaktype, selectielijstklasse=klasse["url"], brondatumArchiefprocedure=brondatum
        )
        answer = await beheer.api.post(f"{ROOT}/resultaattypen", body)
        return set() if answer.status_code == 201 else error_set(answer)

    columns = list(zip(FILLED, TABLE[afleidingswijze], strict=True))
    name = "brondatumArchiefprocedure."
    assert await refused(**FILLED) == {(name + member, "must-be-empty") for member, demand in columns if demand == "E"}
    required = {(name + member, "required") for member, demand in columns if demand == "M"}
    for empty in ({}, dict.fromkeys(FILLED), dict.fromkeys(FILLED, "")):
        assert await refused(**empty) == required
    assert await refused(**{member: FILLED[member] for member, demand in columns if demand != "E"}) == set()


async def test_ztc_004_a_patch_validates_the_whole_group(beheer: Maak) -> None:
    zaaktype = (await beheer.concept(procestermijn="vast_te_leggen_datum"))["url"]
    made = await beheer.resultaattype(zaaktype, "eigenschap")
    answer = await beheer.api.patch(
        made["url"], {"brondatumArchiefprocedure": {"afleidingswijze": "zaakobject", "datumkenmerk": "x"}}
    )
    assert error_set(answer) == {("brondatumArchiefprocedure.objecttype", "required")}
    answer = await beheer.api.patch(made["url"], {"brondatumArchiefprocedure": {"datumkenmerk": "x"}})
    assert error_set(answer) == {("brondatumArchiefprocedure.afleidingswijze", "required")}
    answer = await beheer.api.patch(made["url"], {"brondatumArchiefprocedure": procedure("afgehandeld")})
    assert error_set(answer) == {(OBJECT, "invalid-afleidingswijze-for-procestermijn")}
    assert (await beheer.api.patch(made["url"], {"brondatumArchiefprocedure": None})).json()[
        "brondatumArchiefprocedure"
    ] is None


@pytest.mark.parametrize(
    ("formaat", "goed", "fout"),
    [
        ("tekst", ("0", "20", "255"), ("256", "lang", "1,5")),
        ("getal", ("5", "5,2"), ("vijf", "5.2", ",5")),
        ("datum", ("8",), ("10", "08")),
        ("datum_tijd", ("14",), ("8", "16")),
    ],
)
async def test_ztc_015_the_lengte_belongs_to_the_formaat(
    beheer: Maak, formaat: str, goed: tuple[str, ...], fout: tuple[str, ...]
) -> None:
    zaaktype = (await beheer.concept())["url"]
    for lengte in (*goed, *fout):
        specificatie = {"formaat": formaat, "lengte": lengte, "kardinaliteit": "N", "groep": "maten_1"}
        body = {"zaaktype": zaaktype, "naam": f"l {lengte}", "definitie": "d", "specificatie": specificatie}
        answer = await beheer.api.post(f"{ROOT}/eigenschappen", body)
        if lengte in goed:
            assert answer.status_code == 201, answer.text
        else:
            assert error_set(answer) == {("specificatie.nonFieldErrors", "invalid")}


async def test_the_specificatie_is_validated(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]
    specificatie = {"formaat": "tekst", "lengte": "5", "kardinaliteit": "0", "groep": "maten/2"}
    body = {"zaaktype": zaaktype, "naam": "x" * 21, "definitie": "d", "specificatie": specificatie}
    assert error_set(await beheer.api.post(f"{ROOT}/eigenschappen", body)) == {
        ("naam", "max_length"),
        ("specificatie.kardinaliteit", "invalid"),
        ("specificatie.groep", "invalid"),
    }


async def test_ztc_x7_the_statustype_is_of_the_same_zaaktype(beheer: Maak) -> None:
    zaaktype, other = (await beheer.concept())["url"], (await beheer.concept())["url"]
    own, foreign = (await beheer.statustype(zaaktype))["url"], (await beheer.statustype(other))["url"]
    refused = {(OBJECT, "relations-incorrect-zaaktype")}
    for kind in ("eigenschappen", "zaaktype-informatieobjecttypen"):
        body = await body_of(kind, beheer, zaaktype)
        assert error_set(await beheer.api.post(f"{ROOT}/{kind}", {**body, "statustype": foreign})) == refused
        made = await beheer.api.created(f"{ROOT}/{kind}", {**body, "statustype": own})
        assert made["statustype"] == own
        cleared = await beheer.api.patch(made["url"], {"statustype": None})
        assert (cleared.status_code, cleared.json()["statustype"]) == (200, None)
    assert error_set(
        await beheer.api.post(
            f"{ROOT}/eigenschappen",
            {**await body_of("eigenschappen", beheer, zaaktype), "naam": "n", "statustype": zaaktype},
        )
    ) == {("statustype", "incorrect_match")}


@pytest.mark.parametrize("kind", ["resultaattypen", "roltypen", "zaakobjecttypen"])
async def test_ztc_x8_a_catalogue_in_the_body_is_that_of_the_zaaktype(beheer: Maak, kind: str) -> None:
    zaaktype, other = await beheer.concept(), await beheer.catalogus()
    body = await body_of(kind, beheer, zaaktype["url"])
    answer = await beheer.api.post(f"{ROOT}/{kind}", {**body, "catalogus": other["url"]})
    assert error_set(answer) == {(OBJECT, "relations-incorrect-catalogus")}
    made = await beheer.api.created(f"{ROOT}/{kind}", {**body, "catalogus": zaaktype["catalogus"]})
    assert made["catalogus"] == zaaktype["catalogus"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "zaakobjecttypen"])
async def test_ztc_x9_unique_within_the_zaaktype(beheer: Maak, kind: str) -> None:
    zaaktype, other = (await beheer.concept())["url"], (await beheer.concept())["url"]
    body = await body_of(kind, beheer, zaaktype)
    await beheer.api.created(f"{ROOT}/{kind}", body)
    assert error_set(await beheer.api.post(f"{ROOT}/{kind}", body)) == {(OBJECT, "unique")}
    await beheer.api.created(f"{ROOT}/{kind}", {**body, "zaaktype": other})


async def test_ztc_x11_an_unknown_zaaktype(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]
    for kind in KINDS:
        body = await body_of(kind, beheer, zaaktype)
        unknown = zaaktype.rpartition("/")[0] + "/00000000-0000-4000-8000-000000000000"
        for url, code in [
            (unknown, "does_not_exist"),
            (await beheer.een_catalogus(), "incorrect_match"),
            ("https://a.nl/zaaktypen/1", "no_match"),
        ]:
            assert ("zaaktype", code) in error_set(await beheer.api.post(f"{ROOT}/{kind}", {**body, "zaaktype": url}))


async def test_the_highest_volgnummer_is_the_eindstatus(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]
    first = await beheer.statustype(zaaktype, volgnummer=1)
    assert first["isEindstatus"] is True
    second = await beheer.statustype(
        zaaktype, volgnummer=9999, checklistitemStatustype=[{"itemnaam": "a", "vraagstelling": "b?"}]
    )
    assert second["isEindstatus"] is True
    assert second["checklistitemStatustype"] == [
        {"itemnaam": "a", "vraagstelling": "b?", "verplicht": False, "toelichting": None}
    ]
    assert (await beheer.api.get(first["url"])).json()["isEindstatus"] is False
    eigenschap = await beheer.eigenschap(zaaktype, statustype=first["url"])
    assert (await beheer.api.get(first["url"])).json()["eigenschappen"] == [eigenschap["url"]]
    assert error_set(await beheer.api.delete(first["url"]), 409) == set()
    body = {"zaaktype": zaaktype, "omschrijving": "x", "volgnummer": 10000}
    assert error_set(await beheer.api.post(f"{ROOT}/statustypen", body)) == {("volgnummer", "max_value")}
