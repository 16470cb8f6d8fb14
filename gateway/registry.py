"""The municipalities and clients that the gateway knows, as the operator changes them.

Each function needs a connection that may write, and tells every running gateway (``gateway.known``) of the change in
the same transaction.
"""

import contextlib
import dataclasses
import logging
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
from cryptography.fernet import Fernet

from gateway.secrets import holding, new_secret, opened, read_secrets, store_secrets
from gateway.sharing import check_own_secret
from gateway.snapshot import Client, Secret, Tenant, open_secret
from runtime.tenancy import check_name, check_time_zone
from zgw.profiel import check_switches

log = logging.getLogger("samenzaak.gateway")
CHANNEL = "samenzaak_gateway"

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?")
INSERT = "INSERT INTO gateway.client (tenant, client_id, label) VALUES ($1, $2, $3)"
RELABEL = f"{INSERT} ON CONFLICT (tenant, client_id) DO UPDATE SET label = excluded.label"
CLIENT_ID = re.compile(r"[!-~]{1,50}")


@dataclasses.dataclass(frozen=True)
class GivenSecret:
    """A secret that an operator gives, with its name (``""``: any) and the moment from which on it is refused."""

    name: str
    text: str = dataclasses.field(repr=False)
    expires: datetime | None = None


async def add_tenant(db: asyncpg.Connection, name: str, naam: str, rsin: str, hosts: Sequence[str] = ()) -> Tenant:
    """Add a municipality: ``await add_tenant(db, "deventer", "Gemeente Deventer", "517439943")``.

    Raises ValueError for a wrong or taken name, RSIN or host name.
    """
    check_name(name)
    if not is_rsin(rsin):
        raise ValueError(f"{rsin!r} is not a valid RSIN")
    if not naam.strip():
        raise ValueError("a municipality needs a name that people know it by")
    async with changing(db):
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
    rows = await db.fetch(
        "SELECT name, naam, rsin, hosts, origins, time_zone, profiel, reading_log AS inzage,"
        " reading_log_months AS inzage_months FROM gateway.tenant ORDER BY name"
    )
    lists = ("hosts", "origins", "profiel")
    return [Tenant(**{**dict(row), **{name: tuple(row[name]) for name in lists}}) for row in rows]


async def remove_tenant(db: asyncpg.Connection, name: str) -> None:
    """Remove a municipality with its clients and issuers, not its data; LookupError when it does not exist."""
    async with changing(db):
        must_exist(await db.execute("DELETE FROM gateway.tenant WHERE name = $1", name), f"municipality {name}")


async def _set(db: asyncpg.Connection, tenant: str, column: str, value: Any) -> None:
    async with changing(db):
        status = await db.execute(f"UPDATE gateway.tenant SET {column} = $2 WHERE name = $1", tenant, value)  # noqa: S608
        must_exist(status, f"municipality {tenant}")


async def set_naam(db: asyncpg.Connection, tenant: str, naam: str) -> None:
    """Change the name that people know a municipality by; LookupError when it does not exist."""
    await _set(db, tenant, "naam", naam)


async def set_hosts(db: asyncpg.Connection, tenant: str, hosts: Sequence[str]) -> None:
    """Replace the host names of a municipality.

    Raises ValueError for a wrong host name or one of another municipality, LookupError for an unknown municipality.
    """
    async with changing(db):
        checked = await _free_hosts(db, tenant, hosts)
        status = await db.execute("UPDATE gateway.tenant SET hosts = $2 WHERE name = $1", tenant, checked)
        must_exist(status, f"municipality {tenant}")


async def set_time_zone(db: asyncpg.Connection, tenant: str, name: str) -> None:
    """Change the time zone of a municipality; without a name it is the one of the installation.

    Raises ValueError for what is not a time zone, LookupError for an unknown municipality.
    """
    checked = check_time_zone(name) if name else ""
    await _set(db, tenant, "time_zone", checked)


async def set_profiel(db: asyncpg.Connection, tenant: str, switches: Sequence[str]) -> tuple[str, ...]:
    """Replace the switches that are on by default for the clients of a municipality, and return them in their order.

    Raises ValueError for what is not a switch, LookupError for an unknown municipality.
    """
    checked = check_switches(switches)
    await _set(db, tenant, "profiel", checked)
    return checked


async def set_origins(db: asyncpg.Connection, tenant: str, origins: Sequence[str]) -> list[str]:
    """Replace the origins whose web pages may call a municipality's APIs, and return them in their one spelling.

    Raises ValueError for what is not an origin, LookupError for an unknown municipality.
    """
    checked = list(dict.fromkeys(origin.lower().rstrip("/") for origin in origins))
    for origin in checked:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin, such as https://mijn.deventer.nl")
    await _set(db, tenant, "origins", checked)
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
    now = datetime.now(UTC)
    stored, text = [], ""
    if secret != "":
        made, text = new_secret(box, (), secret, "", None, now)
        stored = [made]
    async with changing(db):
        await _lock_clients(db)
        if text:
            await check_own_secret(db, box, tenant, client_id, text)
        try:
            await db.execute(RELABEL if replace else INSERT, tenant, client_id, label)
        except asyncpg.UniqueViolationError as e:
            way = f"samenzaak client secret add {tenant} {client_id} gives it a further secret"
            raise ValueError(f"{tenant} already has a client {client_id}; {way}") from e
        except asyncpg.ForeignKeyViolationError as e:
            raise LookupError(f"there is no municipality {tenant}") from e
        await store_secrets(db, tenant, client_id, stored)
    return text


async def add_label(db: asyncpg.Connection, tenant: str, client_id: str, label: str) -> None:
    """Add a client that has no secret yet, or give one that is there this label. Raises as :func:`add_client` does."""
    known = [client.client_id for client in await list_clients(db, tenant)]
    if client_id not in known:
        await add_client(db, Fernet(Fernet.generate_key()), tenant, client_id, "", label)
        return
    async with changing(db):
        await db.execute(
            "UPDATE gateway.client SET label = $3 WHERE (tenant, client_id) = ($1, $2)", tenant, client_id, label
        )


async def add_secret(
    db: asyncpg.Connection,
    box: Fernet,
    tenant: str,
    client_id: str,
    secret: str | None = None,
    *,
    name: str = "",
    expires: datetime | None = None,
) -> tuple[Secret, str]:
    """Give a client a further secret beside the one that it has, and return it with its text.

    One that has expired makes place. Raises ValueError as :func:`gateway.secrets.new_secret` does, and for one that
    this client_id has at another municipality; LookupError when there is no such client.
    """
    now = datetime.now(UTC)
    async with changing(db):
        known = holding(await _locked_secrets(db, tenant, client_id), now)
        made, text = new_secret(box, known, secret, name, expires, now)
        await check_own_secret(db, box, tenant, client_id, text)
        await store_secrets(db, tenant, client_id, [*known, made])
    return made, text


async def revoke_secret(db: asyncpg.Connection, tenant: str, client_id: str, name: str) -> None:
    """Take a secret from a client: what is signed with it is refused from then on. LookupError when there is none."""
    async with changing(db):
        known = await _locked_secrets(db, tenant, client_id)
        if name not in [secret.name for secret in known]:
            raise LookupError(f"client {client_id} of {tenant} has no secret {name}")
        await store_secrets(db, tenant, client_id, [secret for secret in known if secret.name != name])


async def set_secrets(
    db: asyncpg.Connection,
    box: Fernet,
    tenant: str,
    client_id: str,
    wanted: Sequence[GivenSecret],
) -> None:
    """Give a client exactly these secrets; those that it has stay what they are, but for name and end.

    Raises ValueError and LookupError as :func:`add_secret` does.
    """
    now = datetime.now(UTC)
    async with changing(db):
        known = {opened(secret, box): secret for secret in await _locked_secrets(db, tenant, client_id)}
        stored: list[Secret] = []
        for one in wanted:
            await check_own_secret(db, box, tenant, client_id, one.text)
            if (same := known.get(one.text)) is not None:
                stored.append(dataclasses.replace(same, name=one.name or same.name, expires=one.expires))
            else:
                stored.append(new_secret(box, stored, one.text, one.name, one.expires, now)[0])
        await store_secrets(db, tenant, client_id, stored)


async def _lock_clients(db: asyncpg.Connection) -> None:
    # The lock lets two operators not give one secret to two municipalities, or a third to a client, at the same time.
    await db.execute("LOCK TABLE gateway.client IN SHARE ROW EXCLUSIVE MODE")


async def _locked_secrets(db: asyncpg.Connection, tenant: str, client_id: str) -> Sequence[Secret]:
    """Return the secrets of a client that are going to be changed; raise LookupError when there is no such client."""
    await _lock_clients(db)
    return (await find_client(db, tenant, client_id)).secrets


async def remove_client(db: asyncpg.Connection, tenant: str, client_id: str) -> None:
    """Remove a client, whose tokens are refused from then on; LookupError when it does not exist."""
    async with changing(db):
        status = await db.execute("DELETE FROM gateway.client WHERE (tenant, client_id) = ($1, $2)", tenant, client_id)
        must_exist(status, f"client {client_id} of {tenant}")


async def list_clients(db: asyncpg.Connection, tenant: str | None = None) -> list[Client]:
    """Return the clients of one municipality or of all, with their secrets still encrypted."""
    rows = await db.fetch(
        "SELECT tenant, client_id, label, unread_because, activity FROM gateway.client"
        " WHERE $1::text IS NULL OR tenant = $1"
        " ORDER BY tenant, client_id",
        tenant,
    )
    known = await read_secrets(db, tenant)
    return [Client(t, c, label, tuple(known.get((t, c), ())), *more) for t, c, label, *more in rows]


async def find_client(db: asyncpg.Connection, tenant: str, client_id: str) -> Client:
    """Return a client; LookupError when there is none."""
    found = next((client for client in await list_clients(db, tenant) if client.client_id == client_id), None)
    if found is None:
        raise LookupError(f"there is no client {client_id} of {tenant}")
    return found


async def client_secret(db: asyncpg.Connection, box: Fernet, tenant: str, client_id: str) -> str:
    """Return a secret of a client that holds, the newest; ``""`` when it has none.

    Raises LookupError when there is no such client, Problem 500 when it was encrypted with another secret key.
    """
    known = holding((await find_client(db, tenant, client_id)).secrets, datetime.now(UTC))
    return open_secret(known[-1].encrypted, box, f"{tenant}/{client_id}") if known else ""


@contextlib.asynccontextmanager
async def changing(db: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction that changes what gateways know: each of them hears of it at the commit."""
    async with db.transaction():
        yield
        # PostgreSQL delivers it at the commit, so no gateway reads before the change can be seen.
        await db.execute("SELECT pg_notify($1, '')", CHANNEL)


def must_exist(status: str, what: str) -> None:
    """Raise LookupError when a statement with this status changed nothing."""
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
