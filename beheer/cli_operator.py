"""The commands about operators: who may come into the console of the installation."""

from typing import Annotated

import asyncpg
import typer

from beheer.console import Json, Tenant, show, with_admin
from beheer.operators import Link, add_link, add_operator, remove_operator
from beheer.tenants import find_tenant
from console.people import ROLES
from runtime.settings import Settings

operator_app = typer.Typer(no_args_is_help=True, help="Operators: who runs the installation in the console.")

Name = Annotated[str, typer.Argument(help="Name of the account, such as an e-mail address.")]


@operator_app.command("add")
def operator_add(
    name: Name,
    display_name: Annotated[str, typer.Option("--display-name", help="The name that others see.")] = "",
    as_json: Json = False,
) -> None:
    """Make an account, and print a link with which its owner comes in once, within a day, and chooses a password and a
    second factor. For one that is there: let its owner choose them anew."""
    made = with_admin(lambda admin, settings: add_operator(admin, settings, name, display_name), changes=True)
    show([made], as_json, lambda link: f"{link.name}: {link.url}")


@operator_app.command("link")
def operator_link(
    tenant: Tenant,
    user: Annotated[str, typer.Argument(help="Who comes in, as audit trails name them.")],
    role: Annotated[str, typer.Option(help=f"What they may do: {', '.join(ROLES)}.")] = "beheerder",
    display_name: Annotated[str, typer.Option("--display-name", help="The name that others see.")] = "",
    as_json: Json = False,
) -> None:
    """Print a link with which somebody of a municipality comes into the console once, within a day."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> Link:
        await find_tenant(admin, tenant)
        return await add_link(admin, settings, tenant, role, user, display_name or user)

    made = with_admin(work, changes=True)
    show([made], as_json, lambda link: f"{link.name}: {link.url}")


@operator_app.command("remove")
def operator_remove(name: Name) -> None:
    """Remove an account, and end its sessions."""
    with_admin(lambda admin, _: remove_operator(admin, name), changes=True)
    typer.echo(f"removed {name}")
