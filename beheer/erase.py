"""``samenzaak tenant remove``: erase a municipality from the database and from the storage of documents, everywhere.

First nobody gets in any more, then its data go, then every process forgets it, and at last its documents are removed
from the storage. The erasure is in a journal (``gateway.erasure``) until that is done: whoever says it again after an
interruption continues where it was, and until then no municipality gets its name.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from gateway import registry
from runtime.locks import Lock, session_unlock, sql, try_session_lock
from runtime.problems import Problem
from runtime.settings import Settings
from runtime.signals import Signals
from runtime.tenancy import ERASED, SERVICES, login_role, schema_of
from services.documenten.storage import Storage

HEARD = 10.0
"""Seconds in which every process must say that it heard of the erasure."""
TRIES = 10
"""How many times the schemas are removed again after a deadlock."""


@dataclass(frozen=True)
class Erasure:
    """An erasure in the journal: how many documents the database had, and how many objects were removed."""

    tenant: str
    documents: int
    removed: int


async def list_erasures(admin: asyncpg.Connection) -> list[Erasure]:
    """Return the erasures that are not finished."""
    if await admin.fetchval("SELECT to_regclass('gateway.erasure')") is None:
        return []
    rows = await admin.fetch("SELECT tenant, documents, removed FROM gateway.erasure ORDER BY tenant")
    return [Erasure(**row) for row in rows]


async def erase_tenant(
    admin: asyncpg.Connection,
    settings: Settings,
    dsn: str,
    name: str,
    *,
    content: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Erasure:
    """Erase a municipality, or continue with it, and return what was removed.

    Without ``content`` the storage is left alone. ``progress`` gets the number of objects that were removed so far.
    Raises LookupError when there is no such municipality, ValueError with what is left when it cannot be finished.
    """
    async with _alone(admin, name):
        if await admin.fetchval("SELECT 1 FROM gateway.tenant WHERE name = $1", name):
            await _close(admin, name)
        elif not await admin.fetchval("SELECT 1 FROM gateway.erasure WHERE tenant = $1", name):
            raise LookupError(f"there is no municipality {name}")
        # Twice: first to let go of the data, and at last so that nothing that was still at work until then goes on in a
        # municipality that gets the name.
        await _tell(admin, dsn, name)
        await _drop(admin, name)
        if content:
            await _erase_content(admin, settings, name, progress)
        await _tell(admin, dsn, name)
        [done] = [erasure for erasure in await list_erasures(admin) if erasure.tenant == name]
        await admin.execute("DELETE FROM gateway.erasure WHERE tenant = $1", name)
    return done


@asynccontextmanager
async def _alone(admin: asyncpg.Connection, name: str) -> AsyncIterator[None]:
    if not await admin.fetchval(sql(try_session_lock(Lock.ERASURE, name))):
        raise ValueError(f"{name} is being erased by another command")
    try:
        yield
    finally:
        await admin.execute(sql(session_unlock(Lock.ERASURE, name)))


async def _close(admin: asyncpg.Connection, name: str) -> None:
    """Let none of its clients in any more, and put the erasure in the journal."""
    schema = schema_of(name, "documenten")
    documents = 0
    if await admin.fetchval("SELECT to_regclass($1)", f'"{schema}".document'):
        documents = await admin.fetchval(
            f'SELECT count(*) FROM "{schema}".document WHERE jsonb_array_length(segments) > 0'  # noqa: S608
        )
    async with admin.transaction():
        await admin.execute("INSERT INTO gateway.erasure (tenant, documents) VALUES ($1, $2)", name, documents)
        await registry.remove_tenant(admin, name)


async def _drop(admin: asyncpg.Connection, name: str) -> None:
    """Remove its schemas and roles, all or nothing; whatever is at work there ends first."""
    for left in reversed(range(TRIES)):
        try:
            async with admin.transaction():
                await _drop_schemas(admin, name)
            return
        except asyncpg.DeadlockDetectedError:
            # What is at work there locks its tables in another order. It goes on now, and ends.
            if not left:
                raise


async def _drop_schemas(admin: asyncpg.Connection, name: str) -> None:
    for service in SERVICES:
        schema = schema_of(name, service)
        await admin.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        if await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", schema):
            await admin.execute(f'REVOKE "{schema}" FROM {login_role(service)}; DROP ROLE "{schema}"')


async def _tell(admin: asyncpg.Connection, dsn: str, name: str) -> None:
    """Tell every process that the municipality is gone, and wait until each has heard it."""
    signals = Signals(dsn)
    await signals.start()
    try:
        await admin.execute("SELECT pg_notify($1, $2)", ERASED, name)
        if not await signals.barrier(HEARD):
            raise ValueError(
                f"{name}: nobody gets in any more, but not every process of Samenzaak says that it knows; its data and"
                f" documents may be left; {_again(name)}"
            )
    finally:
        await signals.stop()


async def _erase_content(
    admin: asyncpg.Connection, settings: Settings, name: str, progress: Callable[[int], None]
) -> None:
    storage = Storage(settings.document_storage_url)
    where = f"{settings.document_storage_url} of {name}"
    try:
        async for count in storage.erase(name):
            add = "UPDATE gateway.erasure SET removed = removed + $2 WHERE tenant = $1 RETURNING removed"
            progress(await admin.fetchval(add, name, count))
    except Problem as e:
        left = await _left(storage, name)
        raise ValueError(
            f"{name}: its clients and everything in the database are erased, but {left} in {where}, because it cannot"
            f" be reached or refuses; {_again(name)}"
        ) from e
    [known] = [erasure for erasure in await list_erasures(admin) if erasure.tenant == name]
    if known.documents and not known.removed:
        raise ValueError(
            f"{name}: its clients and everything in the database are erased, but {where} had no content, while there"
            f" were {known.documents} documents with content. Give this command the SAMENZAAK_STORAGE_URL of the"
            f" services, and {_again(name)}; or, when the content is gone already, say it with --keep-content"
        )


async def _left(storage: Storage, name: str) -> str:
    count = 0
    try:
        async for _ in storage.keys(name):
            count += 1
    except Problem:
        return "an unknown number of objects is left"
    return f"{count} objects are left"


def _again(name: str) -> str:
    return f"say it again to continue: samenzaak tenant remove {name} --erase {name}"
