"""External APIs of a municipality: where they are, and the credentials that other services use there.

The operator writes them with a connection of the administrator; services read them over an internal route, with
the secrets still encrypted.
"""

import re

import asyncpg
from sqlalchemy import Executable, Text, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel
from starlette.responses import Response

from runtime.outgoing import HEADER_NAME, External, addresses, may_connect, secret_box, target_of
from runtime.settings import Settings
from runtime.statements import table_of
from runtime.tenancy import as_tenant
from services.autorisaties.applicatie import METADATA
from zgw.dependencies import CurrentCall, Db
from zgw.internal import internal_router
from zgw.request import answer


class Stored(SQLModel, registry=registry(metadata=METADATA)):
    """Base of the tables of this service that are not those of a resource."""


class ExternalRow(Stored, table=True):
    """An external API: where it is, and what is sent along, with the secret encrypted."""

    __tablename__ = "external"

    name: str = Field(sa_type=Text, primary_key=True)
    root: str = Field(sa_type=Text, unique=True)
    client_id: str = Field(sa_type=Text)
    header: str = Field(sa_type=Text)
    secret: str = Field(sa_type=Text)
    private: bool
    expand: bool = Field(sa_column_kwargs={"server_default": text("false")})


EXTERNAL = table_of(ExternalRow)

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")


intern = internal_router()


@intern.get("/external")
async def external_apis(call: CurrentCall, db: Db) -> Response:
    """Tell another service the external APIs of the municipality."""
    return answer([dict(row) for row in await db.rows(call.tenant, select(EXTERNAL).order_by(EXTERNAL.c.name))])


async def add_external(
    admin: asyncpg.Connection,
    settings: Settings,
    tenant: str,
    name: str,
    root: str,
    *,
    client_id: str = "",
    secret: str = "",
    header: str = "",
    expand: bool = False,
) -> External:
    """Add or change an external API, with a client_id and secret, with a whole header (``Authorization: Token x``), or
    without credentials. ``expand``: show its objects in ``expand`` to every client that may read what refers to them.

    Raises ValueError for a root or credentials that cannot be used, LookupError for an unknown municipality.
    """
    header_name, _, header_value = (part.strip() for part in header.partition(":"))
    if not _NAME.fullmatch(name):
        raise ValueError("a name has lower-case letters, digits, - and _")
    if (header and client_id) or bool(client_id) != bool(secret):
        raise ValueError("give a client_id with its secret, a header, or nothing for an API that asks for nothing")
    usable = header_value.isprintable() and header_value.isascii() and header_value
    if header and not (HEADER_NAME.fullmatch(header_name) and usable):
        raise ValueError("a header looks like 'Authorization: Token abc'")
    root = root.rstrip("/")
    target = target_of(root)
    if "?" in root:
        raise ValueError("a root has no query")
    try:
        found = await addresses(target.host, target.port)
    except OSError:
        # It may only be known, or not yet be known, elsewhere. Then it has to be a public address.
        found = []
    private = any(not may_connect(address, private=False) for address in found)
    if refused := [address for address in found if not may_connect(address, private=True)]:
        raise ValueError(f"{target.host} is at an address that is never connected to: {', '.join(refused)}")
    stored = secret_box(settings).encrypt((header_value or secret).encode()).decode()
    api = External(name, root, client_id, header_name, stored, private, expand)
    written = upsert(EXTERNAL).values(**vars(api))
    others = {name: written.excluded[name] for name in vars(api) if name != "name"}
    await _change(admin, tenant, written.on_conflict_do_update(index_elements=[EXTERNAL.c.name], set_=others))
    return api


async def list_externals(admin: asyncpg.Connection, tenant: str) -> list[External]:
    """Return the external APIs of a municipality; LookupError when that does not exist."""
    async with as_tenant(admin, tenant, "autorisaties") as db:
        return [External(**row) for row in await db.rows(select(EXTERNAL).order_by(EXTERNAL.c.name))]


async def remove_external(admin: asyncpg.Connection, tenant: str, name: str) -> None:
    """Remove an external API; LookupError when there is none of that name."""
    if not await _change(admin, tenant, delete(EXTERNAL).where(EXTERNAL.c.name == name)):
        raise LookupError(f"{tenant} has no external API {name}")


async def _change(admin: asyncpg.Connection, tenant: str, statement: Executable) -> int:
    """Change the APIs of a municipality; return the number of those that were changed."""
    try:
        async with as_tenant(admin, tenant, "autorisaties") as db:
            count = await db.execute(statement)
            # Other services keep a copy, and drop it when they hear this.
            await db.execute(select(func.pg_notify("samenzaak_autorisaties", tenant)))
            return count
    except asyncpg.UniqueViolationError:
        raise ValueError("another external API already has this root") from None
