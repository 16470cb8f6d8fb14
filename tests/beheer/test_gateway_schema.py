"""The schema of the gateway: made and brought up to date by Alembic, also from before Alembic kept its revision."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

import gateway
from beheer.migrate import head, revisions
from beheer.provision import make_gateway_schema
from gateway.config import secret_box
from gateway.registry import Registry, add_tenant, list_tenants
from runtime.problems import Problem
from runtime.signals import Signals
from tests.beheer.parts import part
from tests.beheer.schemas import objects
from tests.stack import Stack

FIRST = (Path(gateway.__path__[0]) / "migrations" / "versions" / "0001.sql").read_text()
ORIGINS = "ALTER TABLE gateway.tenant ADD COLUMN origins text[] NOT NULL DEFAULT '{}'"
ROW = "INSERT INTO gateway.tenant (name, naam, rsin) VALUES ('deventer', 'Deventer', '517439943')"

COUNTED = "CREATE TABLE gateway.migration (name text); INSERT INTO gateway.migration VALUES ('0001')"

EARLIER = {
    "nothing": "",
    "the first": f"{FIRST};{ROW}",
    "counted": f"{FIRST};{ROW};{COUNTED}",
    "counted, newer": f"{FIRST};{ORIGINS};{ROW};{COUNTED}, ('0002')",
}
"""How a database may be found."""


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


@pytest.mark.parametrize("earlier", EARLIER)
async def test_every_earlier_schema_becomes_the_newest(stack: Stack, empty: asyncpg.Connection, earlier: str) -> None:
    if EARLIER[earlier]:
        await empty.execute(EARLIER[earlier])
    for _ in range(2):
        await make_gateway_schema(empty)
        assert await empty.fetchval("SELECT version_num FROM gateway.alembic_version") == head("gateway")
    async with stack.admin() as admin:
        expected = await objects(admin, "gateway")
    found = await objects(empty, "gateway")
    assert {key: facts for key, facts in found.items() if "migration" not in key[1]} == expected
    assert [t.name for t in await list_tenants(empty)] == (["deventer"] if EARLIER[earlier] else [])
    if not EARLIER[earlier]:
        await add_tenant(empty, "raalte", "Raalte", "159351741", ["raalte.example.nl"])


async def test_a_newer_schema_is_left_alone(empty: asyncpg.Connection) -> None:
    await make_gateway_schema(empty)
    await empty.execute("UPDATE gateway.alembic_version SET version_num = 'next'")
    await make_gateway_schema(empty)
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
    registry = Registry(stack.standalone.registry._dsn, secret_box(stack.settings), Signals(""), ["0001"])
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
