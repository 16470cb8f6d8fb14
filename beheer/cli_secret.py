"""The commands about the secrets of a client: one can be replaced by another without an outage."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import asyncpg
import typer
from typer.core import TyperGroup

from beheer import tenants
from beheer.console import Json, Tenant, show, warn, with_admin
from gateway import registry
from gateway.config import secret_box
from gateway.secrets import about_end, about_secret
from gateway.snapshot import Secret
from runtime.settings import Settings


class Secrets(TyperGroup):
    """The group, which also takes what was its only command: ``client secret TENANT CLIENT_ID`` replaces the secret."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take ``replace`` for granted where no command is named."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["replace", *args]
        return super().resolve_command(ctx, args)


secret_app = typer.Typer(
    cls=Secrets, no_args_is_help=True, help="The secrets of a client: two at most, so that one can follow the other."
)

Given = Annotated[str | None, typer.Option(help="The secret; without it a strong one is made.")]


@secret_app.command("add")
def secret_add(
    tenant: Tenant,
    client_id: str,
    secret: Given = None,
    name: Annotated[str, typer.Option(help="What it is called; without it the date.")] = "",
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day from which on it is refused.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="The same, as a number of days from now.")] = None,
    as_json: Json = False,
) -> None:
    """Give a client a further secret; the one that it has goes on. It is shown once."""
    check_secret(secret)
    if expires is not None and days is not None:
        raise typer.BadParameter("--expires excludes --days")

    async def work(admin: asyncpg.Connection, settings: Settings) -> tuple[Secret, str]:
        end = datetime.now(UTC) + timedelta(days) if days is not None else None
        if expires is not None:
            end = expires.replace(tzinfo=ZoneInfo(settings.time_zone))
        return await registry.add_secret(admin, secret_box(settings), tenant, client_id, secret, name=name, expires=end)

    made, text = with_admin(work, changes=True)
    warn(about_secret(client_id, text))
    show({"tenant": tenant, "clientId": client_id, "secret": text, **_facts(made)}, as_json, client_line)


@secret_app.command("list")
def secret_list(tenant: Tenant, client_id: str, as_json: Json = False) -> None:
    """List the secrets of a client: name, when each was made and used last, and when it ends; not the secrets."""

    async def work(admin: asyncpg.Connection, _: Settings) -> Sequence[Secret]:
        return (await registry.find_client(admin, tenant, client_id)).secrets

    found = with_admin(work)
    for secret in found:
        warn(about_end(client_id, secret, datetime.now(UTC)))
    show([_facts(secret) for secret in found], as_json, _line)


@secret_app.command("revoke")
def secret_revoke(tenant: Tenant, client_id: str, name: str) -> None:
    """Take a secret from a client: what is signed with it is refused from the next request on."""
    with_admin(lambda admin, _: registry.revoke_secret(admin, tenant, client_id, name), changes=True)
    typer.echo(f"{tenant} {client_id} {name}: revoked")


@secret_app.command("replace")
def secret_replace(tenant: Tenant, client_id: str, secret: Given = None, as_json: Json = False) -> None:
    """Give a client another secret in the place of all that it has, which are refused from the next request on."""
    check_secret(secret)

    async def work(admin: asyncpg.Connection, settings: Settings) -> str:
        return await tenants.change_secret(admin, settings, tenant, client_id, secret)

    made = with_admin(work, changes=True)
    warn(about_secret(client_id, made))
    show({"tenant": tenant, "clientId": client_id, "secret": made}, as_json, client_line)


def _facts(secret: Secret) -> dict[str, Any]:
    moments = {"made": secret.made, "used": secret.used, "expires": secret.expires}
    return {"name": secret.name, **{key: moment and moment.isoformat() for key, moment in moments.items()}}


def _line(fact: dict[str, Any]) -> str:
    def day(key: str, nothing: str) -> str:
        return str(fact[key])[:16].replace("T", " ") if fact[key] else nothing

    end = f", expires {day('expires', '')}" if fact["expires"] else ""
    return f"{fact['name']}: made {day('made', 'before this was kept')}, last used {day('used', 'never')}{end}"


def check_secret(secret: str | None) -> None:
    """Refuse a secret of nothing or blanks, as a variable that is not set gives: nobody could log in with it."""
    if secret is not None and not secret.strip():
        raise typer.BadParameter("--secret is empty; without the option a strong one is made")


def client_line(fact: dict[str, Any]) -> str:
    return f"{fact['tenant']} {fact['clientId']}: secret {fact['secret']}"
