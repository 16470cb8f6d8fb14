"""The schema of the gateway: made and brought up to date by Alembic."""

import re
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from beheer.migrate import head, revisions
from beheer.provision import make_own_schemas
from gateway.config import secret_box
from gateway.known import Registry
from gateway.registry import add_tenant, list_tenants
from runtime.problems import Problem
from runtime.signals import Signals
from tests.beheer.parts import part
from tests.beheer.schemas import objects
from tests.stack import Stack


@pytest.fixture
async def empty(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A database of the test's own, without the schema."""
    name = f"gateway_{time.time_ns()}"
    async with stack.admin() as owner:
        await owner.execute(f"CREATE DATABASE {name}")
        admin = await asyncpg.connect(re.sub(r"/[a-z0-9_]+\?", f"/{name}?", stack.dsn))
        yield admin
        await admin.close()
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_it_is_made_once_by_the_migrations(stack: Stack, empty: asyncpg.Connection) -> None:
    for _ in range(2):
        await make_own_schemas(empty)
        assert await empty.fetchval("SELECT version_num FROM gateway.alembic_version") == head("gateway")
    async with stack.admin() as admin:
        assert await objects(empty, "gateway") == await objects(admin, "gateway")
    assert await list_tenants(empty) == []
    await add_tenant(empty, "raalte", "Raalte", "159351741", ["raalte.example.nl"])


async def test_a_newer_schema_is_left_alone(empty: asyncpg.Connection) -> None:
    await make_own_schemas(empty)
    await empty.execute("UPDATE gateway.alembic_version SET version_num = 'next'")
    await make_own_schemas(empty)
    assert await empty.fetchval("SELECT version_num FROM gateway.alembic_version") == "next"


async def test_the_gateway_serves_no_schema_that_is_too_old(stack: Stack) -> None:
    async with stack.admin() as admin:
        await admin.execute("UPDATE gateway.alembic_version SET version_num = '0001'")
        try:
            async with part(stack, "gateway", stack.dsn) as probe:
                made = probe.app  # type: ignore[attr-defined]
                await made.signals.start()
                answer = await probe.get("/_intern/ready")
                assert answer.status_code == 503
                assert answer.json()["missing"] == ["migration of the gateway"]
                assert (await probe.get("/health/ready")).json()["missing"][0] == "migration of the gateway"
                refused: httpx.Response = await probe.get("/zaken/api/v1/zaken", headers={"Authorization": "Bearer x"})
                assert (refused.status_code, refused.json()["code"]) == (503, "service_unavailable")
        finally:
            await admin.execute("UPDATE gateway.alembic_version SET version_num = $1", head("gateway"))


async def test_a_newer_schema_is_served(stack: Stack) -> None:
    registry = Registry(stack.standalone.registry._dsn, secret_box(stack.settings), Signals(""), ["0000_older"])
    assert await registry.missing() == ""
    await registry.stop()


async def test_without_a_schema_the_gateway_is_not_ready(stack: Stack, empty: asyncpg.Connection) -> None:
    dsn = re.sub(
        r"/[a-z0-9_]+\?", f"/{await empty.fetchval('SELECT current_database()')}?", stack.standalone.registry._dsn
    )
    await empty.execute(f"GRANT CONNECT ON DATABASE {dsn.rpartition('/')[2].partition('?')[0]} TO samenzaak_gateway")
    registry = Registry(dsn, secret_box(stack.settings), Signals(dsn), revisions("gateway"))
    with pytest.raises(Problem):
        await registry.current()
    assert await registry.missing() == "migration of the gateway"
    await registry.stop()
