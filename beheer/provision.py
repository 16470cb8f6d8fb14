"""Schemas, roles and rights in the database: what an administrator's connection sets up.

Objects belong to the administrator. The role of (municipality, service) may use the tables of its schema; the login
role of a service may become those roles, and by itself may read nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.schema import CreateIndex, CreateSequence, CreateTable

from beheer.migrate import OWN_PACKAGES, head, own_statements
from runtime.locks import Lock, lock, sql
from runtime.revisions import is_before_releases
from runtime.settings import Settings
from runtime.tenancy import SERVICES, check_name, login_role, schema_of
from zgw.api import Api

log = logging.getLogger("samenzaak.provision")

OWN_SCHEMAS = """
    SELECT nspname, bool_or(relname = 'alembic_version') FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname ~ $1 AND relkind = 'r' GROUP BY 1 ORDER BY 1"""
"""The schemas of Samenzaak that have tables, and whether they have a revision."""

MARK = "SELECT obj_description(to_regnamespace('gateway'), 'pg_namespace')"


def api_of(service: str) -> Api:
    """Return the declaration of a service."""
    found: Api = import_module(f"services.{service}.app").API
    return found


def password_of(settings: Settings, service: str) -> str:
    """Return the password of a login role, derived from the secret key."""
    return settings.derive(f"database-role:{service}").hex()


def ddl(metadata: MetaData) -> str:
    """Return the statements that make all tables, indexes and sequences of a service in the current schema."""
    # Of a driver that takes a percent sign as it is: others have it doubled.
    dialect = dialects.dialect()  # type: ignore[no-untyped-call]
    parts = [str(CreateSequence(sequence).compile(dialect=dialect)) for sequence in metadata._sequences.values()]
    # Functions that indexes use.
    parts += metadata.info.get("ddl", [])
    for table in metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(dialect=dialect)))
        parts += [
            str(CreateIndex(i).compile(dialect=dialect)) for i in sorted(table.indexes, key=lambda i: str(i.name))
        ]
        # Statements that SQLAlchemy cannot express, such as statistics about an expression.
        parts += table.info.get("ddl", [])
    return ";\n".join(parts) + ";\n"


async def check_release(admin: asyncpg.Connection) -> None:
    """Raise ValueError for a database with something of before release 0.1.0, which no release can bring up to date."""
    for schema, has_revision in await admin.fetch(OWN_SCHEMAS, f"^gateway$|_({'|'.join(SERVICES)})$"):
        revision = "" if has_revision else "0000"
        # Meanwhile somebody may erase the municipality.
        with suppress(asyncpg.UndefinedTableError):
            if has_revision:
                revision = await admin.fetchval(f'SELECT max(version_num) FROM "{schema}".alembic_version') or ""  # noqa: S608
        if is_before_releases(revision):
            raise ValueError(
                f"schema {schema} is of a version before 0.1.0, which cannot be brought up to date: start with an empty"
                " database, or use the version that made it"
            )


async def check_key(admin: asyncpg.Connection, settings: Settings) -> None:
    """Raise ValueError when this installation has another secret key than the settings.

    Roles would get passwords that its processes do not know, and secrets would be stored that they cannot read.
    """
    if await admin.fetchval(MARK) not in (None, _mark(settings)):
        raise ValueError(
            "SAMENZAAK_SECRET_KEY is not the key of this database; when that is lost, samenzaak migrate"
            " --new-secret-key takes this one, and everything needs another secret"
        )


async def mark_key(admin: asyncpg.Connection, settings: Settings) -> None:
    """Keep with the gateway's schema by what the secret key is known again."""
    async with admin.transaction():
        # Two that comment at the same time would fail.
        await admin.execute(sql(lock(Lock.SCHEMAS)))
        if await admin.fetchval(MARK) != _mark(settings):
            await admin.execute(f"COMMENT ON SCHEMA gateway IS '{_mark(settings)}'")


def _mark(settings: Settings) -> str:
    # Enough to see a mistake, and too little to try keys with.
    return f"secret key {settings.derive('secret-key-mark').hex()[:8]}"


async def make_login_roles(
    admin: asyncpg.Connection, settings: Settings, names: Sequence[str] = (*SERVICES, *OWN_PACKAGES)
) -> None:
    """Make the login roles, or give them their current password."""
    database = await admin.fetchval("SELECT current_database()")
    for name in names:
        role = login_role(name)
        # Roles are shared by all databases of a cluster, so another process may be making the same one.
        await admin.execute(
            f"""{sql(lock(Lock.SCHEMAS))};
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} LOGIN NOINHERIT;
                END IF;
                ALTER ROLE {role} PASSWORD '{password_of(settings, name)}';
            END $$"""
        )
        await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO {role}')
    await admin.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    # A temporary table stays on a connection when that goes to another municipality.
    await admin.execute(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC')


async def make_schema(admin: asyncpg.Connection, tenant: str, service: str) -> None:
    """Make the schema, role and tables of one municipality in one service, in one transaction; nothing when they
    exist."""
    schema = schema_of(tenant, service)
    async with admin.transaction():
        await admin.execute(sql(lock(Lock.SCHEMAS)))
        if await admin.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
            return
        if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", schema):
            await admin.execute(f'CREATE ROLE "{schema}" NOLOGIN')
        # Names of schemas and roles cannot be parameters; check_name allows only letters, digits and hyphens.
        await admin.execute(
            f"""CREATE SCHEMA "{schema}";
            SET LOCAL search_path TO "{schema}";
            {ddl(api_of(service).metadata)}
            CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY);
            INSERT INTO alembic_version VALUES ('{head(service)}');
            GRANT USAGE ON SCHEMA "{schema}" TO "{schema}";
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{schema}";
            GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{schema}";
            ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{schema}";
            ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT USAGE, SELECT ON SEQUENCES TO "{schema}";
            GRANT "{schema}" TO {login_role(service)};"""  # noqa: S608
        )


async def make_own_schemas(admin: asyncpg.Connection) -> None:
    """Make the schemas of the gateway (municipalities, clients, issuers) and of the console (accounts, sessions, its
    log), or bring them up to date."""
    async with admin.transaction():
        await admin.execute(sql(lock(Lock.SCHEMAS)))
        for name in OWN_PACKAGES:
            await admin.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
            revision = ""
            if await admin.fetchval("SELECT to_regclass($1)", f"{name}.alembic_version"):
                revision = await admin.fetchval(f"SELECT version_num FROM {name}.alembic_version")  # noqa: S608
            if statements := own_statements(name, revision):
                await admin.execute(statements)
            await admin.execute(f"GRANT SELECT ON {name}.alembic_version TO {login_role(name)}")


async def make_tenant(admin: asyncpg.Connection, tenant: str) -> None:
    """Make everything that a municipality has in the database, in all services."""
    check_name(tenant)
    for service in SERVICES:
        await make_schema(admin, tenant, service)
        await asyncio.sleep(0)
