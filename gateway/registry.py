"""The municipalities and clients that the gateway knows: kept in PostgreSQL, answered from memory.

The functions are the operator's side; each needs a connection that may write, and tells every running gateway of
the change in the same transaction. :class:`Registry` is the gateway's side, which can only read.
"""

import asyncio
import contextlib
import logging
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence

import asyncpg
from cryptography.fernet import Fernet

from gateway.keys import ALGORITHMS, choose_key, parse_keys
from gateway.sharing import check_few_keys, check_own_secret
from gateway.snapshot import Client, Issuer, Snapshot, Tenant, open_secret
from runtime.faults import AWAY
from runtime.problems import Problem
from runtime.revisions import is_too_old
from runtime.signals import Signals
from runtime.tenancy import check_name, check_time_zone

log = logging.getLogger("samenzaak.gateway")
CHANNEL = "samenzaak_gateway"
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?")
CLIENT_ID = re.compile(r"[!-~]{1,50}")


async def add_tenant(db: asyncpg.Connection, name: str, naam: str, rsin: str, hosts: Sequence[str] = ()) -> Tenant:
    """Add a municipality: ``await add_tenant(db, "deventer", "Gemeente Deventer", "517439943")``.

    Raises ValueError for a wrong or taken name, RSIN or host name.
    """
    check_name(name)
    if not is_rsin(rsin):
        raise ValueError(f"{rsin!r} is not a valid RSIN")
    if not naam.strip():
        raise ValueError("a municipality needs a name that people know it by")
    async with _changing(db):
        checked = await _free_hosts(db, name, hosts)
        if await db.fetchval("SELECT 1 FROM gateway.erasure WHERE tenant = $1", name):
            raise ValueError(f"the erasure of {name} is not finished: samenzaak tenant remove {name} --erase {name}")
        try:
            await db.execute("INSERT INTO gateway.tenant VALUES ($1, $2, $3, $4)", name, naam, rsin, checked)
        except asyncpg.UniqueViolationError as e:
            raise ValueError(f"there is already a municipality {name}") from e
    return Tenant(name, naam, rsin, tuple(checked))


async def list_tenants(db: asyncpg.Connection) -> list[Tenant]:
    """Return all municipalities by name."""
    rows = await db.fetch("SELECT name, naam, rsin, hosts, origins, time_zone FROM gateway.tenant ORDER BY name")
    return [
        Tenant(row["name"], row["naam"], row["rsin"], tuple(row["hosts"]), tuple(row["origins"]), row["time_zone"])
        for row in rows
    ]


async def remove_tenant(db: asyncpg.Connection, name: str) -> None:
    """Remove a municipality with its clients and issuers, not its data; LookupError when it does not exist."""
    async with _changing(db):
        _found(await db.execute("DELETE FROM gateway.tenant WHERE name = $1", name), f"municipality {name}")


async def set_naam(db: asyncpg.Connection, tenant: str, naam: str) -> None:
    """Change the name that people know a municipality by; LookupError when it does not exist."""
    async with _changing(db):
        status = await db.execute("UPDATE gateway.tenant SET naam = $2 WHERE name = $1", tenant, naam)
        _found(status, f"municipality {tenant}")


async def set_hosts(db: asyncpg.Connection, tenant: str, hosts: Sequence[str]) -> None:
    """Replace the host names of a municipality.

    Raises ValueError for a wrong host name or one of another municipality, LookupError for an unknown municipality.
    """
    async with _changing(db):
        checked = await _free_hosts(db, tenant, hosts)
        status = await db.execute("UPDATE gateway.tenant SET hosts = $2 WHERE name = $1", tenant, checked)
        _found(status, f"municipality {tenant}")


async def set_time_zone(db: asyncpg.Connection, tenant: str, name: str) -> None:
    """Change the time zone of a municipality; without a name it is the one of the installation.

    Raises ValueError for what is not a time zone, LookupError for an unknown municipality.
    """
    checked = check_time_zone(name) if name else ""
    async with _changing(db):
        status = await db.execute("UPDATE gateway.tenant SET time_zone = $2 WHERE name = $1", tenant, checked)
        _found(status, f"municipality {tenant}")


async def set_origins(db: asyncpg.Connection, tenant: str, origins: Sequence[str]) -> list[str]:
    """Replace the origins whose web pages may call a municipality's APIs, and return them in their one spelling.

    Raises ValueError for what is not an origin, LookupError for an unknown municipality.
    """
    checked = list(dict.fromkeys(origin.lower().rstrip("/") for origin in origins))
    for origin in checked:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin, such as https://mijn.deventer.nl")
    async with _changing(db):
        status = await db.execute("UPDATE gateway.tenant SET origins = $2 WHERE name = $1", tenant, checked)
        _found(status, f"municipality {tenant}")
    return checked


async def add_client(
    db: asyncpg.Connection,
    box: Fernet,
    tenant: str,
    client_id: str,
    secret: str | None = None,
    label: str = "",
    *,
    replace: bool = False,
) -> str:
    """Add a client, or with ``replace`` change one, and return its secret; a strong one is made when none is given.

    An empty secret makes a client that only an issuer's token lets in. Raises ValueError for a wrong or taken
    client_id or an unusable secret, also one that this client_id has at another municipality; LookupError for an
    unknown municipality.
    """
    if not CLIENT_ID.fullmatch(client_id):
        raise ValueError("a client_id has 1 to 50 visible characters without spaces (ASCII)")
    secret = secrets.token_urlsafe(32) if secret is None else secret
    if "-----BEGIN" in secret or secret.startswith("ssh-"):
        raise ValueError("this looks like a key pair's key; a client has a shared secret, an issuer has keys")
    stored = box.encrypt(secret.encode()).decode() if secret else None
    statement = "INSERT INTO gateway.client (tenant, client_id, secret_encrypted, label) VALUES ($1, $2, $3, $4)"
    if replace:
        statement += (
            " ON CONFLICT (tenant, client_id) DO UPDATE SET secret_encrypted = excluded.secret_encrypted,"
            " label = excluded.label"
        )
    async with _changing(db):
        # The lock lets two operators not give one secret to two municipalities at the same time.
        await db.execute("LOCK TABLE gateway.client IN SHARE ROW EXCLUSIVE MODE")
        if secret:
            await check_own_secret(db, box, tenant, client_id, secret)
        try:
            await db.execute(statement, tenant, client_id, stored, label)
        except asyncpg.UniqueViolationError as e:
            way = f"samenzaak client secret {tenant} {client_id} gives it another secret"
            raise ValueError(f"{tenant} already has a client {client_id}; {way}") from e
        except asyncpg.ForeignKeyViolationError as e:
            raise LookupError(f"there is no municipality {tenant}") from e
    return secret


async def remove_client(db: asyncpg.Connection, tenant: str, client_id: str) -> None:
    """Remove a client, whose tokens are refused from then on; LookupError when it does not exist."""
    async with _changing(db):
        status = await db.execute("DELETE FROM gateway.client WHERE (tenant, client_id) = ($1, $2)", tenant, client_id)
        _found(status, f"client {client_id} of {tenant}")


async def list_clients(db: asyncpg.Connection, tenant: str | None = None) -> list[Client]:
    """Return the clients of one municipality or of all, without their secrets."""
    rows = await db.fetch(
        "SELECT tenant, client_id, label FROM gateway.client WHERE $1::text IS NULL OR tenant = $1"
        " ORDER BY tenant, client_id",
        tenant,
    )
    return [Client(row["tenant"], row["client_id"], row["label"]) for row in rows]


async def client_secret(db: asyncpg.Connection, box: Fernet, tenant: str, client_id: str) -> str:
    """Return the secret of a client, ``""`` when it has none.

    Raises LookupError when there is no such client, Problem 500 when it was encrypted with another secret key.
    """
    row = await db.fetchrow(
        "SELECT secret_encrypted FROM gateway.client WHERE (tenant, client_id) = ($1, $2)", tenant, client_id
    )
    if row is None:
        raise LookupError(f"there is no client {client_id} of {tenant}")
    encrypted = row["secret_encrypted"]
    return open_secret(encrypted, box, f"{tenant}/{client_id}") if encrypted else ""


async def set_issuer(
    db: asyncpg.Connection, tenant: str, iss: str, jwks_or_pem: str, algorithms: Sequence[str]
) -> Issuer:
    """Add or change who may sign tokens for a municipality with RS256, ES256 or PS256.

    Raises ValueError for an unusable key or an algorithm that fits none of the keys, LookupError for an unknown
    municipality.
    """
    if not iss or not algorithms or not set(algorithms) <= set(ALGORITHMS):
        raise ValueError(f"an issuer needs a name and one or more of the algorithms {', '.join(ALGORITHMS)}")
    for algorithm in algorithms:
        keys = parse_keys(jwks_or_pem)
        if not any(choose_key({kid: key}, kid, algorithm) for kid, key in keys.items()):
            raise ValueError(f"none of the keys fits {algorithm}")
    async with _changing(db):
        await db.execute("LOCK TABLE gateway.issuer IN SHARE ROW EXCLUSIVE MODE")
        await check_few_keys(db, tenant, iss, jwks_or_pem)
        try:
            await db.execute(
                "INSERT INTO gateway.issuer (tenant, iss, jwks_or_pem, algorithms) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (tenant, iss) DO UPDATE SET jwks_or_pem = excluded.jwks_or_pem,"
                " algorithms = excluded.algorithms",
                tenant,
                iss,
                jwks_or_pem,
                list(algorithms),
            )
        except asyncpg.ForeignKeyViolationError as e:
            raise LookupError(f"there is no municipality {tenant}") from e
    return Issuer(tenant, iss, jwks_or_pem, tuple(algorithms))


async def remove_issuer(db: asyncpg.Connection, tenant: str, iss: str) -> None:
    """Remove an issuer, whose tokens are refused from then on; LookupError when it does not exist."""
    async with _changing(db):
        status = await db.execute("DELETE FROM gateway.issuer WHERE (tenant, iss) = ($1, $2)", tenant, iss)
        _found(status, f"issuer {iss} of {tenant}")


async def list_issuers(db: asyncpg.Connection, tenant: str | None = None) -> list[Issuer]:
    """Return the issuers of one municipality or of all."""
    rows = await db.fetch(
        "SELECT tenant, iss, jwks_or_pem, algorithms FROM gateway.issuer WHERE $1::text IS NULL OR tenant = $1"
        " ORDER BY tenant, iss",
        tenant,
    )
    return [Issuer(row["tenant"], row["iss"], row["jwks_or_pem"], tuple(row["algorithms"])) for row in rows]


@contextlib.asynccontextmanager
async def _changing(db: asyncpg.Connection) -> AsyncIterator[None]:
    async with db.transaction():
        yield
        # PostgreSQL delivers it at the commit, so no gateway reads before the change can be seen.
        await db.execute("SELECT pg_notify($1, '')", CHANNEL)


def _found(status: str, what: str) -> None:
    if status.endswith(" 0"):
        raise LookupError(f"there is no {what}")


def is_rsin(rsin: str) -> bool:
    """Return whether the nine digits pass the check of an RSIN."""
    if not re.fullmatch("[0-9]{9}", rsin):
        return False
    return sum(int(digit) * weight for digit, weight in zip(rsin, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0


async def _free_hosts(db: asyncpg.Connection, tenant: str, hosts: Sequence[str]) -> list[str]:
    checked = list(dict.fromkeys(host.lower().rstrip(".") for host in hosts))
    for host in checked:
        if not HOST.fullmatch(host):
            raise ValueError(f"{host!r} is not a host name (without http:// and without a port)")
    # The lock lets two operators not give one host name to two municipalities at the same time.
    await db.execute("LOCK TABLE gateway.tenant IN SHARE ROW EXCLUSIVE MODE")
    taken = await db.fetchrow(
        "SELECT name, hosts FROM gateway.tenant WHERE name <> $1 AND hosts && $2::text[] LIMIT 1", tenant, checked
    )
    if taken is not None:
        raise ValueError(f"{', '.join(set(taken['hosts']) & set(checked))} already belongs to {taken['name']}")
    return checked


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
        self._changes = 0
        self._seen = -1
        self._reads = 0
        self._latest = 0
        signals.on(CHANNEL, self._changed)

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
        self._snapshot = Snapshot(tenants, clients, issuers, self._box)
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
                rows = await db.fetch("SELECT tenant, client_id, label, secret_encrypted FROM gateway.client")
                issuers = await list_issuers(db)
        except BaseException:
            # Also after a cancellation: one within BEGIN or COMMIT leaves the transaction open, and every later read
            # on this connection would see what was true then.
            self._forget()
            raise
        return tenants, [Client(*row.values()) for row in rows], issuers

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
