"""The facts that ``samenzaak status`` and ``tenant show`` print."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from beheer.erase import list_erasures
from beheer.hosts import about_hosts
from beheer.logboek import backlogs
from beheer.migrate import head, revisions
from gateway import registry
from gateway.config import secret_box
from gateway.secrets import warnings_of
from runtime.revisions import is_too_old
from runtime.settings import Settings
from runtime.tenancy import SERVICES, schema_of


async def facts(admin: asyncpg.Connection, settings: Settings) -> dict[str, Any]:
    """Return the state of the installation."""
    found = await registry.list_tenants(admin)
    has = {t.name: {service: await _revision(admin, t.name, service) for service in SERVICES} for t in found}
    secrets = warnings_of(await registry.list_clients(admin), secret_box(settings), datetime.now(UTC))
    heads = {service: head(service) for service in SERVICES}
    waiting = await backlogs(admin, [t.name for t in found])
    hosts = [host for t in found for host in t.hosts]
    late = [each.warning for each in waiting]
    behind = [f"{tenant} {s}" for tenant, at in has.items() for s in SERVICES if is_too_old(at[s], revisions(s))]
    return {
        "database": {
            "version": await admin.fetchval("SHOW server_version"),
            "embedded": settings.database_url is None,
            "size": await admin.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))"),
        },
        "publicUrl": settings.public_base_url,
        "warnings": [w for w in [about_hosts(settings, hosts), *secrets, *late] if w],
        "services": {s: settings.service_urls.get(s, "in the process of the gateway") for s in SERVICES},
        "tenants": [t.name for t in found],
        "logboek": [{**vars(each), "oldest": str(each.oldest or "")} for each in waiting],
        "erasures": [vars(e) for e in await list_erasures(admin)],
        "migrations": {"newest": heads, "behind": behind},
    }


def as_text(facts: dict[str, Any]) -> str:
    """Return the state for people."""
    database = facts["database"]
    kind = "embedded" if database["embedded"] else "external"
    behind = facts["migrations"]["behind"]
    return "\n".join(
        [
            f"database    PostgreSQL {database['version']}, {kind}, {database['size']}",
            f"public URL  {facts['publicUrl']}",
            *(f"service     {name}: {where}" for name, where in facts["services"].items()),
            f"tenants     {', '.join(facts['tenants']) or 'none yet: samenzaak tenant add'}",
            *(f"erasure     {e['tenant']} is not finished: remove it again" for e in facts["erasures"]),
            *(f"logboek     {w['tenant']} {w['service']}: {w['waiting']} actions wait" for w in facts["logboek"]),
            *(f"warning     {warning}" for warning in facts["warnings"]),
            f"migrations  {'up to date' if not behind else 'behind: ' + ', '.join(behind)}",
        ]
    )


async def _revision(admin: asyncpg.Connection, tenant: str, service: str) -> str | None:
    table = f'"{schema_of(tenant, service)}".alembic_version'
    if await admin.fetchval("SELECT to_regclass($1)", table) is None:
        return None
    found: str | None = await admin.fetchval(f"SELECT version_num FROM {table}")  # noqa: S608
    return found


async def tenant_facts(admin: asyncpg.Connection, name: str) -> dict[str, Any]:
    """Return what one municipality has; raise LookupError when it does not exist."""
    tenant = next((t for t in await registry.list_tenants(admin) if t.name == name), None)
    if tenant is None:
        raise LookupError(f"there is no municipality {name}")
    schemas = {}
    for service in SERVICES:
        schema = schema_of(name, service)
        rows = await admin.fetch(
            "SELECT c.relname, c.oid::regclass::text AS name FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY 1",
            schema,
        )
        counts = {row["relname"]: await admin.fetchval(f"SELECT count(*) FROM {row['name']}") for row in rows}  # noqa: S608
        counts.pop("alembic_version", None)
        schemas[schema] = {"revision": await _revision(admin, name, service), "rows": counts}
    clients = await registry.list_clients(admin, name)
    return {
        "name": tenant.name,
        "naam": tenant.naam,
        "rsin": tenant.rsin,
        "hosts": list(tenant.hosts),
        "profiel": list(tenant.profiel),
        "inzage": {"keuze": tenant.inzage, "maanden": tenant.inzage_months},
        "clients": [c.client_id for c in clients],
        "schemas": schemas,
    }


def tenant_as_text(facts: dict[str, Any]) -> str:
    """Return what a municipality has, for people."""
    lines = [
        f"{facts['name']}: {facts['naam']}, RSIN {facts['rsin']}",
        f"hosts    {', '.join(facts['hosts']) or 'none of its own'}",
        f"profiel  {', '.join(facts['profiel']) or 'that of the standard'}",
        f"inzage   {facts['inzage']['keuze']}, kept for {facts['inzage']['maanden']} months",
        f"clients  {', '.join(facts['clients']) or 'none'}",
    ]
    for schema, has in facts["schemas"].items():
        rows = ", ".join(f"{name} {count}" for name, count in has["rows"].items() if count)
        lines.append(f"schema   {schema} (revision {has['revision'] or 'none'}): {rows or 'empty'}")
    return "\n".join(lines)
