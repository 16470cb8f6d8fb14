"""The switches of the Catalogi API: ``ziotUrl``, ``conceptRelaties`` and ``strengPubliceren``."""

import uuid
from typing import Any

import pytest

from runtime.identity import system_caller
from runtime.tenancy import as_tenant
from services.catalogi.controle import NO_TYPE, SHARED_DAY, check_catalogi
from tests.answers import error_set, errors
from tests.maak import ROOT, Maak
from tests.stack import Client, Stack

OBJECT = "nonFieldErrors"
ZIOTS = f"{ROOT}/zaaktype-informatieobjecttypen"


@pytest.fixture
def maker(maak: Maak, openzaak: Client) -> Maak:
    """Makes types as the client with switches."""
    return Maak(openzaak, maak.selectielijst)


# --- ziotUrl ---


async def test_ziot_url_is_that_of_the_valid_version(maak: Maak, openzaak: Client) -> None:
    old = await maak.informatieobjecttype(beginGeldigheid="2020-01-01", eindeGeldigheid="2022-12-31")
    new = await maak.informatieobjecttype(beginGeldigheid="2023-01-01", omschrijving=old["omschrijving"])
    zaaktype = (await maak.concept())["url"]
    for given in (old["omschrijving"], old["url"], new["url"]):
        made = await Maak(openzaak, maak.selectielijst).ziot(zaaktype, given)
        assert made["informatieobjecttype"] == new["url"]
        assert (await openzaak.get(made["url"])).json() == made
        for by in (old["omschrijving"], old["url"], new["url"]):
            query = {"informatieobjecttype": by, "zaaktype": zaaktype, "status": "alles"}
            assert (await openzaak.get(ZIOTS, params=query)).json()["results"][0] == made
        assert (await openzaak.put(made["url"], made)).json() == made
        assert (await openzaak.patch(made["url"], {"richting": "intern"})).json() == {**made, "richting": "intern"}
        assert (await maak.api.get(made["url"])).json()["informatieobjecttype"] == old["omschrijving"]


@pytest.mark.parametrize(
    ("versions", "shown"),
    [
        ([("2020-01-01", "2020-12-31", False), ("2021-01-01", "2021-12-31", False), ("2022-01-01", None, True)], 1),
        ([("2020-01-01", None, True), ("2021-01-01", None, True)], 1),
        ([("2020-01-01", None, False), ("2021-01-01", None, True)], 0),
        ([("2020-01-01", "2020-12-31", False), ("2990-01-01", None, False)], 1),
    ],
)
async def test_ziot_url_of_a_name_without_a_valid_version(
    maak: Maak, openzaak: Client, versions: list[tuple[str, str | None, bool]], shown: int
) -> None:
    name = f"Brief {uuid.uuid4()}"
    urls = []
    for begin, end, concept in versions:
        body = {"omschrijving": name, "beginGeldigheid": begin, "eindeGeldigheid": end}
        urls.append((await maak.informatieobjecttype(concept=concept, **body))["url"])
    made = await maak.ziot((await maak.concept())["url"], name)
    own = (await openzaak.get(made["url"])).json()
    assert own == {**made, "informatieobjecttype": urls[shown]}
    expanded = (await openzaak.get(made["url"], params={"expand": "informatieobjecttype"})).json()
    assert expanded["_expand"]["informatieobjecttype"]["url"] == urls[shown]
    for url in urls:
        found = (await openzaak.get(ZIOTS, params={"informatieobjecttype": url, "status": "alles"})).json()
        assert found["results"] == [own]


async def test_a_relation_that_has_no_url_is_not_there(maak: Maak, openzaak: Client) -> None:
    zaaktype = (await maak.concept())["url"]
    known = await maak.informatieobjecttype()
    relations = []
    for number in range(7):
        name = f"Nog te maken {uuid.uuid4()}" if number % 2 else known["omschrijving"]
        relations.append(await maak.ziot(zaaktype, name))
    query: dict[str, Any] = {"zaaktype": zaaktype, "status": "alles", "pageSize": 3}
    first = (await openzaak.get(ZIOTS, params=query)).json()
    second = (await openzaak.get(ZIOTS, params={**query, "page": 2})).json()
    assert (first["count"], second["count"], second["next"]) == (4, 4, None)
    urls = [item["url"] for item in first["results"] + second["results"]]
    assert urls == [each["url"] for each in reversed(relations[::2])]
    assert (await maak.api.get(ZIOTS, params=query)).json()["count"] == 7
    hidden = relations[1]
    assert (await openzaak.get(hidden["url"])).status_code == 404
    assert (await openzaak.patch(hidden["url"], {"richting": "intern"})).status_code == 404
    assert (await maak.api.get(hidden["url"])).json() == hidden
    # It is there as soon as its type is, be it as a concept.
    made = await maak.informatieobjecttype(concept=True, omschrijving=hidden["informatieobjecttype"])
    assert (await openzaak.get(hidden["url"])).json() == {**hidden, "informatieobjecttype": made["url"]}


async def test_whoever_is_shown_urls_names_types_that_exist(maak: Maak, openzaak: Client) -> None:
    zaaktype = (await maak.concept())["url"]
    body = {"zaaktype": zaaktype, "informatieobjecttype": "Bestaat niet", "volgnummer": 1, "richting": "intern"}
    refused = await openzaak.post(ZIOTS, body)
    assert (refused.status_code, errors(refused)) == (400, [("informatieobjecttype", "does_not_exist")])
    assert (await maak.api.post(ZIOTS, body)).status_code == 201


async def test_other_services_have_the_name(maak: Maak, openzaak: Client, stack: Stack) -> None:
    document = await maak.informatieobjecttype()
    made = await maak.ziot((await maak.concept())["url"], document["omschrijving"])
    assert (await openzaak.get(made["url"])).json()["informatieobjecttype"] == document["url"]
    references = stack.standalone.services["zaken"].references
    path = made["url"].removeprefix("http://samenzaak.test")
    found = await references.objects(system_caller("deventer", "zaken", ("http://samenzaak.test",)), [path])
    assert found[path]["informatieobjecttype"] == document["omschrijving"]


async def test_the_check_tells_what_is_not_shown(maak: Maak, stack: Stack) -> None:
    zaaktype = (await maak.concept())["url"]
    known, unknown = await maak.informatieobjecttype(concept=True), f"Nog te maken {uuid.uuid4()}"
    await maak.ziot(zaaktype, known["omschrijving"])
    hidden = await maak.ziot(zaaktype, unknown)
    first = await maak.besluittype(eindeGeldigheid="2023-01-01")
    await maak.besluittype(omschrijving=first["omschrijving"], beginGeldigheid="2023-01-01")
    async with stack.admin() as admin, as_tenant(admin, "deventer", "catalogi") as db:
        found = await check_catalogi(db)
    paths = {each.path: (each.kind, each.name) for each in found}
    own = "http://samenzaak.test"
    assert paths[hidden["url"].removeprefix(own)] == (NO_TYPE, unknown)
    assert paths[first["url"].removeprefix(own)] == (SHARED_DAY, first["omschrijving"])
    assert known["omschrijving"] not in [each.name for each in found]


# --- conceptRelaties ---


async def test_a_concept_shows_concepts(maak: Maak, maker: Maak, openzaak: Client) -> None:
    document, besluit = await maak.informatieobjecttype(concept=True), await maak.besluittype(concept=True)
    deel, ended = await maak.concept(), await maak.informatieobjecttype(eindeGeldigheid="2020-01-02")
    related = {"zaaktype": deel["identificatie"], "aardRelatie": "vervolg", "toelichting": ""}
    zaaktype = await maker.concept(
        catalogus=deel["catalogus"],
        besluittypen=[besluit["url"]],
        deelzaaktypen=[deel["url"]],
        gerelateerdeZaaktypen=[related],
    )
    for name in (document["omschrijving"], ended["omschrijving"]):
        await maak.ziot(zaaktype["url"], name)
    result = await maak.resultaattype(zaaktype["url"], besluittypen=[besluit["omschrijving"]])
    own = (await openzaak.get(zaaktype["url"])).json()
    assert (own["besluittypen"], own["deelzaaktypen"]) == ([besluit["url"]], [deel["url"]])
    assert own["besluittypen"] == zaaktype["besluittypen"]
    assert [each["zaaktype"] for each in own["gerelateerdeZaaktypen"]] == [deel["url"]]
    assert set(own["informatieobjecttypen"]) == {document["url"], ended["url"]}
    assert (await openzaak.get(result["url"])).json()["besluittypen"] == [besluit["url"]]
    shown = (await openzaak.get(besluit["url"])).json()
    assert (shown["zaaktypen"], shown["resultaattypen"]) == ([zaaktype["url"]], [result["url"]])
    assert (await openzaak.get(document["url"])).json()["zaaktypen"] == [zaaktype["url"]]
    for url, count in ((zaaktype["url"], 1), (deel["url"], 0)):
        found = await openzaak.get(f"{ROOT}/besluittypen", params={"zaaktypen": url, "status": "alles"})
        assert found.json()["count"] == count
    listed = await openzaak.get(f"{ROOT}/zaaktypen", params={"identificatie": own["identificatie"], "status": "alles"})
    assert listed.json()["results"] == [own]
    standard = (await maak.api.get(zaaktype["url"])).json()
    for name in ("besluittypen", "deelzaaktypen", "gerelateerdeZaaktypen", "informatieobjecttypen"):
        assert standard[name] == []
    assert {name: value for name, value in own.items() if value != standard[name]}.keys() == {
        "besluittypen",
        "deelzaaktypen",
        "gerelateerdeZaaktypen",
        "informatieobjecttypen",
    }


async def test_a_published_type_shows_no_concepts(maak: Maak, openzaak: Client) -> None:
    besluit = await maak.besluittype(concept=True)
    zaaktype = await maak.publiceer((await maak.concept(besluittypen=[besluit["omschrijving"]]))["url"])
    assert (await openzaak.get(zaaktype["url"])).json() == zaaktype
    assert zaaktype["besluittypen"] == []
    # The besluittype is a concept itself, but the zaaktype is published: everyone sees it.
    for client in (maak.api, openzaak):
        assert (await client.get(besluit["url"])).json()["zaaktypen"] == [zaaktype["url"]]


async def test_a_valid_version_goes_before_a_concept(maak: Maak, openzaak: Client) -> None:
    valid = await maak.besluittype()
    await maak.besluittype(concept=True, omschrijving=valid["omschrijving"], beginGeldigheid="2024-01-01")
    zaaktype = await maak.concept(besluittypen=[valid["omschrijving"]])
    assert (await openzaak.get(zaaktype["url"])).json()["besluittypen"] == [valid["url"]]


async def test_an_editor_adds_to_what_it_read(maak: Maak, openzaak: Client) -> None:
    """Read, add one, write: with and without the switch nothing is lost that the client did not remove."""
    hidden, valid, unknown = await maak.besluittype(concept=True), await maak.besluittype(), "Nog te maken"
    names = [hidden["omschrijving"], valid["omschrijving"], unknown]
    for client in (maak.api, openzaak):
        zaaktype = await maak.concept(besluittypen=names)
        added = await maak.besluittype(concept=True)
        read = (await client.get(zaaktype["url"])).json()["besluittypen"]
        assert read == ([hidden["url"], valid["url"]] if client is openzaak else [valid["url"]])
        changed = await client.patch(zaaktype["url"], {"besluittypen": [*read, added["url"]]})
        assert changed.status_code == 200, changed.text
        assert changed.json()["besluittypeOmschrijving"] == [*names, added["omschrijving"]]


async def test_whoever_sees_concepts_can_remove_them(maak: Maak, openzaak: Client) -> None:
    hidden, unknown = await maak.besluittype(concept=True), "Nog te maken"
    zaaktype = await maak.concept(besluittypen=[hidden["omschrijving"], unknown])
    kept = (await maak.api.patch(zaaktype["url"], {"besluittypen": []})).json()["besluittypeOmschrijving"]
    assert kept == [hidden["omschrijving"], unknown]
    removed = (await openzaak.patch(zaaktype["url"], {"besluittypen": []})).json()["besluittypeOmschrijving"]
    assert removed == [unknown]


async def test_an_editor_of_subtypes_keeps_what_it_cannot_see(maak: Maak, openzaak: Client) -> None:
    hidden, unknown = await maak.besluittype(concept=True), "Nog te maken"
    zaaktype = (await maak.concept())["url"]
    result = await maak.resultaattype(zaaktype, besluittypen=[hidden["omschrijving"], unknown])
    assert result["besluittypen"] == []
    same = (await maak.api.put(result["url"], result)).json()
    assert same == result
    own = (await openzaak.get(result["url"])).json()
    assert own["besluittypen"] == [hidden["url"]]
    assert (await openzaak.put(own["url"], own)).json() == own
    assert (await openzaak.patch(own["url"], {"besluittypen": []})).json()["besluittypeOmschrijving"] == [unknown]


# --- strengPubliceren ---


async def test_publishing_tells_all_that_is_missing(maak: Maak, openzaak: Client) -> None:
    besluit, document = await maak.besluittype(concept=True), await maak.informatieobjecttype(concept=True)
    zaaktype = (await maak.concept(besluittypen=[besluit["omschrijving"]]))["url"]
    await maak.ziot(zaaktype, document["omschrijving"])
    await maak.statustype(zaaktype)
    refused = await openzaak.post(f"{zaaktype}/publish")
    assert (refused.status_code, errors(refused)) == (
        400,
        [
            ("resultaattypen", "concept-relation"),
            ("roltypen", "concept-relation"),
            ("statustypen", "concept-relation"),
            (OBJECT, "concept-relation"),
            (OBJECT, "concept-relation"),
        ],
    )
    reasons = [each["reason"] for each in refused.json()["invalidParams"]]
    assert besluit["omschrijving"] in reasons[3]
    assert document["omschrijving"] in reasons[4]
    assert (await maak.api.get(zaaktype)).json()["concept"] is True
    await maak.publiceer(besluit["url"])
    await maak.publiceer(document["url"])
    await maak.statustype(zaaktype)
    await maak.roltype(zaaktype)
    refused = await openzaak.post(f"{zaaktype}/publish")
    assert errors(refused) == [("resultaattypen", "concept-relation")]
    result = await maak.resultaattype(zaaktype)
    assert (await openzaak.post(f"{zaaktype}/publish")).json()["concept"] is False
    # Once published it stays so, whatever is taken away from it.
    assert (await openzaak.delete(result["url"])).status_code == 204
    assert (await openzaak.post(f"{zaaktype}/publish")).status_code == 200


async def test_publishing_wants_a_class_for_each_result(maak: Maak, openzaak: Client, stack: Stack) -> None:
    types = await maak.zaaktype(concept=True)
    async with stack.admin() as admin:
        await admin.execute(
            "UPDATE deventer_catalogi.resultaattype SET selectielijstklasse = '' WHERE uuid = $1",
            types.resultaattypen[0].rpartition("/")[2],
        )
    assert error_set(await openzaak.post(f"{types.url}/publish")) == {("resultaattypen", "concept-relation")}
    assert (await maak.api.post(f"{types.url}/publish")).status_code == 200


async def test_a_besluittype_is_published_after_its_documents(maak: Maak, openzaak: Client) -> None:
    document = await maak.informatieobjecttype(concept=True)
    besluit = await maak.besluittype(concept=True, informatieobjecttypen=[document["omschrijving"]])
    assert error_set(await openzaak.post(f"{besluit['url']}/publish")) == {(OBJECT, "concept-relation")}
    assert (await openzaak.post(f"{document['url']}/publish")).status_code == 200
    assert (await openzaak.post(f"{besluit['url']}/publish")).status_code == 200


async def test_an_overlap_is_told_with_the_rest(maak: Maak, openzaak: Client) -> None:
    first = await maak.publiceer((await maak.concept())["url"])
    second = await maak.concept(identificatie=first["identificatie"])
    refused = error_set(await openzaak.post(f"{second['url']}/publish"))
    assert refused >= {("beginGeldigheid", "overlap"), ("roltypen", "concept-relation")}
    assert error_set(await maak.api.post(f"{second['url']}/publish")) == {("beginGeldigheid", "overlap")}
