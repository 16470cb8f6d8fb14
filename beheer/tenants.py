"""Municipalities and their clients, as the operator makes them; every function gets an administrator's connection."""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import jwt
import orjson

from beheer.provision import check_key, check_release, make_login_roles, make_own_schemas, make_tenant, mark_key
from gateway import registry
from gateway.addresses import own_bases
from gateway.config import secret_box
from gateway.snapshot import Client, Tenant
from runtime.settings import Settings
from runtime.tenancy import schema_of
from services.autorisaties.applicatie import COMPONENTEN
from services.notificaties.control import forget_client
from zgw.bundels import MORE, Bundel, scopes_of
from zgw.profiel import SWITCHES, check_switches, profiel_of


@dataclass(frozen=True)
class Bundle:
    """A bundle of rights (``zgw.bundels``) on all types of the catalogues with a domein, up to a level."""

    name: Bundel
    domein: str
    level: str


@dataclass(frozen=True)
class AddedClient:
    """A new client: its secret, and its Applicatie, or ``""``. ``further``: the client was there already, and got
    another secret beside the one that it had. ``kept``: its Applicatie was there, and nothing of it was changed."""

    tenant: str
    client_id: str
    secret: str
    applicatie: str
    further: bool = False
    kept: bool = False


async def prepare(admin: asyncpg.Connection, settings: Settings, *, new_key: bool = False) -> None:
    """Make what belongs to no municipality: login roles, and the schemas of the gateway and the console.
    Safe to repeat.

    Raises ValueError, before anything changes, when the database is of a version before 0.1.0, and when it has another
    secret key, unless that is ``new_key``.
    """
    await check_release(admin)
    if not new_key:
        await check_key(admin, settings)
    await make_login_roles(admin, settings)
    await make_own_schemas(admin)
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
    bundle: Bundle | None = None,
    switches: Iterable[str] = (),
) -> AddedClient:
    """Add a client and, unless ``credentials_only``, its Applicatie; give one that is there a further secret.

    Without ``all_rights`` the Applicatie may read everything of the Catalogi API, and has the rights of ``bundle``; the
    functional administrator gives it more through the Autorisaties API. ``switches`` are the names of those that are
    on for it. An Applicatie that is there stays as it is. Raises ValueError and LookupError as the registry does,
    ValueError for what is not a switch, for rights or switches of a client that is there, or for others than those of
    its Applicatie, and LookupError for a catalogue that does not exist.
    """
    chosen = dict.fromkeys(check_switches(switches), True)
    rights = await _rights_of(admin, tenant, bundle)
    row = await _applicatie_of(admin, tenant, client_id)
    if any(known.client_id == client_id for known in await registry.list_clients(admin, tenant)):
        if all_rights or bundle is not None or chosen:
            raise ValueError(
                f"{tenant} already has a client {client_id}: its rights are changed in its Applicatie,"
                " its switches by samenzaak client profiel"
            )
        _, text = await registry.add_secret(admin, secret_box(settings), tenant, client_id, secret)
        return AddedClient(tenant, client_id, text, str(row["uuid"]) if row else "", further=True)
    if row is not None and (
        (all_rights and not row["heeft_alle_autorisaties"])
        or bundle is not None
        or (chosen and chosen != {name: True for name, on in orjson.loads(row["profiel"] or "{}").items() if on})
    ):
        raise ValueError(
            f"there already is an Applicatie of {client_id} with other rights or switches, which a client that was"
            " removed had, or somebody made: add it without options for these, and change the Applicatie"
        )
    made = await registry.add_client(admin, secret_box(settings), tenant, client_id, secret, label or client_id)
    if row is not None:
        return AddedClient(tenant, client_id, made, str(row["uuid"]), kept=True)
    applicatie = ""
    if not credentials_only:
        applicatie = await _add_applicatie(admin, tenant, client_id, label or client_id, all_rights, rights)
    if chosen:
        await set_switches(admin, tenant, client_id, chosen)
    return AddedClient(tenant, client_id, made, applicatie)


async def _known(admin: asyncpg.Connection, tenant: str, client_id: str) -> Client:
    known = next((c for c in await registry.list_clients(admin, tenant) if c.client_id == client_id), None)
    if known is None:
        raise LookupError(f"there is no client {client_id} of {tenant}")
    return known


async def client_facts(admin: asyncpg.Connection, tenant: str, client_id: str) -> dict[str, Any]:
    """Return what a client may do and how it is answered; LookupError when there is no such client.

    ``profiel`` has each switch that is on with where that comes from: ``client`` or ``municipality``.
    """
    known = await _known(admin, tenant, client_id)
    default = (await find_tenant(admin, tenant)).profiel
    row = await _applicatie_of(admin, tenant, client_id)
    own = (orjson.loads(row["profiel"]) if row and row["profiel"] else None) or {}
    on = profiel_of(default, own)
    rights = [] if row is None else orjson.loads(row["autorisaties"])
    return {
        "tenant": tenant,
        "clientId": client_id,
        "label": known.label,
        "applicatie": str(row["uuid"]) if row else "",
        "heeftAlleAutorisaties": bool(row and row["heeft_alle_autorisaties"]),
        "autorisaties": len(rights),
        "scopes": sorted({scope for right in rights for scope in right["scopes"]}),
        "volgt": await _followed(admin, tenant, rights),
        "profiel": {
            name: "municipality" if own.get(name) is None else "client"
            for name, attribute in SWITCHES.items()
            if getattr(on, attribute)
        },
        "off": [name for name in SWITCHES if own.get(name) is False],
        "inzageUitgezonderd": known.unread_because,
        "verwerkingsactiviteit": known.activity,
    }


async def _followed(
    admin: asyncpg.Connection, tenant: str, rights: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what autorisaties follow: the component, scopes and level, the domein of the catalogue (its uuid when it
    is gone), and the name of the type or None for all of them."""
    following = [right for right in rights if "volgt" in right]
    rows = await admin.fetch(
        f'SELECT uuid::text, domein FROM "{schema_of(tenant, "catalogi")}".catalogus WHERE uuid = ANY ($1::uuid[])',  # noqa: S608
        [right["volgt"]["catalogus"] for right in following],
    )
    domein = {row["uuid"]: row["domein"] for row in rows}
    return [
        {
            "component": right["component"],
            "scopes": right["scopes"],
            "niveau": right.get("maxVertrouwelijkheidaanduiding", ""),
            "catalogus": domein.get(right["volgt"]["catalogus"], right["volgt"]["catalogus"]),
            "type": right["volgt"]["naam"],
        }
        for right in following
    ]


async def set_switches(
    admin: asyncpg.Connection, tenant: str, client_id: str, chosen: Mapping[str, bool] | None
) -> None:
    """Replace the switches of the Applicatie of a client, by name with whether each is on; None: none of its own.

    Raises ValueError for what is not a switch, LookupError when there is no such client or it has no Applicatie.
    """
    check_switches(chosen or ())
    row = await _applicatie_of(admin, tenant, client_id)
    if row is None:
        await _known(admin, tenant, client_id)
        raise LookupError(f"{client_id} of {tenant} has no Applicatie")
    stored = {name: (chosen or {}).get(name) for name in SWITCHES} if chosen else None
    async with admin.transaction():
        await admin.execute(
            f'UPDATE "{schema_of(tenant, "autorisaties")}".applicatie SET profiel = $2::jsonb WHERE uuid = $1',  # noqa: S608
            row["uuid"],
            None if stored is None else orjson.dumps(stored).decode(),
        )
        await admin.execute("SELECT pg_notify('samenzaak_autorisaties', $1)", tenant)


async def _applicatie_of(admin: asyncpg.Connection, tenant: str, client_id: str) -> asyncpg.Record | None:
    await find_tenant(admin, tenant)
    return await admin.fetchrow(
        "SELECT uuid, heeft_alle_autorisaties, autorisaties, profiel"  # noqa: S608
        f' FROM "{schema_of(tenant, "autorisaties")}".applicatie WHERE client_ids @> $1::jsonb',
        orjson.dumps([client_id]).decode(),
    )


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


async def _rights_of(admin: asyncpg.Connection, tenant: str, bundle: Bundle | None) -> list[dict[str, Any]]:
    """Return the autorisaties of a bundle as they are stored: each follows the catalogue."""
    if bundle is None:
        return []
    await find_tenant(admin, tenant)
    rows = await admin.fetch(
        f'SELECT uuid FROM "{schema_of(tenant, "catalogi")}".catalogus WHERE domein = $1 ORDER BY id',  # noqa: S608
        bundle.domein,
    )
    if not rows:
        raise LookupError(f"{tenant} has no catalogue {bundle.domein}")
    return [
        {
            "component": component,
            "scopes": scopes_of(bundle.name, component),
            **({} if component == "brc" else {"maxVertrouwelijkheidaanduiding": bundle.level}),
            "volgt": {"catalogus": str(row["uuid"]), "naam": None},
            "componentWeergave": COMPONENTEN[component],
        }
        for component in MORE
        for row in rows
    ]


async def _add_applicatie(
    admin: asyncpg.Connection,
    tenant: str,
    client_id: str,
    label: str,
    all_rights: bool,
    rights: Sequence[Mapping[str, Any]] = (),
) -> str:
    schema = schema_of(tenant, "autorisaties")
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
            orjson.dumps([] if all_rights else [catalogi, *rights]).decode(),
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
