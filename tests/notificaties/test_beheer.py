"""What the operator sees of deliveries, and does about them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from runtime.statements import Executor
from runtime.tenancy import as_tenant
from services.notificaties import control
from tests.notificaties.abonneren import kanaal_with
from tests.notificaties.conftest import WAITS
from tests.notificaties.deliveries import FAILURES, numbered, per_thing, published, subscribed, until_none_left
from tests.notificaties.webhooks import Webhook
from tests.stack import PUBLIC, Client, Stack


@asynccontextmanager
async def operator(stack: Stack) -> AsyncIterator[Executor]:
    """An administrator's connection, in a transaction."""
    async with stack.admin() as admin, as_tenant(admin, "deventer", "notificaties") as db:
        yield db


async def parked(stack: Stack, api: Client, webhook: Webhook) -> UUID:
    """Let the first of three messages of a new abonnement be parked; the others arrive."""
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda m: 400 if m["resource"] == "0" else 204
    await published(stack, "deventer", *(numbered(kanaal, 1, n) for n in range(3)))
    await webhook.got(2)
    abonnement = UUID(url.rpartition("/")[2])
    async with asyncio.timeout(60):
        while True:
            async with operator(stack) as db:
                found = await control.deliveries(db, abonnement)
            if [d.failed_since is not None for d in found] == [True]:
                return abonnement
            await asyncio.sleep(0.02)


async def test_list_show_and_stats(stack: Stack, api: Client, webhook: Webhook) -> None:
    abonnement = await parked(stack, api, webhook)
    async with operator(stack) as db:
        (row,) = [s for s in await control.subscribers(db) if s.abonnement == abonnement]
        assert (row.waiting, row.failed, row.callback_url) == (0, 1, webhook.url)
        assert row.client_id == "alles-deventer"
        assert "400" in str(row.last_error)
        (one,) = await control.deliveries(db, abonnement, only_failed=True)
        assert one.attempts == len(WAITS) + 1
        assert [(f["attempt"], f["error"]) for f in one.failures] == [(n, "400: status 400") for n in range(1, 5)]
        assert [datetime.fromisoformat(f["moment"]).utcoffset() for f in one.failures] == [timedelta(0)] * 4
        assert (await control.show(db, one.id)) == one
        assert one.message["hoofdObject"] == f"{PUBLIC}/dingen/1"
        assert await control.show(db, 0) is None
        totals = await control.stats(db)
        assert totals.failed >= 1
        assert totals.subscribers == len(await control.subscribers(db))


async def test_retry(stack: Stack, api: Client, webhook: Webhook) -> None:
    abonnement = await parked(stack, api, webhook)
    webhook.answer = lambda message: 204
    async with operator(stack) as db:
        assert await control.retry(db, await control.selected(db, abonnement)) == 1
    await webhook.got(3)
    assert per_thing(webhook.received)[f"{PUBLIC}/dingen/1"] == [1, 2, 0]


async def test_retry_gives_a_new_series_of_attempts(stack: Stack, api: Client, webhook: Webhook) -> None:
    abonnement = await parked(stack, api, webhook)
    webhook.attempts.clear()
    async with operator(stack) as db:
        await control.retry(db, await control.selected(db, abonnement))
    await webhook.until(lambda: len(webhook.attempts) == len(WAITS) + 1)


async def test_retry_of_several_messages_about_one_object(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    abonnement = UUID(url.rpartition("/")[2])
    webhook.answer = lambda m: 400 if m["resource"] in ("0", "2") else 204
    await published(stack, "deventer", *(numbered(kanaal, 1, n) for n in range(5)))
    await webhook.got(3)
    webhook.answer = lambda message: 204
    async with operator(stack) as db:
        assert await control.retry(db, await control.selected(db, abonnement)) == 2
    await webhook.got(5)
    await until_none_left(stack, url)
    assert per_thing(webhook.received)[f"{PUBLIC}/dingen/1"] == [1, 3, 4, 0, 2]


async def test_drop_lets_what_is_behind_go_on(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    abonnement = UUID(url.rpartition("/")[2])
    webhook.answer = lambda m: 400 if m["resource"] == "0" else 204
    await published(stack, "deventer", *(numbered(kanaal, 1, n) for n in range(3)))
    await webhook.until(lambda: len(webhook.attempts) >= 1)
    async with operator(stack) as db:
        first = (await control.deliveries(db, abonnement))[0]
        assert await control.drop(db, [first.id]) == 1
        assert await control.drop(db, [first.id]) == 0
    await webhook.got(2)
    assert per_thing(webhook.received)[f"{PUBLIC}/dingen/1"] == [1, 2]
    await until_none_left(stack, url)


async def test_resume_a_subscriber_that_was_mended(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda message: 503
    await published(stack, "deventer", *(numbered(kanaal, n, 0) for n in range(10)))
    await webhook.until(lambda: len(webhook.attempts) >= FAILURES)
    webhook.answer = lambda message: 204
    async with operator(stack) as db:
        await control.resume(db, UUID(url.rpartition("/")[2]))
    await webhook.got(10)
    await until_none_left(stack, url)
