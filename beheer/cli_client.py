"""The commands about clients: the applications that may log in."""

from typing import Annotated, Any

import asyncpg
import typer

from beheer import tenants
from beheer.cli_secret import check_secret, client_line, secret_app
from beheer.console import Json, Switches, Tenant, show, warn, with_admin
from gateway import registry
from gateway.secrets import about_secret
from runtime.settings import Settings
from zgw.bundels import Bundel
from zgw.profiel import chosen_switches
from zgw.types import Vertrouwelijkheid

client_app = typer.Typer(no_args_is_help=True, help="Clients: the applications that may log in.")
client_app.add_typer(secret_app, name="secret")


@client_app.command("add")
def client_add(
    tenant: Tenant,
    client_id: Annotated[str, typer.Option(help="The client_id in its tokens.")],
    secret: Annotated[str | None, typer.Option(help="Its secret; without it a strong one is made.")] = None,
    label: Annotated[str, typer.Option(help="Name for people, shown in audit trails.")] = "",
    all_rights: Annotated[bool, typer.Option("--all-rights", help="Make an Applicatie with all rights.")] = False,
    credentials_only: Annotated[
        bool,
        typer.Option("--credentials-only", help="Make no Applicatie: its rights come through the Autorisaties API."),
    ] = False,
    bundel: Annotated[
        Bundel | None, typer.Option(help="Rights to give it on all types of --catalogus, new ones too.")
    ] = None,
    catalogus: Annotated[str, typer.Option(help="The domein of the catalogue that --bundel is for.")] = "",
    niveau: Annotated[
        Vertrouwelijkheid, typer.Option(help="The highest confidentiality that --bundel is for.")
    ] = "zaakvertrouwelijk",
    profiel: Switches = None,
    as_json: Json = False,
) -> None:
    """Make a client that may log in, and its Applicatie. One that is there gets a further secret."""
    check_secret(secret)
    if (bundel is None) != (not catalogus):
        raise typer.BadParameter("--bundel and --catalogus go together")
    if bundel and (all_rights or credentials_only):
        raise typer.BadParameter("--bundel excludes --all-rights and --credentials-only")
    bundle = tenants.Bundle(bundel, catalogus, niveau) if bundel else None
    if credentials_only and (all_rights or profiel):
        raise typer.BadParameter("--credentials-only excludes --all-rights and --profiel, which an Applicatie has")

    async def work(admin: asyncpg.Connection, settings: Settings) -> tenants.AddedClient:
        return await tenants.add_client(
            admin,
            settings,
            tenant,
            client_id,
            secret,
            label,
            all_rights=all_rights,
            credentials_only=credentials_only,
            bundle=bundle,
            switches=profiel or (),
        )

    made = with_admin(work, changes=True)
    warn(about_secret(client_id, made.secret))
    if made.further:
        warn(f"{client_id} was there already: this is a further secret, and its rights are what they were")
    if made.kept:
        warn(f"{client_id} is new, but its Applicatie was there already, and its rights are what they were")
    facts = {"tenant": tenant, "clientId": client_id, "secret": made.secret, "applicatie": made.applicatie}
    show(facts, as_json, client_line)


@client_app.command("list")
def client_list(tenant: Annotated[str | None, typer.Argument()] = None, as_json: Json = False) -> None:
    """List the clients of one municipality, or of all."""

    async def work(admin: asyncpg.Connection, _: Settings) -> Any:
        if tenant is not None:
            await tenants.find_tenant(admin, tenant)
        return await registry.list_clients(admin, tenant)

    found = with_admin(work)
    facts = [{"tenant": c.tenant, "clientId": c.client_id, "label": c.label} for c in found]
    show(facts, as_json, lambda c: f"{c['tenant']} {c['clientId']}: {c['label']}")


@client_app.command("show")
def client_show(tenant: Tenant, client_id: str, as_json: Json = False) -> None:
    """Tell what a client may do, and which switches are on for it."""
    facts = with_admin(lambda admin, _: tenants.client_facts(admin, tenant, client_id))
    show(facts, as_json, _facts)


@client_app.command("profiel")
def client_profiel(
    tenant: Tenant,
    client_id: str,
    switch: Switches = None,
    off: Annotated[
        list[str] | None, typer.Option(help="A switch that is off whatever the municipality has; may be repeated.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Follow the municipality in every switch again.")] = False,
    as_json: Json = False,
) -> None:
    """Set the switches of the Applicatie of a client; without an option: tell which are on."""
    if none and (switch or off):
        raise typer.BadParameter("--none excludes --profiel and --off")
    if both := sorted({*(switch or ())} & {*(off or ())}):
        raise typer.BadParameter(f"{', '.join(both)} cannot be both on and off")

    async def work(admin: asyncpg.Connection, _: Settings) -> dict[str, Any]:
        if none or switch or off:
            chosen = chosen_switches({**dict.fromkeys(switch or (), True), **dict.fromkeys(off or (), False)})
            await tenants.set_switches(admin, tenant, client_id, chosen)
        return await tenants.client_facts(admin, tenant, client_id)

    show(with_admin(work, changes=bool(none or switch or off)), as_json, _facts)


def _facts(client: dict[str, Any]) -> str:
    rights = "all rights" if client["heeftAlleAutorisaties"] else f"{client['autorisaties']} autorisaties"
    on = [f"{name} ({source})" for name, source in client["profiel"].items()]
    off = [f"{name} (off)" for name in client["off"]]
    return "\n".join(
        [
            f"{client['tenant']} {client['clientId']}: {client['label']}",
            f"rights   {rights if client['applicatie'] else 'none: it has no Applicatie'}",
            *([f"scopes   {' '.join(client['scopes'])}"] if client["scopes"] else []),
            *(f"follows  {_followed(one)}" for one in client["volgt"]),
            f"profiel  {', '.join([*on, *off]) or 'that of the standard'}",
            *([f"inzage   not recorded: {client['inzageUitgezonderd']}"] if client["inzageUitgezonderd"] else []),
            *([f"activity {client['verwerkingsactiviteit']}"] if client["verwerkingsactiviteit"] else []),
        ]
    )


def _followed(one: dict[str, Any]) -> str:
    what = f"catalogue {one['catalogus']}" if one["type"] is None else f"{one['catalogus']} {one['type']}"
    level = f" up to {one['niveau']}" if one["niveau"] else ""
    return f"{what}: {one['component']} {' '.join(one['scopes'])}{level}"


@client_app.command("remove")
def client_remove(tenant: Tenant, client_id: str) -> None:
    """Remove a client and its abonnementen: its tokens are refused from the next request on, and it gets no
    notifications any more. Its Applicatie stays."""
    number = with_admin(lambda admin, _: tenants.remove_client(admin, tenant, client_id), changes=True)
    typer.echo(f"{tenant} {client_id}: removed{f', with {number} abonnementen' if number else ''}")
