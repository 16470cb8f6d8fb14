"""The commands about clients: the applications that may log in."""

from typing import Annotated, Any

import asyncpg
import typer

from beheer import tenants
from beheer.console import Json, Tenant, show, warn, with_admin
from gateway import registry
from runtime.settings import Settings

client_app = typer.Typer(no_args_is_help=True, help="Clients: the applications that may log in.")


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
    as_json: Json = False,
) -> None:
    """Make a client that may log in, and its Applicatie."""
    _check_secret(secret)
    if all_rights and credentials_only:
        raise typer.BadParameter("--all-rights and --credentials-only exclude each other")

    async def work(admin: asyncpg.Connection, settings: Settings) -> tenants.AddedClient:
        return await tenants.add_client(
            admin, settings, tenant, client_id, secret, label, all_rights=all_rights, credentials_only=credentials_only
        )

    made = with_admin(work, changes=True)
    warn(tenants.about_secret(client_id, made.secret))
    facts = {"tenant": tenant, "clientId": client_id, "secret": made.secret, "applicatie": made.applicatie}
    show(facts, as_json, _client)


@client_app.command("secret")
def client_secret(
    tenant: Tenant,
    client_id: str,
    secret: Annotated[str | None, typer.Option(help="Its new secret; without it a strong one is made.")] = None,
    as_json: Json = False,
) -> None:
    """Give a client another secret; its rights stay. The old one is refused from the next request on."""
    _check_secret(secret)

    async def work(admin: asyncpg.Connection, settings: Settings) -> str:
        return await tenants.change_secret(admin, settings, tenant, client_id, secret)

    made = with_admin(work, changes=True)
    warn(tenants.about_secret(client_id, made))
    show({"tenant": tenant, "clientId": client_id, "secret": made}, as_json, _client)


def _check_secret(secret: str | None) -> None:
    """Refuse a secret of nothing or blanks, as a variable that is not set gives: nobody could log in with it."""
    if secret is not None and not secret.strip():
        raise typer.BadParameter("--secret is empty; without the option a strong one is made")


def _client(fact: dict[str, Any]) -> str:
    return f"{fact['tenant']} {fact['clientId']}: secret {fact['secret']}"


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


@client_app.command("remove")
def client_remove(tenant: Tenant, client_id: str) -> None:
    """Remove a client and its abonnementen: its tokens are refused from the next request on, and it gets no
    notifications any more. Its Applicatie stays."""
    number = with_admin(lambda admin, _: tenants.remove_client(admin, tenant, client_id), changes=True)
    typer.echo(f"{tenant} {client_id}: removed{f', with {number} abonnementen' if number else ''}")
