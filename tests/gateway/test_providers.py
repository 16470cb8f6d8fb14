"""Providers whose keys are fetched: what their tokens must say, and what happens when their keys change."""

import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway import issuers
from gateway import registry as registries
from gateway.config import secret_box
from gateway.issuers import KINDS
from gateway.provider import discovery_of
from runtime.settings import Settings
from tests.gateway.conftest import World
from tests.gateway.fakes import Answer, ask, hs256_with, make_token, raw_token
from tests.gateway.oidc import Idp, entra, jwk_of, keycloak, provider, signed
from tests.gateway.sleutels import EC_KEY, RSA_KEY, pem

ZAKEN = "/zaken/api/v1/zaken"
AUDIENCE, OTHER = "zgw-deventer", "zgw-raalte"
HOSTS = {"deventer": "deventer.example.nl", "raalte": "raalte.example.nl"}
NEXT_KEY = rsa.generate_private_key(65537, 2048)
FRESH = 1.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"issuer_keys_fresh": FRESH})


@pytest.fixture
async def idp(world: World) -> AsyncIterator[Idp]:
    """A provider of Deventer, with an RSA key and an elliptic one."""
    async with provider(("k1", RSA_KEY), ("e1", EC_KEY)) as found:
        await let_in(world, found)
        yield found


async def let_in(world: World, idp: Idp, tenant: str = "deventer", kind: str = "keycloak", **values: Any) -> None:
    """Register the provider; its host is on loopback, which the operator may choose."""
    given: dict[str, Any] = {"audiences": [AUDIENCE], "discovery_url": discovery_of(idp.iss), **values}
    algorithms = given.pop("algorithms", ["RS256", "ES256"])
    await issuers.set_issuer(world.db, tenant, idp.iss, "", algorithms, private=True, kind=KINDS[kind], **given)
    await world.heard()


async def get(world: World, token: str, host: str = "localhost:8000") -> Answer:
    return await ask(world.gateway, ZAKEN, token=token, host=host)


def token_of(idp: Idp, client: str = "app", audience: Any = AUDIENCE, **claims: Any) -> str:
    return signed({**keycloak(idp.iss, audience, client), **claims}, RSA_KEY, "k1")


def now() -> int:
    return int(time.time())


async def test_a_token_of_keycloak(world: World, idp: Idp) -> None:
    for token in (token_of(idp), signed(keycloak(idp.iss, ["account", AUDIENCE], "app"), EC_KEY, "e1")):
        answer = await get(world, token)
        assert (answer.status, answer.json["tenant"]) == (200, "deventer")
        caller = world.zaken.caller
        assert (caller.client_id, caller.user_id) == ("app", "service-account-app")
    await get(world, token_of(idp, preferred_username="jdevries", name="Jan de Vries"))
    assert (world.zaken.caller.user_id, world.zaken.caller.user_representation) == ("jdevries", "Jan de Vries")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_a_token_of_entra(world: World, idp: Idp, version: str) -> None:
    client = str(uuid.uuid4())
    await registries.add_client(world.db, secret_box(world.settings), "deventer", client, "")
    await let_in(world, idp, kind="entra", audiences=["api://zgw"])
    claims = entra(idp.iss, "api://zgw", client, version)
    assert (await get(world, signed(claims, RSA_KEY, "k1", typ="JWT"))).status == 200
    assert (world.zaken.caller.client_id, world.zaken.caller.user_id) == (client, claims["oid"])
    assert world.zaken.caller.user_representation == claims.get("app_displayname", "")
    # It lasts for more than an hour, and says so.
    old = {"iat": now() - 5000, "nbf": now() - 5000, "exp": now() + 100}
    assert (await get(world, signed({**claims, **old}, RSA_KEY, "k1"))).status == 200
    assert (await get(world, signed({**claims, **old, "iat": now() - 7000}, RSA_KEY, "k1"))).code[1] == "jwt-expired"


async def test_tokens_of_the_standard_go_on_beside_it(world: World, idp: Idp) -> None:
    assert (await get(world, make_token())).status == 200
    assert (await get(world, token_of(idp))).status == 200
    assert (await get(world, make_token())).status == 200
    # Deventer gave another issuer the keys itself.
    await issuers.set_issuer(world.db, "deventer", "https://idp", pem(RSA_KEY), ["RS256"])
    await world.heard()
    assert (await get(world, make_token(secret=RSA_KEY, algorithm="RS256", iss="https://idp"))).status == 200


REFUSED: dict[str, tuple[Callable[[Idp], str], str]] = {
    "another audience": (lambda idp: token_of(idp, audience="account"), "jwt-invalidaudienceerror"),
    "no audience": (lambda idp: token_of(idp, audience=...), "jwt-invalidaudienceerror"),
    "an audience that begins so": (lambda idp: token_of(idp, audience=AUDIENCE + "x"), "jwt-invalidaudienceerror"),
    "an audience that is no text": (lambda idp: token_of(idp, audience=[5, None]), "jwt-invalidaudienceerror"),
    "another issuer": (lambda idp: token_of(idp, iss="https://login.elders.nl"), "jwt-invalidissuererror"),
    "issuer with a slash": (lambda idp: token_of(idp, iss=idp.iss + "/"), "jwt-invalidissuererror"),
    "issuer in capitals": (lambda idp: token_of(idp, iss=idp.iss.upper()), "jwt-invalidissuererror"),
    "expired": (lambda idp: token_of(idp, exp=now() - 60), "jwt-expiredsignatureerror"),
    "not yet": (lambda idp: token_of(idp, nbf=now() + 60), "jwt-immaturesignatureerror"),
    "made later": (lambda idp: token_of(idp, iat=now() + 60), "jwt-immaturesignatureerror"),
    "no end": (lambda idp: token_of(idp, exp=...), "jwt-missingrequiredclaimerror"),
    "no beginning": (lambda idp: token_of(idp, iat=...), "jwt-missing-iat-claim"),
    "an ID token": (lambda idp: token_of(idp, typ="ID"), "jwt-invalidtokenerror"),
    "a refresh token": (lambda idp: token_of(idp, typ="Refresh"), "jwt-invalidtokenerror"),
    "a logout token": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), RSA_KEY, "k1", typ="logout+jwt"),
        "jwt-invalidtokenerror",
    ),
    "bound to a key": (lambda idp: token_of(idp, cnf={"jkt": "x"}), "jwt-invalidtokenerror"),
    "no client": (lambda idp: token_of(idp, azp=...), "missing-client-identifier"),
    "a client that is no text": (lambda idp: token_of(idp, azp=["app"]), "missing-client-identifier"),
    "nobody's client": (lambda idp: token_of(idp, "nobody"), "invalid-client-identifier"),
    "a client of another municipality": (lambda idp: token_of(idp, "raalte-app"), "invalid-client-identifier"),
    "another key": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), NEXT_KEY, "k1"),
        "invalid-jwt-signature",
    ),
    "the other key of the provider": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), EC_KEY, "k1"),
        "invalid-jwt-signature",
    ),
    "an unknown key": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), NEXT_KEY, "k9"),
        "invalid-jwt-signature",
    ),
    "a key that is not named": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), NEXT_KEY, None),
        "invalid-jwt-signature",
    ),
    "an algorithm that is not pinned": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), RSA_KEY, "k1", "PS256"),
        "jwt-invalidalgorithmerror",
    ),
    "RS512": (
        lambda idp: signed(keycloak(idp.iss, AUDIENCE, "app"), RSA_KEY, "k1", "RS512"),
        "jwt-invalidalgorithmerror",
    ),
    "the public key as a secret": (
        lambda idp: hs256_with(
            pem(RSA_KEY).encode(), {"alg": "HS256", "kid": "k1"}, keycloak(idp.iss, AUDIENCE, "app")
        ),
        "invalid-jwt-signature",
    ),
    "the public key as a secret, said to be RSA": (
        lambda idp: hs256_with(
            pem(RSA_KEY).encode(), {"alg": "RS256", "kid": "k1"}, keycloak(idp.iss, AUDIENCE, "app")
        ),
        "invalid-jwt-signature",
    ),
}


@pytest.mark.parametrize(("token", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_is_refused_with_its_code(world: World, idp: Idp, token: Callable[[Idp], str], code: str) -> None:
    assert (await get(world, token(idp))).code == (403, code)
    assert world.zaken.received == 0
    assert (await get(world, token_of(idp))).status == 200


async def test_an_unsigned_token_asks_no_provider(world: World, idp: Idp) -> None:
    for token in (
        make_token(client_id="app", algorithm="none", iss=idp.iss, aud=AUDIENCE),
        token_of(idp, audience="another"),
        signed(keycloak("https://login.elders.nl", AUDIENCE, "app"), RSA_KEY, "k1"),
    ):
        assert (await get(world, token)).status == 403
    assert idp.asked == []


async def test_an_algorithm_belongs_to_its_issuer(world: World, idp: Idp) -> None:
    await let_in(world, idp, algorithms=["ES256"])
    assert (await get(world, token_of(idp))).code == (403, "jwt-invalidalgorithmerror")
    assert (await get(world, signed(keycloak(idp.iss, AUDIENCE, "app"), EC_KEY, "e1"))).status == 200


async def test_keys_for_something_else_let_nobody_in(world: World, idp: Idp) -> None:
    """Providers publish keys for encryption beside those for signing, and tell for which algorithm each is."""
    other = rsa.generate_private_key(65537, 2048)
    short, curve = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())
    idp.published += [
        jwk_of(other, "enc", use="enc", alg="RSA-OAEP"),
        jwk_of(other, "ops", key_ops=["encrypt"]),
        jwk_of(other, "pss", alg="PS256"),
        jwk_of(short, "short"),
        jwk_of(curve, "curve", alg=...),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {**jwk_of(other, "private"), "d": "AQAB", "p": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": "x", "kid": "okp"},
        jwk_of(other, "number", kid=7),
        {"kty": "RSA"},
        5,  # type: ignore[list-item]
    ]
    for key_id in ("enc", "ops", "pss", "private", "number", None):
        token = signed(keycloak(idp.iss, AUDIENCE, "app"), other, key_id)
        assert (await get(world, token)).code == (403, "invalid-jwt-signature"), key_id
    weak = raw_token({"alg": "RS256", "kid": "short"}, keycloak(idp.iss, AUDIENCE, "app"), short)
    assert (await get(world, weak)).code == (403, "invalid-jwt-signature")
    assert (await get(world, token_of(idp))).status == 200


async def test_the_only_key_needs_no_name(world: World) -> None:
    async with provider() as idp:
        idp.published = [jwk_of(RSA_KEY, "", kid=..., alg=..., use=...)]
        await let_in(world, idp)
        for key_id in (None, "whatever"):
            assert (await get(world, signed(keycloak(idp.iss, AUDIENCE, "app"), RSA_KEY, key_id))).status == 200


async def test_keys_at_a_url_of_their_own(world: World, idp: Idp) -> None:
    await let_in(world, idp, discovery_url="", jwks_url=f"{idp.iss}/certs")
    assert (await get(world, token_of(idp))).status == 200
    assert idp.asked == ["/realms/medewerkers/certs"]


async def test_a_removed_issuer_is_refused_at_once(world: World, idp: Idp) -> None:
    token = token_of(idp)
    assert (await get(world, token)).status == 200
    await issuers.remove_issuer(world.db, "deventer", idp.iss)
    await world.heard()
    assert (await get(world, token)).code == (403, "jwt-invalidissuererror")


class TestIsolation:
    """Two municipalities with one provider: the audience tells for which of them a token is."""

    @pytest.fixture(autouse=True)
    async def _both(self, world: World, idp: Idp) -> None:
        await let_in(world, idp, "raalte", audiences=[OTHER])

    @pytest.mark.parametrize("client", ["app", "raalte-app", "both"])
    @pytest.mark.parametrize("audience", [AUDIENCE, OTHER])
    async def test_a_token_is_for_one_of_them(self, world: World, idp: Idp, client: str, audience: str) -> None:
        own = "deventer" if audience == AUDIENCE else "raalte"
        other = "raalte" if own == "deventer" else "deventer"
        known = client == "both" or (client == "app") == (own == "deventer")
        token = token_of(idp, client, audience)
        for host in ("localhost:8000", HOSTS[own]):
            answer = await get(world, token, host)
            if known:
                assert (answer.status, answer.json["tenant"]) == (200, own)
            else:
                assert answer.code == (403, "invalid-client-identifier")
        assert (await get(world, token, HOSTS[other])).code == (403, "jwt-invalidaudienceerror")

    async def test_a_token_for_both_is_told_apart_by_the_host(self, world: World, idp: Idp) -> None:
        token = token_of(idp, "both", [AUDIENCE, OTHER])
        assert (await get(world, token)).code == (403, "invalid-client-identifier")
        for tenant, host in HOSTS.items():
            assert (await get(world, token, host)).json["tenant"] == tenant
        # The client is one municipality's alone.
        assert (await get(world, token_of(idp, "app", [AUDIENCE, OTHER]))).json["tenant"] == "deventer"
        assert (await get(world, token_of(idp, "app", [AUDIENCE, OTHER]), HOSTS["raalte"])).status == 403

    async def test_no_two_have_one_audience(self, world: World, idp: Idp) -> None:
        for audiences in ([AUDIENCE], [OTHER, AUDIENCE]):
            with pytest.raises(ValueError, match="zgw-deventer is the audience of deventer"):
                await let_in(world, idp, "raalte", audiences=audiences)
        with pytest.raises(ValueError, match="need an audience each"):
            await issuers.set_issuer(world.db, "raalte", idp.iss, pem(RSA_KEY), ["RS256"])
        await issuers.set_issuer(world.db, "raalte", idp.iss, pem(RSA_KEY), ["RS256"], audiences=[OTHER])

    async def test_another_issuer_does_not_speak_for_this_one(self, world: World, idp: Idp) -> None:
        async with provider(("k1", NEXT_KEY)) as foreign:
            await let_in(world, foreign, "raalte", audiences=[AUDIENCE])
            # Signed by the provider of Raalte, with the name of that of Deventer.
            forged = signed(keycloak(idp.iss, AUDIENCE, "app"), NEXT_KEY, "k1")
            assert (await get(world, forged)).code == (403, "invalid-jwt-signature")
            own = signed(keycloak(foreign.iss, AUDIENCE, "app"), NEXT_KEY, "k1")
            assert (await get(world, own)).code == (403, "invalid-client-identifier")
            assert (await get(world, own, HOSTS["deventer"])).code == (403, "jwt-invalidissuererror")
            both = signed(keycloak(foreign.iss, AUDIENCE, "both"), NEXT_KEY, "k1")
            assert (await get(world, both)).json["tenant"] == "raalte"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no audience": ({"audiences": []}, "needs an audience"),
    "two ways": ({"jwks_url": "https://x.nl/keys"}, "in one way"),
    "a symmetric algorithm": ({"algorithms": ["HS256"]}, "one or more of the algorithms"),
    "none": ({"algorithms": ["RS256", "none"]}, "one or more of the algorithms"),
}


@pytest.mark.parametrize(("values", "why"), WRONG.values(), ids=WRONG.keys())
async def test_an_issuer_that_lets_in_too_much_is_refused(
    world: World, idp: Idp, values: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await let_in(world, idp, **values)
