"""An abonnement belongs to the client that made it: others get neither its credentials nor its messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from beheer import tenants
from tests.aanval.luisteraars import ABONNEMENT, body, consumer, notifying
from tests.answers import errors
from tests.notificaties.webhooks import AUTH, Webhook, listening
from tests.stack import Client, Stack

MOST = 6


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Samenzaak in which a client may have six abonnementen."""
    async with notifying(tmp_path_factory, "aanval_abo", callbacks_per_client=MOST) as stack:
        yield stack


@pytest.fixture(scope="module")
async def api(stack: Stack) -> Client:
    """A client with all rights."""
    return await stack.add_client("deventer", "alles-deventer")


@pytest.fixture(scope="module")
async def owner(stack: Stack) -> Client:
    """The client whose abonnement is attacked."""
    return await consumer(stack, "eigenaar")


@pytest.fixture(scope="module")
async def stranger(stack: Stack) -> Client:
    """Another client with the same rights."""
    return await consumer(stack, "vreemde")


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """The subscriber of the owner."""
    async with listening() as found:
        yield found


@pytest.fixture
async def abonnement(owner: Client, webhook: Webhook) -> AsyncIterator[dict[str, Any]]:
    """The abonnement of the owner."""
    made = await owner.created(ABONNEMENT, body(webhook))
    yield made
    await owner.delete(made["url"])


async def test_another_client_does_not_see_it(stranger: Client, abonnement: dict[str, Any]) -> None:
    assert (await stranger.get(ABONNEMENT)).json() == []
    found = await stranger.get(abonnement["url"])
    assert found.status_code == 403
    assert abonnement["callbackUrl"] not in found.text


async def test_another_client_does_not_change_or_remove_it(
    stranger: Client, owner: Client, webhook: Webhook, abonnement: dict[str, Any]
) -> None:
    async with listening() as theirs:
        webhook.tests.clear()
        attempts: list[tuple[str, Any]] = [
            ("PATCH", {"callbackUrl": theirs.url}),
            ("PATCH", {"kanalen": []}),
            ("PATCH", {}),
            ("PATCH", {"callbackUrl": ""}),
            ("PUT", body(theirs)),
            ("DELETE", None),
        ]
        for method, sent in attempts:
            assert (await stranger.request(method, abonnement["url"], json=sent)).status_code == 403
        assert theirs.tests == webhook.tests == []
    assert (await owner.get(abonnement["url"])).json() == abonnement


async def test_the_same_callback_says_nothing_of_another_client(
    stranger: Client, webhook: Webhook, abonnement: dict[str, Any]
) -> None:
    """Whether somebody else is subscribed there already cannot be found out."""
    made = await stranger.created(ABONNEMENT, body(webhook))
    assert (await stranger.get(ABONNEMENT)).json() == [made]
    assert (await stranger.delete(made["url"])).status_code == 204


async def test_a_client_with_all_rights_manages_all(
    api: Client,
    owner: Client,
    abonnement: dict[str, Any],
) -> None:
    assert abonnement in (await api.get(ABONNEMENT)).json()
    changed = await api.patch(abonnement["url"], {"kanalen": []})
    assert changed.json() == {**abonnement, "kanalen": []}
    # It stays that of who made it.
    assert (await owner.get(abonnement["url"])).json() == changed.json()


@pytest.mark.parametrize("check", ["owner", "api"])
async def test_a_callback_elsewhere_needs_auth(
    check: str, request: pytest.FixtureRequest, webhook: Webhook, abonnement: dict[str, Any]
) -> None:
    """The stored Authorization header goes to nobody else than the one that it was agreed with."""
    client: Client = request.getfixturevalue(check)
    async with listening() as theirs:
        webhook.tests.clear()
        port = theirs.url.split(":")[2]
        for url in (
            theirs.url,
            theirs.url.replace("http:", "HTTP:"),
            webhook.url.replace("127.0.0.1", "localhost"),
            webhook.url.replace("http:", "https:"),
            f"http://127.0.0.1:0{port}",
            # What one reads as the host of the owner and another as that of the attacker.
            webhook.url.replace("/webhook", f"\\@127.0.0.1:{port}"),
        ):
            answer = await client.patch(abonnement["url"], {"callbackUrl": url})
            assert ("auth", "required") in errors(answer), url
        assert theirs.tests == []
        without = {name: value for name, value in body(theirs).items() if name != "auth"}
        assert errors(await client.put(abonnement["url"], without)) == [("auth", "required")]
        theirs.auth = "Bearer nieuw"
        moved = await client.patch(abonnement["url"], {"callbackUrl": theirs.url, "auth": "Bearer nieuw"})
        assert moved.status_code == 200, moved.text
        assert theirs.tests == [None, "Bearer nieuw"]
        assert AUTH not in theirs.tests


async def test_another_path_of_the_same_host_does_not(
    owner: Client, webhook: Webhook, abonnement: dict[str, Any]
) -> None:
    webhook.tests.clear()
    moved = await owner.patch(abonnement["url"], {"callbackUrl": webhook.url.replace("http:", "HTTP:") + "/2"})
    assert moved.status_code == 200, moved.text
    assert webhook.tests == [None, AUTH]


async def test_a_client_has_a_maximum(stack: Stack, webhook: Webhook) -> None:
    """Also of those that are made at the same time; what it removes makes place."""
    many = await consumer(stack, "veel")
    answers = await asyncio.gather(*(many.post(ABONNEMENT, body(webhook)) for _ in range(MOST + 4)))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(made) == MOST
    webhook.tests.clear()
    assert errors(await many.post(ABONNEMENT, body(webhook))) == [("nonFieldErrors", "too-many-abonnementen")]
    # It is refused before anybody is called.
    assert webhook.tests == []
    assert (await many.put(made[0]["url"], body(webhook))).status_code == 200
    assert (await many.delete(made[0]["url"])).status_code == 204
    assert (await many.post(ABONNEMENT, body(webhook))).status_code == 201
    # Another one has its own.
    other = await consumer(stack, "weinig")
    assert (await other.post(ABONNEMENT, body(webhook))).status_code == 201


async def test_a_client_that_is_removed_is_not_told_anything(stack: Stack, api: Client) -> None:
    """Nor is who gets its client_id later, and the abonnementen of others stay."""
    leaver = await consumer(stack, "vertrekt")
    async with listening() as theirs, listening() as ours:
        kanaal = (await api.created("/notificaties/api/v1/kanaal", {"naam": "vertrek", "filters": []}))["naam"]
        kanalen = [{"naam": kanaal, "filters": {}}]
        mine = await leaver.created(ABONNEMENT, body(theirs, kanalen=kanalen))
        other = await api.created(ABONNEMENT, body(ours, kanalen=kanalen))
        message = {
            "kanaal": kanaal,
            "hoofdObject": "http://x.example/1",
            "resource": "x",
            "resourceUrl": "http://x.example/1",
            "actie": "create",
            "aanmaakdatum": "2026-01-01T00:00:00Z",
            "kenmerken": {},
        }
        await api.created("/notificaties/api/v1/notificaties", message)
        await theirs.got(1)
        await ours.got(1)
        async with stack.admin() as admin:
            assert await tenants.remove_client(admin, "deventer", leaver.client_id) == 1
            with pytest.raises(LookupError):
                await tenants.remove_client(admin, "deventer", leaver.client_id)
        await api.created("/notificaties/api/v1/notificaties", {**message, "hoofdObject": "http://x.example/2"})
        await ours.got(2)
        assert len(theirs.received) == 1
        assert mine["url"] not in (await api.get(ABONNEMENT)).text
        assert (await api.get(other["url"])).json() == other
        assert (await api.delete(other["url"])).status_code == 204
