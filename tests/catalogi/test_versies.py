"""Versions: relations by name, resolved for a day (catalogi.md §4)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.answers import error_set
from tests.maak import ROOT, Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client
from zgw.dates import today


async def versions_of(maak: Maak, kind: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two published versions of one type: of 2020 up to 2022, and from 2023 on."""
    make = maak.informatieobjecttype if kind == "informatieobjecttype" else maak.besluittype
    old = await make(beginGeldigheid="2020-01-01", eindeGeldigheid="2022-12-31", **changes)
    new = await make(beginGeldigheid="2023-01-01", omschrijving=old["omschrijving"], **changes)
    return old, new


async def test_relations_are_the_versions_of_today_or_of_the_day(maak: Maak, api: Client) -> None:
    document_old, document_new = await versions_of(maak, "informatieobjecttype")
    besluit_old, besluit_new = await versions_of(
        maak, "besluittype", informatieobjecttypen=[document_old["omschrijving"]]
    )
    deel = (await maak.zaaktype()).zaaktype
    made = await maak.concept(
        besluittypen=[besluit_old["omschrijving"]],
        deelzaaktypen=[deel["identificatie"]],
        gerelateerdeZaaktypen=[{"zaaktype": deel["identificatie"], "aardRelatie": "vervolg", "toelichting": "t"}],
    )
    url = made["url"]
    await maak.ziot(url, document_old["omschrijving"])
    await maak.publiceer(url)
    now = (await api.get(url)).json()
    assert now["besluittypen"] == [besluit_new["url"]]
    assert now["informatieobjecttypen"] == [document_new["url"]]
    assert now["deelzaaktypen"] == [deel["url"]]
    assert now["gerelateerdeZaaktypen"] == [
        {
            "zaaktype": deel["url"],
            "zaaktypeIdentificatie": deel["identificatie"],
            "aardRelatie": "vervolg",
            "toelichting": "t",
        }
    ]
    assert now["besluittypeOmschrijving"] == [besluit_old["omschrijving"]]
    assert now["informatieobjecttypeOmschrijving"] == [document_old["omschrijving"]]
    assert now["deelzaaktypeIdentificaties"] == [deel["identificatie"]]
    for path in (url, f"{ROOT}/zaaktypen?identificatie={made['identificatie']}"):
        answer = (
            await api.get(
                path,
                params={
                    "datumGeldigheid": "2022-12-31",
                    **({"identificatie": made["identificatie"]} if "?" in path else {}),
                },
            )
        ).json()
        then = answer["results"][0] if "results" in answer else answer
        assert then["besluittypen"] == [besluit_old["url"]]
        assert then["informatieobjecttypen"] == [document_old["url"]]
    assert (await api.get(url, params={"datumGeldigheid": "2019-12-31"})).status_code == 404
    assert error_set(await api.get(url, params={"datumGeldigheid": "gisteren"})) == {("datumGeldigheid", "invalid")}
    # The reverse relations are of the versions that are valid, whatever version is asked for.
    assert (await api.get(besluit_old["url"])).json()["zaaktypen"] == [url]
    assert (await api.get(besluit_new["url"])).json()["zaaktypeIdentificaties"] == [made["identificatie"]]
    shown = (await api.get(document_new["url"])).json()
    assert (shown["zaaktypen"], shown["zaaktypeIdentificaties"]) == ([url], [made["identificatie"]])
    assert (shown["besluittypen"], shown["besluittypeOmschrijving"]) == (
        [besluit_new["url"]],
        [besluit_new["omschrijving"]],
    )


async def test_a_concept_is_never_resolved(maak: Maak, api: Client) -> None:
    concept = await maak.besluittype(concept=True)
    zaaktype = await maak.concept(besluittypen=[concept["url"]])
    assert zaaktype["besluittypen"] == []
    assert zaaktype["besluittypeOmschrijving"] == [concept["omschrijving"]]
    assert (await maak.publiceer(concept["url"]))["zaaktypen"] == []
    assert (await api.get(zaaktype["url"])).json()["besluittypen"] == [concept["url"]]
    await maak.publiceer(zaaktype["url"])
    assert (await api.get(concept["url"])).json()["zaaktypen"] == [zaaktype["url"]]


async def test_unknown_names_are_kept_until_the_type_exists(maak: Maak, api: Client) -> None:
    zaaktype = await maak.concept(besluittypen=["Nog te maken besluit"], deelzaaktypen=["NOG-TE-MAKEN"])
    assert (zaaktype["besluittypen"], zaaktype["besluittypeOmschrijving"]) == ([], ["Nog te maken besluit"])
    patched = (await api.patch(zaaktype["url"], {"doel": "Anders"})).json()
    assert patched["besluittypeOmschrijving"] == ["Nog te maken besluit"]
    assert patched["deelzaaktypeIdentificaties"] == ["NOG-TE-MAKEN"]
    besluit = await maak.besluittype(omschrijving="Nog te maken besluit")
    assert (await api.get(zaaktype["url"])).json()["besluittypen"] == [besluit["url"]]
    cleared = (await api.patch(zaaktype["url"], {"besluittypen": []})).json()
    assert cleared["besluittypeOmschrijving"] == []


async def test_names_are_compared_exactly_and_within_the_catalogue(maak: Maak, api: Client) -> None:
    besluit = await maak.besluittype(omschrijving=f"Besluit {today()} X")
    elsewhere = (await maak.catalogus())["url"]
    same = await maak.concept(besluittypen=[besluit["omschrijving"].lower()])
    other = await maak.concept(besluittypen=[besluit["omschrijving"]], catalogus=elsewhere)
    assert same["besluittypen"] == other["besluittypen"] == []


async def test_of_versions_that_share_a_day_the_later_one_counts(maak: Maak, api: Client) -> None:
    old = await maak.besluittype(beginGeldigheid="2020-01-01", eindeGeldigheid="2023-01-01")
    new = await maak.besluittype(beginGeldigheid="2023-01-01", omschrijving=old["omschrijving"])
    url = (await maak.concept(besluittypen=[old["omschrijving"]]))["url"]
    for day, expected in [("2022-12-31", old), ("2023-01-01", new)]:
        assert (await api.get(url, params={"datumGeldigheid": day})).json()["besluittypen"] == [expected["url"]]


async def test_an_expired_type_resolves_to_nothing(maak: Maak) -> None:
    yesterday = (today() - timedelta(days=1)).isoformat()
    expired = await maak.besluittype(eindeGeldigheid=yesterday)
    last_day = await maak.besluittype(eindeGeldigheid=today().isoformat())
    names = [expired["omschrijving"], last_day["omschrijving"]]
    zaaktype = await maak.concept(besluittypen=names)
    assert zaaktype["besluittypen"] == [last_day["url"]]
    assert sorted(zaaktype["besluittypeOmschrijving"]) == sorted(names)


async def test_resultaattypen_relate_by_name_too(maak: Maak, api: Client) -> None:
    besluit_old, besluit_new = await versions_of(maak, "besluittype")
    document_old, document_new = await versions_of(maak, "informatieobjecttype")
    zaaktype = (await maak.concept())["url"]
    made = await maak.resultaattype(
        zaaktype, besluittypen=[besluit_old["url"]], informatieobjecttypen=[document_old["omschrijving"]]
    )
    assert (made["besluittypen"], made["besluittypeOmschrijving"]) == (
        [besluit_new["url"]],
        [besluit_new["omschrijving"]],
    )
    assert (made["informatieobjecttypen"], made["informatieobjecttypeOmschrijving"]) == (
        [document_new["url"]],
        [document_new["omschrijving"]],
    )
    await maak.publiceer(zaaktype)
    shown = (await api.get(besluit_new["url"])).json()
    assert (shown["resultaattypen"], shown["resultaattypenOmschrijving"]) == ([made["url"]], [made["omschrijving"]])


async def test_a_ziot_takes_a_name_or_a_url_and_shows_the_name(maak: Maak, api: Client) -> None:
    document = await maak.informatieobjecttype()
    zaaktype = (await maak.concept())["url"]
    for given in (document["url"], document["omschrijving"]):
        made = await maak.ziot(zaaktype, given)
        assert made["informatieobjecttype"] == document["omschrijving"]
        for query in (document["url"], document["omschrijving"]):
            found = await api.get(
                f"{ROOT}/zaaktype-informatieobjecttypen", params={"informatieobjecttype": query, "status": "alles"}
            )
            assert made["url"] in [item["url"] for item in found.json()["results"]]


EXPANDABLE = {
    "catalogussen": "zaaktypen,besluittypen,informatieobjecttypen",
    "zaaktypen": "catalogus,statustypen,resultaattypen,eigenschappen,informatieobjecttypen,roltypen,besluittypen,"
    "deelzaaktypen,gerelateerdeZaaktypen,zaakobjecttypen",
    "statustypen": "zaaktype,catalogus,eigenschappen",
    "resultaattypen": "zaaktype,catalogus,besluittypen,informatieobjecttypen",
    "eigenschappen": "catalogus,zaaktype,statustype",
    "roltypen": "catalogus,zaaktype",
    "zaakobjecttypen": "zaaktype,catalogus,resultaattypen,statustypen",
    "zaaktype-informatieobjecttypen": "zaaktype,catalogus,informatieobjecttype,statustype",
    "informatieobjecttypen": "catalogus,zaaktypen,besluittypen",
    "besluittypen": "catalogus,zaaktypen,informatieobjecttypen,resultaattypen",
}


@pytest.mark.few
@pytest.mark.parametrize("collection", EXPANDABLE)
async def test_everything_that_the_standard_expands(own: Client, lijst: Selectielijst, collection: str) -> None:
    await Maak(own, lijst).zaaktype()
    answer = await own.get(f"{ROOT}/{collection}", params={"expand": EXPANDABLE[collection], "pageSize": 2})
    assert answer.status_code == 200, answer.text
    item = answer.json()["results"][0]
    assert sorted(item["_expand"]) == sorted(EXPANDABLE[collection].split(","))
    for name, expanded in item["_expand"].items():
        urls = item[name] if isinstance(item[name], list) else [item[name]]
        found = [e["url"] for e in (expanded if isinstance(expanded, list) else [expanded]) if e]
        if name not in ("gerelateerdeZaaktypen", "informatieobjecttype"):
            assert found == [url for url in urls if url]
    single = await own.get(item["url"], params={"expand": EXPANDABLE[collection]})
    assert single.json()["_expand"].keys() == item["_expand"].keys()
    assert (await own.get(f"{ROOT}/{collection}", params={"expand": "selectielijstklasse"})).status_code == 404


async def test_expanded_types_are_of_the_day(maak: Maak, api: Client) -> None:
    old, new = await versions_of(maak, "informatieobjecttype")
    zaaktype = (await maak.concept())["url"]
    ziot = await maak.ziot(zaaktype, old["omschrijving"])
    await maak.publiceer(zaaktype)
    shown = (
        await api.get(zaaktype, params={"expand": "informatieobjecttypen", "datumGeldigheid": "2021-01-01"})
    ).json()
    assert shown["_expand"]["informatieobjecttypen"][0]["url"] == old["url"]
    shown = (await api.get(ziot["url"], params={"expand": "informatieobjecttype"})).json()
    assert shown["_expand"]["informatieobjecttype"]["url"] == new["url"]


async def test_a_new_version_takes_over(maak: Maak, api: Client) -> None:
    """The recipe of clients: a new concept, an end for the old version, publish."""
    first = await maak.zaaktype(beginGeldigheid="2020-01-01")
    second = await maak.concept(identificatie=first.zaaktype["identificatie"], beginGeldigheid="2024-01-01")
    assert (await api.patch(first.url, {"eindeGeldigheid": "2023-12-31"})).status_code == 200
    await maak.publiceer(second["url"])
    found = await api.get(f"{ROOT}/zaaktypen", params={"identificatie": first.zaaktype["identificatie"]})
    assert [item["url"] for item in found.json()["results"]] == [second["url"], first.url]
    status = (await api.get(first.statustypen[0])).json()
    assert (status["eindeGeldigheid"], status["eindeObject"]) == ("2023-12-31", None)
