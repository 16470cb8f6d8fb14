"""Migrations on a real database: from nothing, with data, in parallel, interrupted, locked."""

import asyncio
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DatabaseError, DBAPIError

import services
from beheer import migrate
from beheer.provision import api_of, make_schema
from gateway import registry
from runtime.locks import Lock, session_unlock, sql, try_session_lock
from runtime.tenancy import SERVICES, schema_of
from tests.beheer.schemas import EERSTE, FIRST, make_empty, objects
from tests.bodies import relatie
from tests.stack import Client, Stack
from tests.waiting import WAITING, until

NEXT = '''
revision = "next"
down_revision = "{head}"


def upgrade(op) -> None:
    op.execute("""{sql}""")
'''
EXPAND = (
    "ALTER TABLE applicatie ADD COLUMN toelichting text NOT NULL DEFAULT '';"
    "CREATE TABLE extra (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tekst text)"
)

HEAD = migrate.head("autorisaties")


def copy_of_migrations(folder: Path, service: str = "autorisaties") -> ScriptDirectory:
    """Return the migrations of a service, copied so that a test can add to them."""
    shutil.copytree(Path(services.__path__[0]) / service / "migrations" / "versions", folder / "versions")
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def add_revision(folder: Path, sql: str, head: str = HEAD) -> None:
    """Add a revision after the newest one."""
    (folder / "versions" / "next.py").write_text(NEXT.format(head=head, sql=sql))


@dataclass
class Place:
    """A database of a test's own, with a service whose migrations a test can add to."""

    dsn: str
    admin: asyncpg.Connection
    tenants: list[str]
    folder: Path

    def add(self, sql: str) -> None:
        """Add a revision after the newest one."""
        add_revision(self.folder, sql)

    async def revisions(self) -> list[str]:
        """Return the revision of each municipality."""
        return [
            await self.admin.fetchval(f"SELECT version_num FROM {t}_autorisaties.alembic_version") for t in self.tenants
        ]

    async def columns(self, tenant: str) -> list[str]:
        """Return the columns that a municipality's table has."""
        schema = schema_of(tenant, "autorisaties")
        found = await self.admin.fetch(
            "SELECT column_name FROM information_schema.columns WHERE (table_schema, table_name) = ($1, 'applicatie')",
            schema,
        )
        return [row["column_name"] for row in found]


@pytest.fixture
async def place(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """Three municipalities at the first revision of autorisaties, alone in a database."""
    number = time.time_ns()
    async with stack.admin() as owner:
        await owner.execute(f"CREATE DATABASE migrate_{number}")
    dsn = re.sub(r"/[a-z0-9_]+\?", f"/migrate_{number}?", stack.dsn)
    admin = await asyncpg.connect(dsn)
    tenants = [f"m{letter}{number % 10**9}" for letter in "abc"]
    with stack._roles_alone():
        for tenant in tenants:
            await make_schema(admin, tenant, "autorisaties")
    copy_of_migrations(tmp_path)
    versions = [str(tmp_path / "versions")]
    monkeypatch.setattr(migrate, "scripts", lambda _: ScriptDirectory(str(tmp_path), version_locations=versions))
    yield Place(dsn, admin, tenants, tmp_path)
    await admin.close()


async def upgrade_all(place: Place, parallel: int = 4) -> list[migrate.Migrated]:
    return await asyncio.to_thread(migrate.upgrade_all, place.dsn, parallel)


async def waiting(admin: asyncpg.Connection, count: int) -> None:
    """Return when so many sessions of this database wait for a lock."""

    async def right() -> bool:
        return bool(await admin.fetchval(WAITING) == count)

    await until(right, f"never were {count} sessions waiting")


@pytest.mark.parametrize("service", SERVICES)
async def test_migrating_gives_the_same_database_as_provisioning_in_one_go(stack: Stack, service: str) -> None:
    number = time.time_ns() % 10**9
    at_once, by_steps = f"een{number}", f"stap{number}"
    async with stack.admin() as admin:
        with stack._roles_alone():
            await make_schema(admin, at_once, service)
            schema = await make_empty(admin, by_steps, service)
        done = await asyncio.to_thread(migrate.upgrade, stack.dsn, by_steps, service)
        assert (done.before, done.after) == ("", migrate.head(service))
        expected, found = await objects(admin, schema_of(at_once, service)), await objects(admin, schema)
        tables = [name for kind, name in expected if kind == "relation"]
        await admin.execute(f"DROP SCHEMA {schema} CASCADE; DROP SCHEMA {schema_of(at_once, service)} CASCADE")
    assert len(tables) > 2
    assert len(expected) > 20
    assert found == expected


GROWTH = {
    "autorisaties": "applicatie",
    "besluiten": "besluit",
    "catalogi": "zaaktype",
    "documenten": "document",
    "notificaties": "kanaal",
    "zaken": "zaak",
}
"""Of each service a table that a later version adds a column to."""


async def test_data_of_the_first_release_are_there_after_all_migrations(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What release 0.1.0 stored is what this version shows, also after a migration of a later one, and can be gone on
    with."""
    directories = {service: copy_of_migrations(tmp_path / service, service) for service in SERVICES}
    for service, table in GROWTH.items():
        sql = f"ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT 'x'; CREATE INDEX later ON {table} (later)"
        add_revision(tmp_path / service, sql, migrate.head(service))
    monkeypatch.setattr(migrate, "scripts", lambda service: directories[service])
    tenant = f"eerst{time.time_ns() % 10**9}"
    async with stack.admin() as admin:
        await registry.add_tenant(admin, tenant, "Eerste", "000000000", ())
        for service in SERVICES:
            with stack._roles_alone():
                schema = await make_empty(admin, tenant, service)
            await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, service, FIRST)
            data = (EERSTE / f"{service}.sql").read_text()
            await admin.execute(f"SET search_path TO {schema}; SET session_replication_role = replica;\n{data}")
            await admin.execute("RESET search_path; RESET session_replication_role")
            done = await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, service)
            assert (done.before, done.after) == (FIRST, "next")
    client = await stack.add_client(tenant, f"lezer-{tenant}")
    for service in SERVICES:
        for resource in api_of(service).resources:
            if "list" in resource.scopes and not resource.parent:
                await check_all(client, f"{api_of(service).root}/{resource.path}", resource.name)
    zaken = (await client.get("/zaken/api/v1/zaken?ordering=identificatie")).json()["results"]
    assert [zaak["identificatie"] for zaak in zaken] == ["ZAAK-2026-0000000001", "ZAAK-2026-0000000002"]
    closed, second = zaken
    assert closed["einddatum"] == "2026-11-25"
    assert len(closed["rollen"]) == len(closed["zaakobjecten"]) == len(closed["zaakinformatieobjecten"]) == 1
    assert second["relevanteAndereZaken"] == [relatie(closed["url"])]
    trail = (await client.get(f"{closed['url']}/audittrail")).json()
    assert [entry["resource"] for entry in trail][:3] == ["zaak", "rol", "zaakeigenschap"]
    assert {entry["hoofdObject"] for entry in trail} == {closed["url"]}
    # The third number is reserved.
    body = {name: second[name] for name in ("bronorganisatie", "verantwoordelijkeOrganisatie", "zaaktype")}
    new = await client.created("/zaken/api/v1/zaken", {**body, "startdatum": "2026-11-25"})
    assert new["identificatie"] == "ZAAK-2026-0000000004"


NONE_YET = ("abonnement", "besluitinformatieobject", "zaakcontactmoment", "zaakverzoek", "zaakobjecttype", "substatus")
"""Kinds of which the data of the first revision have no object."""


async def check_all(client: Client, url: str, kind: str) -> None:
    """Check that everything in a list can be read, and reads the same by itself."""
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    items = found["results"] if isinstance(found, dict) else found
    assert bool(items) == (kind not in NONE_YET), kind
    for item in items:
        assert (await client.get(item["url"])).json() == item


async def test_a_running_service_keeps_its_data_and_works_during_an_upgrade(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision with data gets a next one that expands; the program of the former goes on with it."""
    tenant = f"groei{time.time_ns() % 10**9}"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, f"beheer-{tenant}")
    body = {"clientIds": [f"x-{tenant}"], "label": "Voor", "heeftAlleAutorisaties": True}
    before = await client.created("/autorisaties/api/v1/applicaties", body)
    directory = copy_of_migrations(tmp_path)
    add_revision(tmp_path, EXPAND)
    monkeypatch.setattr(migrate, "scripts", lambda _: directory)
    done = await asyncio.to_thread(migrate.upgrade, stack.dsn, tenant, "autorisaties")
    assert (done.before, done.after) == (HEAD, "next")
    assert (await client.get(before["url"])).json() == before
    after = await client.created("/autorisaties/api/v1/applicaties", {**body, "clientIds": [f"y-{tenant}"]})
    assert after["label"] == "Voor"
    schema = schema_of(tenant, "autorisaties")
    async with stack.admin() as admin:
        assert await admin.fetchval(f"SELECT count(*) FROM {schema}.applicatie WHERE toelichting = ''") == 3
        # What a migration makes can be used by the role of the municipality, by nobody else.
        await admin.execute(f"SET ROLE {schema}; INSERT INTO {schema}.extra (tekst) VALUES ('x'); RESET ROLE")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await admin.execute(f"SET ROLE deventer_autorisaties; SELECT * FROM {schema}.extra")


async def test_all_municipalities_are_upgraded_and_repeating_changes_nothing(place: Place) -> None:
    place.add(EXPAND)
    first = await upgrade_all(place)
    assert [(m.tenant, m.before, m.after) for m in first] == [(tenant, HEAD, "next") for tenant in place.tenants]
    second = await upgrade_all(place)
    assert [(m.before, m.after) for m in second] == [("next", "next")] * 3
    for tenant in place.tenants:
        assert "toelichting" in await place.columns(tenant)


async def test_a_schema_of_a_newer_version_is_left_alone(place: Place) -> None:
    """The former version has come back, and its `migrate` and `serve` find what it does not know."""
    place.add(EXPAND)
    await upgrade_all(place)
    (place.folder / "versions" / "next.py").unlink()
    done = await upgrade_all(place)
    assert [(m.before, m.after) for m in done] == [("next", "next")] * 3


async def test_a_failure_leaves_that_schema_as_it_was_and_is_resumed(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    twice = "INSERT INTO {}_autorisaties.applicatie (uuid, client_ids, label, heeft_alle_autorisaties,"
    twice += (
        " alleen_is_gereed_voor_publicatie, autorisaties) SELECT gen_random_uuid(), '[]', 'dubbel', true, false, '[]'"
    )
    twice += " FROM generate_series(1, 2)"
    await place.admin.execute(twice.format(place.tenants[1]))
    place.add(EXPAND + "; CREATE UNIQUE INDEX labels ON applicatie (label)")
    with pytest.raises(DatabaseError, match="labels"):
        await upgrade_all(place)
    assert [r.getMessage().partition(":")[0] for r in caplog.records if r.levelname == "ERROR"] == [
        f"{place.tenants[1]}_autorisaties stays as it was"
    ]
    assert await place.revisions() == ["next", HEAD, "next"]
    assert "toelichting" not in await place.columns(place.tenants[1])
    await place.admin.execute(f"DELETE FROM {place.tenants[1]}_autorisaties.applicatie")
    done = await upgrade_all(place)
    assert [(m.before, m.after) for m in done] == [("next", "next"), (HEAD, "next"), ("next", "next")]


async def test_an_interrupted_run_is_resumed(place: Place) -> None:
    """The connection of a migration is cut halfway, as when its pod is killed."""
    place.add(EXPAND + "; SELECT pg_advisory_xact_lock(42)")
    await place.admin.execute("SELECT pg_advisory_lock(42)")
    run = asyncio.create_task(upgrade_all(place, 1))
    await waiting(place.admin, 1)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    await place.admin.execute(cut)
    await waiting(place.admin, 1)
    await place.admin.execute("SELECT pg_advisory_unlock(42)")
    with pytest.raises(DBAPIError):
        await run
    assert await place.revisions() == [HEAD, "next", "next"]
    assert "toelichting" not in await place.columns(place.tenants[0])
    await upgrade_all(place)
    assert await place.revisions() == ["next", "next", "next"]


async def test_a_migration_lets_go_of_its_tables_before_the_next(place: Place) -> None:
    """The first changes a table; while the second takes its time elsewhere, that is read and written."""
    place.add(EXPAND)
    later = NEXT.replace('"next"', '"later"').format(head="next", sql="SELECT pg_advisory_xact_lock(43)")
    (place.folder / "versions" / "later.py").write_text(later)
    tenant = place.tenants[0]
    await place.admin.execute("SELECT pg_advisory_lock(43)")
    run = asyncio.create_task(asyncio.to_thread(migrate.upgrade, place.dsn, tenant, "autorisaties"))
    await waiting(place.admin, 1)
    await place.admin.execute(f"SET lock_timeout = '5s'; DELETE FROM {tenant}_autorisaties.applicatie")
    await place.admin.execute("SELECT pg_advisory_unlock(43)")
    done = await run
    assert (done.before, done.after) == (HEAD, "later")


async def test_two_runs_at_the_same_time_do_each_schema_once(place: Place) -> None:
    place.add(EXPAND)
    schema = schema_of(place.tenants[0], "autorisaties")
    await place.admin.execute(f'SET search_path TO "{schema}"')
    assert await place.admin.fetchval(sql(try_session_lock(Lock.MIGRATION)))
    runs = [
        asyncio.create_task(asyncio.to_thread(migrate.upgrade, place.dsn, place.tenants[0], "autorisaties"))
        for _ in range(2)
    ]
    await waiting(place.admin, 2)
    await place.admin.execute(sql(session_unlock(Lock.MIGRATION)))
    done = await asyncio.gather(*runs)
    assert sorted((m.before, m.after) for m in done) == [(HEAD, "next"), ("next", "next")]


async def test_a_migration_does_not_keep_others_waiting_behind_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a long transaction holds the table, the migration steps back, and readers come through."""
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migrate, "LOCK_PAUSE", 0.05)
    monkeypatch.setattr(migrate, "LOCK_ATTEMPTS", 1000)
    stepped_back = threading.Event()
    monkeypatch.setattr(migrate.log, "warning", lambda *_: stepped_back.set())
    place.add(EXPAND)
    tenant = place.tenants[0]
    other = await asyncpg.connect(place.dsn)
    long = other.transaction()
    await long.start()
    await other.execute(f"SELECT * FROM {tenant}_autorisaties.applicatie")
    run = asyncio.create_task(asyncio.to_thread(migrate.upgrade, place.dsn, tenant, "autorisaties"))
    assert await asyncio.to_thread(stepped_back.wait, 20)
    assert await place.admin.fetchval(f"SELECT count(*) FROM {tenant}_autorisaties.applicatie") == 0
    await long.rollback()
    await other.close()
    assert (await run).after == "next"
