"""Every failure of a token with its code, and that no trick with algorithms, hosts or claims gets in."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import issuers, tokens
from gateway import registry as registries
from gateway.config import secret_box
from tests.gateway.conftest import World
from tests.gateway.fakes import OTHER_SECRET, Answer, ask, hs256_with, make_token, raw_token
from tests.gateway.sleutels import EC_KEY, RSA_KEY, pem
from tests.patching import sees

ZAKEN = "/zaken/api/v1/zaken"


def now() -> int:
    return int(time.time())


def unsigned(payload: object, **header: object) -> str:
    return raw_token({"alg": "none", **header}, payload, None)


async def get(world: World, token: str | None, host: str = "localhost:8000") -> Answer:
    return await ask(world.gateway, ZAKEN, token=token, host=host)


UNREADABLE = "jwt-decode-error"
UNKNOWN = "invalid-jwt-signature"

REFUSED: dict[str, tuple[Callable[[], str | None], str]] = {
    "no token": (lambda: None, "permission_denied"),
    "empty token": (lambda: "", UNREADABLE),
    "no jwt": (lambda: "zaken", UNREADABLE),
    "three parts": (lambda: "a.b.c", UNREADABLE),
    "payload is a list": (lambda: raw_token({"alg": "HS256"}, [1], "x"), UNREADABLE),
    "deep payload": (lambda: unsigned(None).split(".")[0] + "." + "W1tb" * 2000 + ".", UNREADABLE),
    "too long": (lambda: make_token(x="x" * 9000), UNREADABLE),
    "no client_id": (lambda: make_token(client_id=...), "missing-client-identifier"),
    "client_id is a number": (lambda: make_token(client_id=7), "missing-client-identifier"),
    "client_id is a list": (lambda: make_token(client_id=["app"]), "missing-client-identifier"),
    "client_id is empty": (lambda: make_token(client_id=""), "missing-client-identifier"),
    "unknown client_id": (lambda: make_token("nobody"), UNKNOWN),
    "half a surrogate pair": (lambda: make_token("\ud800"), UNKNOWN),
    "wrong secret": (lambda: make_token(secret="a-third-secret-that-is-long-enough-too"), UNKNOWN),
    "no iat": (lambda: make_token(iat=...), "jwt-missing-iat-claim"),
    "iat null": (lambda: make_token(iat=None), "jwt-missing-iat-claim"),
    "iat text": (lambda: make_token(iat="gisteren"), "jwt-invalidissuedaterror"),
    "iat true": (lambda: make_token(iat=True), "jwt-invalidissuedaterror"),
    "iat infinite": (lambda: make_token(iat=float("inf")), "jwt-invalidissuedaterror"),
    "iat huge": (lambda: make_token(iat=10**400), "jwt-invalidissuedaterror"),
    "iat list": (lambda: make_token(iat=[now()]), "jwt-invalidissuedaterror"),
    "old": (lambda: make_token(iat=now() - 3700), "jwt-expired"),
    "old in milliseconds": (lambda: make_token(iat=(now() - 3700) * 1000), "jwt-expired"),
    "old and expired": (lambda: make_token(iat=now() - 3700, exp=now() - 100), "jwt-expired"),
    "made later": (lambda: make_token(iat=now() + 60), "jwt-immaturesignatureerror"),
    "made much later": (lambda: make_token(iat=now() + 10**9), "jwt-immaturesignatureerror"),
    "made later in milliseconds": (lambda: make_token(iat=(now() + 60) * 1000), "jwt-immaturesignatureerror"),
    "made later in milliseconds as text": (lambda: make_token(iat=f"{now() + 60}000"), "jwt-immaturesignatureerror"),
    "microseconds": (lambda: make_token(iat=now() * 10**6), "jwt-immaturesignatureerror"),
    "expired": (lambda: make_token(exp=now() - 100), "jwt-expiredsignatureerror"),
    "expired in milliseconds": (lambda: make_token(exp=(now() - 100) * 1000), "jwt-expiredsignatureerror"),
    "exp text": (lambda: make_token(exp="morgen"), UNREADABLE),
    "not yet": (lambda: make_token(nbf=now() + 500), "jwt-immaturesignatureerror"),
    "not yet in milliseconds": (lambda: make_token(nbf=(now() + 500) * 1000), "jwt-immaturesignatureerror"),
    "nbf object": (lambda: make_token(nbf={}), UNREADABLE),
    "user_id is a boolean": (lambda: make_token(user_id=True), "jwt-invalidtokenerror"),
    "user_id is infinite": (lambda: make_token(user_id=float("inf")), "jwt-invalidtokenerror"),
    "iat in the digits of another script": (lambda: make_token(iat="١٧٦٤٥٠٠٠٠٠"), "jwt-invalidissuedaterror"),
    "HS384": (lambda: make_token(secret=b"x" * 48, algorithm="HS384"), "jwt-invalidalgorithmerror"),
    "HS384 without client_id": (
        lambda: make_token(client_id=..., secret=b"x" * 48, algorithm="HS384"),
        "jwt-invalidalgorithmerror",
    ),
    "user_representation is a list": (lambda: make_token(user_representation=["x"]), "jwt-invalidtokenerror"),
    "alg none": (lambda: unsigned({"client_id": "app", "iat": now()}), "jwt-invalidalgorithmerror"),
    "alg None": (lambda: unsigned({"client_id": "app", "iat": now()}, alg="None"), "jwt-invalidalgorithmerror"),
    "alg a list": (lambda: unsigned({"client_id": "app", "iat": now()}, alg=["HS256"]), "jwt-invalidalgorithmerror"),
    "alg HS512": (lambda: make_token(algorithm="HS512", secret=b"x" * 64), "jwt-invalidalgorithmerror"),
    "kid a number": (lambda: make_token(jwt_headers={"kid": 5}), "jwt-invalidtokenerror"),
    "no such issuer": (lambda: make_token(secret=RSA_KEY, algorithm="RS256"), "jwt-invalidissuererror"),
    "issuer a list": (lambda: make_token(secret=RSA_KEY, algorithm="RS256", iss=["x"]), "jwt-invalidissuererror"),
}


@pytest.mark.parametrize(("token", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_is_refused_with_its_code(world: World, token: Callable[[], str | None], code: str) -> None:
    # The tokens are made here: when this file was read can be an hour ago.
    answer = await get(world, token())
    assert answer.code == (403, code)
    assert world.zaken.received == 0


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "bearer", "Token x", ""])
async def test_another_scheme_is_no_token(world: World, value: str) -> None:
    answer = await ask(world.gateway, ZAKEN, headers=[("authorization", value)])
    assert answer.code == (403, "permission_denied")


async def test_two_authorization_headers_are_refused(world: World) -> None:
    headers = [("authorization", f"Bearer {make_token()}")] * 2
    assert (await ask(world.gateway, ZAKEN, headers=headers)).code == (403, "permission_denied")


ACCEPTED: dict[str, Callable[[], dict[str, Any]]] = {
    "now": lambda: {},
    "almost too old": lambda: {"iat": now() - 3590},
    "too old but for the leeway": lambda: {"iat": now() - 3610},
    "a clock that is ahead": lambda: {"iat": now() + 20},
    "text": lambda: {"iat": str(now())},
    "a fraction": lambda: {"iat": now() - 0.5},
    "a fraction as text": lambda: {"iat": f"{now()}.25"},
    "just not too old": lambda: {"iat": now() - 3599},
    "nbf a minute ago": lambda: {"nbf": now() - 60, "exp": now() + 43200},
    "null for nbf and exp": lambda: {"nbf": None, "exp": None},
    "an audience in a list": lambda: {"aud": ["openzaak", 5]},
    "claims of other systems": lambda: {"roles": ["x"], "email": "a@b.nl", "nonce": 1, "zds": {"scopes": ["x"]}},
    "no issuer": lambda: {"iss": ...},
    "issuer null": lambda: {"iss": None},
    "issuer a number": lambda: {"iss": 5},
    "issuer empty": lambda: {"iss": ""},
    "user empty": lambda: {"user_id": "", "user_representation": ""},
    "user left out": lambda: {"user_id": ..., "user_representation": ...},
    "user a number": lambda: {"user_id": 5, "user_representation": 5.5},
    "milliseconds": lambda: {"iat": time.time_ns() // 10**6},
    "milliseconds as text": lambda: {"iat": str(time.time_ns() // 10**6)},
    "milliseconds that are almost too old": lambda: {"iat": (now() - 3590) * 1000},
    "all in milliseconds": lambda: {name: 1000 * (now() + s) for name, s in (("iat", 0), ("nbf", -5), ("exp", 60))},
    "within the leeway": lambda: {"exp": now() - 10, "nbf": now() + 10},
    "not expired": lambda: {"exp": now() + 100},
    "other claims": lambda: {"aud": "anything", "sub": 5, "jti": 7},
    "no user": lambda: {"user_id": None},
}


@pytest.mark.parametrize("claims", ACCEPTED.values(), ids=ACCEPTED.keys())
async def test_is_accepted(world: World, claims: Callable[[], dict[str, Any]]) -> None:
    assert (await get(world, make_token(**claims()))).status == 200


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
async def test_no_token_outlives_the_maximum_age(world: World, monkeypatch: pytest.MonkeyPatch, unit: int) -> None:
    """Whatever its iat and exp say: counted from its first use, with the leeway on both sides."""
    began = now()
    config = world.gateway.config
    moments = [began + ahead for ahead in (-3600, -1000, 0, config.leeway - 5, config.leeway + 5, 3600, 10**6)]
    made = [make_token(iat=moment * unit, exp=(began + 10**8) * unit) for moment in moments]
    assert {(await get(world, token)).status for token in made} == {200, 403}
    later = began + config.max_age + 2 * config.leeway + 1
    sees(monkeypatch, tokens, "time", time=lambda: later)
    assert [(await get(world, token)).status for token in made[:4]] == [403] * 4


async def test_the_user_reaches_the_service(world: World) -> None:
    await get(world, make_token(user_id="jan\0" + "x" * 300, user_representation="Jan \ud800 Jansen"))
    assert world.zaken.caller.user_id == "jan" + "x" * 252
    assert world.zaken.caller.user_representation == "Jan ? Jansen"
    await get(world, make_token(user_id=17, user_representation=0))
    assert (world.zaken.caller.user_id, world.zaken.caller.user_representation) == ("17", "0")
    await get(world, make_token(user_id=5.5, user_representation=None))
    assert (world.zaken.caller.user_id, world.zaken.caller.user_representation) == ("5.5", "")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer", "Bearer "])
async def test_a_scheme_may_be_written_in_any_case(world: World, scheme: str) -> None:
    headers = [("authorization", f"{scheme} {make_token()}"), ("client_identifier", "another")]
    assert (await ask(world.gateway, ZAKEN, headers=headers)).status == 200
    assert world.zaken.caller.client_id == "app"


async def test_a_token_of_one_municipality_is_refused_on_the_host_of_another(world: World) -> None:
    assert (await get(world, make_token(), "RAALTE.example.nl:443")).code == (403, UNKNOWN)
    assert (await get(world, make_token(), "raalte.example.nl.")).code == (403, UNKNOWN)
    assert (await get(world, make_token(), "Deventer.example.nl")).status == 200
    # Also when it was verified, and is remembered, for its own host.
    assert (await get(world, make_token(), "raalte.example.nl")).code == (403, UNKNOWN)


async def test_issuers_have_their_own_key_and_algorithm(world: World) -> None:
    await issuers.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    await issuers.set_issuer(world.db, "deventer", "https://ec", pem(EC_KEY), ["ES256"])
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
        make_token("nobody", secret=other, algorithm="RS256", iss="https://idp"): "invalid-jwt-signature",
        # What the issuer signed is no stranger's.
        make_token("nobody", secret=RSA_KEY, algorithm="RS256", iss="https://idp"): "invalid-client-identifier",
        make_token("raalte-app", secret=RSA_KEY, algorithm="RS256", iss="https://idp"): "invalid-client-identifier",
    }
    for token, code in refused.items():
        assert (await get(world, token)).code == (403, code)


async def test_a_public_key_is_no_shared_secret(world: World) -> None:
    await issuers.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    await world.heard()
    payload = {"client_id": "app", "iss": "https://idp", "iat": now()}
    forged = hs256_with(pem(RSA_KEY).encode(), {"alg": "HS256"}, payload)
    assert (await get(world, forged)).code == (403, "invalid-jwt-signature")
    # The same, said to be RS256, is no RSA signature.
    forged = hs256_with(pem(RSA_KEY).encode(), {"alg": "RS256"}, payload)
    assert (await get(world, forged)).code == (403, "invalid-jwt-signature")


async def test_a_client_without_a_secret_cannot_use_hs256(world: World) -> None:
    await registries.add_client(world.db, secret_box(world.settings), "raalte", "idp-only", "")
    await world.heard()
    assert (await get(world, make_token("idp-only", secret=b""))).code == (403, UNKNOWN)


async def test_a_remembered_token_still_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = make_token(exp=int(time.time()) + 60), make_token()
    for token in (short, long):
        assert (await get(world, token)).status == 200
    assert len((await world.registry.current()).verified) == 2
    began = time.time()
    sees(monkeypatch, tokens, "time", time=lambda: began + 100)
    assert (await get(world, short)).code == (403, "jwt-expiredsignatureerror")
    assert (await get(world, long)).status == 200
    sees(monkeypatch, tokens, "time", time=lambda: began + 3700)
    assert (await get(world, long)).code == (403, "jwt-expired")


async def test_a_removed_client_is_refused_at_once(world: World) -> None:
    token = make_token()
    assert (await get(world, token)).status == 200
    await registries.remove_client(world.db, "deventer", "app")
    await world.heard()
    assert (await get(world, token)).code == (403, UNKNOWN)


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
    assert (await get(world, make_token())).code == (403, UNKNOWN)
