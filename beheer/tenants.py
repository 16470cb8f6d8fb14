"""Municipalities and their clients, as the operator makes them; every function gets an administrator's connection."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg
import jwt
import orjson

from beheer.provision import check_key, check_release, make_gateway_schema, make_login_roles, make_tenant, mark_key
from gateway import registry
from gateway.addresses import own_bases
from gateway.config import secret_box
from gateway.snapshot import Tenant
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.notificaties.control import forget_client

WEAK_SECRET = 32
"""Characters below which a secret is called short: HS256 wants at least as many bytes as its hash."""


@dataclass(frozen=True)
class AddedClient:
    """A new client: its secret, and the Applicatie that was made for it, or ``""``."""

    tenant: str
    client_id: str
    secret: str
    applicatie: str


async def prepare(admin: asyncpg.Connection, settings: Settings, *, new_key: bool = False) -> None:
    """Make what belongs to no municipality: login roles and the gateway's schema. Safe to repeat.

    Raises ValueError, before anything changes, when the database is of a version before 0.1.0, and when it has another
    secret key, unless that is ``new_key``.
    """
    await check_release(admin)
    if not new_key:
        await check_key(admin, settings)
    await make_login_roles(admin, settings)
    await make_gateway_schema(admin)
    await mark_key(admin, settings)


async def add_tenant(
    admin: asyncpg.Connection, settings: Settings, name: str, naam: str, rsin: str, hosts: tuple[str, ...] = ()
) -> Tenant:
    """Make a municipality with its schemas. Raises ValueError for a wrong or taken name, RSIN or host.

    All in one transaction: a municipality is there as a whole or not at all.
    """
    await prepare(admin, settings)
    async with admin.transaction():
        tenant = await registry.add_tenant(admin, name, naam, rsin, hosts)
        await make_tenant(admin, name)
    return tenant


async def bases_of(admin: asyncpg.Connection, settings: Settings, tenant: str) -> tuple[str, ...]:
    """Return the base URLs of a municipality, the canonical one first; LookupError when it does not exist."""
    return own_bases((await find_tenant(admin, tenant)).hosts, settings.public_base_url)


async def find_tenant(admin: asyncpg.Connection, name: str) -> Tenant:
    """Return a municipality; LookupError when it does not exist."""
    found = next((tenant for tenant in await registry.list_tenants(admin) if tenant.name == name), None)
    if found is None:
        raise LookupError(f"there is no municipality {name}")
    return found


async def add_client(
    admin: asyncpg.Connection,
    settings: Settings,
    tenant: str,
    client_id: str,
    secret: str | None = None,
    label: str = "",
    *,
    all_rights: bool = False,
    credentials_only: bool = False,
) -> AddedClient:
    """Add a client and, unless ``credentials_only``, its Applicatie.

    Without ``all_rights`` the Applicatie may read everything of the Catalogi API and nothing else; the functional
    administrator gives it more through the Autorisaties API. Raises ValueError and LookupError as the registry does.
    """
    made = await registry.add_client(admin, secret_box(settings), tenant, client_id, secret, label or client_id)
    applicatie = ""
    if not credentials_only:
        applicatie = await _add_applicatie(admin, tenant, client_id, label or client_id, all_rights)
    return AddedClient(tenant, client_id, made, applicatie)


async def remove_client(admin: asyncpg.Connection, tenant: str, client_id: str) -> int:
    """Remove a client and its abonnementen; return how many those were. LookupError when there is no such client.

    Its Applicatie stays: that may be for more clients.
    """
    async with admin.transaction():
        await registry.remove_client(admin, tenant, client_id)
        return await forget_client(admin, tenant, client_id)


async def change_secret(
    admin: asyncpg.Connection, settings: Settings, tenant: str, client_id: str, secret: str | None = None
) -> str:
    """Give a client another secret, and return it; its label, rights and Applicatie stay.

    Raises LookupError when there is no such client, ValueError for an unusable secret.
    """
    known = [client for client in await registry.list_clients(admin, tenant) if client.client_id == client_id]
    if not known:
        raise LookupError(f"there is no client {client_id} of {tenant}")
    return await registry.add_client(
        admin, secret_box(settings), tenant, client_id, secret, known[0].label, replace=True
    )


def about_secret(client_id: str, secret: str) -> str:
    """Return a warning about a short secret, without showing it; ``""`` when it is long enough, or there is none."""
    if not 0 < len(secret) < WEAK_SECRET:
        return ""
    return f"the secret of {client_id} has {len(secret)} characters; {WEAK_SECRET} or more resist guessing"


async def _add_applicatie(admin: asyncpg.Connection, tenant: str, client_id: str, label: str, all_rights: bool) -> str:
    schema = schema_of(tenant, "autorisaties")
    found = await admin.fetchval(
        f'SELECT uuid FROM "{schema}".applicatie WHERE client_ids @> $1::jsonb',  # noqa: S608
        orjson.dumps([client_id]).decode(),
    )
    if found:
        return str(found)
    catalogi = {"component": "ztc", "scopes": ["catalogi.lezen"], "componentWeergave": "Catalogi API"}
    made = uuid.uuid4()
    async with admin.transaction():
        await admin.execute(
            f'INSERT INTO "{schema}".applicatie (uuid, client_ids, label, heeft_alle_autorisaties,'  # noqa: S608
            " alleen_is_gereed_voor_publicatie, autorisaties) VALUES ($1, $2::jsonb, $3, $4, false, $5::jsonb)",
            made,
            orjson.dumps([client_id]).decode(),
            label[:100],
            all_rights,
            orjson.dumps([] if all_rights else [catalogi]).decode(),
        )
        await admin.execute("SELECT pg_notify('samenzaak_autorisaties', $1)", tenant)
    return str(made)


def make_token(client_id: str, secret: str, user_id: str = "", user_representation: str = "") -> str:
    """Return a ZGW token for a client, as its own application would make it (common.md §4)."""
    claims: dict[str, Any] = {
        "iss": client_id,
        "iat": int(time.time()),
        "client_id": client_id,
        "user_id": user_id,
        "user_representation": user_representation,
    }
    return jwt.encode(claims, secret, "HS256")
