"""The command about the requests of a client: why they were refused."""

from typing import Annotated, Any

import asyncpg
import typer

from beheer import tenants
from beheer.console import Json, Tenant, show, with_admin
from gateway.own_api import shown
from gateway.request_store import READ, Wanted
from runtime.settings import Settings


def requests_command(
    tenant: Tenant,
    client: Annotated[str, typer.Option(help="The client_id of the application.")],
    instance: Annotated[str | None, typer.Option(help="The `instance` of an error.")] = None,
    request_id: Annotated[str | None, typer.Option(help="The X-Request-ID of an answer.")] = None,
    status_from: Annotated[
        int | None, typer.Option("--status-from", help="This status or a higher one: 400 for what was refused.")
    ] = None,
    path: Annotated[str | None, typer.Option(help="How the path begins.")] = None,
    limit: Annotated[int, typer.Option(help="Most requests.", min=1, max=10_000)] = 20,
    as_json: Json = False,
) -> None:
    """Show the last requests of an application, the newest first, and why they were refused: as the application itself
    reads it at `/beheer/api/v1/verzoeken`. With an instance or a request id only those."""
    wanted = Wanted(instance=instance, request_id=request_id, from_status=status_from, path=path)

    async def work(admin: asyncpg.Connection, settings: Settings) -> list[dict[str, Any]]:
        await tenants.find_tenant(admin, tenant)
        rows = await admin.fetch(READ, tenant, client, *wanted.values(), limit, 0)
        return [shown(row, settings.public_base_url) for row in rows]

    show(with_admin(work), as_json, _line)


def _line(fact: dict[str, Any]) -> str:
    query = f"?{fact['query']}" if fact["query"] else ""
    line = f"{fact['tijdstip']} {fact['methode']} {fact['pad']}{query} {fact['status']} {fact['duurMs']}ms"
    if (why := fact["weigering"]) is None:
        return line
    told = [fact["code"] or "-", why["controle"], why["detail"], fact["instance"] or ""]
    told += [f"{param['name']}: {param['code']}" for param in why["invalidParams"]]
    # What a client sent must not end the line.
    return "".join(c if c.isprintable() else " " for c in f"{line} {' | '.join(filter(None, told))}")
