"""Autorisaties for all types of a catalogue, which name a type beside it."""

import uuid

import pytest

from services.autorisaties.applicatie import MOST
from tests.answers import errors
from tests.autorisaties.volgend import URL, body, types, zrc
from tests.maak import Maak
from tests.stack import Client


@pytest.mark.parametrize("component", ["zrc", "drc", "brc"])
async def test_a_type_beside_a_catalogue_is_of_that_catalogue(api: Client, maak: Maak, component: str) -> None:
    """What would be dropped in silence is refused."""
    catalogus, other = (await maak.catalogus())["url"], (await maak.catalogus())["url"]
    kind, make, path, word = {
        "zrc": ("zaaktype", maak.concept, "zaaktypen", "zaken"),
        "drc": ("informatieobjecttype", maak.informatieobjecttype, "informatieobjecttypen", "documenten"),
        "brc": ("besluittype", maak.besluittype, "besluittypen", "besluiten"),
    }[component]
    level = {} if component == "brc" else {"maxVertrouwelijkheidaanduiding": "openbaar"}
    grant = {"component": component, "scopes": [f"{word}.lezen"], "catalogus": catalogus, **level}
    inside, elsewhere = await make(catalogus=catalogus), await make(catalogus=other)
    root = catalogus.partition("/catalogussen/")[0]
    cases = [
        (elsewhere["url"], "invalid"),
        (f"https://catalogi.example.nl/catalogi/api/v1/{path}/{uuid.uuid4()}", "invalid"),
        (f"{root}/{path}/{uuid.uuid4()}", "bad-url"),
        (catalogus, "invalid-resource"),
    ]
    for url, code in cases:
        answer = await api.post(URL, body({**grant, kind: inside["url"]}, {**grant, kind: url}))
        assert errors(answer) == [(f"autorisaties.1.{kind}", code)], url
        if code == "invalid":
            assert answer.json()["invalidParams"][0]["reason"] == "Dit type hoort niet bij de catalogus."
    made = await api.created(URL, body({**grant, kind: inside["url"]}))
    for method in (api.put, api.patch):
        refused = await method(made["url"], {**made, "autorisaties": [{**grant, kind: elsewhere["url"]}]})
        assert errors(refused) == [(f"autorisaties.0.{kind}", "invalid")]
    assert (await api.get(made["url"])).json() == made


async def test_a_version_of_a_catalogue_that_is_gone_can_be_sent_back(api: Client, maak: Maak) -> None:
    catalogus = (await maak.catalogus())["url"]
    kept, gone = await maak.concept(catalogus=catalogus), await maak.concept(catalogus=catalogus)
    made = await api.created(URL, body(zrc(catalogus=catalogus)))
    assert set(types(made)) == {kept["url"], gone["url"]}
    assert (await api.delete(gone["url"])).status_code == 204
    for method in (api.put, api.patch):
        answer = await method(made["url"], {**made, "autorisaties": made["autorisaties"]})
        assert answer.status_code == 200, answer.text
        assert types(answer.json()) == [kept["url"]]
    # Not with a catalogue that it has no right on.
    plain = await api.created(URL, body(zrc(zaaktype=kept["url"])))
    sent = {**plain, "autorisaties": [zrc(catalogus=catalogus, zaaktype=gone["url"])]}
    assert errors(await api.put(plain["url"], sent)) == [("autorisaties.0.zaaktype", "bad-url")]


async def test_of_a_long_list_each_version_is_looked_at(api: Client, maak: Maak) -> None:
    """What may be sent back is one right, and still a wrong type in it is told, where it is."""
    catalogus, other = (await maak.catalogus())["url"], (await maak.catalogus())["url"]
    inside, elsewhere = await maak.concept(catalogus=catalogus), await maak.concept(catalogus=other)
    whole = [zrc(catalogus=catalogus, zaaktype=inside["url"])] * (MOST + 1)
    wrong = zrc(catalogus=catalogus, zaaktype=elsewhere["url"])
    answer = await api.post(URL, body(*whole, wrong))
    assert errors(answer) == [(f"autorisaties.{MOST + 1}.zaaktype", "invalid")]
    made = await api.created(URL, body(*whole))
    assert types(made) == [inside["url"]]
