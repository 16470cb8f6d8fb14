"""zrc-007: a besluit of a zaak that is closed after the Besluiten API looked at it (B9)."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from tests.besluiten.wereld import BESLUITEN, Werk
from tests.relaties.breken import no_message
from tests.stack import Client, Stack
from tests.waiting import transaction, waiting


async def rights(werk: Werk, stack: Stack, *scopes: str) -> Client:
    """Return a client that may write besluiten, and these scopes of the Zaken API."""
    brc = ("besluiten.lezen", "besluiten.aanmaken", "besluiten.bijwerken", "besluiten.verwijderen")
    zaken = {"component": "zrc", "scopes": list(scopes), "zaaktype": werk.types.url}
    return await stack.add_client(
        "deventer",
        f"besluit-{uuid.uuid4().hex[:8]}",
        [
            {"component": "brc", "scopes": list(brc), "besluittype": werk.types.besluittype},
            {**zaken, "maxVertrouwelijkheidaanduiding": "zeer_geheim"},
        ],
    )


async def while_it_closes(stack: Stack, client: Client, zaak: str, *request: Any) -> httpx.Response:
    """Send a request that sees an open zaak and then waits for its closing."""
    async with transaction(stack) as closing:
        await closing.execute("UPDATE zaak SET einddatum = '2026-03-01' WHERE uuid = $1::uuid", zaak[-36:])
        method, url, body = request
        answer = asyncio.create_task(client.request(method, url, json=body))
        await waiting(stack)
    return await answer


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("write", ["create", "change", "other dates", "link", "unlink", "delete"])
async def test_zrc_007_a_besluit_while_its_zaak_closes(werk: Werk, stack: Stack, write: str, forced: bool) -> None:
    scopes = ["zaken.lezen", *(["zaken.geforceerd-bijwerken"] if forced else [])]
    client = await rights(werk, stack, *scopes)
    zaak, document = await werk.zaak(), await werk.document()
    besluit = await werk.besluit(**({"zaak": zaak} if write != "link" else {}))
    bio = await werk.bio(besluit["url"], document)
    trail = (await werk.api.get(f"{besluit['url']}/audittrail")).json()
    request: tuple[Any, ...] = {
        "create": ("POST", BESLUITEN, werk.body(zaak=zaak)),
        "change": ("PATCH", besluit["url"], {"toelichting": "anders"}),
        "other dates": ("PATCH", besluit["url"], {"ingangsdatum": "2024-05-05"}),
        "link": ("PATCH", besluit["url"], {"zaak": zaak}),
        "unlink": ("PATCH", besluit["url"], {"zaak": ""}),
        "delete": ("DELETE", besluit["url"], None),
    }[write]
    if forced and write == "change":
        # Nobody needs to wait for anything.
        assert (await client.request(request[0], request[1], json=request[2])).status_code == 200
        return
    answer = await while_it_closes(stack, client, zaak, *request)
    if forced:
        assert answer.status_code in (200, 201, 204), answer.text
        return
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), answer.text
    # Everything is as it was, on both sides.
    assert (await werk.api.get(besluit["url"])).json() == besluit
    assert (await werk.api.get(f"{besluit['url']}/audittrail")).json() == trail
    assert await werk.zaakbesluiten(zaak) == ([besluit["url"]] if besluit["zaak"] else [])
    assert (await werk.api.get(BESLUITEN, params={"zaak": zaak})).json()["count"] == (1 if besluit["zaak"] else 0)
    assert (await werk.api.get(bio["url"])).status_code == 200
    assert await werk.objecten(document) == [("besluit", besluit["url"])]
    assert await no_message(stack, "besluiten", '"destroy"', besluit["url"])
    # And so it stays.
    assert (await client.request(request[0], request[1], json=request[2])).status_code == 403
