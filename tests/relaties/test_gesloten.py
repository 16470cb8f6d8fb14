"""zrc-007: a besluit of a zaak that is closed after the Besluiten API looked at it (B9)."""

import asyncio
import uuid
from collections.abc import Callable
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


WRITES: dict[str, Callable[[Werk, str, str], tuple[str, str, Any]]] = {
    "create": lambda werk, zaak, besluit: ("POST", BESLUITEN, werk.body(zaak=zaak)),
    "change": lambda werk, zaak, besluit: ("PATCH", besluit, {"toelichting": "anders"}),
    "other dates": lambda werk, zaak, besluit: ("PATCH", besluit, {"ingangsdatum": "2024-05-05"}),
    "link": lambda werk, zaak, besluit: ("PATCH", besluit, {"zaak": zaak}),
    "unlink": lambda werk, zaak, besluit: ("PATCH", besluit, {"zaak": ""}),
    "delete": lambda werk, zaak, besluit: ("DELETE", besluit, None),
}
"""Writes of a besluit, in the zaak that closes unless it is to be linked."""


@pytest.mark.parametrize("write", [write for write in WRITES if write != "change"])
async def test_zrc_007_who_may_force_writes_a_besluit_while_its_zaak_closes(
    werk: Werk, stack: Stack, write: str
) -> None:
    client = await rights(werk, stack, "zaken.lezen", "zaken.geforceerd-bijwerken")
    zaak = await werk.zaak()
    besluit = await werk.besluit(**({"zaak": zaak} if write != "link" else {}))
    answer = await while_it_closes(stack, client, zaak, *WRITES[write](werk, zaak, besluit["url"]))
    assert answer.status_code in (200, 201, 204), answer.text


async def test_zrc_007_who_may_force_waits_for_nobody_to_change_a_besluit(werk: Werk, stack: Stack) -> None:
    client = await rights(werk, stack, "zaken.lezen", "zaken.geforceerd-bijwerken")
    zaak = await werk.zaak()
    besluit = await werk.besluit(zaak=zaak)
    async with transaction(stack) as closing:
        await closing.execute("UPDATE zaak SET einddatum = '2026-03-01' WHERE uuid = $1::uuid", zaak[-36:])
        assert (await client.patch(besluit["url"], {"toelichting": "anders"})).status_code == 200


@pytest.mark.parametrize("write", WRITES)
async def test_zrc_007_a_besluit_while_its_zaak_closes(werk: Werk, stack: Stack, write: str) -> None:
    client = await rights(werk, stack, "zaken.lezen")
    zaak, document = await werk.zaak(), await werk.document()
    besluit = await werk.besluit(**({"zaak": zaak} if write != "link" else {}))
    bio = await werk.bio(besluit["url"], document)
    trail = (await werk.api.get(f"{besluit['url']}/audittrail")).json()
    request = WRITES[write](werk, zaak, besluit["url"])
    answer = await while_it_closes(stack, client, zaak, *request)
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
