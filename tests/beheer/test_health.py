"""The probes of each process: it lives without a database, and is ready when it can do its work."""

import asyncio

import pytest

from beheer.health import LIVE, READY
from beheer.runner import PARTS
from runtime.recent import SECONDS
from tests.beheer.parts import part
from tests.stack import Stack


@pytest.mark.parametrize("name", PARTS)
async def test_every_part_is_ready_when_its_schemas_and_the_database_are_there(stack: Stack, name: str) -> None:
    async with part(stack, name, stack.dsn) as probe:
        await probe.app.signals.start()  # type: ignore[attr-defined]
        for path in (LIVE, READY):
            answer = await probe.get(path)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("name", PARTS)
async def test_a_part_without_database_lives_and_tells_what_is_missing(stack: Stack, name: str) -> None:
    async with part(stack, name, "postgresql://127.0.0.1:9/nowhere") as probe:
        assert (await probe.get(LIVE)).status_code == 200
        answer = await probe.get(READY)
        assert answer.status_code == 503
        assert "database" in " ".join(answer.json()["missing"])


async def test_a_service_whose_migrations_have_not_run_is_not_ready(stack: Stack) -> None:
    async with stack.admin() as admin:
        revision = await admin.fetchval("DELETE FROM deventer_zaken.alembic_version RETURNING version_num")
        back = "INSERT INTO deventer_zaken.alembic_version VALUES ($1) ON CONFLICT DO NOTHING"
        try:
            async with part(stack, "zaken", stack.dsn) as probe:
                answer = await probe.get(READY)
                assert answer.status_code == 503
                assert answer.json()["missing"] == ["zaken: migration of deventer"]
                await admin.execute(back, revision)
                # What was found is told for a second.
                assert (await probe.get(READY)).status_code == 503
                await asyncio.sleep(SECONDS)
                assert (await probe.get(READY)).status_code == 200
        finally:
            await admin.execute(back, revision)


async def test_other_paths_reach_the_part_itself(stack: Stack) -> None:
    async with part(stack, "worker", stack.dsn) as probe:
        assert (await probe.get("/_intern/other")).status_code == 404
    async with part(stack, "zaken", stack.dsn) as probe:
        assert (await probe.get("/zaken/api/v1/openapi.json")).status_code == 200
