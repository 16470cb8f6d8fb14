"""A request that is cancelled at any await is carried out or leaves nothing, and the next one is right."""

from typing import Any

import asyncpg
import pytest

from beheer.relations import check_relations
from tests.afbreken.awaits import Count, at_every_await
from tests.afbreken.rest import TENANT, at_rest
from tests.besluiten.wereld import DOCUMENTEN, RSIN, ZAKEN, Werk
from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.relaties.bewerkingen import OPERATIONS, Operation
from tests.stack import Stack
from zgw import relay

MIRRORED = [
    pytest.param(one, marks=[] if one.name == "zaakinformatieobject create" else pytest.mark.long, id=one.name)
    for one in OPERATIONS
    if one.name in ("zaakinformatieobject create", "zaakinformatieobject delete", "besluit move", "zaak delete")
]
"""A write that records a relation, and the longer ones that remove or move what has relations."""

RECORDED = """
    SELECT (SELECT count(*) FROM {schema}.{table}) - (SELECT count(DISTINCT hoofdobject) FROM {schema}.audittrail),
        (SELECT count(*) FROM {schema}.{table}) - (SELECT count(*) FROM {schema}.outbox
        WHERE message ->> 'resource' = '{resource}' AND message ->> 'actie' = 'create')"""


async def test_a_write_is_whole_or_not_there(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    api = werk.api
    zaak = zaak_body(werk.types.url)
    document = document_body(werk.types.informatieobjecttype)
    for name, url, body, table, schema in (
        ("zaak", ZAKEN, zaak, "zaak", f"{TENANT}_zaken"),
        ("enkelvoudiginformatieobject", DOCUMENTEN, document, "document", f"{TENANT}_documenten"),
    ):
        query = RECORDED.format(schema=schema, table=table, resource=name)

        async def whole(query: str = query, url: str = url, body: Any = body) -> None:
            await at_rest(still, admin)
            row = await admin.fetchrow(query)
            assert row is not None
            assert tuple(row) == (0, 0)
            await api.created(url, body)
            await at_rest(still, admin)

        def made(answer: Any) -> None:
            assert answer.status_code == 201

        counts[f"POST {name}"] = await at_every_await(lambda u=url, b=body: api.post(u, b), whole, made)  # type: ignore[misc]


async def test_the_next_request_is_right(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    api, url = werk.api, await werk.zaak()
    document = await werk.document()
    number = iter(range(100_000))
    listed = {"zaaktype": werk.types.url, "expand": "zaaktype,status", "pageSize": "5"}

    async def patched() -> Any:
        return await api.patch(url, {"omschrijving": f"nummer {next(number)}"})

    async def locked() -> Any:
        answer = await api.post(f"{document}/lock")
        return await api.post(f"{document}/unlock", {"lock": answer.json().get("lock", "")})

    async def right() -> None:
        text = f"nummer {next(number)}"
        assert (await api.patch(url, {"omschrijving": text})).json()["omschrijving"] == text
        assert (await api.get(url)).json()["omschrijving"] == text
        assert (await api.post(f"{document}/unlock")).status_code in (204, 400)
        await at_rest(still, admin)

    for name, work in (
        ("GET zaak", lambda: api.get(url)),
        ("GET zaken with expand", lambda: api.get(ZAKEN, params=listed)),
        ("PATCH zaak", patched),
        ("lock and unlock a document", locked),
        ("reserve a number", lambda: api.post("/zaken/api/v1/zaaknummer_reserveren", {"bronorganisatie": RSIN})),
    ):
        counts[name] = await at_every_await(work, right)


@pytest.mark.long
@pytest.mark.parametrize("operation", MIRRORED)
async def test_a_write_with_a_mirror_is_completed_or_not_there(
    still: Stack, werk: Werk, admin: asyncpg.Connection, counts: dict[str, Count], operation: Operation
) -> None:
    requests: list[tuple[str, str, Any]] = []
    services = [still.standalone.services[name] for name in ("zaken", "besluiten")]

    async def prepare() -> None:
        requests[:] = [operation.request(await operation.prepare(werk))]
        for service in services:
            await admin.execute(f"DELETE FROM {TENANT}_{service.api.service}.outbox")

    async def work() -> Any:
        method, url, body = requests[0]
        return await werk.api.request(method, url, json=body)

    async def right() -> None:
        # What was sent to PostgreSQL before the cancellation may be carried out until its process is gone.
        await at_rest(still, admin)
        for service in services:
            table = f"{TENANT}_{service.api.service}.outbox"
            await admin.execute(f"UPDATE {table} SET held_until = now() - interval '1 second' WHERE held_until > now()")
            for _ in range(3):
                await relay._relay_batch(service, TENANT)
            assert await admin.fetch(f"SELECT * FROM {table}") == []
        assert await check_relations(admin, TENANT) == []
        await at_rest(still, admin)
        await prepare()

    await prepare()
    counts[operation.name] = await at_every_await(work, right)
