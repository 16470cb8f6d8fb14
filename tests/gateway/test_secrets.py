"""Two secrets of a client, so that one follows the other without an outage: ends, last use, and what a release before
sees of them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway import registry as registries
from gateway import secrets, tokens
from gateway.config import secret_box
from gateway.snapshot import Secret
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, SECRET, Answer, ask, make_token
from tests.patching import sees

ZAKEN = "/zaken/api/v1/zaken"
DAY = timedelta(days=1)


async def get(world: World, secret: str, client: str = "app") -> Answer:
    return await ask(world.gateway, ZAKEN, token=make_token(client, secret))


async def add(world: World, *args: Any, **values: Any) -> tuple[Secret, str]:
    made = await registries.add_secret(world.db, secret_box(world.settings), "deventer", "app", *args, **values)
    await world.heard()
    return made


async def known(world: World, client: str = "app") -> list[Secret]:
    return list((await registries.find_client(world.db, "deventer", client)).secrets)


async def test_a_secret_follows_another_without_an_outage(world: World) -> None:
    assert (await get(world, SECRET)).status == 200
    made, text = await add(world)
    assert len(text) >= 32
    for secret in (SECRET, text):
        assert (await get(world, secret)).status == 200
    [first, second] = await known(world)
    assert (second.name, second.made) == (made.name, made.made)
    await registries.revoke_secret(world.db, "deventer", "app", first.name)
    began = time.monotonic()
    while (answer := await get(world, SECRET)).status == 200:
        assert time.monotonic() - began < 60
        await asyncio.sleep(0.005)
    assert answer.code == (403, "invalid-jwt-signature")
    assert (await get(world, text)).status == 200
    with pytest.raises(LookupError):
        await registries.revoke_secret(world.db, "deventer", "app", first.name)


async def test_there_are_two_at_most_and_each_is_its_own(world: World) -> None:
    with pytest.raises(ValueError, match="has this secret already"):
        await add(world, SECRET)
    with pytest.raises(ValueError, match="has the same secret"):
        await registries.add_secret(world.db, secret_box(world.settings), "raalte", "both", SECRET)
    for wrong in ("", "  "):
        with pytest.raises(ValueError, match="empty"):
            await add(world, wrong)
    with pytest.raises(ValueError, match="key pair"):
        await add(world, "-----BEGIN PUBLIC KEY-----")
    with pytest.raises(ValueError, match="in the past"):
        await add(world, expires=datetime.now(UTC) - DAY)
    with pytest.raises(ValueError, match="no name"):
        await add(world, name="twee woorden")
    with pytest.raises(LookupError):
        await registries.add_secret(world.db, secret_box(world.settings), "deventer", "nobody")
    made, text = await add(world, name="next")
    assert made.name == "next"
    with pytest.raises(ValueError, match="and next already; revoke"):
        await add(world)
    # What the second one is counts at other municipalities too.
    with pytest.raises(ValueError, match="has the same secret"):
        await registries.add_client(world.db, secret_box(world.settings), "raalte", "app", text)


async def test_two_operators_do_not_make_a_third(world: World, admin_dsn: str) -> None:
    other = await asyncpg.connect(admin_dsn)
    try:
        box = secret_box(world.settings)
        done = await asyncio.gather(
            *(registries.add_secret(db, box, "deventer", "app") for db in (world.db, other)), return_exceptions=True
        )
    finally:
        await other.close()
    assert sorted(isinstance(one, ValueError) for one in done) == [False, True]
    assert len(await known(world)) == 2


async def test_an_expired_secret_is_refused_and_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made, text = await add(world, OTHER_SECRET + "x", expires=datetime.now(UTC) + 10 * DAY, name="kort")
    token, old = make_token(secret=text), make_token()
    assert (await ask(world.gateway, ZAKEN, token=token)).status == 200
    assert made.expires is not None
    # Also a token that is remembered.
    began, clock = time.time(), time.monotonic()
    late = 10 * 86400 + 1
    sees(monkeypatch, tokens, "time", time=lambda: began + late, monotonic=lambda: clock + late)
    fresh = make_token(secret=text, iat=int(began + late))
    for each in (token, fresh):
        answer = await ask(world.gateway, ZAKEN, token=each)
        assert answer.code == (403, "expired-secret")
        assert "Het secret kort" in answer.json["detail"]
        assert f"{made.expires:%d-%m-%Y}" in answer.json["detail"]
    assert (await ask(world.gateway, ZAKEN, token=old)).code == (403, "jwt-expired")
    assert (await ask(world.gateway, ZAKEN, token=make_token(iat=int(began + late)))).status == 200
    # Who does not have the secret hears what every stranger hears.
    wrong = make_token(secret="y" * 40, iat=int(began + late))
    assert (await ask(world.gateway, ZAKEN, token=wrong)).code == (403, "invalid-jwt-signature")


async def test_an_expired_secret_makes_place(world: World) -> None:
    await add(world, name="kort", expires=datetime.now(UTC) + timedelta(seconds=0.2))
    await asyncio.sleep(0.3)
    await add(world, name="lang")
    assert [secret.name for secret in await known(world)][1:] == ["lang"]


async def test_the_last_use_is_known_of_each(world: World) -> None:
    _, text = await add(world, name="next")
    assert [secret.used for secret in await known(world)] == [None, None]
    await world.registry.save_uses()
    assert (await get(world, text)).status == 200
    assert (await get(world, "y" * 40)).status == 403
    await world.registry.save_uses()
    [first, second] = await known(world)
    assert first.used is None
    assert second.used is not None
    assert abs(second.used - datetime.now(UTC)) < timedelta(seconds=30)
    # What is used while others change something is not lost.
    assert (await get(world, SECRET)).status == 200
    await registries.add_client(world.db, secret_box(world.settings), "raalte", "nieuw")
    await world.heard()
    assert (await get(world, text)).status == 200
    await world.registry.save_uses()
    [first, again] = await known(world)
    assert first.used is not None
    assert again.used is not None
    assert again.used > second.used
    # A secret that comes in its place was not used yet.
    await registries.add_client(world.db, secret_box(world.settings), "deventer", "app", "z" * 40, replace=True)
    assert [secret.used for secret in await known(world)] == [None]
    assert await world.db.fetchval("SELECT count(*) FROM gateway.secret_use WHERE client_id = 'app'") == 0


async def test_a_remembered_token_counts_as_a_use(world: World) -> None:
    token = make_token()
    assert (await ask(world.gateway, ZAKEN, token=token)).status == 200
    await world.registry.save_uses()
    [before] = await known(world)
    await asyncio.sleep(0.05)
    assert (await ask(world.gateway, ZAKEN, token=token)).status == 200
    await world.registry.save_uses()
    [after] = await known(world)
    assert before.used is not None
    assert after.used is not None
    assert after.used - before.used >= timedelta(seconds=0.04)


async def test_nothing_is_written_where_nothing_was_used(world: World) -> None:
    assert (await get(world, SECRET)).status == 200
    await world.registry.save_uses()
    [before] = await world.db.fetch("SELECT xmin, * FROM gateway.secret_use")
    await world.registry.save_uses()
    assert await world.db.fetch("SELECT xmin, * FROM gateway.secret_use") == [before]


async def test_a_gone_client_or_database_breaks_nothing(world: World) -> None:
    assert (await get(world, SECRET)).status == 200
    await registries.remove_client(world.db, "deventer", "app")
    await world.registry.save_uses()
    assert await world.db.fetchval("SELECT count(*) FROM gateway.secret_use") == 0
    assert (await get(world, SECRET, "both")).status == 200
    world.registry._dsn, there = world.registry._dsn.replace("samenzaak_gateway", "nobody"), world.registry._dsn
    await world.registry.save_uses()
    world.registry._dsn = there
    await world.registry.save_uses()
    assert await world.db.fetchval("SELECT count(*) FROM gateway.secret_use") == 1


async def test_the_end_of_a_municipality_takes_its_secrets_along(world: World) -> None:
    await add(world)
    assert (await get(world, SECRET)).status == 200
    await world.registry.save_uses()
    await registries.remove_tenant(world.db, "deventer")
    for table in ("client_secret", "secret_use"):
        left = await world.db.fetchval(f"SELECT count(*) FROM gateway.{table} WHERE tenant = 'deventer'")
        assert left == 0, table


class TestTheReleaseBefore:
    """It reads and writes one column; both work on one schema during a rollout, and after going back."""

    async def test_it_finds_the_oldest(self, world: World) -> None:
        await add(world, "n" * 40, name="next")
        read = "SELECT secret_encrypted FROM gateway.client WHERE (tenant, client_id) = ('deventer', 'app')"
        box = secret_box(world.settings)
        assert box.decrypt(await world.db.fetchval(read)).decode() == SECRET
        await registries.revoke_secret(world.db, "deventer", "app", (await known(world))[0].name)
        assert box.decrypt(await world.db.fetchval(read)).decode() == "n" * 40
        await registries.revoke_secret(world.db, "deventer", "app", "next")
        assert await world.db.fetchval(read) is None
        assert await known(world) == []
        await world.heard()
        assert (await get(world, "n" * 40)).status == 403

    async def test_what_it_writes_is_the_only_secret(self, world: World) -> None:
        await add(world, "n" * 40, name="next")
        stored = secret_box(world.settings).encrypt(b"w" * 40).decode()
        await world.db.execute(
            "UPDATE gateway.client SET secret_encrypted = $1 WHERE (tenant, client_id) = ('deventer', 'app')", stored
        )
        await world.db.execute("SELECT pg_notify('samenzaak_gateway', '')")
        await world.heard()
        assert [secret.name for secret in await known(world)] == [secrets.FIRST]
        assert (await get(world, "w" * 40)).status == 200
        for gone in (SECRET, "n" * 40):
            assert (await get(world, gone)).status == 403
        # It goes on beside a new one.
        await add(world, name="later")
        assert [secret.name for secret in await known(world)] == [secrets.FIRST, "later"]
        assert (await get(world, "w" * 40)).status == 200


async def test_short_secrets_and_those_that_end_are_told(world: World) -> None:
    box = secret_box(world.settings)
    for client, secret in (("kort", "geheim"), ("net", "é" * 16), ("lang", "x" * 31)):
        await registries.add_client(world.db, box, "deventer", client, secret)
    for name, days in (("verlopen", 0.000001), ("bijna", 29), ("later", 31)):
        await registries.add_client(world.db, box, "raalte", name, "x" * 40)
        end = datetime.now(UTC) + timedelta(days=days)
        await registries.add_secret(world.db, box, "raalte", name, name="s", expires=end)
    await world.heard()
    told = await world.registry.warnings()
    assert [line for line in told if "deventer" in line] == [
        "deventer: the secret of kort has 6 bytes; 32 or more resist guessing",
        "deventer: the secret of lang has 31 bytes; 32 or more resist guessing",
    ]
    assert [" ".join(line.split()[:6]) for line in told if "raalte" in line] == [
        "raalte: the secret s of bijna",
        "raalte: the secret s of verlopen",
    ]
