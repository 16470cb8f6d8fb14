"""Delivery: nrc-13. At least once, in order per subscriber and hoofdObject, each subscriber on its own."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from unittest import mock
from uuid import UUID

import pytest

from beheer.runner import Standalone
from runtime.identity import system_caller
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.notificaties import worker
from services.notificaties.delivery import AT_ONCE_PER_TENANT, Policy
from services.notificaties.worker import Worker
from tests.notificaties.abonneren import BERICHTEN as URL
from tests.notificaties.abonneren import abonnement as abonnement
from tests.notificaties.abonneren import bericht, kanaal_with
from tests.notificaties.conftest import WAITS
from tests.notificaties.deliveries import FAILURES, left, numbered, per_thing, published, subscribed, until_none_left
from tests.notificaties.webhooks import AUTH, Webhook, listening
from tests.stack import PUBLIC, Client, Stack
from tests.waiting import until

Answer = Callable[[dict[str, Any]], int | None]


async def state(stack: Stack, url: str) -> dict[str, Any]:
    """Return the state of a queue."""
    async with stack.admin() as admin:
        schema = schema_of("deventer", "notificaties")
        sql = f'SELECT * FROM "{schema}".queue WHERE abonnement = $1'
        row = await admin.fetchrow(sql, UUID(url.rpartition("/")[2]))
        return dict(row) if row else {}


async def until_let_go(stack: Stack, url: str) -> None:
    """Wait until no worker holds the queue of an abonnement."""

    async def ready() -> bool:
        return (await state(stack, url))["lease"] is None

    await until(ready)


def delivered_by(process: Standalone) -> int:
    """Return how many deliveries the worker of a process made."""
    found: Worker = process.services["notificaties"].state["worker"]
    return found.tally.delivered


async def test_order_is_kept_per_hoofdobject(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.seconds = 0.002
    failed: set[str] = set()

    def once_refused(message: dict[str, Any]) -> int:
        # Every fifth message fails the first time.
        key = f"{message['hoofdObject']} {message['resource']}"
        if int(message["resource"]) % 5 == 3 and key not in failed:
            failed.add(key)
            return 500
        return 204

    webhook.answer = once_refused
    for start in range(0, 20, 5):
        await published(stack, "deventer", *(numbered(kanaal, n % 8, n // 8) for n in range(start * 8, start * 8 + 40)))
    await webhook.got(160)
    assert all(numbers == list(range(20)) for numbers in per_thing(webhook.received).values())
    await until_none_left(stack, url)
    assert webhook.most_at_once <= AT_ONCE_PER_TENANT


async def test_a_failed_message_holds_up_only_its_own_hoofdobject(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    await subscribed(api, webhook, kanaal)
    refuse = {"1 0"}
    webhook.answer = lambda m: 503 if f"{m['hoofdObject'][-1]} {m['resource']}" in refuse else 204
    await published(stack, "deventer", *(numbered(kanaal, ding, n) for n in range(3) for ding in (1, 2, 3)))
    await webhook.got(6)
    assert set(per_thing(webhook.received)) == {f"{PUBLIC}/dingen/2", f"{PUBLIC}/dingen/3"}
    refuse.clear()
    await webhook.got(9)
    assert per_thing(webhook.received)[f"{PUBLIC}/dingen/1"] == [0, 1, 2]


async def test_after_the_last_attempt_a_message_is_parked_and_never_dropped(
    stack: Stack, api: Client, webhook: Webhook
) -> None:
    """nrc-13: delivery goes on until it succeeds, or until somebody has to look at it."""
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda m: 400 if m["resource"] == "0" else 204
    await published(stack, "deventer", *(numbered(kanaal, 1, n) for n in range(3)))
    await webhook.got(2)
    # What came behind the failed one goes on, in order.
    assert per_thing(webhook.received)[f"{PUBLIC}/dingen/1"] == [1, 2]
    assert len([m for m in webhook.attempts if m["resource"] == "0"]) == len(WAITS) + 1

    async def only_one_left() -> bool:
        return len(await left(stack, url)) == 1

    await until(only_one_left)
    (parked,) = await left(stack, url)
    assert parked["failed_since"] is not None
    assert parked["attempts"] == len(WAITS) + 1
    assert "400" in parked["error"]
    assert "status 400" in parked["error"]


def test_waits_last_at_least_a_day_and_grow() -> None:
    policy = Policy(Settings().delivery_waits)
    for _ in range(100):
        waits = [policy.wait(attempt) for attempt in range(1, 8)]
        assert policy.wait(8) is None
        known = [wait for wait in waits if wait is not None]
        assert len(known) == 7
        assert sum(known) >= 24 * 3600
        assert known == sorted(known)
        assert 25 <= known[0] <= 27.5
        assert 100 <= known[1] <= 110
    assert len({policy.wait(1) for _ in range(20)}) > 1
    assert 5 <= policy.pause_after(0) <= 5.5
    assert 300 <= policy.pause_after(100) <= 330


async def test_a_dead_and_a_slow_subscriber_delay_no_other(stack: Stack, api: Client) -> None:
    async with listening() as dead, listening() as slow, listening() as gone, listening() as quick:
        kanaal = await kanaal_with(api)
        urls = [await subscribed(api, hook, kanaal) for hook in (dead, slow, gone, quick)]
        dead.answer = lambda message: None
        slow.seconds = 0.5
        gone.answer = lambda message: 502
        await published(stack, "deventer", *(numbered(kanaal, n, 0) for n in range(200)))
        await quick.got(200)
        assert len(slow.received) < 100
        assert dead.received == gone.received == []
        for url in urls:
            await api.delete(url)


async def test_a_subscriber_that_is_down_is_left_alone_and_catches_up(
    stack: Stack, api: Client, webhook: Webhook
) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda message: 503
    await published(stack, "deventer", *(numbered(kanaal, n, number) for number in range(5) for n in range(40)))
    await webhook.until(lambda: len(webhook.attempts) >= FAILURES)

    async def paused() -> bool:
        return (await state(stack, url))["paused_until"] is not None

    await until(paused)
    found = await state(stack, url)
    assert found["failing_since"] is not None
    assert "503" in found["last_error"]
    # Far fewer attempts than there are messages.
    assert len(webhook.attempts) < 40
    webhook.answer = lambda message: 204
    await webhook.got(200)
    assert all(numbers == list(range(5)) for numbers in per_thing(webhook.received).values())
    await until_none_left(stack, url)

    async def recovered() -> bool:
        return (await state(stack, url))["failing_since"] is None

    await until(recovered)


async def test_pending_messages_go_to_the_changed_callback(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda message: 500
    sent = [numbered(kanaal, 1, n) for n in range(3)]
    await published(stack, "deventer", *sent)
    await webhook.until(lambda: len(webhook.attempts) >= 1)
    async with listening(Webhook(auth="Bearer nieuw")) as other:
        assert (await api.patch(url, {"callbackUrl": other.url, "auth": other.auth})).status_code == 200
        assert await other.got(3) == sent
    assert webhook.received == []


async def test_messages_of_a_removed_abonnement_are_dropped(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda message: 500
    await published(stack, "deventer", *(numbered(kanaal, 1, n) for n in range(3)))
    await webhook.until(lambda: len(webhook.attempts) >= 1)
    assert (await api.delete(url)).status_code == 204
    assert await left(stack, url) == []
    webhook.attempts.clear()
    async with listening() as other:
        await subscribed(api, other, kanaal)
        await published(stack, "deventer", numbered(kanaal, 2, 0))
        await other.got(1)
    # Longer than any wait; one was perhaps under way.
    await asyncio.sleep(max(WAITS) * 4)
    assert len(webhook.attempts) <= 1


async def test_redirects_are_not_followed(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.answer = lambda message: 307
    await published(stack, "deventer", numbered(kanaal, 1, 0))
    await webhook.until(lambda: len(webhook.attempts) >= 2)
    assert webhook.received == []
    assert (await left(stack, url))[0]["error"].startswith("307")


async def test_several_processes_share_the_work(stack: Stack, api: Client) -> None:
    # Whoever gives up waiting for an answer, or is succeeded while it waits, delivers a message twice; a busy machine
    # lets workers wait for longer than the seconds of other tests.
    patient = stack.settings.model_copy(update={"outgoing_timeout": 120.0})
    processes = [Standalone(patient, stack.dsn, ["notificaties", "autorisaties"]) for _ in range(3)]
    async with AsyncExitStack() as during:
        during.enter_context(mock.patch.object(worker, "LEASE", 240.0))
        await during.enter_async_context(stack.without_worker())
        for process in processes:
            during.push_async_callback(process.stop)
            await process.start()
        hook = await during.enter_async_context(listening())
        kanaal = await kanaal_with(api)
        hook.seconds = 0.01
        urls = [await subscribed(api, hook, kanaal) for _ in range(24)]
        for n in range(10):
            await published(stack, "deventer", *(numbered(kanaal, ding, n) for ding in range(5)))
        await hook.got(24 * 50)
        for url in urls:
            await until_none_left(stack, url)
        times = Counter((message["hoofdObject"], message["resource"]) for message in hook.received)
        assert len(times) == 50
        assert set(times.values()) == {24}
        made = [delivered_by(process) for process in processes]
        assert sum(made) == 24 * 50
        assert len([count for count in made if count]) > 1
        for url in urls:
            await api.delete(url)


async def test_a_restart_forgets_nothing(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    webhook.seconds = 0.05
    await published(stack, "deventer", *(numbered(kanaal, n % 10, n // 10) for n in range(300)))
    await webhook.got(20)
    async with stack.without_worker():
        assert (await state(stack, url))["lease"] is None
        assert await left(stack, url)
    await webhook.until(lambda: len({(m["hoofdObject"], m["resource"]) for m in webhook.received}) == 300)
    await until_none_left(stack, url)
    for numbers in per_thing(webhook.received).values():
        assert [n for i, n in enumerate(numbers) if n not in numbers[:i]] == list(range(30))


async def test_a_worker_that_died_is_succeeded_when_its_lease_ends(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    schema = schema_of("deventer", "notificaties")
    uuid = UUID(url.rpartition("/")[2])
    async with stack.admin() as admin:
        sql = f"""UPDATE "{schema}".queue SET lease = gen_random_uuid(), lease_until = now() + interval '700 ms',
            due = now() WHERE abonnement = $1"""
        await admin.execute(sql, uuid)
    start = time.monotonic()
    await published(stack, "deventer", numbered(kanaal, 1, 0))
    await webhook.got(1)
    assert time.monotonic() - start >= 0.5


async def test_an_idle_system_does_nothing(stack: Stack, api: Client, webhook: Webhook) -> None:
    kanaal = await kanaal_with(api)
    url = await subscribed(api, webhook, kanaal)
    await published(stack, "deventer", numbered(kanaal, 1, 0))
    await webhook.got(1)
    await until_none_left(stack, url)
    await until_let_go(stack, url)
    assert (await state(stack, url))["due"] is None


async def test_a_burst_of_one_municipality_does_not_hold_up_another(stack: Stack, api: Client, raalte: Client) -> None:
    async with listening() as one, listening() as two:
        kanaal = await kanaal_with(api)
        await raalte.created("/notificaties/api/v1/kanaal", {"naam": kanaal})
        url = await subscribed(api, one, kanaal)
        await subscribed(raalte, two, kanaal)
        await published(stack, "deventer", *(numbered(kanaal, n, 0) for n in range(3000)))
        await raalte.created(URL, bericht(kanaal))
        await two.got(1)
        assert len(one.received) < 3000
        await api.delete(url)


async def test_the_outbox_waits_for_notificaties_and_keeps_its_order(
    stack: Stack, api: Client, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await subscribed(api, webhook, "autorisaties")
    internal = stack.standalone.services["autorisaties"].internal
    send, refused = internal.send, 0

    async def away(caller: Any, service: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal refused
        if service == "notificaties" and refused < 2:
            refused += 1
            raise OSError("away")
        return await send(caller, service, *args, **kwargs)

    monkeypatch.setattr(internal, "send", away)
    grant = {"component": "ac", "scopes": ["autorisaties.lezen"]}
    sent = {"clientIds": [kanaal_name()], "label": "0", "autorisaties": [grant]}
    with caplog.at_level(logging.CRITICAL):
        made = await api.created("/autorisaties/api/v1/applicaties", sent)
        for n in range(1, 6):
            await api.patch(made["url"], {"label": str(n)})
        await api.delete(made["url"])

    def own() -> list[str]:
        return [m["actie"] for m in webhook.received if m["hoofdObject"] == made["url"]]

    await webhook.until(lambda: len(own()) == 7)
    assert refused == 2
    assert own() == ["create", *["partial_update"] * 5, "destroy"]


def kanaal_name() -> str:
    """Return a name that no other test uses."""
    return f"outbox-{time.monotonic_ns()}"


async def test_a_refused_message_in_an_outbox_of_ours_does_not_exist(
    stack: Stack, api: Client, webhook: Webhook
) -> None:
    """Messages of our own services are taken whatever they are: one that was refused would hold up all others."""
    kanaal = await kanaal_with(api, "kleur")
    await subscribed(api, webhook, kanaal)
    odd = bericht(kanaal, kenmerken={"heel": "anders"}, aanmaakdatum="2099-01-01T00:00:00Z")
    service = stack.standalone.services["autorisaties"]
    caller = system_caller("deventer", "autorisaties")
    messages = {"berichten": [{"bases": [PUBLIC], "message": m} for m in (bericht("bestaat-niet"), odd)]}
    answer = await service.internal.send(caller, "notificaties", "POST", "/_intern/notificaties", messages)
    assert answer.status_code == 204
    assert await webhook.got(1) == [odd]
    assert AUTH not in str(webhook.received)
