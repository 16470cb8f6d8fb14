"""What an installation may choose: the switches of the Catalogi API (docs/settings.md), where the rulebook leaves a
choice."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from services.catalogi.selectielijst import headers_for
from services.catalogi.selectielijst_laden import laad
from tests.answers import error_set
from tests.catalogi.gemeld import noted
from tests.catalogi.subtypen import KINDS, body_of
from tests.catalogi.uitwisselen import send, small
from tests.maak import ROOT, Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack

OBJECT = "nonFieldErrors"
Switch = Callable[..., None]


@pytest.fixture
def switch(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Switch:
    """Return a function that changes settings of the running service, until the end of the test."""
    service = stack.standalone.services["catalogi"]

    def change(**settings: Any) -> None:
        monkeypatch.setattr(service, "settings", service.settings.model_copy(update=settings))

    return change


# --- O3: additions to a published zaaktype with catalogi.schrijven ---


async def test_o3_ztc_010_a_resultaattype_is_no_addition(beheer: Maak, switch: Switch) -> None:
    published = await beheer.publiceer((await beheer.concept())["url"])
    switch(catalogi_additive_posts=True)
    answer = await beheer.api.post(f"{ROOT}/resultaattypen", await body_of("resultaattypen", beheer, published["url"]))
    assert error_set(answer) == {(OBJECT, "non-concept-zaaktype")}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "resultaattypen"])
async def test_o3_ztc_010_additive_posts(beheer: Maak, switch: Switch, kind: str) -> None:
    published = await beheer.publiceer((await beheer.concept())["url"])
    body = await body_of(kind, beheer, published["url"])
    switch(catalogi_additive_posts=True)
    answer = await beheer.api.post(f"{ROOT}/{kind}", body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["url"] in str((await beheer.api.get(published["url"])).json()) or "informatieobjecttype" in made
    code = "non-concept-relation" if "informatieobjecttype" in made else "non-concept-zaaktype"
    assert error_set(await beheer.api.put(made["url"], made)) == {(OBJECT, code)}
    assert error_set(await beheer.api.patch(made["url"], {})) == {(OBJECT, code)}
    assert error_set(await beheer.api.delete(made["url"])) == {(OBJECT, code)}


async def test_o3_a_statustype_comes_after_the_others(beheer: Maak, corrector: Client, switch: Switch) -> None:
    concept = await beheer.concept()
    await beheer.statustype(concept["url"], volgnummer=5)
    await beheer.publiceer(concept["url"])
    body = {"zaaktype": concept["url"], "omschrijving": "Nieuw"}
    answer = await beheer.api.post(f"{ROOT}/statustypen", {**body, "volgnummer": 1})
    assert error_set(answer) == {(OBJECT, "non-concept-zaaktype")}
    switch(catalogi_additive_posts=True)
    for number in (1, 5):
        answer = await beheer.api.post(f"{ROOT}/statustypen", {**body, "volgnummer": number})
        assert error_set(answer) == {("volgnummer", "invalid")}
    assert (await beheer.api.post(f"{ROOT}/statustypen", {**body, "volgnummer": 6})).status_code == 201
    # Who may correct may put one in between.
    assert (await corrector.post(f"{ROOT}/statustypen", {**body, "volgnummer": 1})).status_code == 201
    assert error_set(await corrector.post(f"{ROOT}/statustypen", {**body, "volgnummer": 1})) == {(OBJECT, "unique")}


# --- Strictness ---


async def test_strict_corrections_keep_related_types(beheer: Maak, corrector: Client, switch: Switch) -> None:
    related = {"zaaktype": "ZT-A", "aardRelatie": "vervolg", "toelichting": ""}
    lists: dict[str, Any] = {"besluittypen": ["B1"], "deelzaaktypen": ["D1"], "gerelateerdeZaaktypen": [related]}
    zaaktype = await beheer.publiceer((await beheer.concept(**lists))["url"])
    besluit = await beheer.besluittype(informatieobjecttypen=["I1"])
    switch(catalogi_strict_corrections=True)
    for name, value in lists.items():
        assert error_set(await corrector.patch(zaaktype["url"], {name: []})) == {(name, "non-concept-object")}
        more = [*value, {**related, "zaaktype": "ZT-B"} if name.startswith("gerelateerde") else "X2"]
        assert (await corrector.patch(zaaktype["url"], {name: more})).status_code == 200
    answer = await corrector.patch(besluit["url"], {"informatieobjecttypen": ["I2"]})
    assert error_set(answer) == {("informatieobjecttypen", "non-concept-object")}
    concept = await beheer.concept(**lists)
    assert (await beheer.api.patch(concept["url"], {"besluittypen": []})).status_code == 200
    switch(catalogi_strict_corrections=False)
    assert (await corrector.patch(zaaktype["url"], {"besluittypen": []})).status_code == 200


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "zaaktype-informatieobjecttypen"])
async def test_strict_dates_are_those_of_the_zaaktype(beheer: Maak, switch: Switch, kind: str) -> None:
    zaaktype = (await beheer.concept(beginGeldigheid="2021-01-01", versiedatum="2021-01-01"))["url"]
    other = (await beheer.concept(beginGeldigheid="2021-01-01", versiedatum="2021-01-02"))["url"]
    switch(catalogi_strict_dates=True)
    refused = {("beginGeldigheid", "invalid")}
    for where, begin in ((zaaktype, "2021-01-02"), (zaaktype, ["2021-01-01"]), (other, "2021-01-01")):
        body = {**await body_of(kind, beheer, where), "beginGeldigheid": begin}
        assert error_set(await beheer.api.post(f"{ROOT}/{kind}", body)) == refused
    body = await body_of(kind, beheer, zaaktype)
    made = await beheer.api.created(f"{ROOT}/{kind}", {**body, "beginGeldigheid": "2021-01-01"})
    assert error_set(await beheer.api.patch(made["url"], {"beginGeldigheid": "2020-01-01"})) == refused
    assert (await beheer.api.put(made["url"], made)).status_code == 200


async def test_strict_names_are_of_types_that_exist(beheer: Maak, switch: Switch) -> None:
    besluit, concept = await beheer.besluittype(), await beheer.besluittype(concept=True)
    elsewhere = await beheer.besluittype(catalogus=(await beheer.catalogus())["url"])
    document, deel = await beheer.informatieobjecttype(), await beheer.concept()
    names = [besluit["omschrijving"], concept["omschrijving"], "Bestaat niet", elsewhere["omschrijving"]]
    related = [{"zaaktype": name, "aardRelatie": "vervolg"} for name in (deel["identificatie"], "ZT-WEG")]
    body = await beheer.zaaktype_body(
        besluittypen=names, deelzaaktypen=[deel["identificatie"], "ZT-WEG"], gerelateerdeZaaktypen=related
    )
    switch(catalogi_strict_names=True)
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {
        ("besluittypen.2", "does_not_exist"),
        ("besluittypen.3", "does_not_exist"),
        ("deelzaaktypen.1", "does_not_exist"),
        ("gerelateerdeZaaktypen.1.zaaktype", "does_not_exist"),
    }
    ziot = await body_of("zaaktype-informatieobjecttypen", beheer, deel["url"])
    answer = await beheer.api.post(f"{ROOT}/zaaktype-informatieobjecttypen", ziot)
    assert error_set(answer) == {("informatieobjecttype", "does_not_exist")}
    await beheer.ziot(deel["url"], document["omschrijving"])
    assert (await beheer.api.patch(besluit["url"], {"eindeGeldigheid": "2040-01-01"})).status_code == 200


async def test_strict_names_let_an_import_bring_its_types(api: Client, lijst: Selectielijst, switch: Switch) -> None:
    switch(catalogi_strict_names=True, catalogi_strict_dates=True)
    assert (await send(api, small(lijst, "STRIK"))).status_code == 200


# --- Announcing that a type was published ---


async def test_publishing_can_be_announced(maak: Maak, stack: Stack, switch: Switch) -> None:
    made = await maak.concept()
    switch(catalogi_announce_publish=True)
    async with noted(stack) as about:
        await maak.publiceer(made["url"])
        await maak.publiceer(made["url"])
        messages = await about(made["url"])
    assert [(m["kanaal"], m["actie"], m["resource"]) for m in messages] == [("zaaktypen", "partial_update", "zaaktype")]


# --- The selection list under another address, and behind a header ---


async def test_ztc_002d_procestypen_by_uuid(beheer: Maak, lijst: Selectielijst, stack: Stack, switch: Switch) -> None:
    """The zaaktype refers to the public register, and the class of the result to a copy of it."""
    klasse = beheer.klasse()
    public = klasse["procesType"].replace(lijst.root, "https://lijst.example.nl/api/v1")
    async with stack.admin() as admin:
        await admin.execute(
            "INSERT INTO deventer_catalogi.selectielijst (url, content) SELECT $1, content FROM "
            "deventer_catalogi.selectielijst WHERE content ? 'procesobject' LIMIT 1",
            public,
        )
    zaaktype = (await beheer.concept(selectielijstProcestype=public))["url"]
    body = beheer.resultaattype_body(zaaktype)
    assert error_set(await beheer.api.post(f"{ROOT}/resultaattypen", body)) == {(OBJECT, "procestype-mismatch")}
    switch(selectielijst_by_uuid=True)
    assert (await beheer.api.post(f"{ROOT}/resultaattypen", body)).status_code == 201


async def test_the_header_goes_to_the_register(
    beheer: Maak, lijst: Selectielijst, stack: Stack, switch: Switch
) -> None:
    switch(selectielijst_header=SecretStr("Authorization: Token geheim"))
    async with stack.admin() as admin:
        await admin.execute("DELETE FROM deventer_catalogi.selectielijst")
    lijst.authorization.clear()
    await beheer.concept()
    assert lijst.authorization == ["Token geheim"]
    lijst.authorization.clear()
    async with stack.admin() as admin:
        await laad(admin, ["raalte"], lijst.root, headers=headers_for(stack.standalone.services["catalogi"].settings))
    assert set(lijst.authorization) == {"Token geheim"}
