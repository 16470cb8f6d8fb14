"""A database of a version before release 0.1.0, which was never released: refused in one line, and left as it is."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from beheer import postgres
from beheer.migrate import head
from tests.beheer.schemas import objects
from tests.opdracht import Samenzaak, free_port

OLD = {
    "a municipality": "UPDATE deventer_zaken.alembic_version SET version_num = '0007'",
    "the gateway": "UPDATE gateway.alembic_version SET version_num = '0004'",
    "the gateway, without a revision": "DROP TABLE gateway.alembic_version",
    "a municipality, without a revision": "DROP TABLE deventer_zaken.alembic_version",
}
BACK = f"""
CREATE TABLE IF NOT EXISTS gateway.alembic_version (version_num varchar(32));
CREATE TABLE IF NOT EXISTS deventer_zaken.alembic_version (version_num varchar(32));
DELETE FROM gateway.alembic_version; INSERT INTO gateway.alembic_version VALUES ('{head("gateway")}');
DELETE FROM deventer_zaken.alembic_version; INSERT INTO deventer_zaken.alembic_version VALUES ('{head("zaken")}')"""


@pytest.fixture(scope="module")
def installation(samenzaak: Samenzaak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The command, and the database of an installation with Deventer."""
    home = tmp_path_factory.mktemp("before")
    dsn = postgres.start(home)
    here = partial(samenzaak, home=home)
    here("tenant", "add", "deventer", "--naam", "Gemeente Deventer", "--rsin", "517439943")
    yield here, dsn
    postgres.stop(home)


@pytest.mark.parametrize("what", OLD)
def test_it_is_refused_before_anything_changes(installation: tuple[Any, str], what: str) -> None:
    here, dsn = installation
    asyncio.run(_run(dsn, OLD[what]))
    before = asyncio.run(_state(dsn))
    schema = "gateway" if "gateway" in what else "deventer_zaken"
    told = f"samenzaak: schema {schema} is of a version before 0.1.0, which cannot be brought up to date: start with"
    for command in (
        ("migrate",),
        ("migrate", "--new-secret-key"),
        ("serve", "--port", str(free_port())),
        ("serve-split", "--port", str(free_port())),
        ("tenant", "add", "raalte", "--naam", "Raalte", "--rsin", "159351741"),
    ):
        said = here(*command)
        assert (said.returncode, said.stdout) == (1, ""), (command, said.stderr)
        assert said.stderr == f"{told} an empty database, or use the version that made it\n"
    assert asyncio.run(_state(dsn)) == before
    asyncio.run(_run(dsn, BACK))
    assert here("migrate").returncode == 0


async def _run(dsn: str, sql: str) -> None:
    admin = await asyncpg.connect(dsn)
    await admin.execute(sql)
    await admin.close()


async def _state(dsn: str) -> Any:
    admin = await asyncpg.connect(dsn)
    found = [await objects(admin, schema) for schema in ("gateway", "deventer_zaken")]
    roles = await admin.fetch("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1")
    await admin.close()
    return found, [tuple(role) for role in roles]
