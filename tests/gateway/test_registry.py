"""The operator's side of the registry, and what the gateway's own role may do."""

import asyncio

import asyncpg
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway import issuers
from gateway import registry as registries
from gateway.config import secret_box
from runtime.problems import Problem
from tests.gateway.conftest import World
from tests.gateway.fakes import SECRET


async def test_tenants_and_hosts(world: World) -> None:
    assert [tenant.name for tenant in await registries.list_tenants(world.db)] == ["deventer", "raalte"]
    await registries.set_hosts(world.db, "raalte", ["Raalte.NL.", "raalte.nl"])
    assert (await registries.list_tenants(world.db))[1].hosts == ("raalte.nl",)
    for hosts in (["deventer.example.nl"], ["http://x.nl"], ["x.nl:80"], ["x_y.nl"], [""]):
        with pytest.raises(ValueError, match=r"host name|belongs to"):
            await registries.set_hosts(world.db, "raalte", hosts)
    with pytest.raises(LookupError):
        await registries.set_hosts(world.db, "nergens", [])
    await registries.remove_tenant(world.db, "raalte")
    with pytest.raises(LookupError):
        await registries.remove_tenant(world.db, "raalte")


@pytest.mark.parametrize(
    ("name", "naam", "rsin"),
    [("deventer", "X", "123456782"), ("Olst", "X", "123456782"), ("olst", "", "123456782"), ("olst", "X", "123456789")],
)
async def test_a_wrong_tenant_is_refused(world: World, name: str, naam: str, rsin: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        await registries.add_tenant(world.db, name, naam, rsin)


async def test_clients(world: World) -> None:
    box = secret_box(world.settings)
    assert await registries.client_secret(world.db, box, "deventer", "app") == SECRET
    stored = await world.db.fetchval("SELECT secret_encrypted FROM gateway.client WHERE client_id = 'app'")
    assert SECRET not in stored
    made = await registries.add_client(world.db, box, "raalte", "made")
    assert len(made) >= 32
    assert await registries.client_secret(world.db, box, "raalte", "made") == made
    assert [c.client_id for c in await registries.list_clients(world.db, "raalte")] == ["both", "made", "raalte-app"]
    with pytest.raises(ValueError, match="already"):
        await registries.add_client(world.db, box, "raalte", "made")
    with pytest.raises(LookupError):
        await registries.add_client(world.db, box, "nergens", "made")
    for client_id, secret in (("", "x"), ("a b", "x"), ("x" * 51, "x"), ("x", "-----BEGIN PUBLIC KEY-----")):
        with pytest.raises(ValueError, match=r"client_id|key"):
            await registries.add_client(world.db, box, "raalte", client_id, secret)
    with pytest.raises(LookupError):
        await registries.remove_client(world.db, "raalte", "nobody")
    with pytest.raises(LookupError):
        await registries.client_secret(world.db, box, "raalte", "nobody")
    with pytest.raises(Problem, match="500"):
        await registries.client_secret(world.db, Fernet(Fernet.generate_key()), "raalte", "made")


async def test_only_public_keys_make_an_issuer(world: World) -> None:
    private = rsa.generate_private_key(65537, 2048)
    short = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP384R1())
    texts = [
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        *(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            for key in (short, curve)
        ),
        '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        '{"keys": []}',
        "{}",
        "{nonsense",
        "nonsense",
        "",
    ]
    for text in texts:
        with pytest.raises(ValueError, match=r".+"):
            await issuers.set_issuer(world.db, "raalte", "https://idp", text, ["RS256"])
    good = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for algorithms in ([], ["HS256"], ["none"], ["ES256"]):
        with pytest.raises(ValueError, match=r".+"):
            await issuers.set_issuer(world.db, "raalte", "https://idp", good, algorithms)
    await issuers.set_issuer(world.db, "raalte", "https://idp", good, ["RS256", "PS256"])
    assert [issuer.iss for issuer in await issuers.list_issuers(world.db)] == ["https://idp"]
    await issuers.remove_issuer(world.db, "raalte", "https://idp")
    with pytest.raises(LookupError):
        await issuers.remove_issuer(world.db, "raalte", "https://idp")


async def test_the_gateway_can_only_read(world: World) -> None:
    connection = await asyncpg.connect(world.dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM gateway.client") == 4
        for statement in ("DELETE FROM gateway.client", "INSERT INTO gateway.tenant VALUES ('x1', 'x', '123456782')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_lost_connection_is_made_again(world: World) -> None:
    await world.registry.current()
    await world.db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'samenzaak gateway%'"
    )
    assert await world.registry.missing() == ""


async def test_requests_share_a_read(world: World) -> None:
    await world.signals.stop()
    reads = world.registry._reads
    snapshots = await asyncio.gather(*(world.registry.current() for _ in range(50)))
    assert world.registry._reads - reads <= 2
    assert len({id(snapshot) for snapshot in snapshots}) <= 2
