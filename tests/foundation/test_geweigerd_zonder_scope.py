"""A client that has the scope of a write for no type at all is told the type as well: that which it names, or that of
an object that it may read."""

import uuid
from typing import Any

import pytest

from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.foundation.geweigerd import COLLECTIONS, body_of
from tests.maak import Maak, Types
from tests.stack import Client, Stack
from zgw.denied import MEMBER


async def reader(stack: Stack, service: str, types: Types) -> Client:
    """Return a client that may only read openbare objects of a type."""
    _, component, kind = COLLECTIONS[service]
    grant = {"component": component, "scopes": [f"{service}.lezen"], kind: body_of(service, types)[kind]}
    level = {} if component == "brc" else {"maxVertrouwelijkheidaanduiding": "openbaar"}
    return await stack.add_client("deventer", f"lezer-{uuid.uuid4()}", [{**grant, **level}])


def told(answer: Any) -> dict[str, Any]:
    """Return the autorisatie that a 403 tells to be missing."""
    assert answer.status_code == 403, answer.text
    found: dict[str, Any] = answer.json()[MEMBER]
    assert all(str(found[kind]) in answer.json()["detail"] for kind in found if kind.endswith("type"))
    return found


@pytest.mark.parametrize("service", COLLECTIONS)
async def test_the_type_is_told(stack: Stack, api: Client, maak: Maak, service: str) -> None:
    (url, component, kind), types = COLLECTIONS[service], await maak.zaaktype()
    sent = body_of(service, types)
    made, client = await api.created(url, sent), await reader(stack, service, types)
    about = {"component": component, kind: sent[kind]}
    if service != "besluiten":
        about["maxVertrouwelijkheidaanduiding"] = "openbaar"
    assert told(await client.post(url, sent)) == {**about, "scopes": [f"{service}.aanmaken"]}
    # A body in another spelling, or with other errors, is still about this type.
    wrong = {**sent, "startdatum": "gisteren", "datum": "gisteren", "titel": []}
    assert about.items() <= told(await client.post(url, wrong)).items()
    for method in ("PATCH", "PUT", "DELETE"):
        answer = await client.request(method, made["url"], json=None if method == "DELETE" else sent)
        assert about.items() <= told(answer).items()
    if service == "documenten":
        assert about.items() <= told(await client.post(f"{made['url']}/lock", {})).items()
    assert about.items() <= told(await client.get(f"{made['url']}/audittrail")).items()


async def test_the_level_that_was_sent_is_told(stack: Stack, maak: Maak) -> None:
    types = await maak.zaaktype()
    client = await reader(stack, "zaken", types)
    sent = zaak_body(types.url) | {"vertrouwelijkheidaanduiding": "geheim"}
    found = told(await client.post("/zaken/api/v1/zaken", sent))
    assert found["maxVertrouwelijkheidaanduiding"] == "geheim"


async def test_of_what_belongs_to_a_zaak_that_of_the_zaak_is_told(stack: Stack, api: Client, maak: Maak) -> None:
    types = await maak.zaaktype()
    zaak = await api.created("/zaken/api/v1/zaken", zaak_body(types.url))
    resultaat = {"zaak": zaak["url"], "resultaattype": types.resultaattypen[0]}
    made = await api.created("/zaken/api/v1/resultaten", resultaat)
    client = await reader(stack, "zaken", types)
    about = {"component": "zrc", "zaaktype": types.url, "maxVertrouwelijkheidaanduiding": "openbaar"}
    for answer in (
        await client.post("/zaken/api/v1/resultaten", resultaat),
        await client.post(f"{zaak['url']}/zaakeigenschappen", {}),
        await client.patch(made["url"], {"toelichting": "x"}),
        await client.delete(made["url"]),
    ):
        assert about.items() <= told(answer).items()


async def test_of_several_objects_at_once_too(stack: Stack, api: Client, maak: Maak) -> None:
    types = await maak.zaaktype()
    zaak = await api.created("/zaken/api/v1/zaken", zaak_body(types.url))
    client = await reader(stack, "zaken", types)
    zaakmember = {"zaak": zaak_body(types.url), "rollen": [], "status": {}}
    for path in ("zaak_registreren", f"zaak_bijwerken/{zaak['uuid']}", f"zaak_afsluiten/{zaak['uuid']}"):
        answer = await client.post(f"/zaken/api/v1/{path}", zaakmember)
        assert told(answer)["zaaktype"] == types.url
    client = await reader(stack, "documenten", types)
    both = {"enkelvoudiginformatieobject": document_body(types.informatieobjecttype), "zaakinformatieobject": {}}
    answer = await client.post("/documenten/api/v1/document_registreren", both)
    assert told(answer)["informatieobjecttype"] == types.informatieobjecttype
    client = await reader(stack, "besluiten", types)
    decided = {"besluit": body_of("besluiten", types), "besluitinformatieobjecten": []}
    assert told(await client.post("/besluiten/api/v1/besluit_verwerken", decided))["besluittype"] == types.besluittype


@pytest.mark.parametrize("service", COLLECTIONS)
async def test_of_a_hidden_object_only_the_scope_is_told(stack: Stack, api: Client, maak: Maak, service: str) -> None:
    """As of one that is not there, and of a body that cannot be read or names no type that there is."""
    (url, component, kind), mine, other = COLLECTIONS[service], await maak.zaaktype(), await maak.zaaktype()
    hidden, client = await api.created(url, body_of(service, other)), await reader(stack, service, mine)
    missing, nowhere = f"{url}/{uuid.uuid4()}", f"{mine.url.rpartition('/')[0]}/{uuid.uuid4()}"
    for answer in (
        await client.patch(hidden["url"], {}),
        await client.delete(hidden["url"]),
        await client.patch(missing, {}),
        await client.post(url, {kind: nowhere} if service == "zaken" else {}),
        await client.post(url, {kind: 5}),
        await client.post(url, {}),
        await client.request("POST", url, content=b"{", headers={"Content-Type": "application/json"}),
    ):
        assert told(answer).keys() == {"component", "scopes"}, answer.text
        assert told(answer)["component"] == component
