"""The municipalities and clients that the gateway knows: kept in PostgreSQL, answered from memory.

The operator changes them (``gateway.registry``); here they are only read.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import asyncpg
from cryptography.fernet import Fernet

from gateway.issuers import list_issuers
from gateway.registry import CHANNEL, list_clients, list_tenants
from gateway.secrets import warnings_of
from gateway.snapshot import Client, Issuer, Proof, ProofKey, Snapshot, Tenant
from runtime.faults import AWAY
from runtime.problems import Problem
from runtime.revisions import is_too_old
from runtime.signals import Signals

log = logging.getLogger("samenzaak.gateway")
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0

SAVE_USES = """
    INSERT INTO gateway.secret_use (tenant, client_id, fingerprint, used)
    SELECT tenant, client_id, print, now() - make_interval(secs => ago)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) AS given (owner, client, print, ago)
    JOIN gateway.client ON (tenant, client_id) = (owner, client) ORDER BY 1, 2, 3
    ON CONFLICT (tenant, client_id, fingerprint) DO UPDATE SET used = greatest(secret_use.used, excluded.used)"""


class Registry:
    """The gateway's side: one snapshot in memory, dropped as soon as PostgreSQL announces a change.

    While changes cannot be heard, each request reads the database, so that a removed client never gets in.
    """

    def __init__(self, dsn: str, box: Fernet, signals: Signals, known: Sequence[str] = ()) -> None:
        """``dsn`` logs in as ``samenzaak_gateway``. Make the registry before ``signals`` is started.

        ``known`` are the revisions of the schema that this version knows, newest first; without them none is checked.
        """
        self._dsn = dsn
        self._known = known
        self._outdated = False
        self._box = box
        self._signals = signals
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._snapshot: Snapshot | None = None
        self._proofs: dict[ProofKey, Proof] = {}
        self._changes = 0
        self._seen = -1
        self._reads = 0
        self._latest = 0
        signals.on(CHANNEL, self._changed)

    @property
    def dsn(self) -> str:
        """The database, with the login of the gateway."""
        return self._dsn

    @property
    def known(self) -> Snapshot | None:
        """The last snapshot, which may have changed since."""
        return self._snapshot

    def fresh(self) -> Snapshot | None:
        """Return the snapshot when it is known to be current, else None."""
        return self._snapshot if self._seen == self._changes and self._signals.connected else None

    async def current(self) -> Snapshot:
        """Return everything as it is now; raise Problem 503 when the database cannot be read."""
        if (snapshot := self.fresh()) is not None:
            return snapshot
        arrived = self._reads
        async with self._lock:
            # Requests that waited share one read, provided that it began after they arrived.
            if self._snapshot is not None and self._latest > arrived:
                return self._snapshot
            return await self._read()

    async def missing(self) -> str:
        """Return what keeps the database from being read now, or an empty string."""
        try:
            async with self._lock:
                await self._read()
        except Problem:
            return "migration of the gateway" if self._outdated else "database"
        return ""

    async def save_uses(self) -> None:
        """Keep in the database which secrets were used since the last time; while that is away it is left for later.

        On a connection of its own: nobody who is read for waits for it, and the other one can only read.
        """
        now = time.monotonic()
        used = [(key, proof, proof.used) for key, proof in sorted(self._proofs.items()) if proof.used > proof.saved]
        if not used:
            return
        rows = [[key[part] for key, _, _ in used] for part in range(3)]
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                db = await asyncpg.connect(self._dsn, server_settings={"application_name": "samenzaak gateway uses"})
                try:
                    await db.execute(SAVE_USES, *rows, [now - moment for _, _, moment in used])
                finally:
                    db.terminate()
        except AWAY as e:
            log.warning("the last use of secrets is not kept now: %r", e)
            return
        for _, proof, moment in used:
            proof.saved = moment

    async def warnings(self) -> list[str]:
        """Return what is to be told of the secrets of clients; nothing while the database is away."""
        try:
            snapshot = self.fresh() or await self.current()
        except Problem:
            return []
        return warnings_of(snapshot.clients.values(), self._box, datetime.now(UTC))

    async def stop(self) -> None:
        """Close the connection."""
        async with self._lock:
            self._forget()

    def _changed(self, _payload: str) -> None:
        self._changes += 1

    async def _read(self) -> Snapshot:
        self._reads += 1
        changes, number = self._changes, self._reads
        try:
            try:
                rows = await self._fetch()
            except AWAY:
                # The connection may have been lost since the last read, for instance by a restart of PostgreSQL.
                rows = await self._fetch()
        except AWAY as e:
            log.error("the municipalities and clients cannot be read: %s", e)
            raise unavailable() from e
        tenants, clients, issuers = rows
        known = self._snapshot
        if known is not None and self._seen == changes and self._signals.connected:
            # Nothing was announced since the last read, so its remembered tokens stay valid.
            return known
        self._snapshot = Snapshot(tenants, clients, issuers, self._box, self._proofs)
        self._seen, self._latest = changes, number
        return self._snapshot

    async def _fetch(self) -> tuple[Iterable[Tenant], Iterable[Client], Iterable[Issuer]]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_TIMEOUT,
                command_timeout=READ_TIMEOUT,
                server_settings={"application_name": "samenzaak gateway", "default_transaction_read_only": "on"},
            )
        db = self._connection
        try:
            if self._known:
                await self._check_revision(db)
            async with db.transaction(isolation="repeatable_read", readonly=True):
                tenants = await list_tenants(db)
                clients = await list_clients(db)
                issuers = await list_issuers(db)
        except BaseException:
            # Also after a cancellation: one within BEGIN or COMMIT leaves the transaction open, and every later read
            # on this connection would see what was true then.
            self._forget()
            raise
        return tenants, clients, issuers

    async def _check_revision(self, db: asyncpg.Connection) -> None:
        """Raise Problem 503 for a schema that is older than this version needs; a newer one was only expanded."""
        try:
            revision = await db.fetchval("SELECT version_num FROM gateway.alembic_version")
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.InsufficientPrivilegeError):
            revision = None
        self._outdated = is_too_old(revision, self._known)
        if self._outdated:
            log.error("the schema of the gateway is of revision %s; %s is needed", revision or 0, self._known[0])
            raise unavailable()

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def unavailable() -> Problem:
    """Return the 503."""
    return Problem(
        503,
        "service_unavailable",
        "De gateway kan de gegevens van de gemeenten nu niet lezen.",
        headers={"Retry-After": "5"},
        title="De dienst is tijdelijk niet bereikbaar.",
    )
