"""The reading log as the operator has it: what is recorded, and the report of a data breach. Both are in the log."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from beheer import tenants
from gateway import reading_choices, registry
from runtime.identity import OPERATOR, Caller
from runtime.settings import Settings
from runtime.tenancy import as_tenant
from zgw.reading_log.hidden import PURPOSE, Hasher
from zgw.reading_log.log import copy, own_read
from zgw.reading_log.read import Action
from zgw.reading_log.rows import row_of

OWN = "autorisaties"
"""The service whose log has what was done with the log itself."""


@dataclass(frozen=True)
class Choices:
    """What a municipality records, and the clients of which it records nothing (with why) or whose reads have an
    activity."""

    choice: str
    months: int
    left_out: Mapping[str, str]
    activities: Mapping[str, str]


async def choices_of(admin: asyncpg.Connection, tenant: str) -> Choices:
    """Return what a municipality chose; LookupError when it does not exist."""
    found = await tenants.find_tenant(admin, tenant)
    clients = await registry.list_clients(admin, tenant)
    return Choices(
        found.inzage,
        found.inzage_months,
        {client.client_id: client.unread_because for client in clients if client.unread_because},
        {client.client_id: client.activity for client in clients if client.activity},
    )


async def choose(admin: asyncpg.Connection, settings: Settings, tenant: str, **changes: Any) -> None:
    """Change what a municipality records (``choice``) or for how many ``months`` that is kept.

    Raises ValueError and LookupError as ``gateway.reading_choices`` does.
    """
    async with admin.transaction():
        if (choice := changes.get("choice")) is not None:
            await reading_choices.set_choice(admin, tenant, choice)
            await tell(admin, settings, tenant, Action.CHOICE, {"keuze": choice})
        if (months := changes.get("months")) is not None:
            await reading_choices.set_months(admin, tenant, months)
            await tell(admin, settings, tenant, Action.CHOICE, {"maanden": months})


async def choose_for_client(
    admin: asyncpg.Connection, settings: Settings, tenant: str, client_id: str, **changes: Any
) -> None:
    """Leave a client out because of ``reason`` (``""``: take it in again), or change its ``activity``.

    Raises ValueError and LookupError as ``gateway.reading_choices`` does.
    """
    about = {"applicatie": client_id}
    async with admin.transaction():
        if (reason := changes.get("reason")) is not None:
            if reason:
                await reading_choices.leave_out(admin, tenant, client_id, reason)
            else:
                await reading_choices.take_in(admin, tenant, client_id)
            told = {**about, "keuze": "uitgezonderd" if reason else "vastgelegd"}
            await tell(admin, settings, tenant, Action.CHOICE, told, reason)
        if (activity := changes.get("activity")) is not None:
            await reading_choices.set_activity(admin, tenant, client_id, activity)
            await tell(admin, settings, tenant, Action.CHOICE, {**about, "verwerkingsactiviteit": activity})


async def tell(
    admin: asyncpg.Connection,
    settings: Settings,
    tenant: str,
    action: Action,
    given: Mapping[str, Any],
    reason: str = "",
) -> None:
    """Add to the log what was done with it by a command, with the user of the machine who gave it."""
    name = user()
    caller = Caller(tenant, "samenzaak", (settings.public_base_url,), name, name, component=OPERATOR)
    read = own_read(caller, OWN, action, given, reason)
    async with as_tenant(admin, tenant, OWN) as db:
        await copy(db, [row_of(read, Hasher(lambda: settings.derive(PURPOSE)))])


def user() -> str:
    """Return who gives a command on this machine, or ``""``."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
