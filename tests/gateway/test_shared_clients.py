"""One client_id at several municipalities, and that no refusal tells which client_ids there are."""

import asyncio
import hmac
from typing import Any
from unittest import mock

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import issuers, tokens
from gateway import registry as registries
from gateway.config import secret_box
from gateway.snapshot import ISSUER_KEYS_MAX, SHARED_MAX, Client, Issuer, Secret, Snapshot, Tenant
from runtime.problems import Problem
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, SECRET, Answer, ask, make_token
from tests.gateway.sleutels import EC_KEY, RSA_KEY, pem

ZAKEN = "/zaken/api/v1/zaken"
HOSTS = {"deventer": "deventer.example.nl", "raalte": "raalte.example.nl"}
SHARED = "localhost:8000"
OTHER_KEY = rsa.generate_private_key(65537, 2048)


async def get(world: World, token: str, host: str = SHARED) -> Answer:
    return await ask(world.gateway, ZAKEN, token=token, host=host)


def said(answer: Answer) -> dict[str, Any]:
    """Return everything that a stranger can read of a refusal; only its instance is its own."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return {**{k: v for k, v in answer.json.items() if k != "instance"}, "status": answer.status, "headers": headers}


async def test_the_signature_tells_the_municipality(world: World) -> None:
    for secret, tenant in ((SECRET, "deventer"), (OTHER_SECRET, "raalte")):
        token = make_token("both", secret)
        assert (await get(world, token)).json["tenant"] == tenant
        assert (await get(world, token, HOSTS[tenant])).json["tenant"] == tenant
        other = next(host for name, host in HOSTS.items() if name != tenant)
        assert (await get(world, token, other)).code == (403, "invalid-jwt-signature")


async def test_a_second_municipality_does_not_cut_off_the_first(world: World) -> None:
    first = make_token("app", SECRET)
    assert (await get(world, first)).json["tenant"] == "deventer"
    await registries.add_client(world.db, secret_box(world.settings), "raalte", "app", OTHER_SECRET)
    await world.heard()
    assert (await get(world, first)).json["tenant"] == "deventer"
    assert (await get(world, make_token("app", OTHER_SECRET))).json["tenant"] == "raalte"
    await registries.remove_client(world.db, "deventer", "app")
    await world.heard()
    assert (await get(world, first)).code == (403, "invalid-jwt-signature")
    assert (await get(world, make_token("app", OTHER_SECRET))).json["tenant"] == "raalte"


async def test_the_same_secret_is_refused(world: World) -> None:
    box = secret_box(world.settings)
    with pytest.raises(ValueError, match="client app of deventer has the same secret"):
        await registries.add_client(world.db, box, "raalte", "app", SECRET)
    assert "app" not in [c.client_id for c in await registries.list_clients(world.db, "raalte")]
    # Also when a secret is changed into it, and not for another client_id.
    with pytest.raises(ValueError, match="client both of deventer has the same secret"):
        await registries.add_client(world.db, box, "raalte", "both", SECRET, replace=True)
    await registries.add_client(world.db, box, "raalte", "another", SECRET)
    await registries.add_client(world.db, box, "deventer", "app", SECRET, "label", replace=True)
    # A client that only an issuer lets in has no secret to compare.
    for tenant in HOSTS:
        await registries.add_client(world.db, box, tenant, "idp", "")


async def test_two_operators_cannot_give_one_secret_at_the_same_time(world: World, admin_dsn: str) -> None:
    box = secret_box(world.settings)
    other = await asyncpg.connect(admin_dsn)
    try:
        done = await asyncio.gather(
            registries.add_client(world.db, box, "deventer", "race", SECRET),
            registries.add_client(other, box, "raalte", "race", SECRET),
            return_exceptions=True,
        )
    finally:
        await other.close()
    assert sorted(type(one).__name__ for one in done) == ["ValueError", "str"]


async def test_two_with_one_secret_from_before_are_told_apart_by_host_only(world: World) -> None:
    await world.db.execute(
        "INSERT INTO gateway.client SELECT 'raalte', client_id, secret_encrypted, label FROM gateway.client"
        " WHERE client_id = 'app'"
    )
    await world.db.execute("SELECT pg_notify('samenzaak_gateway', '')")
    await world.heard()
    answer = await get(world, make_token("app", SECRET))
    assert answer.code == (403, "invalid-client-identifier")
    assert "hostnaam" in answer.json["detail"]
    for tenant, host in HOSTS.items():
        assert (await get(world, make_token("app", SECRET), host)).json["tenant"] == tenant
    # Who cannot sign hears the same as of every other.
    assert (await get(world, make_token("app", "x" * 32))).code == (403, "invalid-jwt-signature")


@pytest.mark.parametrize("host", [SHARED, *HOSTS.values()])
@pytest.mark.parametrize("path", [ZAKEN, "/zaken/api/v1/nergens", "/zaken/api/v1/upload"])
async def test_a_refusal_does_not_tell_which_client_ids_exist(world: World, host: str, path: str) -> None:
    await registries.add_client(world.db, secret_box(world.settings), "raalte", "idp-only", "")
    await issuers.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    broken = "INSERT INTO gateway.client VALUES ('deventer', 'broken', 'encrypted with another key', '')"
    await world.db.execute(broken)
    await world.heard()
    names = ("nobody", "app", "raalte-app", "both", "idp-only", "broken")
    wrong: dict[str, dict[str, Any]] = {
        "secret": {"secret": "y" * 32},
        "no algorithm": {"algorithm": "none"},
        "another algorithm": {"algorithm": "HS512", "secret": b"y" * 64},
        "issuer's algorithm": {"algorithm": "ES256", "secret": EC_KEY, "iss": "https://idp"},
        "issuer's key": {"algorithm": "RS256", "secret": OTHER_KEY, "iss": "https://idp"},
        "key id": {"algorithm": "RS256", "secret": OTHER_KEY, "iss": "https://idp", "jwt_headers": {"kid": "x"}},
        "issuer": {"algorithm": "RS256", "secret": RSA_KEY, "iss": "https://other"},
        "old": {"secret": "y" * 32, "iat": 1},
        "no iat": {"secret": "y" * 32, "iat": ...},
        "user_id": {"secret": "y" * 32, "user_id": 5},
    }
    for kind, made in wrong.items():
        heard = [said(await ask(world.gateway, path, token=make_token(name, **made), host=host)) for name in names]
        assert heard == [heard[0]] * len(names), kind
        assert heard[0]["status"] in (403, 404, 405), kind


async def test_the_work_is_the_same_for_who_exists_and_who_does_not(world: World) -> None:
    for host in (SHARED, *HOSTS.values()):
        counts = []
        for name in ("nobody", "app"):
            with mock.patch.object(hmac, "digest", wraps=hmac.digest) as digest:
                await get(world, make_token(name, "y" * 32), host)
            counts.append(
                sum(call.args[0] not in world.gateway.config.internal_keys.values() for call in digest.call_args_list)
            )
        assert counts == [2, 2], host


async def test_so_many_signatures_are_tried_and_no_more(world: World) -> None:
    box = secret_box(world.settings)
    names = [f"t{number:03}" for number in range(SHARED_MAX + 20)]
    stored = {name: Secret("first", box.encrypt(f"secret-of-{name}".encode()).decode()) for name in names}
    everyone = [Client(name, "app", "", (stored[name],)) for name in names]
    snapshot = Snapshot([Tenant(name, name, "") for name in names], everyone, [], box)
    assert len(snapshot.secrets("app")) == SHARED_MAX
    [only] = snapshot.secrets("app", names[-1])
    assert (only.tenant, only.value) == (names[-1], f"secret-of-{names[-1]}".encode())
    config, keyring = world.gateway.config, world.gateway.keyring
    with mock.patch.object(hmac, "digest", wraps=hmac.digest) as digest:
        last = make_token("app", f"secret-of-{names[SHARED_MAX - 1]}")
        assert (
            tokens.verify_token(snapshot, keyring, f"Bearer {last}".encode(), "", config).tenant
            == names[SHARED_MAX - 1]
        )
        assert digest.call_count == SHARED_MAX
        digest.reset_mock()
        with pytest.raises(Problem, match="invalid-jwt-signature"):
            tokens.verify_token(
                snapshot, world.gateway.keyring, f"Bearer {make_token('app', 'y' * 32)}".encode(), "", config
            )
        assert digest.call_count == SHARED_MAX


async def test_no_more_municipalities_than_are_tried_get_one_client_id(world: World) -> None:
    box = secret_box(world.settings)
    for number in range(SHARED_MAX):
        name = f"t{number:03}"
        await world.db.execute("INSERT INTO gateway.tenant VALUES ($1, $1, '000000000', '{}')", name)
        await registries.add_client(world.db, box, name, "vendor", f"secret-of-{name}")
    with pytest.raises(ValueError, match="64 municipalities have a client vendor already"):
        await registries.add_client(world.db, box, "raalte", "vendor", "secret-of-raalte")
    await registries.add_client(world.db, box, "t000", "vendor", "another", replace=True)


async def test_municipalities_share_an_issuer(world: World) -> None:
    for tenant in HOSTS:
        await issuers.set_issuer(world.db, tenant, "https://idp", pem(RSA_KEY), ["RS256"])
    await world.heard()
    made: dict[str, Any] = {"secret": RSA_KEY, "algorithm": "RS256", "iss": "https://idp"}
    assert (await get(world, make_token("app", **made))).json["tenant"] == "deventer"
    assert (await get(world, make_token("raalte-app", **made))).json["tenant"] == "raalte"
    # Both have this one, and the signature is the same: only a host of its own tells.
    assert (await get(world, make_token("both", **made))).code == (403, "invalid-client-identifier")
    for tenant, host in HOSTS.items():
        assert (await get(world, make_token("both", **made), host)).json["tenant"] == tenant


async def test_the_keys_of_an_issuer_that_are_tried_are_few(world: World) -> None:
    box = secret_box(world.settings)
    key = pem(RSA_KEY)
    many = [Issuer(f"t{n:03}", "https://idp", key + "\n" * n, ("RS256",)) for n in range(ISSUER_KEYS_MAX + 9)]
    same = [Issuer(f"u{n:03}", "https://idp", key, ("RS256",)) for n in range(100)]
    snapshot = Snapshot([], [], [*many, *same], box)
    token = make_token("app", OTHER_KEY, "RS256", iss="https://idp")
    with mock.patch.object(jwt, "decode", wraps=jwt.decode) as decode:
        with pytest.raises(Problem, match="invalid-jwt-signature"):
            tokens.verify_token(snapshot, world.gateway.keyring, f"Bearer {token}".encode(), "", world.gateway.config)
        assert decode.call_count == ISSUER_KEYS_MAX
    for issuer in many[:ISSUER_KEYS_MAX]:
        await world.db.execute("INSERT INTO gateway.tenant VALUES ($1, $1, '000000000', '{}')", issuer.tenant)
        await issuers.set_issuer(world.db, issuer.tenant, issuer.iss, issuer.jwks_or_pem, ["RS256"])
    with pytest.raises(ValueError, match="16 different sets of keys"):
        await issuers.set_issuer(world.db, "raalte", "https://idp", pem(OTHER_KEY), ["RS256"])
    await issuers.set_issuer(world.db, "raalte", "https://idp", key, ["RS256"])
