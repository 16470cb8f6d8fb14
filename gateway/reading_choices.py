"""What municipalities choose of the reading log, as the operator sets it; every function gets an administrator's
connection."""

import asyncpg

from gateway.registry import changing, must_exist
from zgw.reading_log.read import Choice

MOST_MONTHS = 120
REASON_LENGTH = 500
ACTIVITY_LENGTH = 500


def check_choice(choice: str) -> Choice:
    """Return what is recorded; raise ValueError for what is no choice."""
    try:
        return Choice(choice)
    except ValueError:
        raise ValueError(f"{choice!r} is not {', '.join(Choice)}") from None


def check_months(months: int) -> int:
    """Return how many months are kept; raise ValueError for fewer than 1 or more than :data:`MOST_MONTHS`."""
    if not 1 <= months <= MOST_MONTHS:
        raise ValueError(f"the reading log is kept for 1 to {MOST_MONTHS} months, not {months}")
    return months


def check_reason(reason: str) -> str:
    """Return why a client is left out; raise ValueError for none, and for one that is too long."""
    if not (found := reason.strip()) or len(found) > REASON_LENGTH:
        raise ValueError(f"say in 1 to {REASON_LENGTH} characters why nothing of this client is recorded")
    return found


def check_activity(activity: str) -> str:
    """Return the address of a processing activity, or ``""``; raise ValueError for what is no absolute URI."""
    found = activity.strip()
    scheme, colon, rest = found.partition(":")
    if found and not (colon and rest and scheme.isascii() and scheme[0].isalpha() and not set(found) & set(" \n\t\r")):
        raise ValueError(f"{activity!r} is not the address of a processing activity, such as https://… or urn:…")
    if len(found) > ACTIVITY_LENGTH:
        raise ValueError(f"the address of a processing activity has at most {ACTIVITY_LENGTH} characters")
    return found


async def set_choice(db: asyncpg.Connection, tenant: str, choice: str) -> None:
    """Change what a municipality records. Raises ValueError for what is no choice, LookupError for an unknown
    municipality."""
    await _set_tenant(db, tenant, "reading_log", check_choice(choice).value)


async def set_months(db: asyncpg.Connection, tenant: str, months: int) -> None:
    """Change for how many months that is kept. Raises as :func:`set_choice` does."""
    await _set_tenant(db, tenant, "reading_log_months", check_months(months))


async def leave_out(db: asyncpg.Connection, tenant: str, client_id: str, reason: str) -> None:
    """Record nothing of a client any more. Raises ValueError without a reason, LookupError for an unknown client."""
    await _set_client(db, tenant, client_id, "unread_because", check_reason(reason))


async def take_in(db: asyncpg.Connection, tenant: str, client_id: str) -> None:
    """Record the reads of a client again; LookupError for an unknown client."""
    await _set_client(db, tenant, client_id, "unread_because", "")


async def set_activity(db: asyncpg.Connection, tenant: str, client_id: str, activity: str) -> None:
    """Change the processing activity of the reads of a client that name none; ``""``: it has none. Raises ValueError
    for what is no absolute URI, LookupError for an unknown client."""
    await _set_client(db, tenant, client_id, "activity", check_activity(activity))


async def _set_tenant(db: asyncpg.Connection, tenant: str, column: str, value: str | int) -> None:
    async with changing(db):
        done = await db.execute(f"UPDATE gateway.tenant SET {column} = $2 WHERE name = $1", tenant, value)  # noqa: S608
        must_exist(done, f"municipality {tenant}")


async def _set_client(db: asyncpg.Connection, tenant: str, client_id: str, column: str, value: str) -> None:
    change = f"UPDATE gateway.client SET {column} = $3 WHERE (tenant, client_id) = ($1, $2)"  # noqa: S608
    async with changing(db):
        must_exist(await db.execute(change, tenant, client_id, value), f"client {client_id} of {tenant}")
