"""The journal of the storage: which objects must be removed, unless a transaction says that they are kept.

A new object is in the journal before it is written, and leaves it in the transaction that stores its document. What a
transaction no longer needs enters the journal in that transaction. So content without a document is always in
the journal, and the sweep finds it without listing the storage (docs/adr/0003).
"""

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, Column, DateTime, MetaData, Table, Text, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.documenten.opslag import PIECE, failures, storage_of
from zgw.call import Service
from zgw.database import Executor, among
from zgw.problems import Problem

log = logging.getLogger("samenzaak.opslag")

UPLOAD_TIME = timedelta(hours=24)
"""How long an upload may take before the sweep takes it for abandoned."""

SWEEP_PERIOD = 300.0
"""Seconds between two sweeps."""

BATCH = 500

METADATA = MetaData()

LOGBOEK = Table(
    "opslaglogboek",
    METADATA,
    Column("sleutel", Text, primary_key=True),
    Column("vanaf", DateTime(timezone=True), nullable=False, index=True),
)
"""``vanaf`` is the moment from which the object may be removed."""

Segment = dict[str, Any]
"""One object of a content: ``{"sleutel": key, "omvang": bytes, "sha256": hexadecimal}``."""


# These two are on the path of every document, and constant, so they are written as what they would compile to.
_ANNOUNCE = "INSERT INTO opslaglogboek (sleutel, vanaf) VALUES ($1, now() + $2)"
_KEEP = "DELETE FROM opslaglogboek WHERE sleutel = ANY($1)"


class Upload:
    """Content on its way to the storage, under a new key. ``write`` pieces, then ``finish``; or ``discard``."""

    def __init__(self, service: Service, tenant: str) -> None:
        self.service, self.tenant = service, tenant
        self.key = uuid.uuid4().hex
        self.size = 0
        self._hash = hashlib.sha256()
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._writer: Any = None
        self._announced = False
        self._written = False

    async def write(self, data: bytes) -> None:
        """Take the next piece; it goes to the storage as soon as there is enough."""
        self._hash.update(data)
        self.size += len(data)
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting >= PIECE:
            await self._pass_on()

    async def _pass_on(self) -> None:
        if self._writer is None:
            await self._announce()
            self._writer = storage_of(self.service).writer(self.tenant, self.key)
        data = self._taken()
        with failures():
            await self._writer.write(data)

    def _taken(self) -> bytes:
        # A content that came in one piece is not copied here.
        data = b"".join(self._pieces)
        self._pieces, self._waiting = [], 0
        return data

    async def _announce(self) -> None:
        self._announced = True
        async with self.service.database.acquire(self.tenant) as db:
            await db.connection.execute(_ANNOUNCE, self.key, UPLOAD_TIME)

    async def finish(self) -> Segment:
        """Return the segment, once the whole content is safely stored."""
        storage = storage_of(self.service)
        if self._writer is None:
            await self._announce()
            self._written = True
            await storage.write(self.tenant, self.key, self._taken())
        else:
            await self._pass_on()
            self._written = True
            with failures():
                await self._writer.close()
                await storage.settle(self.tenant, self.key)
        self._writer = None
        return {"sleutel": self.key, "omvang": self.size, "sha256": self._hash.hexdigest()}

    async def discard(self) -> None:
        """Remove what was written. What cannot be removed now, the sweep removes."""
        self._pieces, self._writer = [], None
        if not self._announced:
            return
        # Unless it was finished the store never made an object of the pieces; dropping the writer lets go of them.
        await remove_now(self.service, self.tenant, [self.key], there=self._written)


async def keep(db: Executor, keys: Sequence[str]) -> None:
    """Keep new objects, in the transaction that stores what they belong to.

    Raises Problem 503 when the sweep was first, because then their content is gone.
    """
    if keys and await db.connection.execute(_KEEP, list(keys)) != f"DELETE {len(keys)}":
        raise Problem(503, "service_unavailable", "Het uploaden duurde te lang.", headers={"Retry-After": "1"})


async def release(db: Executor, keys: Iterable[str]) -> None:
    """Hand objects over to be removed, in the transaction that no longer needs them."""
    if found := sorted(set(keys)):
        each = select(func.unnest(bindparam(None, found, type_=ARRAY(Text))), func.now())
        await db.execute(upsert(LOGBOEK).from_select(["sleutel", "vanaf"], each).on_conflict_do_nothing())


async def remove_now(service: Service, tenant: str, keys: Iterable[str], there: bool = True) -> None:
    """Remove objects of the journal after the commit; never raises, because the sweep does what fails here."""
    if found := sorted(set(keys)):
        try:
            if there:
                await storage_of(service).delete(tenant, found)
            async with service.database.acquire(tenant) as db:
                await db.execute(delete(LOGBOEK).where(among(LOGBOEK.c.sleutel, found)))
        except (Problem, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
            log.warning("%s: %d objects are left to the sweep: %s", tenant, len(found), e)


async def sweep_tenant(service: Service, tenant: str) -> int:
    """Remove what the journal of a municipality says; return how many objects that were.

    Rows are locked while their objects are removed, so that a transaction that wants to keep one waits, and then fails.
    """
    total = 0
    while True:
        async with service.database.transaction(tenant) as db:
            statement = select(LOGBOEK.c.sleutel).where(LOGBOEK.c.vanaf <= func.now())
            rows = await db.rows(statement.order_by(LOGBOEK.c.vanaf).limit(BATCH).with_for_update(skip_locked=True))
            keys = [row["sleutel"] for row in rows]
            if keys:
                await storage_of(service).delete_pieces(tenant, keys)
                await storage_of(service).delete(tenant, keys)
                await db.execute(delete(LOGBOEK).where(among(LOGBOEK.c.sleutel, keys)))
        total += len(keys)
        if len(keys) < BATCH:
            return total


async def sweep(service: Service) -> None:
    """Sweep all municipalities for ever; background work of the service."""
    while True:
        try:
            for tenant in await service.database.tenants():
                if removed := await sweep_tenant(service, tenant):
                    log.info("%s: removed %d objects without a document", tenant, removed)
        except (Problem, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
            log.warning("sweep of documents: %s", e)
        await asyncio.sleep(SWEEP_PERIOD)


def keys_of(segments: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """Return the keys of a content."""
    return [segment["sleutel"] for segment in segments or ()]
