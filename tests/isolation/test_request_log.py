"""An application reads why its requests were refused by the services, and nobody reads those of another."""

import asyncio
import time
import uuid
from typing import Any

import jwt
import pytest

from gateway import registry
from gateway.config import secret_box
from tests.maak import Maak
from tests.stack import PUBLIC, Client, Stack
from tests.waiting import until

OWN = "/beheer/api/v1/verzoeken"


async def found(client: Client, **wanted: str) -> dict[str, Any]:
    """Return the one request of a client; another process may write it a second later."""
    for _ in range(100):
        answer = await client.get(OWN, params=wanted)
        assert answer.status_code == 200, answer.text
        if results := answer.json()["results"]:
            [one] = results
            return dict(one)
        await asyncio.sleep(0.1)
    raise AssertionError(f"there is no request {wanted}")


@pytest.fixture(scope="module")
async def powerless(stack: Stack) -> Client:
    """A client that nobody gave an Applicatie, and so no right."""
    client_id, secret = f"niets-{uuid.uuid4().hex[:8]}", "geheim-van-wie-niets-mag-dat-lang-genoeg-is"
    async with stack.admin() as admin:
        await registry.add_client(admin, secret_box(stack.settings), "deventer", client_id, secret)
    client = Client(stack, "deventer", client_id, secret)

    async def known() -> bool:
        return (await client.get(OWN)).status_code == 200

    await until(known, "the gateway does not hear of the client")
    return client


async def test_a_client_without_rights_reads_why(powerless: Client) -> None:
    refused = (await powerless.get("/zaken/api/v1/zaken")).json()
    entry = await found(powerless, instance=refused["instance"])
    assert (entry["status"], entry["code"], entry["weigering"]["controle"]) == (403, "permission_denied", "rechten")
    assert entry["weigering"]["laag"] == "dienst"
    assert "zaken.lezen" in entry["weigering"]["detail"]
    assert entry["weigering"]["detail"] == refused["detail"]


async def test_wrong_fields_are_named_without_what_was_sent(api: Client, maak: Maak) -> None:
    zaak = {"bronorganisatie": "jansen", "omschrijving": "geheim " * 100, "zaaktype": "http://x.test/geheim"}
    answer = await api.post("/zaken/api/v1/zaken", zaak)
    refused = answer.json()
    entry = await found(api, instance=refused["instance"])
    told = entry["weigering"]["invalidParams"]
    assert [(each["name"], each["code"]) for each in told] == [
        (each["name"], each["code"]) for each in refused["invalidParams"]
    ]
    assert len(told) > 2
    assert all(each["reason"] for each in told)
    assert "geheim" not in str(entry)
    assert "jansen" not in str(entry)
    assert entry == await found(api, requestId=answer.headers["X-Request-ID"])


async def test_personal_values_of_a_query_are_not_kept(api: Client) -> None:
    bsn = "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn"
    answer = await api.get(f"/zaken/api/v1/zaken?{bsn}=111222333&page=1")
    entry = await found(api, requestId=answer.headers["X-Request-ID"])
    assert (entry["status"], entry["query"]) == (200, f"{bsn}=***&page=1")


async def test_nobody_else_finds_it(stack: Stack, api: Client, raalte: Client, powerless: Client) -> None:
    refused = await api.get("/zaken/api/v1/zaken/x")
    wanted = {"requestId": refused.headers["X-Request-ID"]}
    await found(api, **wanted)
    namesake = await stack.add_client("raalte", api.client_id, host="http://raalte.test")
    for other in (raalte, powerless, namesake):
        assert (await other.get(OWN, params=wanted)).json()["results"] == []


async def test_a_token_that_was_refused_is_found_by_its_client_alone(
    stack: Stack, powerless: Client, raalte: Client
) -> None:
    claims = {"iss": powerless.client_id, "iat": int(time.time()), "client_id": powerless.client_id}
    forged = jwt.encode(claims, "een-heel-ander-geheim-dat-lang-genoeg-is", "HS256")
    refused = await powerless.get("/zaken/api/v1/zaken", headers={"Authorization": f"Bearer {forged}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "invalid-jwt-signature")
    entry = await found(powerless, instance=refused.json()["instance"])
    assert (entry["geverifieerd"], entry["weigering"]["controle"]) == (False, "token")
    assert (await raalte.get(OWN, params={"instance": refused.json()["instance"]})).json()["results"] == []
    with_forged = await powerless.get(OWN, headers={"Authorization": f"Bearer {forged}"})
    assert (with_forged.status_code, PUBLIC in with_forged.json()["type"]) == (403, True)
