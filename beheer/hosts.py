"""Warns about host names of municipalities when the public URL is not set."""

from collections.abc import Iterable

import asyncpg

from gateway import registry
from runtime.settings import PREFIX, Settings


def about_hosts(settings: Settings, hosts: Iterable[str]) -> str:
    """Return a warning when municipalities have host names of their own and no public URL is set, else ``""``.

    The scheme and port of every URL are those of the public URL. Without it they are those of a developer's machine,
    and fit host names on that machine only.
    """
    elsewhere = sorted(host for host in hosts if host != "localhost" and not host.endswith(".localhost"))
    if settings.public_url is not None or not elsewhere:
        return ""
    return (
        f"municipalities have host names ({', '.join(elsewhere[:3])}{', …' if elsewhere[3:] else ''}) and "
        f"{PREFIX}PUBLIC_URL is not set: URLs in answers and notifications begin with http and end on port "
        f"{settings.port}, as http://{elsewhere[0]}:{settings.port}; set it to the https:// URL of the installation"
    )


async def hosts_of(admin: asyncpg.Connection) -> list[str]:
    """Return the host names of all municipalities."""
    return [host for tenant in await registry.list_tenants(admin) for host in tenant.hosts]
