"""What an application reads of tokens that were refused, also those of a provider, and who it says refused them."""

from typing import Any

import pytest

from gateway import issuers
from tests.gateway.conftest import World
from tests.gateway.fakes import ask, make_token
from tests.gateway.own_requests import RAALTE, ZAKEN, read
from tests.gateway.sleutels import RSA_KEY, pem

IDP = "https://idp.example.nl/realms/deventer"


@pytest.fixture
async def provider(world: World) -> World:
    kind = issuers.KINDS["keycloak"]
    await issuers.set_issuer(world.db, "deventer", IDP, pem(RSA_KEY), ["RS256"], audiences=["zgw"], kind=kind)
    await world.heard()
    return world


def signed(**claims: Any) -> str:
    """Return a token of a provider, which names its client as Keycloak does."""
    claims = {"iss": IDP, "aud": "zgw", "azp": "app", "client_id": ..., **claims}
    return make_token(secret=RSA_KEY, algorithm="RS256", **claims)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "another"}, "jwt-invalidaudienceerror"),
        ({"iat": 1}, "jwt-expired"),
        ({"iss": f"{IDP}/"}, "jwt-invalidissuererror"),
    ],
)
async def test_a_refused_token_of_a_provider_is_told_to_its_client(
    provider: World, claims: dict[str, Any], code: str
) -> None:
    refused = await ask(provider.gateway, ZAKEN, token=signed(**claims))
    assert refused.code == (403, code)
    [entry] = await read(provider)
    assert (entry["code"], entry["geverifieerd"], entry["instance"]) == (code, False, refused.json["instance"])
    assert (entry["weigering"]["laag"], entry["weigering"]["controle"]) == ("gateway", "token")


async def test_it_is_told_to_no_other_client(provider: World) -> None:
    """The issuer of one municipality names none of another; of two that have the name it is that of the issuer."""
    for claims in ({"azp": "raalte-app"}, {"azp": "nobody"}, {"azp": 5}, {"azp": None}, {"azp": ["app"]}):
        await ask(provider.gateway, ZAKEN, token=signed(aud="another", **claims))
    await ask(provider.gateway, ZAKEN, token=signed(aud="another"), host=RAALTE)
    await ask(provider.gateway, ZAKEN, token=signed(aud="another", azp="both"))
    await provider.gateway.requests.flush()
    rows = await provider.db.fetch("SELECT tenant, client_id FROM gateway.request")
    assert [tuple(row) for row in rows] == [("deventer", "both")]


async def test_who_refused_is_told(world: World) -> None:
    """The gateway judges tokens, and knows addresses that no API has."""
    await ask(world.gateway, ZAKEN, token=make_token(iat=1))
    await ask(world.gateway, f"{ZAKEN}/%00", token=make_token())
    await ask(world.gateway, "/zaken/api/v1/nothing", token=make_token(iat=1))
    await ask(world.gateway, "/zaken/api/v1/nothing", token=make_token())
    told = [(e["status"], e["weigering"]["laag"]) for e in reversed(await read(world))]
    assert told == [(403, "gateway"), (404, "gateway"), (404, "dienst"), (404, "dienst")]
