"""`samenzaak issuer`: a provider signs tokens for the clients of a municipality, with keys of its own."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from beheer import postgres
from tests.gateway.oidc import provider
from tests.gateway.sleutels import RSA_KEY
from tests.opdracht import Samenzaak

ISS = "https://login.deventer.test/realms/medewerkers"


@pytest.fixture(scope="module")
def here(samenzaak: Samenzaak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """The command on a data folder with Deventer; PostgreSQL runs."""
    home = tmp_path_factory.mktemp("issuers")
    postgres.start(home)
    samenzaak("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943", home=home)
    yield partial(samenzaak, home=home)
    postgres.stop(home)


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """A file with the public key of a provider, for ES256."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    file = tmp_path / "provider.pem"
    file.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(file)


def test_an_issuer_is_made_listed_and_removed(here: Callable[..., Any], keys: str) -> None:
    made = here("issuer", "add", "deventer", "--iss", ISS, "--keys", keys, "--algorithm", "ES256")
    assert (made.returncode, made.stdout) == (0, f"deventer {ISS}: ES256\n")
    listed = json.loads(here("issuer", "list", "deventer", "--json").stdout)
    assert listed == [
        {
            "tenant": "deventer",
            "iss": ISS,
            "algorithms": ["ES256"],
            "keys": "given",
            "audiences": [],
            "claims": {"client": ["client_id"], "user": ["user_id"], "name": ["user_representation"]},
            "maxAge": 0,
        }
    ]
    assert here("issuer", "remove", "deventer", "--iss", ISS).returncode == 0
    assert json.loads(here("issuer", "list", "deventer", "--json").stdout) == []


def test_keys_that_do_not_fit_are_refused(here: Callable[..., Any], keys: str) -> None:
    refused = here("issuer", "add", "deventer", "--iss", ISS, "--keys", keys)
    assert (refused.returncode, refused.stderr) == (1, "samenzaak: none of the keys fits RS256\n")
    assert here("issuer", "remove", "deventer", "--iss", ISS).returncode == 1
    assert json.loads(here("issuer", "list", "deventer", "--json").stdout) == []


async def test_the_keys_of_a_provider_are_looked_at_before_it_lets_anybody_in(here: Callable[..., Any]) -> None:
    async def add(*options: str) -> Any:
        return await asyncio.to_thread(here, "issuer", "add", "deventer", "--iss", idp.iss, *options)

    async with provider(("k1", RSA_KEY)) as idp:
        made = await add("--kind", "keycloak", "--audience", "zgw-deventer")
        well_known = f"{idp.iss}/.well-known/openid-configuration"
        assert made.stdout == f"deventer {idp.iss}: RS256, for zgw-deventer, keys of {well_known}\n"
        assert (
            made.stderr == "samenzaak: warning: its keys are fetched without TLS: whoever is between can make tokens\n"
        )
        [listed] = json.loads(here("issuer", "list", "deventer", "--json").stdout)
        assert listed["claims"]["client"] == ["azp"]
        refused = {
            (): "needs an audience",
            ("--audience", "x", "--kind", "okta"): "okta is not a kind of issuer",
            ("--audience", "x", "--algorithm", "ES256"): "none of the keys fits ES256",
            ("--audience", "x", "--jwks", f"{idp.base}/x", "--discovery", f"{idp.base}/y"): "in one way",
        }
        for options, why in refused.items():
            answer = await add(*options)
            assert (answer.returncode, why in answer.stderr) == (1, True), answer.stderr
        idp.document["issuer"] = "https://login.elders.nl"
        answer = await add("--audience", "x")
        assert "the issuer there is 'https://login.elders.nl'" in answer.stderr
        assert (await add("--audience", "x", "--unchecked")).returncode == 0
        assert here("issuer", "remove", "deventer", "--iss", idp.iss).returncode == 0
