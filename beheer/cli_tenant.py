"""The commands about municipalities."""

import json
from typing import Annotated, Any

import asyncpg
import typer

from beheer import status, tenants
from beheer.console import Json, Switches, Tenant, show, with_admin, with_dsn
from beheer.erase import Erasure, erase_tenant
from gateway import registry, snapshot
from runtime.settings import Settings
from zgw.profiel import check_switches

tenant_app = typer.Typer(no_args_is_help=True, help="Municipalities.")


@tenant_app.command("add")
def tenant_add(
    name: Tenant,
    naam: Annotated[str, typer.Option(help="Name for people: 'Gemeente Deventer'.")],
    rsin: Annotated[str, typer.Option(help="RSIN: nine digits.")],
    host: Annotated[list[str] | None, typer.Option(help="Host name of its own; may be repeated.")] = None,
    profiel: Switches = None,
    as_json: Json = False,
) -> None:
    """Make a municipality, with its own schemas and roles in the database."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> snapshot.Tenant:
        check_switches(profiel or ())
        made = await tenants.add_tenant(admin, settings, name, naam, rsin, tuple(host or ()))
        if profiel:
            await registry.set_profiel(admin, name, profiel)
        return made

    made = with_admin(work, changes=True)
    show(_tenant(made), as_json, lambda t: f"{t['name']}: {t['naam']}, RSIN {t['rsin']}{_hosts(t)}")


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    """List the municipalities."""
    found = with_admin(lambda admin, _: registry.list_tenants(admin))
    show([_tenant(t) for t in found], as_json, lambda t: f"{t['name']}: {t['naam']}, RSIN {t['rsin']}{_hosts(t)}")


@tenant_app.command("show")
def tenant_show(name: Tenant, as_json: Json = False) -> None:
    """Tell what a municipality has: hosts, clients, schemas, rows."""
    facts = with_admin(lambda admin, settings: status.tenant_facts(admin, name))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        typer.echo(status.tenant_as_text(facts))


@tenant_app.command("remove")
def tenant_remove(
    name: Tenant,
    erase: Annotated[str, typer.Option(help="Its name once more: all its data and documents are erased.")],
    keep_content: Annotated[
        bool, typer.Option("--keep-content", help="Leave the storage of documents alone: its content is gone already.")
    ] = False,
) -> None:
    """Erase a municipality, with its data and the content of its documents. There is no way back but a backup.

    Say it again to continue after an interruption.
    """
    if erase != name:
        raise typer.BadParameter(f"--erase must repeat the name: {name}")

    def progress(removed: int) -> None:
        typer.echo(f"{name}: {removed} objects removed from the storage", err=True)

    async def work(admin: asyncpg.Connection, settings: Settings, dsn: str) -> Erasure:
        return await erase_tenant(admin, settings, dsn, name, content=not keep_content, progress=progress)

    done = with_dsn(work, changes=True)
    kept = "; the content of its documents was left alone" if keep_content else ""
    typer.echo(f"{name}: erased, with {done.documents} documents ({done.removed} objects in the storage){kept}")


@tenant_app.command("time-zone")
def tenant_time_zone(
    name: Tenant,
    zone: Annotated[str | None, typer.Argument(help="Name of a time zone, such as America/Kralendijk.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Use the time zone of the installation again.")] = False,
    as_json: Json = False,
) -> None:
    """Set the time zone of a municipality; without a zone or --none: tell which it is."""
    if zone and none:
        raise typer.BadParameter("a time zone and --none exclude each other")

    async def work(admin: asyncpg.Connection, settings: Settings) -> str:
        if zone or none:
            await registry.set_time_zone(admin, name, zone or "")
        return (await tenants.find_tenant(admin, name)).time_zone or settings.time_zone

    found = with_admin(work, changes=bool(zone or none))
    show({"name": name, "timeZone": found}, as_json, lambda c: f"{name}: {c['timeZone']}")


@tenant_app.command("profiel")
def tenant_profiel(
    name: Tenant,
    switch: Switches = None,
    none: Annotated[bool, typer.Option("--none", help="Answer all clients as the standard says again.")] = False,
    as_json: Json = False,
) -> None:
    """Set which switches are on for the clients of a municipality that do not set them; without an option: tell."""
    if switch and none:
        raise typer.BadParameter("--profiel and --none exclude each other")

    async def work(admin: asyncpg.Connection, _: Settings) -> list[str]:
        if switch or none:
            return list(await registry.set_profiel(admin, name, switch or ()))
        return list((await tenants.find_tenant(admin, name)).profiel)

    on = with_admin(work, changes=bool(switch or none))
    show({"name": name, "profiel": on}, as_json, lambda c: f"{name}: {' '.join(c['profiel']) or 'none'}")


@tenant_app.command("cors")
def tenant_cors(
    name: Tenant,
    origin: Annotated[
        list[str] | None, typer.Option(help="Origin of web pages, such as https://mijn.deventer.nl; may be repeated.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Let no web page in any more.")] = False,
    as_json: Json = False,
) -> None:
    """Set which web pages may call the APIs from a browser; without --origin or --none: tell which."""
    if origin and none:
        raise typer.BadParameter("--origin and --none exclude each other")

    async def work(admin: asyncpg.Connection, _: Settings) -> list[str]:
        if origin or none:
            return await registry.set_origins(admin, name, origin or ())
        return list((await tenants.find_tenant(admin, name)).origins)

    set_to = with_admin(work, changes=bool(origin or none))
    show({"name": name, "origins": set_to}, as_json, lambda c: f"{name}: {' '.join(c['origins']) or 'none'}")


def _tenant(tenant: snapshot.Tenant) -> dict[str, Any]:
    return {"name": tenant.name, "naam": tenant.naam, "rsin": tenant.rsin, "hosts": list(tenant.hosts)}


def _hosts(tenant: dict[str, Any]) -> str:
    return f", hosts {' '.join(tenant['hosts'])}" if tenant["hosts"] else ""
