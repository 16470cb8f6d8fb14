"""A 403 for want of rights names the scope, and the type and level that the client sent or may read; of an object
that it may not see it tells nothing."""

import uuid
from typing import Any

import pytest

from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.foundation.geweigerd import COLLECTIONS, body_of
from tests.maak import Maak, Types
from tests.stack import Client, Stack
from zgw.denied import MEMBER


async def limited(stack: Stack, service: str, types: Types) -> Client:
    """Return a client that may do everything with openbare objects of these types."""
    _, component, kind = COLLECTIONS[service]
    scopes = [f"{service}.{scope}" for scope in ("lezen", "aanmaken", "bijwerken")]
    grant = {"component": component, "scopes": scopes, kind: body_of(service, types)[kind]}
    level = {} if component == "brc" else {"maxVertrouwelijkheidaanduiding": "openbaar"}
    return await stack.add_client("deventer", f"beperkt-{uuid.uuid4()}", [{**grant, **level}])


@pytest.mark.parametrize("service", COLLECTIONS)
@pytest.mark.parametrize("wrong", [{}, {"toelichting": 5, "titel": [], "startdatum": "gisteren", "datum": "gisteren"}])
async def test_a_refused_type_is_named(
    stack: Stack, api: Client, maak: Maak, service: str, wrong: dict[str, Any]
) -> None:
    """Also when the body has other errors."""
    (url, _, kind), mine, other = COLLECTIONS[service], await maak.zaaktype(), await maak.zaaktype()
    client = await limited(stack, service, mine)
    named, (_, component, _) = body_of(service, other)[kind], COLLECTIONS[service]
    scope, level = f"{service}.aanmaken", "" if service == "besluiten" else "openbaar"
    answer = await client.post(url, {**body_of(service, other), **wrong})
    beginning = f"Applicatie {client.client_id} mist de scope {scope} op {kind} {named}"
    assert (answer.status_code, answer.json()["detail"].startswith(beginning)) == (403, True), answer.text
    found = answer.json()[MEMBER]
    assert found.pop("maxVertrouwelijkheidaanduiding", level) == level
    assert found == {"component": component, "scopes": [scope], kind: named}
    if service != "besluiten":
        sent = {**body_of(service, mine, vertrouwelijkheidaanduiding="geheim"), **wrong}
        answer = await client.post(url, sent)
        detail = f"Applicatie {client.client_id} mist de scope {scope} op {kind} {sent[kind]}"
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"{detail} voor vertrouwelijkheidaanduiding geheim."
        assert answer.json()[MEMBER]["maxVertrouwelijkheidaanduiding"] == "geheim"


@pytest.mark.parametrize("service", COLLECTIONS)
async def test_of_a_hidden_object_nothing_is_told(stack: Stack, api: Client, maak: Maak, service: str) -> None:
    (url, component, kind), mine, other = COLLECTIONS[service], await maak.zaaktype(), await maak.zaaktype()
    client = await limited(stack, service, mine)
    hidden = await api.created(url, body_of(service, other))
    for method, scope in (("GET", "lezen"), ("PATCH", "bijwerken")):
        answer = await client.request(method, hidden["url"], json={} if method == "PATCH" else None)
        assert answer.status_code == 403
        scopes = answer.json()[MEMBER].pop("scopes")
        assert f"{service}.{scope}" in scopes
        assert answer.json()[MEMBER] == {"component": component, "scopes": scopes}
        assert answer.json()["detail"].startswith("Dit object valt buiten de autorisaties")
        assert hidden[kind] not in answer.text


async def test_who_may_read_an_object_is_told_of_its_type(stack: Stack, api: Client, maak: Maak) -> None:
    """Also of the zaak that something belongs to, and when the zaak is closed."""
    mine, other = await maak.zaaktype(), await maak.zaaktype()
    zaak = await api.created("/zaken/api/v1/zaken", zaak_body(other.url))
    grant = {"component": "zrc", "maxVertrouwelijkheidaanduiding": "openbaar"}
    writing = ["zaken.lezen", "zaken.bijwerken", "zaken.aanmaken"]
    client = await stack.add_client(
        "deventer",
        f"leest-{uuid.uuid4()}",
        [
            {**grant, "scopes": ["zaken.lezen"], "zaaktype": other.url},
            {**grant, "scopes": writing, "zaaktype": mine.url},
        ],
    )
    about = {"zaaktype": other.url, "maxVertrouwelijkheidaanduiding": "openbaar"}
    status = {"zaak": zaak["url"], "statustype": other.statustypen[0], "datumStatusGezet": "2026-01-01T00:00:00Z"}
    for answer in (
        await client.patch(zaak["url"], {"omschrijving": "x"}),
        await client.post("/zaken/api/v1/statussen", status),
        await client.post(f"{zaak['url']}/zaakeigenschappen", {"zaak": zaak["url"]}),
        await client.delete(zaak["url"]),
    ):
        assert answer.status_code == 403, answer.text
        found = answer.json().get(MEMBER, {})
        if "zaken.verwijderen" not in found["scopes"]:
            assert about.items() <= found.items()
            assert f"op zaaktype {other.url} voor vertrouwelijkheidaanduiding openbaar" in answer.json()["detail"]
    closed = await api.created("/zaken/api/v1/zaken", zaak_body(mine.url))
    await api.created("/zaken/api/v1/resultaten", {"zaak": closed["url"], "resultaattype": mine.resultaattypen[0]})
    end = {"zaak": closed["url"], "statustype": mine.eindstatus, "datumStatusGezet": "2026-01-02T00:00:00Z"}
    await api.created("/zaken/api/v1/statussen", end)
    answer = await client.patch(closed["url"], {"omschrijving": "x"})
    assert answer.json()["detail"].startswith("De zaak is afgesloten. Applicatie ")
    assert answer.json()[MEMBER]["scopes"] == ["zaken.geforceerd-bijwerken"]
    assert answer.json()[MEMBER]["zaaktype"] == mine.url


async def test_without_the_scope_for_any_type(stack: Stack, maak: Maak) -> None:
    client = await stack.add_client("deventer", f"niets-{uuid.uuid4()}", [{"component": "zrc", "scopes": []}])
    answer = await client.get("/zaken/api/v1/zaken")
    assert (answer.status_code, answer.json()[MEMBER]) == (403, {"component": "zrc", "scopes": ["zaken.lezen"]})
    assert answer.json()["detail"] == f"Applicatie {client.client_id} mist de scope zaken.lezen."
    # ztc-014: of scopes of several APIs the one of this API is told.
    answer = await client.get("/catalogi/api/v1/zaaktypen")
    assert answer.json()[MEMBER] == {"component": "ztc", "scopes": ["catalogi.lezen"]}


async def test_what_another_service_refuses_is_passed_on(stack: Stack, api: Client, maak: Maak) -> None:
    types = await maak.zaaktype()
    grant = {"component": "zrc", "scopes": ["zaken.lezen"], "maxVertrouwelijkheidaanduiding": "openbaar"}
    client = await stack.add_client("deventer", f"expand-{uuid.uuid4()}", [{**grant, "zaaktype": types.url}])
    zaak = await api.created("/zaken/api/v1/zaken", zaak_body(types.url))
    document = await api.created(COLLECTIONS["documenten"][0], document_body(types.informatieobjecttype))
    link = {"zaak": zaak["url"], "informatieobject": document["url"]}
    await api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    answer = await client.get(f"/zaken/api/v1/zaakinformatieobjecten?zaak={zaak['url']}&expand=informatieobject")
    assert answer.status_code == 403
    assert answer.json()[MEMBER] == {"component": "drc", "scopes": ["documenten.lezen"]}
