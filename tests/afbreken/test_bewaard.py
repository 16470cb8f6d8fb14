"""The journal of documents, counts and caches are right after their work was cancelled, at whichever await that was."""

from typing import Any
from uuid import uuid4

import asyncpg

from runtime.identity import Caller
from services.documenten import document_velden, journal
from services.notificaties.kanaal import OwnKanalen
from services.zaken import zaak_velden
from tests.afbreken.awaits import Count, at_every_await
from tests.afbreken.rest import TENANT, at_rest
from tests.stack import PUBLIC, Client, Stack


async def test_the_journal_of_documents_forgets_nothing(
    still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    service = still.standalone.services["documenten"]
    schema = f"{TENANT}_documenten"

    async def key() -> None:
        journal.stock_of(service, TENANT).clear()
        await journal.new_key(service, TENANT)

    async def keys_are_known() -> None:
        known = {row[0] for row in await admin.fetch(f"SELECT key FROM {schema}.journal")}
        assert {one.name for one in journal.stock_of(service, TENANT)} <= known
        await at_rest(still, admin)

    counts["journal, new key"] = await at_every_await(key, keys_are_known)

    async def due() -> None:
        await admin.execute(f"INSERT INTO {schema}.journal VALUES ($1, now() - interval '1 hour')", uuid4().hex)

    async def swept() -> None:
        await journal.sweep_tenant(service, TENANT)
        assert await admin.fetchval(f"SELECT count(*) FROM {schema}.journal WHERE removable_from < now()") == 0
        await at_rest(still, admin)
        await due()

    await due()
    counts["journal, sweep"] = await at_every_await(lambda: journal.sweep_tenant(service, TENANT), swept)


async def test_counts_are_folded_by_the_next(still: Stack, admin: asyncpg.Connection, counts: dict[str, Count]) -> None:
    for name, kept in (
        ("zaken", zaak_velden.COUNTS),
        ("documenten", document_velden.COUNTS),
    ):
        service = still.standalone.services[name]

        async def right(
            service: Any = service, fold: Any = kept.fold, where: str = f"{TENANT}_{name}.counts_delta"
        ) -> None:
            await fold(service, TENANT)
            assert await admin.fetchval(f"SELECT count(*) FROM {where}") == 0
            await at_rest(still, admin)

        counts[f"counts of {name}"] = await at_every_await(lambda fold=kept.fold, s=service: fold(s, TENANT), right)  # type: ignore[misc]


async def test_what_is_remembered_of_others_is_asked_again(
    still: Stack, vendor: Client, admin: asyncpg.Connection, counts: dict[str, Count]
) -> None:
    service = still.standalone.services["zaken"]
    caller = Caller(TENANT, vendor.client_id, (PUBLIC,), "", "", "")

    async def applicatie() -> None:
        service.clients._applicaties.drop(TENANT)
        await service.clients.applicatie(caller)

    async def changed() -> None:
        found = await service.clients.applicatie(caller)
        assert found is not None
        assert found.rights("zrc", frozenset({"zaken.lezen"})) is not None
        await at_rest(still, admin)

    counts["remembered rights"] = await at_every_await(applicatie, changed)

    async def configured() -> None:
        service.externals.forget(TENANT)
        await service.externals.configured(caller)

    async def none() -> None:
        assert await service.externals.configured(caller) == []
        await at_rest(still, admin)

    counts["remembered APIs elsewhere"] = await at_every_await(configured, none)
    made: list[OwnKanalen] = []

    async def kanalen() -> None:
        made.append(OwnKanalen(still.standalone.services["notificaties"]))
        await made[-1].ensure(caller)

    async def known() -> None:
        await made[-1].ensure(caller)
        assert len(made[-1]._known) == 6
        assert {tenant for tenant, _ in made[-1]._present} == {TENANT}
        await at_rest(still, admin)

    counts["own kanalen"] = await at_every_await(kanalen, known)
