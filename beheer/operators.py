"""Who may come into the console: the operators of the installation, and one-time links."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from console.accounts import check_name
from console.config import PREFIX
from console.people import LINK_HOLDS, OPERATOR, ROLES, digest_of
from runtime.settings import Settings


@dataclass(frozen=True)
class Link:
    """A link that lets somebody in once, until it expires."""

    name: str
    role: str
    url: str


async def add_operator(admin: asyncpg.Connection, settings: Settings, name: str, display_name: str = "") -> Link:
    """Make an account for an operator, or let one in again who lost the password or the second factor; return the link
    with which they choose another. Raises ValueError for a wrong name."""
    check_name(name)
    async with admin.transaction():
        await admin.execute(
            "INSERT INTO console.account (name, display_name) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET"
            " password_hash = '', totp_encrypted = '', disabled = false,"
            " display_name = coalesce(nullif($3, ''), account.display_name)",
            name,
            display_name or name,
            display_name,
        )
        await admin.execute("DELETE FROM console.session WHERE (tenant, user_id) = ('', $1)", name)
        return await add_link(admin, settings, "", OPERATOR, name, display_name or name)


async def add_link(
    admin: asyncpg.Connection,
    settings: Settings,
    tenant: str,
    role: str,
    user_id: str,
    display_name: str,
    holds: timedelta = LINK_HOLDS,
) -> Link:
    """Make a link that lets somebody in once. Raises ValueError for a role that there is not."""
    if role not in ((OPERATOR,) if not tenant else tuple(ROLES)):
        raise ValueError(f"{role!r} is no role; there are {', '.join(ROLES)}")
    number = secrets.token_urlsafe(32)
    await admin.execute("DELETE FROM console.link WHERE expires < now()")
    await admin.execute(
        "INSERT INTO console.link (digest, tenant, role, user_id, display_name, expires)"
        " VALUES ($1, $2, $3, $4, $5, now() + $6::interval)",
        digest_of(number),
        tenant,
        role,
        user_id,
        display_name,
        holds,
    )
    return Link(
        user_id, role, f"{settings.console_public_url or settings.public_base_url}{PREFIX}/login/link?nummer={number}"
    )


async def remove_operator(admin: asyncpg.Connection, name: str) -> None:
    """Remove an account with its sessions; LookupError when there is none."""
    async with admin.transaction():
        await admin.execute("DELETE FROM console.session WHERE (tenant, user_id) = ('', $1)", name)
        await admin.execute("DELETE FROM console.link WHERE (tenant, user_id) = ('', $1)", name)
        if await admin.execute("DELETE FROM console.account WHERE name = $1", name) == "DELETE 0":
            raise LookupError(f"there is no operator {name}")
