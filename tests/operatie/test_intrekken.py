"""How soon separate processes refuse a secret that was revoked, and a key that its provider took back
(docs/operators.md)."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import issuers
from gateway import registry as registries
from gateway.config import secret_box
from gateway.issuers import KINDS
from gateway.provider import discovery_of
from tests.gateway.oidc import jwk_of, keycloak, provider, signed
from tests.gateway.sleutels import RSA_KEY
from tests.operatie.conftest import Collector, free_ports
from tests.operatie.metrieken import metrics_of
from tests.stack import Client, Stack, common_folder, running, worker

ZAKEN = "/zaken/api/v1/zaken"
REVOKED = 2.0
"""Seconds after which every process refuses a revoked secret."""
FRESH = 2.0
"""What the setting is here; the default is a minute, and the bound grows with it."""


@pytest.fixture(scope="module")
async def revoking(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> AsyncIterator[Stack]:
    """Eight processes that fetch keys often."""
    values = {"issuer_keys_fresh": FRESH, "metrics_port": free_ports()}
    name = f"intrekken_{worker()}"
    async with running(common_folder(tmp_path_factory), name, split=True, **values) as stack:  # type: ignore[arg-type]
        await stack.add_tenant("deventer")
        yield stack


async def answered(client: Client, token: str, status: int, most: float) -> None:
    """Ask with a token until it is answered so; fail when that takes more than ``most`` seconds."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {token}"}
    while (await client.get(ZAKEN, headers=headers)).status_code != status:
        assert time.monotonic() - began < most
        await asyncio.sleep(0.005)


async def test_a_revoked_secret_is_refused_by_other_processes(revoking: Stack) -> None:
    client = await revoking.add_client("deventer", "ingetrokken")
    token = client.token()
    assert (await client.get(ZAKEN, headers={"Authorization": f"Bearer {token}"})).status_code == 200
    async with revoking.admin() as admin:
        [first] = (await registries.find_client(admin, "deventer", "ingetrokken")).secrets
        box, ends = secret_box(revoking.settings), datetime.now(UTC) + timedelta(days=10)
        _, text = await registries.add_secret(admin, box, "deventer", "ingetrokken", expires=ends)
        await registries.revoke_secret(admin, "deventer", "ingetrokken", first.name)
    await answered(client, token, 403, REVOKED)
    claims = {"iss": "ingetrokken", "iat": int(time.time()), "client_id": "ingetrokken"}
    await answered(client, jwt.encode(claims, text, "HS256"), 200, REVOKED)
    # Monitoring is told when it ends.
    [left] = [
        value
        for name, value in (await metrics_of(revoking, "gateway")).items()
        if name.startswith("samenzaak_secret_expiry_seconds{") and 'client="ingetrokken"' in name
    ]
    assert 9 * 86400 < left < 10 * 86400


async def test_a_key_that_was_taken_back_is_refused_by_other_processes(revoking: Stack) -> None:
    client = await revoking.add_client("deventer", "gestolen")
    async with provider(("k1", RSA_KEY)) as idp:
        async with revoking.admin() as admin:
            where = {"discovery_url": discovery_of(idp.iss), "audiences": ["zgw"]}
            kind = KINDS["keycloak"]
            await issuers.set_issuer(admin, "deventer", idp.iss, "", ["RS256"], private=True, kind=kind, **where)  # type: ignore[arg-type]
        stolen = signed(keycloak(idp.iss, "zgw", "gestolen"), RSA_KEY, "k1")
        await answered(client, stolen, 200, 30)
        idp.published[:] = [jwk_of(rsa.generate_private_key(65537, 2048), "k2")]
        # And what the provider and a busy machine take to answer.
        await answered(client, stolen, 403, FRESH + 8)
        gauges = await metrics_of(revoking, "gateway")
        mine = f'{{issuer="{idp.iss}"}}'
        assert 0 <= gauges[f"samenzaak_issuer_keys_age_seconds{mine}"] < 60
        assert gauges[f"samenzaak_issuer_keys_failing{mine}"] == 0
