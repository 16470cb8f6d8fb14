"""The number of documents in lists is exact at each moment, without counting (docs/adr/0008)."""

import asyncio
import uuid
from typing import Any

import pytest

from services.documenten.document_velden import COUNTS
from tests.documenten.maak_document import EIO, b64, document, informatieobjecttype, ontgrendel, vergrendel
from tests.documenten.opslag import rows, service_of
from tests.kept_counts import check_counts
from tests.stack import Client, Stack
from tests.waiting import until
from zgw import counts, pages


async def reader(stack: Stack, kind: str, cap: str = "zeer_geheim", **extra: Any) -> Client:
    """Return a client that may read documents of one type."""
    grant = {"component": "drc", "scopes": ["documenten.lezen"], "informatieobjecttype": kind}
    grants = [{**grant, "maxVertrouwelijkheidaanduiding": cap}]
    return await stack.add_client("deventer", f"teller-{uuid.uuid4()}", grants, **extra)


async def count(client: Client, query: str = "") -> int:
    """Return the number of documents that a client gets, and check that it gets so many."""
    found = (await client.get(f"{EIO}?pageSize=500{query}")).json()
    assert found["count"] == len(found["results"])
    return int(found["count"])


async def exact(stack: Stack) -> None:
    """Check the numbers against the documents themselves."""
    async with stack.admin() as admin:
        await check_counts(admin, COUNTS, "deventer_documenten")


async def test_the_number_follows_every_change(stack: Stack, api: Client) -> None:
    one, two = await informatieobjecttype(api), await informatieobjecttype(api)
    first, low, second = await reader(stack, one), await reader(stack, one, "openbaar"), await reader(stack, two)
    public = await reader(stack, one, alleenIsGereedVoorPublicatie=True)
    made = [await document(api, informatieobjecttype=one) for _ in range(4)]
    other = await document(api, informatieobjecttype=one, bronorganisatie="000000000")

    async def counts() -> tuple[int, ...]:
        return tuple([await count(each) for each in (first, low, second, public)])

    assert await counts() == (5, 5, 0, 0)
    assert await count(first, "&bronorganisatie=000000000") == 1
    assert await count(first, f"&identificatie={made[0]['identificatie']}") == 1
    for each, change in (
        (made[0], {"vertrouwelijkheidaanduiding": "geheim"}),
        (made[1], {"informatieobjecttype": two}),
        (made[2], {"isGereedVoorPublicatie": True}),
        (made[3], {"bronorganisatie": "000000000", "inhoud": b64(b"telt niet")}),
    ):
        lock = await vergrendel(api, each)
        assert (await api.patch(each["url"], {"lock": lock, **change})).status_code == 200
        await ontgrendel(api, each, lock)
    assert await counts() == (4, 3, 1, 1)
    assert await count(first, "&bronorganisatie=000000000") == 2
    await COUNTS.fold(service_of(stack), "deventer")
    assert await counts() == (4, 3, 1, 1)
    for each in (made[0], other):
        assert (await api.delete(each["url"])).status_code == 204
    assert await counts() == (2, 2, 1, 1)
    await exact(stack)


async def test_the_number_is_exact_while_it_is_folded(stack: Stack, api: Client) -> None:
    kind = await informatieobjecttype(api)
    client = await reader(stack, kind)

    async def busy() -> None:
        made = await document(api, informatieobjecttype=kind)
        assert (await api.delete(made["url"])).status_code == 204
        await document(api, informatieobjecttype=kind)

    folding = (COUNTS.fold(service_of(stack), "deventer") for _ in range(5))
    await asyncio.gather(*folding, *(busy() for _ in range(5)))
    assert await count(client) == 5
    await exact(stack)


async def test_a_reader_that_finds_much_has_it_folded(
    stack: Stack, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = await informatieobjecttype(api)
    await document(api, informatieobjecttype=kind)
    client = await reader(stack, kind)
    assert await rows(stack, "SELECT FROM counts_delta")
    monkeypatch.setattr(counts, "FOLD_FROM", 1)

    async def folded() -> bool:
        await count(client)
        return not await rows(stack, "SELECT FROM counts_delta")

    await until(folded, "nothing was folded")
    await exact(stack)


async def test_deep_pages_continue_where_the_one_before_ended(
    stack: Stack, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = await informatieobjecttype(api)
    client = await reader(stack, kind)
    made = [(await document(api, informatieobjecttype=kind))["url"] for _ in range(7)]
    assert (await api.delete(made.pop(2))).status_code == 204
    # As if a block held four documents, and as if there were too many to look all of them up.
    monkeypatch.setattr(counts, "BLOCK", 4)
    monkeypatch.setattr(pages, "FEW", 0)
    await recount(stack)
    found: list[str] = []
    for page in range(2, 4):
        found += [item["url"] for item in (await client.get(f"{EIO}?pageSize=2&page={page}")).json()["results"]]
    assert found == made[::-1][2:]
    assert (await client.get(f"{EIO}?pageSize=2&page=4")).status_code == 404
    monkeypatch.undo()
    await recount(stack)
    await exact(stack)


async def recount(stack: Stack) -> None:
    """Count anew, with blocks of the size that they have now."""
    async with stack.admin() as admin:
        await admin.execute("SET search_path TO deventer_documenten")
        for statement in COUNTS.recount():
            await admin.execute(statement)
