"""Migrations: Alembic per service, over the schemas of all municipalities.

Each schema keeps its own revision, so an interrupted run is continued by running it again; an advisory lock per schema
keeps two runs apart. A new municipality gets the current schema in one go (``beheer.provision``).
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

import console
import gateway
import services
from gateway import registry
from runtime.locks import Lock, lock
from runtime.revisions import is_before_releases
from runtime.tenancy import ERASED, SERVICES, schema_of, tenant_of
from zgw.clients import TYPES

log = logging.getLogger("samenzaak.migrate")

GATEWAY, CONSOLE = "gateway", "console"
OWN_PACKAGES = {GATEWAY: gateway, CONSOLE: console}
"""Those with a schema of their own name, which holds no municipality's data."""
LOCK_TIMEOUT = "3s"
LOCK_PAUSE = 2.0
LOCK_ATTEMPTS = 20


@dataclass(frozen=True)
class Migrated:
    """The outcome for one schema: its revision before and after."""

    tenant: str
    service: str
    before: str
    after: str


def scripts(service: str) -> ScriptDirectory:
    """Return the migrations of a service, of the gateway or of the console."""
    own = OWN_PACKAGES.get(service)
    folder = Path(own.__path__[0] if own is not None else f"{services.__path__[0]}/{service}") / "migrations"
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def head(service: str) -> str:
    """Return the newest revision of a service."""
    found = scripts(service).get_current_head()
    if found is None:
        raise RuntimeError(f"{service} has no migrations")
    return found


def revisions(service: str) -> list[str]:
    """Return all revisions that this version of a service knows, newest first."""
    return [script.revision for script in scripts(service).walk_revisions()]


def _is_newer(revision: str, service: str) -> bool:
    """Return whether a newer version made this revision, so that this one has come back: it serves what it finds."""
    return revision != "" and revision not in revisions(service)


def own_statements(name: str, current: str) -> str:
    """Return the SQL that brings the schema of the gateway or of the console (``name``) from a revision (``""``: there
    is none) to the newest one; nothing when it is newer than this version.

    Each has one schema and no municipalities, so it is brought up to date wherever it is prepared.
    """
    if _is_newer(current, name):
        return ""
    directory, output = scripts(name), StringIO()
    options = {
        "as_sql": True,
        "output_buffer": output,
        "starting_rev": current or None,
        "version_table_schema": name,
        "fn": lambda revision, _: directory._upgrade_revs("head", revision),
    }
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    context.run_migrations(op=Operations(context))
    return output.getvalue()


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    """A connection of the administrator, for Alembic."""
    url = "postgresql+psycopg://" + dsn.split("://", 1)[1]
    engine = create_engine(url, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def schemas(dsn: str, only: Sequence[str] = SERVICES) -> list[tuple[str, str]]:
    """Return (municipality, service) of every schema in the database."""
    with connected(dsn) as connection:
        names = connection.execute(text("SELECT nspname FROM pg_namespace ORDER BY 1")).scalars().all()
    pairs = ((name, name.rpartition("_")[2]) for name in names if "_" in name)
    return [(tenant_of(name, service), service) for name, service in pairs if service in only]


def revision_of(connection: Connection, schema: str) -> str:
    """Return the revision of a schema, ``""`` when it has none."""
    if not connection.execute(text("SELECT to_regclass(:name)"), {"name": f'"{schema}".alembic_version'}).scalar():
        return ""
    return str(connection.execute(text(f'SELECT version_num FROM "{schema}".alembic_version')).scalar() or "")  # noqa: S608


def upgrade(dsn: str, tenant: str, service: str, target: str = "head") -> Migrated:
    """Bring one schema to a revision, each one on the way in a transaction of its own: what one locks is free again
    while the next fills a table."""
    done = first = _step(dsn, tenant, service, target)
    while done.before != done.after:
        done = _step(dsn, tenant, service, target)
    if first.before != done.after:
        log.info("%s: %s -> %s", schema_of(tenant, service), first.before or "empty", done.after)
    return Migrated(tenant, service, first.before, done.after)


def _step(dsn: str, tenant: str, service: str, target: str) -> Migrated:
    """Bring one schema a revision further, if there is one.

    A change of a table waits for the transactions that use it, and everyone who comes after waits behind the change. So
    it waits only briefly, lets the others pass, and tries again.
    """
    for attempt in range(LOCK_ATTEMPTS):
        try:
            return _upgrade(dsn, tenant, service, target)
        except OperationalError as e:
            if not isinstance(e.orig, LockNotAvailable) or attempt == LOCK_ATTEMPTS - 1:
                raise
            log.warning("%s is in use; trying again", schema_of(tenant, service))
            time.sleep(LOCK_PAUSE)
    raise AssertionError("unreachable")


def _upgrade(dsn: str, tenant: str, service: str, target: str) -> Migrated:
    schema = schema_of(tenant, service)
    directory = scripts(service)

    def steps(current: Any, _: MigrationContext) -> Any:
        return directory._upgrade_revs(target, current)[:1]

    with connected(dsn) as connection, connection.begin():
        connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))
        connection.execute(lock(Lock.MIGRATION))
        # Only now: another migration of this schema is waited for, however long it takes.
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        before = revision_of(connection, schema)
        if is_before_releases(before):
            raise ValueError(f"{schema} is of a version before 0.1.0 and cannot be brought up to date")
        if _is_newer(before, service):
            return Migrated(tenant, service, before, before)
        context = MigrationContext.configure(connection, opts={"fn": steps})
        # Each migration gets its own operations: `from alembic import op` is one for the whole process, and schemas are
        # upgraded in parallel.
        context.run_migrations(op=Operations(context))
        after = revision_of(connection, schema)
    return Migrated(tenant, service, before, after)


def upgrade_all(dsn: str, parallel: int = 4) -> list[Migrated]:
    """Bring every schema to the newest revision, several at a time; log every failure, and raise the first after all
    have run."""
    work = schemas(dsn)
    with ThreadPoolExecutor(parallel) as threads:
        futures = [threads.submit(upgrade, dsn, tenant, service) for tenant, service in work]
    for (tenant, service), future in zip(work, futures, strict=True):
        if failure := future.exception():
            log.error("%s stays as it was: %s", schema_of(tenant, service), getattr(failure, "orig", failure))
    announce(dsn)
    return [future.result() for future in futures]


def announce(dsn: str) -> None:
    """Tell every running process to forget what it remembers: a schema may be that of a backup, which tells nobody."""
    channels = [registry.CHANNEL, ERASED, TYPES, *(f"samenzaak_{service}" for service in SERVICES)]
    with connected(dsn) as connection, connection.begin():
        connection.execute(text("SELECT pg_notify(:channel, '')"), [{"channel": channel} for channel in channels])
