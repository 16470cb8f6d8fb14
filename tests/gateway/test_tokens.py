"""Every failure of a token with its code, and that no trick with algorithms, hosts or claims gets in."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway import registry as registries
from gateway.config import secret_box
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, Answer, ask, hs256_with, make_token, raw_token

ZAKEN = "/zaken/api/v1/zaken"
NOW = int(time.time())
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def unsigned(payload: object, **header: object) -> str:
    return raw_token({"alg": "none", **header}, payload, None)


async def get(world: World, token: str | None, host: str = "localhost:8000") -> Answer:
    return await ask(world.gateway, ZAKEN, token=token, host=host)


REFUSED = {
    "no token": (None, "permission_denied"),
    "empty token": ("", "jwt-decode-error"),
    "no jwt": ("zaken", "jwt-decode-error"),
    "three parts": ("a.b.c", "jwt-decode-error"),
    "payload is a list": (raw_token({"alg": "HS256"}, [1], "x"), "jwt-decode-error"),
    "deep payload": (unsigned(None).split(".")[0] + "." + "W1tb" * 2000 + ".", "jwt-decode-error"),
    "too long": (make_token(x="x" * 9000), "jwt-decode-error"),
    "no client_id": (make_token(client_id=...), "missing-client-identifier"),
    "client_id is a number": (make_token(client_id=7), "missing-client-identifier"),
    "client_id is a list": (make_token(client_id=["app"]), "missing-client-identifier"),
    "client_id is empty": (make_token(client_id=""), "missing-client-identifier"),
    "unknown client_id": (make_token("nobody"), "invalid-client-identifier"),
    "half a surrogate pair": (make_token("\ud800"), "invalid-client-identifier"),
    "client of two municipalities": (make_token("both"), "invalid-client-identifier"),
    "wrong secret": (make_token(secret=OTHER_SECRET), "invalid-jwt-signature"),
    "no iat": (make_token(iat=...), "jwt-missing-iat-claim"),
    "iat null": (make_token(iat=None), "jwt-missing-iat-claim"),
    "iat text": (make_token(iat="gisteren"), "jwt-invalidissuedaterror"),
    "iat true": (make_token(iat=True), "jwt-invalidissuedaterror"),
    "iat infinite": (make_token(iat=float("inf")), "jwt-invalidissuedaterror"),
    "iat huge": (make_token(iat=10**400), "jwt-invalidissuedaterror"),
    "iat list": (make_token(iat=[NOW]), "jwt-invalidissuedaterror"),
    "old": (make_token(iat=NOW - 3700), "jwt-expired"),
    "old and expired": (make_token(iat=NOW - 3700, exp=NOW - 100), "jwt-expired"),
    "expired": (make_token(exp=NOW - 100), "jwt-expiredsignatureerror"),
    "exp text": (make_token(exp="morgen"), "jwt-decode-error"),
    "not yet": (make_token(nbf=NOW + 500), "jwt-immaturesignatureerror"),
    "nbf object": (make_token(nbf={}), "jwt-decode-error"),
    "user_id is a number": (make_token(user_id=5), "jwt-invalidtokenerror"),
    "user_representation is a list": (make_token(user_representation=["x"]), "jwt-invalidtokenerror"),
    "alg none": (unsigned({"client_id": "app", "iat": NOW}), "jwt-invalidalgorithmerror"),
    "alg None": (unsigned({"client_id": "app", "iat": NOW}, alg="None"), "jwt-invalidalgorithmerror"),
    "alg a list": (unsigned({"client_id": "app", "iat": NOW}, alg=["HS256"]), "jwt-invalidalgorithmerror"),
    "alg HS512": (make_token(algorithm="HS512", secret=b"x" * 64), "jwt-invalidalgorithmerror"),
    "kid a number": (make_token(jwt_headers={"kid": 5}), "jwt-invalidtokenerror"),
    "no such issuer": (make_token(secret=RSA_KEY, algorithm="RS256"), "jwt-invalidissuererror"),
    "issuer a list": (make_token(secret=RSA_KEY, algorithm="RS256", iss=["x"]), "jwt-invalidissuererror"),
}


@pytest.mark.parametrize(("token", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_is_refused_with_its_code(world: World, token: str | None, code: str) -> None:
    answer = await get(world, token)
    assert answer.code == (403, code)
    assert world.zaken.received == 0


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "bearer", "Token x", ""])
async def test_another_scheme_is_no_token(world: World, value: str) -> None:
    answer = await ask(world.gateway, ZAKEN, headers=[("authorization", value)])
    assert answer.code == (403, "permission_denied")


async def test_two_authorization_headers_are_refused(world: World) -> None:
    headers = [("authorization", f"Bearer {make_token()}")] * 2
    assert (await ask(world.gateway, ZAKEN, headers=headers)).code == (403, "permission_denied")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iat": NOW - 3590},
        {"iat": NOW - 3610},
        {"iat": NOW + 20},
        {"iat": NOW + 5000},
        {"iat": str(NOW)},
        {"iat": NOW + 0.5},
        {"exp": NOW - 10, "nbf": NOW + 10},
        {"exp": NOW + 100},
        {"aud": "anything", "sub": 5, "jti": 7},
        {"user_id": None},
    ],
)
async def test_is_accepted(world: World, claims: dict[str, Any]) -> None:
    # The moments were chosen when this file was read, which can be minutes ago.
    since = int(time.time()) - NOW
    moved = {k: v + since if k in ("iat", "exp", "nbf") and not isinstance(v, str) else v for k, v in claims.items()}
    assert (await get(world, make_token(**moved))).status == 200


async def test_a_clock_that_is_ahead_is_accepted_and_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for seconds, told in ((20, []), (3600, ["client app of deventer has a clock that is ahead"])):
        caplog.clear()
        assert (await get(world, make_token(iat=int(time.time()) + seconds))).status == 200
        assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == told


async def test_the_user_reaches_the_service(world: World) -> None:
    await get(world, make_token(user_id="jan\0" + "x" * 300, user_representation="Jan \ud800 Jansen"))
    assert world.zaken.caller.user_id == "jan" + "x" * 252
    assert world.zaken.caller.user_representation == "Jan ? Jansen"


async def test_a_token_of_one_municipality_is_refused_on_the_host_of_another(world: World) -> None:
    assert (await get(world, make_token(), "RAALTE.example.nl:443")).code == (403, "invalid-client-identifier")
    assert (await get(world, make_token(), "raalte.example.nl.")).code == (403, "invalid-client-identifier")
    assert (await get(world, make_token(), "Deventer.example.nl")).status == 200
    # Also when it was verified, and is remembered, for its own host.
    assert (await get(world, make_token(), "raalte.example.nl")).code == (403, "invalid-client-identifier")


async def test_the_host_tells_the_municipality_of_a_client_of_two(world: World) -> None:
    for host, tenant in (("deventer.example.nl", "deventer"), ("raalte.example.nl", "raalte")):
        assert (await get(world, make_token("both"), host)).json["tenant"] == tenant


async def test_issuers_have_their_own_key_and_algorithm(world: World) -> None:
    await registries.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    await registries.set_issuer(world.db, "deventer", "https://ec", pem(EC_KEY), ["ES256"])
    await world.heard()
    claims = {"client_id": "app", "iss": "https://idp"}
    assert (await get(world, make_token(secret=RSA_KEY, algorithm="RS256", **claims))).status == 200
    assert (await get(world, make_token(secret=EC_KEY, algorithm="ES256", iss="https://ec"))).status == 200
    other = rsa.generate_private_key(65537, 2048)
    refused = {
        make_token(secret=other, algorithm="RS256", **claims): "invalid-jwt-signature",
        make_token(secret=RSA_KEY, algorithm="PS256", **claims): "jwt-invalidalgorithmerror",
        make_token(secret=EC_KEY, algorithm="ES256", **claims): "jwt-invalidalgorithmerror",
        make_token(secret=RSA_KEY, algorithm="RS256", iss="https://ec"): "jwt-invalidalgorithmerror",
        make_token("nobody", secret=RSA_KEY, algorithm="RS256", iss="https://idp"): "invalid-client-identifier",
        make_token("raalte-app", secret=RSA_KEY, algorithm="RS256", iss="https://idp"): "jwt-invalidissuererror",
    }
    for token, code in refused.items():
        assert (await get(world, token)).code == (403, code)


async def test_a_public_key_is_no_shared_secret(world: World) -> None:
    await registries.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    await world.heard()
    payload = {"client_id": "app", "iss": "https://idp", "iat": NOW}
    forged = hs256_with(pem(RSA_KEY).encode(), {"alg": "HS256"}, payload)
    assert (await get(world, forged)).code == (403, "invalid-jwt-signature")
    # The same, said to be RS256, is no RSA signature.
    forged = hs256_with(pem(RSA_KEY).encode(), {"alg": "RS256"}, payload)
    assert (await get(world, forged)).code == (403, "invalid-jwt-signature")


async def test_a_client_without_a_secret_cannot_use_hs256(world: World) -> None:
    await registries.add_client(world.db, secret_box(world.settings), "raalte", "idp-only", "")
    await world.heard()
    assert (await get(world, make_token("idp-only", secret=b""))).code == (403, "invalid-client-identifier")


async def test_a_remembered_token_still_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = make_token(exp=int(time.time()) + 60), make_token()
    for token in (short, long):
        assert (await get(world, token)).status == 200
    assert len((await world.registry.current()).verified) == 2
    now = time.time()
    monkeypatch.setattr("gateway.tokens.time.time", lambda: now + 100)
    assert (await get(world, short)).code == (403, "jwt-expiredsignatureerror")
    assert (await get(world, long)).status == 200
    monkeypatch.setattr("gateway.tokens.time.time", lambda: now + 3700)
    assert (await get(world, long)).code == (403, "jwt-expired")


async def test_a_removed_client_is_refused_at_once(world: World) -> None:
    token = make_token()
    assert (await get(world, token)).status == 200
    await registries.remove_client(world.db, "deventer", "app")
    await world.heard()
    assert (await get(world, token)).code == (403, "invalid-client-identifier")


async def test_a_changed_secret_counts_at_once(world: World) -> None:
    assert (await get(world, make_token())).status == 200
    box = secret_box(world.settings)
    await registries.add_client(world.db, box, "deventer", "app", OTHER_SECRET, replace=True)
    await world.heard()
    assert (await get(world, make_token())).code == (403, "invalid-jwt-signature")
    assert (await get(world, make_token(secret=OTHER_SECRET))).status == 200


async def test_without_signals_each_request_reads_the_database(world: World) -> None:
    assert (await get(world, make_token())).status == 200
    await world.signals.stop()
    assert (await get(world, make_token())).status == 200
    await registries.remove_client(world.db, "deventer", "app")
    assert (await get(world, make_token())).code == (403, "invalid-client-identifier")
