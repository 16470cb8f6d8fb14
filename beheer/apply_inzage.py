"""What ``samenzaak apply`` does about the reading log: what a municipality records, and of which clients not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from beheer import reading_log
from beheer.configuration import Client, Municipality
from gateway import snapshot
from runtime.settings import Settings


@dataclass(frozen=True)
class Step:
    """A difference between the file and the installation, and how it is made."""

    text: str
    details: list[str]
    make: Callable[[], Awaitable[Any]]


def of_municipality(
    admin: asyncpg.Connection, settings: Settings, name: str, wanted: Municipality, known: snapshot.Tenant | None
) -> list[Step]:
    """Return what differs in what a municipality records (None: it is new)."""
    before = known or snapshot.Tenant(name, "", "")
    changes: dict[str, Any] = {}
    details = []
    if wanted.inzage is not None and wanted.inzage.value != before.inzage:
        changes["choice"] = wanted.inzage.value
        details.append(f"{before.inzage} -> {wanted.inzage.value}")
    if wanted.inzage_maanden is not None and wanted.inzage_maanden != before.inzage_months:
        changes["months"] = wanted.inzage_maanden
        details.append(f"kept for {before.inzage_months} -> {wanted.inzage_maanden} months")
    if not changes:
        return []
    return [Step("reading log", details, lambda: reading_log.choose(admin, settings, name, **changes))]


def of_client(
    admin: asyncpg.Connection,
    settings: Settings,
    name: str,
    client_id: str,
    wanted: Client,
    known: snapshot.Client | None,
) -> list[Step]:
    """Return what differs in what is recorded of a client (None: it is new)."""
    before = known or snapshot.Client(name, client_id)
    changes: dict[str, Any] = {}
    details = []
    if wanted.inzage_uitgezonderd is not None and wanted.inzage_uitgezonderd != before.unread_because:
        changes["reason"] = wanted.inzage_uitgezonderd
        details.append(f"not recorded: {wanted.inzage_uitgezonderd}" if wanted.inzage_uitgezonderd else "recorded")
    if wanted.verwerkingsactiviteit is not None and wanted.verwerkingsactiviteit != before.activity:
        changes["activity"] = wanted.verwerkingsactiviteit
        details.append(f"activity {before.activity or 'none'} -> {wanted.verwerkingsactiviteit or 'none'}")
    if not changes:
        return []
    make = lambda: reading_log.choose_for_client(admin, settings, name, client_id, **changes)  # noqa: E731
    return [Step(f"reading log of {client_id}", details, make)]
