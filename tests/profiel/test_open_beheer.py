"""Open Beheer, which edits catalogues: its requests, with every switch on."""

from typing import Any

import pytest

from runtime.tenancy import SERVICES
from tests.answers import errors
from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.maak import ROOT, Maak
from tests.profiel.conftest import Install, Narrow
from tests.profiel.replay import Application, Sent
from tests.stack import Client

ALL = {"status": "alles", "page": 1, "pageSize": 100}
READ_ONLY = ("url", "concept", "beginObject", "eindeObject", "statustypen", "resultaattypen", "roltypen")


@pytest.fixture(scope="module")
async def beheer(install: Install) -> Application:
    """The application with the switches that its page tells to set."""
    return await install("open-beheer", Accept="*/*", Accept_Encoding="gzip, deflate")


@pytest.fixture
def editor(openzaak: Client, maak: Maak) -> Maak:
    """Makes types as the editor does."""
    return Maak(openzaak, maak.selectielijst)


@pytest.mark.profiel("OB", "concepts")
@pytest.mark.profiel("OB", "ziotUrl")
async def test_a_zaaktype_from_draft_to_the_next_version(editor: Maak) -> None:
    api = editor.api
    catalogus = await editor.een_catalogus()
    document, besluit = await editor.informatieobjecttype(concept=True), await editor.besluittype(concept=True)
    zaaktype = await editor.concept(catalogus=catalogus)
    url = zaaktype["url"]

    async def read() -> dict[str, Any]:
        found: dict[str, Any] = (await api.get(url)).json()
        return found

    # The list, and the form with everything that was read.
    listed = (await api.get(f"{ROOT}/zaaktypen", params={**ALL, "catalogus": catalogus})).json()
    assert (listed["results"][0], listed["next"]) == (zaaktype, None)
    for change in (api.patch, api.put):
        form = {**await read(), "omschrijving": f"Gewijzigd met {change.__name__}"}
        answer = await change(url, {**form, "concept": False, "statustypen": []})
        assert (answer.status_code, answer.json()) == (200, form)
    # Relations, one by one: those that were read, and one more.
    for added in (besluit, await editor.besluittype(concept=True)):
        before = (await read())["besluittypen"]
        changed = await api.patch(url, {"besluittypen": [*before, added["url"]]})
        assert changed.json()["besluittypen"] == [*before, added["url"]]
    body = {"zaaktype": url, "informatieobjecttype": document["url"], "volgnummer": 1, "richting": "inkomend"}
    relation = await api.created(f"{ROOT}/zaaktype-informatieobjecttypen", body)
    assert relation["informatieobjecttype"] == document["url"]
    assert (await read())["informatieobjecttypen"] == [relation["informatieobjecttype"]]
    # What belongs to it; one is made by mistake.
    mistake = await editor.statustype(url, volgnummer=9)
    assert (await api.delete(mistake["url"])).status_code == 204
    for number in (1, 2):
        await editor.statustype(url, volgnummer=number)
    await editor.roltype(url)
    result = await editor.resultaattype(url)
    again = await api.patch(result["url"], {**result, "toelichting": "Na herlezing"})
    assert again.json() == {**result, "toelichting": "Na herlezing"}
    query = {**ALL, "zaaktype": url}
    assert (await api.get(f"{ROOT}/statustypen", params=query)).json()["count"] == 2
    # Published when its relations are, and only then.
    refused = await api.post(f"{url}/publish")
    assert errors(refused) == [("nonFieldErrors", "concept-relation")] * 2
    for related in [*(await read())["besluittypen"], document["url"]]:
        await editor.publiceer(related)
    assert (await api.post(f"{url}/publish")).json()["concept"] is False
    # The next version has the same identificatie; the one before ends.
    ended = await api.patch(url, {"eindeGeldigheid": "2026-12-31"})
    assert ended.status_code == 200, ended.text
    published = await read()
    form = {name: value for name, value in published.items() if name not in READ_ONLY}
    form |= {"beginGeldigheid": "2027-01-01", "versiedatum": "2027-01-01", "eindeGeldigheid": None}
    following = await api.created(f"{ROOT}/zaaktypen", form)
    assert (following["identificatie"], following["concept"]) == (published["identificatie"], True)
    assert set(following["besluittypen"]) == set(published["besluittypen"])
    versions = await api.get(f"{ROOT}/zaaktypen", params={**ALL, "identificatie": published["identificatie"]})
    assert [each["url"] for each in versions.json()["results"]] == [following["url"], url]


async def test_errors_stand_beside_their_fields(editor: Maak) -> None:
    zaaktype = (await editor.concept())["url"]
    body = editor.resultaattype_body(zaaktype)
    body["brondatumArchiefprocedure"] = {"afleidingswijze": "onbekend"}
    refused = await editor.api.post(f"{ROOT}/resultaattypen", {**body, "omschrijving": ""})
    assert set(errors(refused)) == {
        ("brondatumArchiefprocedure.afleidingswijze", "invalid_choice"),
        ("omschrijving", "blank"),
    }
    assert all(each["reason"] for each in refused.json()["invalidParams"])


async def test_a_published_type_is_refused_before_its_use_is_told(maak: Maak, openzaak: Client) -> None:
    """Whoever may not change a published type hears that it is published, with and without switches."""
    types = await maak.zaaktype()
    catalogi = [{"component": "ztc", "scopes": ["catalogi.lezen", "catalogi.schrijven"]}]
    editor = await maak.api.stack.add_client("deventer", "beheer-zonder-dwang", catalogi, profiel={"ziotUrl": True})
    assert errors(await editor.delete(types.url)) == [("nonFieldErrors", "non-concept-object")]
    assert errors(await editor.patch(types.url, {"doel": "Anders"})) == [("nonFieldErrors", "non-concept-object")]
    assert (await openzaak.patch(types.url, {"doel": "Anders"})).status_code == 200


async def test_a_document_of_an_earlier_version_belongs_to_the_zaaktype(maak: Maak, openzaak: Client) -> None:
    """A form takes the version of the day on which it was sent in; the relation is with all versions of the name."""
    types = await maak.zaaktype()
    [relation] = (await openzaak.get(f"{ROOT}/zaaktype-informatieobjecttypen", params={"zaaktype": types.url})).json()[
        "results"
    ]
    earlier = types.informatieobjecttype
    assert relation["informatieobjecttype"] == earlier
    name = (await openzaak.get(earlier)).json()["omschrijving"]
    await openzaak.patch(earlier, {"eindeGeldigheid": "2024-12-31"})
    later = await maak.informatieobjecttype(omschrijving=name, beginGeldigheid="2025-01-01", catalogus=types.catalogus)
    assert (await openzaak.get(relation["url"])).json()["informatieobjecttype"] == later["url"]
    zaak = await openzaak.created("/zaken/api/v1/zaken", zaak_body(types.url))
    for kind in (earlier, later["url"]):
        document = await openzaak.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document_body(kind))
        link = {"zaak": zaak["url"], "informatieobject": document["url"]}
        await openzaak.created("/zaken/api/v1/zaakinformatieobjecten", link)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.profiel("OB", "root")
async def test_the_health_check_is_green(beheer: Application, service: str) -> None:
    await beheer.play(Sent(f"GET /{service}/api/v1/", reads={"": dict}))


@pytest.mark.profiel("OB", "typeFilters")
async def test_a_zaaktype_is_looked_for_and_opened(beheer: Application) -> None:
    """Its detail page asks for the document types of the zaaktype, concepts as well."""
    await beheer.play(
        Sent("GET {zaaktype}", keep={"identificatie": "identificatie", "omschrijving": "omschrijving"}),
        Sent(
            "GET /catalogi/api/v1/zaaktypen?catalogus={catalogus}&identificatie__icontains={identificatie}"
            "&status=alles&page=1&pageSize=10",
            reads={"count": 1, "results.0.url": "{zaaktype}", "next": None},
        ),
        Sent(
            "GET /catalogi/api/v1/zaaktypen?omschrijving__icontains=VERGUNNING&status=alles&page=last&pageSize=10",
            reads={"results.*.omschrijving": str},
        ),
        Sent("GET {informatieobjecttype}", keep={"soort": "omschrijving"}),
        Sent(
            "GET /catalogi/api/v1/informatieobjecttypen?zaaktype={zaaktype}&status=alles&page=1&pageSize=100",
            reads={"count": 1, "results.0.url": "{informatieobjecttype}", "results.0.concept": False},
        ),
        Sent(
            "GET /catalogi/api/v1/informatieobjecttypen?omschrijving__icontains={soort}&status=alles",
            reads={"results.0.url": "{informatieobjecttype}"},
        ),
        Sent("GET /catalogi/api/v1/zaakobjecttypen?zaaktype={zaaktype}&status=alles", reads={"count": 1}),
        Sent(
            "GET /catalogi/api/v1/zaaktype-informatieobjecttypen?zaaktype={zaaktype}&status=alles",
            reads={"results.0.informatieobjecttype": "{informatieobjecttype}"},
        ),
    )


@pytest.mark.profiel("OB", "patience")
async def test_a_page_asks_for_one_list_after_another(beheer: Application, narrow: Narrow) -> None:
    behind = narrow(beheer)
    for _ in range(40):
        for kind in ("statustypen", "resultaattypen", "roltypen", "eigenschappen", "besluittypen"):
            await behind.play(Sent(f"GET /catalogi/api/v1/{kind}?status=alles&page=1&pageSize=10"))
