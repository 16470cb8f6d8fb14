"""A 403 for a type, or a level of a type, names what the client sent; one for an object that it may not see names
nothing."""

import uuid
from typing import Any

import pytest

from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak, Types
from tests.stack import Client, Stack

COLLECTIONS = {
    "zaken": ("/zaken/api/v1/zaken", "zrc", "zaaktype"),
    "documenten": ("/documenten/api/v1/enkelvoudiginformatieobjecten", "drc", "informatieobjecttype"),
    "besluiten": ("/besluiten/api/v1/besluiten", "brc", "besluittype"),
}


def body_of(service: str, types: Types, **changes: Any) -> dict[str, Any]:
    """Return what makes a main object of the type of ``types``."""
    if service == "zaken":
        return {**zaak_body(types.url), **changes}
    if service == "documenten":
        return document_body(types.informatieobjecttype, **changes)
    return {
        "verantwoordelijkeOrganisatie": "517439943",
        "besluittype": types.besluittype,
        "datum": "2026-01-01",
        "ingangsdatum": "2026-01-01",
        **changes,
    }


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
    named = body_of(service, other)[kind]
    answer = await client.post(url, {**body_of(service, other), **wrong})
    assert (answer.status_code, answer.json()["detail"]) == (403, f"Het {kind} {named} valt buiten uw autorisaties.")
    if service != "besluiten":
        sent = {**body_of(service, mine, vertrouwelijkheidaanduiding="geheim"), **wrong}
        answer = await client.post(url, sent)
        detail = f"De vertrouwelijkheidaanduiding geheim van {kind} {sent[kind]} valt buiten uw autorisaties."
        assert (answer.status_code, answer.json()["detail"]) == (403, detail)
    # What is there and not for this client is not described.
    hidden = await api.created(url, body_of(service, other))
    for method in ("GET", "PATCH"):
        answer = await client.request(method, hidden["url"], json={} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["detail"]) == (403, "")
