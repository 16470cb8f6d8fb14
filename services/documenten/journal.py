"""The journal of the storage: which objects must be removed, unless a transaction says that they are kept.

A new object is in the journal before it is written, and leaves it in the transaction that stores its document. What a
transaction no longer needs enters the journal in that transaction. So content without a document is always in
the journal, and the sweep finds it without listing the storage (docs/adr/0003).
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, BindParameter, MetaData, Text, any_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from runtime.per_tenant import PerTenant
from runtime.problems import Problem, UnknownTenant
from runtime.statements import Executor, Prepared, among, table_of
from services.documenten.storage import storage_of
from zgw.request import Service

log = logging.getLogger("samenzaak.opslag")

PATIENCE = timedelta(hours=1)
"""How long after its last sign of life the sweep takes an upload for abandoned."""

SIGN_OF_LIFE = 600.0
"""Seconds between two signs of life of an upload."""

SWEEP_PERIOD = 300.0
"""Seconds between two sweeps."""

POSTPONED = timedelta(minutes=30)
"""When the sweep tries again to remove what the storage did not let go of; until then the others get their turn."""

PROMPT = 1.0
"""Seconds that a request waits at most for the removal of what it no longer needs."""

BATCH = 500

METADATA = MetaData()


class Stored(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the tables of this service that are not those of a resource."""


class JournalRow(Stored, table=True):
    """An object of the storage that may have to be removed."""

    __tablename__ = "journal"

    key: str = Field(sa_type=Text, primary_key=True)
    removable_from: datetime = Field(index=True)


JOURNAL = table_of(JournalRow)

UNAVAILABLE = (Problem, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

_KEYS: BindParameter[Any] = bindparam("keys", type_=ARRAY(Text))
_ANNOUNCE = Prepared(
    insert(JOURNAL).from_select(["key", "removable_from"], select(func.unnest(_KEYS), func.now() + PATIENCE))
)
_KEEP = Prepared(delete(JOURNAL).where(JOURNAL.c.key == any_(_KEYS)))


# --- Keys -------------------------------------------------------------------------------------------------------------

STOCK = 16
"""Keys that enter the journal together, so that most uploads need not wait for it. What is not used, the sweep
removes."""

FRESH = 1200.0
"""Seconds that a key of the stock may be taken; the sweep is far away then."""


@dataclass
class Key:
    """The name of an object to come; ``known`` is the moment from which the journal counts its ``PATIENCE``."""

    name: str
    known: float


def stock_of(service: Service, tenant: str) -> list[Key]:
    """Return the keys of a municipality that are in the journal and not in use yet."""
    stock: list[Key] = service.state.setdefault("keys", {}).setdefault(tenant, [])
    return stock


def forget(service: Service, tenant: str) -> None:
    """Forget the keys, and the store, of a municipality that was erased; of all of them when ``tenant`` is ``""``."""
    stocks: dict[str, list[Key]] = service.state.get("keys", {})
    for name in [name for name in stocks if name == tenant or not tenant]:
        del stocks[name]
    storage_of(service).forget(tenant)


async def new_key(service: Service, tenant: str) -> Key:
    """Return a key for a new object, which is in the journal already."""
    stock, now = stock_of(service, tenant), time.time()
    # The clock of the machine and not a monotonic one: that stands still while the machine is suspended.
    if stock and not 0 <= now - stock[-1].known < FRESH:
        stock.clear()
    if not stock:
        names = [uuid.uuid4().hex for _ in range(STOCK)]
        async with service.database.acquire(tenant) as db:
            await db.execute(_ANNOUNCE(keys=names))
        stock += [Key(name, now) for name in names]
    return stock.pop()


async def show_life(service: Service, tenant: str, key: Key) -> None:
    """Tell the journal that the upload under this key is still going on; at most every ``SIGN_OF_LIFE``."""
    if (now := time.time()) - key.known > SIGN_OF_LIFE:
        key.known = now
        later = update(JOURNAL).where(JOURNAL.c.key == key.name).values(removable_from=func.now() + PATIENCE)
        async with service.database.acquire(tenant) as db:
            await db.execute(later)


# --- Keeping and removing ---------------------------------------------------------------------------------------------


async def keep(db: Executor, service: Service, tenant: str, keys: Sequence[str]) -> None:
    """Keep new objects, in the transaction that stores what they belong to.

    Raises Problem 503 when the sweep was first and their content is gone.
    """
    if not keys or await db.execute(_KEEP(keys=list(keys))) == len(keys):
        return
    # The sweep was first, or a backup was put back and the journal with it: then the stock is worth nothing.
    stock_of(service, tenant).clear()
    for key in keys:
        if await storage_of(service).size(tenant, key) is None:
            raise Problem(503, "service_unavailable", "Het uploaden duurde te lang.", headers={"Retry-After": "1"})


async def release(db: Executor, keys: Iterable[str]) -> None:
    """Hand objects over to be removed, in the transaction that no longer needs them."""
    if found := sorted(set(keys)):
        each = select(func.unnest(bindparam(None, found, type_=ARRAY(Text))), func.now())
        await db.execute(upsert(JOURNAL).from_select(["key", "removable_from"], each).on_conflict_do_nothing())


async def forsake(service: Service, tenant: str, key: str) -> bool:
    """Return whether a new object may be removed because no transaction kept it, nor will.

    A commit whose answer got lost may have kept it, or be about to: then this waits for that transaction.
    """
    try:
        async with service.database.acquire(tenant) as db:
            now = update(JOURNAL).where(JOURNAL.c.key == key).values(removable_from=func.now())
            return bool(await db.execute(now))
    except UnknownTenant:
        # The municipality was erased, and its journal with it.
        return True
    except UNAVAILABLE as e:
        log.warning("%s: an upload is left to the sweep: %s", tenant, e)
        return False


async def remove_now(service: Service, tenant: str, keys: Iterable[str]) -> None:
    """Remove objects of the journal after the commit; never raises, because the sweep does what fails here.

    The storage may be slow or away; the client does not wait for it longer than ``PROMPT``.
    """
    if found := sorted(set(keys)):
        tasks: set[asyncio.Task[None]] = service.state.setdefault("removals", set())
        task = asyncio.create_task(_remove(service, tenant, found))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.wait({task}, timeout=PROMPT)


async def _remove(service: Service, tenant: str, keys: Sequence[str]) -> None:
    try:
        await storage_of(service).delete(tenant, keys)
        async with service.database.acquire(tenant) as db:
            await db.execute(delete(JOURNAL).where(among(JOURNAL.c.key, keys)))
    except UNAVAILABLE as e:
        log.warning("%s: %d objects are left to the sweep: %s", tenant, len(keys), e)


# --- The sweep --------------------------------------------------------------------------------------------------------


async def sweep_tenant(service: Service, tenant: str) -> int:
    """Remove what the journal of a municipality says; return how many keys that were.

    Rows are locked while their objects are removed, so that a transaction that wants to keep one waits, and then fails.
    Raises Problem 503 when the storage fails; those objects are tried again later.
    """
    total = 0
    while True:
        async with service.database.transaction(tenant) as db:
            statement = select(JOURNAL.c.key).where(JOURNAL.c.removable_from <= func.now())
            rows = await db.rows(
                statement.order_by(JOURNAL.c.removable_from).limit(BATCH).with_for_update(skip_locked=True)
            )
            keys, problem = [row["key"] for row in rows], None
            these = among(JOURNAL.c.key, keys)
            if keys:
                try:
                    await storage_of(service).delete_pieces(tenant, keys)
                    await storage_of(service).delete(tenant, keys)
                    await db.execute(delete(JOURNAL).where(these))
                except Problem as e:
                    problem = e
                    await db.execute(update(JOURNAL).where(these).values(removable_from=func.now() + POSTPONED))
        if problem is not None:
            raise problem
        total += len(keys)
        if len(keys) < BATCH:
            return total


async def sweep(service: Service) -> None:
    """Sweep all municipalities for ever; background work of the service."""
    work = partial(_sweep, service)
    sweeps = PerTenant("sweep of documents", service.database.tenants, work, sweep=SWEEP_PERIOD, expected=UNAVAILABLE)
    service.background.append(sweeps)
    await sweeps.run()


async def _sweep(service: Service, tenant: str) -> None:
    try:
        if removed := await sweep_tenant(service, tenant):
            log.debug("%s: removed %d keys without a document", tenant, removed)
    except UNAVAILABLE as e:
        # Left to the next sweep: storage that fails is not asked more often.
        log.warning("%s: sweep of documents: %s", tenant, e)


def keys_of(segments: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """Return the keys of a content."""
    return [segment["key"] for segment in segments or ()]
