"""Lists, filters, scopes, caching and notifications of the Catalogi API (catalogi.md §1, §7)."""

from typing import Any

import pytest

from tests.answers import error_set
from tests.maak import ROOT, Maak, Types
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack

COLLECTIONS = [
    "catalogussen",
    "zaaktypen",
    "statustypen",
    "resultaattypen",
    "eigenschappen",
    "roltypen",
    "zaakobjecttypen",
    "zaaktype-informatieobjecttypen",
    "informatieobjecttypen",
    "besluittypen",
]
SUBTYPES = COLLECTIONS[2:8]


@pytest.fixture(scope="module")
def maak(own: Client, lijst: Selectielijst) -> Maak:
    """Makes types in the municipality of this file, which reads its lists whole."""
    return Maak(own, lijst)


@pytest.fixture(scope="module")
async def published(maak: Maak) -> Types:
    """A published zaaktype in a catalogue of its own."""
    catalogus = (await maak.catalogus())["url"]
    return await maak.zaaktype(
        catalogus=catalogus, trefwoorden=["boom", "kap"], beginGeldigheid="2021-01-01", eindeGeldigheid="2040-12-31"
    )


@pytest.fixture(scope="module")
async def concept(maak: Maak, published: Types) -> Types:
    """A concept in the same catalogue."""
    return await maak.zaaktype(concept=True, catalogus=published.catalogus, trefwoorden=["boom"])


async def found(client: Client, collection: str, **params: Any) -> list[dict[str, Any]]:
    """Return what a list answers."""
    answer = await client.get(f"{ROOT}/{collection}", params={"pageSize": 500, **params})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


@pytest.mark.parametrize("collection", ["zaaktypen", *SUBTYPES])
async def test_concepts_are_hidden_unless_asked_for(
    own: Client, published: Types, concept: Types, collection: str
) -> None:
    key = "url" if collection == "zaaktypen" else "zaaktype"
    for params, shown in [
        ({}, {published.url}),
        ({"status": ""}, {published.url}),
        ({"status": "definitief"}, {published.url}),
        ({"status": "concept"}, {concept.url}),
        ({"status": "alles"}, {published.url, concept.url}),
    ]:
        urls = {item[key] for item in await found(own, collection, **params)}
        assert urls == shown, params
    assert error_set(await own.get(f"{ROOT}/{collection}", params={"status": "oud"})) == {("status", "invalid_choice")}
    assert (await own.get(concept.url)).status_code == 200


@pytest.mark.parametrize("kind", ["informatieobjecttypen", "besluittypen"])
async def test_concept_documents_and_decisions_are_hidden_too(maak: Maak, own: Client, kind: str) -> None:
    make = maak.informatieobjecttype if kind == "informatieobjecttypen" else maak.besluittype
    made = await make(concept=True)
    query = {"omschrijving": made["omschrijving"]}
    assert await found(own, kind, **query) == []
    assert [item["url"] for item in await found(own, kind, status="concept", **query)] == [made["url"]]


@pytest.mark.parametrize("collection", ["zaaktypen", *SUBTYPES[:-1]])
async def test_datum_geldigheid_keeps_what_is_valid(own: Client, published: Types, collection: str) -> None:
    key = "url" if collection == "zaaktypen" else "zaaktype"
    for day, shown in [("2020-12-31", False), ("2021-01-01", True), ("2040-12-31", True), ("2041-01-01", False)]:
        urls = {item[key] for item in await found(own, collection, datumGeldigheid=day)}
        assert (published.url in urls) is shown, day
    assert error_set(await own.get(f"{ROOT}/{collection}", params={"datumGeldigheid": "morgen"})) == {
        ("datumGeldigheid", "invalid")
    }


async def test_filters_on_zaaktypen(own: Client, published: Types, concept: Types) -> None:
    catalogus = published.catalogus
    for params, shown in [
        ({"catalogus": catalogus}, [published.url]),
        ({"identificatie": published.zaaktype["identificatie"]}, [published.url]),
        ({"identificatie": published.zaaktype["identificatie"].lower()}, []),
        ({"catalogus": catalogus, "trefwoorden": "boom,kap"}, [published.url]),
        ({"catalogus": catalogus, "trefwoorden": "boom", "status": "alles"}, [concept.url, published.url]),
        ({"catalogus": catalogus, "trefwoorden": "boom,struik", "status": "alles"}, []),
        ({"catalogus": published.url}, []),
        ({"catalogus": "https://elders.example.nl/catalogi/api/v1/catalogussen/1"}, []),
    ]:
        assert [item["url"] for item in await found(own, "zaaktypen", **params)] == shown, params
    assert error_set(await own.get(f"{ROOT}/zaaktypen", params={"catalogus": "geen-url"})) == {("catalogus", "invalid")}


@pytest.mark.parametrize("collection", SUBTYPES)
async def test_filters_on_the_zaaktype(own: Client, published: Types, collection: str) -> None:
    items = await found(own, collection, zaaktype=published.url)
    assert items
    assert {item["zaaktype"] for item in items} == {published.url}
    identificatie = published.zaaktype["identificatie"]
    names = {
        "zaaktype-informatieobjecttypen": [],
        "resultaattypen": ["zaaktypeIdentificatie", "zaaktype_identificatie"],
    }
    for name in names.get(collection, ["zaaktypeIdentificatie"]):
        assert await found(own, collection, **{name: identificatie}) == items
    if collection == "resultaattypen":
        assert await found(own, collection, zaaktype=published.url, datum_geldigheid="2041-01-01") == []
        assert await found(own, collection, zaaktype=published.url, datum_geldigheid="2040-01-01") == items


async def test_filters_on_the_own_fields_of_subtypes(own: Client, published: Types) -> None:
    mine = {"zaaktype": published.url}
    assert [r["url"] for r in await found(own, "roltypen", **mine, omschrijvingGeneriek="initiator")] == [
        published.roltypen["initiator"]
    ]
    assert error_set(await own.get(f"{ROOT}/roltypen?omschrijvingGeneriek=baas")) == {
        ("omschrijvingGeneriek", "invalid_choice")
    }
    ziot = [z["url"] for z in await found(own, "zaaktype-informatieobjecttypen", **mine, richting="inkomend")]
    assert ziot == [published.ziot]
    assert await found(own, "zaaktype-informatieobjecttypen", **mine, richting="intern") == []
    objecttype = (await own.get(published.zaakobjecttype)).json()
    for params, shown in [
        ({"catalogus": published.catalogus}, True),
        ({"objecttype": objecttype["objecttype"]}, True),
        ({"relatieOmschrijving": objecttype["relatieOmschrijving"]}, True),
        ({"anderObjecttype": "false"}, True),
        ({"anderObjecttype": "true"}, False),
        ({"datumBeginGeldigheid": "2021-01-01"}, True),
        ({"datumEindeGeldigheid": "2040-12-31"}, True),
        ({"datumEindeGeldigheid": "2040-12-30"}, False),
    ]:
        assert bool(await found(own, "zaakobjecttypen", **mine, **params)) is shown, params


async def test_filters_on_besluittypen_and_catalogussen(own: Client, published: Types) -> None:
    document = (await own.get(published.informatieobjecttype)).json()
    for params in (
        {"zaaktypen": published.url},
        {"zaaktypen": published.zaaktype["identificatie"]},
        {"informatieobjecttypen": document["url"]},
        {"informatieobjecttypen": document["omschrijving"]},
    ):
        assert [item["url"] for item in await found(own, "besluittypen", **params)] == [published.besluittype], params
    assert published.besluittype in [
        item["url"] for item in await found(own, "besluittypen", catalogus=published.catalogus)
    ]
    assert await found(own, "besluittypen", zaaktypen="https://elders.example.nl/zaaktypen/1") == []
    catalogus = (await own.get(published.catalogus)).json()
    other = (await found(own, "catalogussen"))[-1]
    for params in ({"domein": catalogus["domein"]}, {"domein__in": f"{catalogus['domein']},XXXXX"}):
        assert [item["url"] for item in await found(own, "catalogussen", **params)] == [catalogus["url"]], params
    both = await found(
        own, "catalogussen", rsin__in="000000000,517439943", domein__in=f"{catalogus['domein']},{other['domein']}"
    )
    assert len(both) == len({catalogus["url"], other["url"]})
    assert error_set(await own.get(f"{ROOT}/catalogussen?rsin=12a")) == {("rsin", "only-digits")}
    assert error_set(await own.get(f"{ROOT}/catalogussen?rsin__in=000000000,123456789")) == {("rsin__in", "invalid")}
    assert catalogus["zaaktypen"]
    assert catalogus["besluittypeOmschrijving"]


@pytest.mark.parametrize("collection", COLLECTIONS)
async def test_etag_head_and_unknown_parameters(own: Client, published: Types, collection: str) -> None:
    url = (await found(own, collection))[0]["url"]
    first = await own.get(url)
    tag = first.headers["etag"]
    head = await own.request("HEAD", url)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    again = await own.get(url, headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    expanded = await own.get(url, params={"expand": "catalogus" if collection != "catalogussen" else "zaaktypen"})
    assert expanded.headers["etag"] != tag
    for path in (url, f"{ROOT}/{collection}"):
        assert error_set(await own.get(path, params={"kleur": "rood"})) == {("nonFieldErrors", "unknown-parameters")}


@pytest.mark.parametrize("scope", ["zaken.lezen", "documenten.lezen", "catalogi.lezen"])
async def test_ztc_014_readers_of_cases_and_documents_read_the_catalogue(
    stack: Stack, own: Client, published: Types, scope: str
) -> None:
    type_field = {"zaken.lezen": "zaaktype", "documenten.lezen": "informatieobjecttype"}.get(scope)
    grant: dict[str, Any] = {
        "component": {"zaken.lezen": "zrc", "documenten.lezen": "drc"}.get(scope, "ztc"),
        "scopes": [scope],
    }
    if type_field:
        grant |= {type_field: published.url, "maxVertrouwelijkheidaanduiding": "openbaar"}
    client = await stack.add_client(own.tenant, "lezer-" + scope.replace(".", "-"), [grant])
    for collection in COLLECTIONS:
        items = await found(client, collection)
        assert items
        assert (await client.get(items[0]["url"])).status_code == 200
        assert (await client.request("HEAD", items[0]["url"])).status_code == 200
    assert error_set(await client.post(f"{ROOT}/catalogussen", {}), 403) == set()
    assert error_set(await client.post(published.url + "/publish"), 403) == set()


async def test_ztc_014_readers_of_decisions_do_not(stack: Stack, own: Client, published: Types) -> None:
    grant = {"component": "brc", "scopes": ["besluiten.lezen"], "besluittype": published.besluittype}
    client = await stack.add_client(own.tenant, "lezer-besluiten", [grant])
    assert error_set(await client.get(f"{ROOT}/zaaktypen"), 403) == set()
    assert error_set(await client.get(published.url), 403) == set()


async def test_pages(maak: Maak, own: Client) -> None:
    catalogus = (await maak.catalogus())["url"]
    made = [(await maak.besluittype(catalogus=catalogus))["url"] for _ in range(3)]
    first = (await own.get(f"{ROOT}/besluittypen", params={"catalogus": catalogus, "pageSize": 2})).json()
    assert (first["count"], first["previous"], [item["url"] for item in first["results"]]) == (3, None, made[:0:-1])
    second = (await own.get(first["next"])).json()
    assert [item["url"] for item in second["results"]] == made[:1]
    assert (await own.get(f"{ROOT}/besluittypen?page=1000000")).status_code == 404


async def test_other_municipalities_have_other_types(raalte: Client, published: Types) -> None:
    assert (await raalte.get(published.url.replace("samenzaak.test", "raalte.test"))).status_code == 404
