"""The keys of a provider change, are taken back, cannot be fetched, or come slowly: who gets in meanwhile, for how
long, and that nobody else notices."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import issuers, keyring
from gateway.config import MAX_URI
from gateway.issuers import KINDS
from gateway.keyring import MOST_WAITING
from gateway.provider import MAX_SIZE, Provider, Source, discovery_of, is_private
from runtime.settings import Settings
from tests.gateway.conftest import World
from tests.gateway.fakes import Answer, ask, make_token
from tests.gateway.oidc import Idp, jwk_of, keycloak, provider, signed
from tests.gateway.sleutels import RSA_KEY

ZAKEN = "/zaken/api/v1/zaken"
NEXT_KEY = rsa.generate_private_key(65537, 2048)
FRESH, STALE, RETRY, TIMEOUT = 1.0, 4.0, 0.5, 3.0
"""Seconds: how long keys are fresh, how long they are used while nobody answers, between attempts, for an attempt."""
SLACK = 30.0
"""Seconds that a busy machine may add to each bound."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    own = {"issuer_keys_fresh": FRESH, "issuer_keys_stale": STALE, "outgoing_timeout": TIMEOUT}
    return settings.model_copy(update=own)


@pytest.fixture
async def idp(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Idp]:
    """A provider of Deventer."""
    monkeypatch.setattr(keyring, "RETRY_SECONDS", RETRY)
    async with provider(("k1", RSA_KEY)) as found:
        await let_in(world, found)
        yield found


async def let_in(world: World, idp: Idp, tenant: str = "deventer") -> None:
    where = {"discovery_url": discovery_of(idp.iss), "audiences": ["zgw"]}
    kind = KINDS["keycloak"]
    await issuers.set_issuer(world.db, tenant, idp.iss, "", ["RS256"], private=True, kind=kind, **where)  # type: ignore[arg-type]
    await world.heard()


async def get(world: World, token: str) -> Answer:
    return await ask(world.gateway, ZAKEN, token=token)


def old(idp: Idp, client: str = "app") -> str:
    return signed(keycloak(idp.iss, "zgw", client), RSA_KEY, "k1")


def new(idp: Idp) -> str:
    return signed(keycloak(idp.iss, "zgw", "app"), NEXT_KEY, "k2")


async def status_within(world: World, token: str, status: int, seconds: float) -> float:
    """Ask until the answer has a status; return after how many seconds it had."""
    began = time.monotonic()
    while (await get(world, token)).status != status:
        assert time.monotonic() - began < seconds, f"no {status} within {seconds} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_a_rotated_key_counts_at_once(world: World, idp: Idp) -> None:
    assert (await get(world, old(idp))).status == 200
    idp.published.append(jwk_of(NEXT_KEY, "k2"))
    # The first token with it, and the old ones go on.
    assert (await get(world, new(idp))).status == 200
    assert (await get(world, old(idp))).status == 200
    idp.published.pop(0)
    await status_within(world, old(idp), 403, FRESH + SLACK)
    assert (await get(world, new(idp))).status == 200


async def test_a_key_that_was_taken_back_is_refused_within_the_bound(world: World, idp: Idp) -> None:
    stolen = old(idp)
    assert (await get(world, stolen)).status == 200
    idp.published[:] = [jwk_of(NEXT_KEY, "k2")]
    # The same token all the time, which is remembered, and others with that key.
    seconds = await status_within(world, stolen, 403, FRESH + SLACK)
    assert (await get(world, old(idp))).code == (403, "invalid-jwt-signature")
    assert seconds <= FRESH + SLACK
    assert (await get(world, new(idp))).status == 200


async def test_a_key_that_was_taken_back_while_nobody_called_is_refused_at_once(world: World, idp: Idp) -> None:
    token = old(idp)
    assert (await get(world, token)).status == 200
    idp.published[:] = [jwk_of(NEXT_KEY, "k2")]
    await asyncio.sleep(FRESH + 0.1)
    assert (await get(world, token)).code == (403, "invalid-jwt-signature")


async def test_no_request_waits_for_keys_that_are_in_use(world: World, idp: Idp) -> None:
    """They are fetched again before they have to be, beside the requests."""
    assert (await get(world, old(idp))).status == 200
    before, end = len(idp.asked), time.monotonic() + 3 * FRESH
    while time.monotonic() < end:
        assert (await get(world, old(idp))).status == 200
        [known] = world.gateway.keyring._sets.values()
        assert known.waiting == 0
        await asyncio.sleep(0.01)
    # Each time two documents, and about twice in the time that keys are fresh.
    assert 4 <= len(idp.asked) - before <= 2 * (2 * 3 + 2)


async def test_a_flood_of_unknown_keys_asks_the_provider_once(world: World, idp: Idp) -> None:
    known = old(idp)
    assert (await get(world, known)).status == 200
    before = len(idp.asked)
    made_up = [signed(keycloak(idp.iss, "zgw", "app"), NEXT_KEY, f"unknown-{number}") for number in range(400)]
    others = [known, make_token(), old(idp), make_token("both")]

    async def flood() -> None:
        while made_up:
            assert (await get(world, made_up.pop())).code == (403, "invalid-jwt-signature")

    began = time.monotonic()
    slowest = 0.0
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(flood())
        for token in others:
            one = time.monotonic()
            assert (await get(world, token)).status == 200
            slowest = max(slowest, time.monotonic() - one)
    seconds = time.monotonic() - began
    # Once for the unknown keys; the other times are those of keys that are in use.
    assert len(idp.asked) - before <= 2 * (1 + 1 + int(2 * seconds / FRESH))
    # The others wait for their turn on this one core, but for no provider.
    assert slowest < SLACK


async def test_a_rotation_is_seen_in_spite_of_a_flood(world: World, idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "UNKNOWN_SECONDS", 60.0)
    assert (await get(world, old(idp))).status == 200
    assert (await get(world, signed(keycloak(idp.iss, "zgw", "app"), NEXT_KEY, "x"))).status == 403
    idp.published.append(jwk_of(NEXT_KEY, "k2"))
    assert (await get(world, new(idp))).status == 403
    await status_within(world, new(idp), 200, FRESH + SLACK)


async def test_known_keys_are_used_while_the_provider_is_away_but_not_for_ever(world: World, idp: Idp) -> None:
    token = old(idp)
    assert (await get(world, token)).status == 200
    began, idp.how = time.monotonic(), "down"
    while (answer := await get(world, token)).status == 200:
        assert time.monotonic() - began < STALE + SLACK
        await asyncio.sleep(0.05)
    assert time.monotonic() - began > STALE - FRESH
    assert answer.code == (503, "service_unavailable")
    assert answer.headers["retry-after"] == "5"
    # Nobody else is away, and it comes back by itself.
    assert (await get(world, make_token())).status == 200
    idp.how = ""
    await status_within(world, token, 200, RETRY + SLACK)


async def test_a_key_taken_back_during_an_outage_is_refused_after_it(world: World, idp: Idp) -> None:
    token = old(idp)
    assert (await get(world, token)).status == 200
    idp.how = "down"
    await asyncio.sleep(FRESH + 0.2)
    assert (await get(world, token)).status == 200
    idp.published[:] = [jwk_of(NEXT_KEY, "k2")]
    idp.how = ""
    await status_within(world, token, 403, RETRY + SLACK)


@pytest.mark.parametrize("how", ["down", "text", "huge", "slow"])
async def test_a_provider_that_never_told_its_keys_lets_nobody_in(
    world: World, idp: Idp, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "RETRY_SECONDS", 60.0)
    idp.how = how
    began = time.monotonic()
    assert (await get(world, old(idp))).code == (503, "service_unavailable")
    assert time.monotonic() - began < TIMEOUT + SLACK
    # Until it may be asked again nobody waits for it.
    before = len(idp.asked)
    assert (await get(world, old(idp))).code == (503, "service_unavailable")
    assert len(idp.asked) == before
    assert (await get(world, make_token())).status == 200


async def test_a_large_answer_is_broken_off(world: World, idp: Idp) -> None:
    idp.how = "huge"
    assert (await get(world, old(idp))).status == 503
    # What is on its way in the buffers of the network was sent too.
    assert idp.sent < 8 * 1024**2
    assert MAX_URI < MAX_SIZE


async def test_a_slow_provider_keeps_nobody_else(world: World, idp: Idp) -> None:
    async with provider(("k1", RSA_KEY)) as other:
        await let_in(world, other, "raalte")
        idp.how = "slow"
        world.gateway.keyring._provider._seconds = (60, 120)
        waiting = asyncio.create_task(get(world, old(idp)))
        await asyncio.sleep(0.1)
        for _ in range(20):
            assert (await get(world, make_token())).status == 200
            assert (await get(world, old(other, "raalte-app"))).status == 200
        assert not waiting.done()
        idp.released.set()
        assert (await waiting).status == 200


async def test_so_many_wait_for_a_provider_and_no_more(world: World, idp: Idp) -> None:
    idp.how = "slow"
    world.gateway.keyring._provider._seconds = (30, 60)
    assert (await get(world, make_token())).status == 200
    token = old(idp)
    asked = [asyncio.create_task(get(world, token)) for _ in range(MOST_WAITING + 20)]
    refused: set[asyncio.Task[Answer]] = set()
    while len(refused) < 20:
        refused, _ = await asyncio.wait(asked, timeout=0.2)
    assert [task.result().status for task in refused] == [503] * 20
    # Who leaves does not take the answer from the others.
    left = [task for task in asked if not task.done()]
    for task in left[: MOST_WAITING // 2]:
        task.cancel()
    idp.released.set()
    for task in left[MOST_WAITING // 2 :]:
        assert (await task).status == 200
    for task in left[: MOST_WAITING // 2]:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    [known] = world.gateway.keyring._sets.values()
    assert known.waiting == 0
    # One that is in use by then is fetched beside the requests.
    assert idp.asked.count("/realms/medewerkers/certs") <= 2


async def test_the_keys_of_a_removed_issuer_are_forgotten(world: World, idp: Idp) -> None:
    assert (await get(world, old(idp))).status == 200
    await issuers.remove_issuer(world.db, "deventer", idp.iss)
    await world.heard()
    async with provider(("k1", RSA_KEY)) as other:
        await let_in(world, other)
        assert (await get(world, old(other))).status == 200
        assert [source.iss for source in world.gateway.keyring._sets] == [other.iss]


class TestAddresses:
    """Where a provider leads: what the operator configured is fetched, and what it names only within rules."""

    @pytest.fixture
    async def fetcher(self) -> AsyncIterator[Provider]:
        made = Provider(5, 20)
        yield made
        await made.stop()

    def source(self, idp: Idp, private: bool = True) -> Source:
        return Source(idp.iss, discovery_of(idp.iss), "", private)

    async def test_a_private_address_only_where_the_operator_chose_one(self, idp: Idp, fetcher: Provider) -> None:
        assert [key.key_id for key in await fetcher.keys(self.source(idp))] == ["k1"]
        with pytest.raises(Exception, match="not allowed"):
            await fetcher.keys(self.source(idp, private=False))

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("http://127.0.0.1:1/certs", "without TLS"),
            ("https://127.0.0.1:1/certs", "not allowed"),
            ("https://169.254.169.254/latest", "not allowed"),
            ("https://[::1]/certs", "not allowed"),
            ("file:///etc/passwd", "only http"),
            ("https://user@login.nl/certs", "only http"),
            (..., "no jwks_uri"),
            (5, "no jwks_uri"),
        ],
    )
    async def test_a_document_does_not_lead_into_the_network(
        self, idp: Idp, fetcher: Provider, url: object, why: str
    ) -> None:
        idp.document["jwks_uri"] = url
        with pytest.raises(Exception, match=why):
            await fetcher.keys(self.source(idp))

    @pytest.mark.parametrize("issuer", ["https://login.elders.nl", ..., None, ["x"]])
    async def test_a_document_of_another_issuer_is_none(self, idp: Idp, fetcher: Provider, issuer: object) -> None:
        idp.document["issuer"] = issuer
        with pytest.raises(ValueError, match="the issuer there is"):
            await fetcher.keys(self.source(idp))

    async def test_redirects_stay_at_the_host(self, idp: Idp, fetcher: Provider) -> None:
        idp.how = "/moved"
        assert len(await fetcher.keys(self.source(idp))) == 1
        async with provider(("k1", RSA_KEY)) as other:
            for url in (f"{other.iss}/certs", "http://169.254.169.254/", "https://127.0.0.1:1/"):
                idp.how = url
                with pytest.raises(ValueError, match="redirects to another host"):
                    await fetcher.keys(self.source(idp))
            assert other.asked == []
        idp.how = "/again"
        with pytest.raises(ValueError, match="too often"):
            await fetcher.keys(self.source(idp))

    async def test_what_an_operator_may_name(self) -> None:
        assert await is_private("http://127.0.0.1:8080/realms/x")
        for url in ("http://169.254.169.254/x", "https://[fd00:ec2::254]/x", "http://100.100.100.200/"):
            with pytest.raises(ValueError, match="never connected to"):
                await is_private(url)
        with pytest.raises(ValueError, match="needs https"):
            await is_private("http://192.0.2.1.invalid/realms/x")
        assert not await is_private("https://login.invalid/realms/x")
