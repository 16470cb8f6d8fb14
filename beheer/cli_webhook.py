"""The command about webhooks: listen for notifications, and show them."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from typing import Annotated, Any

import aiohttp
import typer

from beheer import tenants, webhook
from beheer.console import Json, refusals, with_admin
from beheer.loading import load_settings
from gateway import registry
from gateway.config import secret_box

webhook_app = typer.Typer(no_args_is_help=True, help="Webhooks: for who builds a subscriber.")


@webhook_app.callback()
def webhooks() -> None:
    """Webhooks: for who builds a subscriber."""


@webhook_app.command("listen")
def listen(
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)] = 8090,
    auth: Annotated[
        str | None, typer.Option(help="The Authorization that senders must have; without it one is made.")
    ] = None,
    kanaal: Annotated[
        list[str] | None, typer.Option(help="Make an abonnement on this kanaal until Ctrl-C; may be repeated.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(envvar="CLIENT_ID", help="The client whose abonnement it is.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="Its municipality in this installation, which knows the secret.")
    ] = None,
    secret: Annotated[
        str | None, typer.Option(envvar="SECRET", help="Without --tenant: the secret of the client.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(envvar="BASE", help="Where the APIs are; with --tenant by default the public URL.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Listen on this machine, answer the check of a callback, and print notifications: a line each, or all of it as
    JSON. With --kanaal it makes an abonnement, and removes it at Ctrl-C."""
    expected = auth or f"Bearer {secrets.token_urlsafe(24)}"
    if kanaal:
        if not client_id:
            raise typer.BadParameter("--kanaal needs --client-id")
        if tenant:
            name, client = tenant, client_id
            secret = with_admin(lambda admin, own: registry.client_secret(admin, secret_box(own), name, client))
            base_url = base_url or load_settings().public_base_url
        if not secret or not base_url:
            raise typer.BadParameter("--kanaal needs --tenant, or --secret and --base-url")

    def heard(message: dict[str, Any]) -> None:
        typer.echo(webhook.as_json(message) if as_json else webhook.as_line(message))

    async def run() -> None:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(webhook.listening(port, expected, heard))
            typer.echo(f"Listening at {url}, for Authorization: {expected}", err=True)
            if kanaal:
                made = webhook.subscribed(
                    base_url or "",
                    lambda: tenants.make_token(client_id or "", secret or ""),
                    url,
                    expected,
                    kanaal,
                )
                typer.echo(f"Subscribed: {await stack.enter_async_context(made)}; Ctrl-C removes it", err=True)
            await webhook.until_interrupted()
        if kanaal:
            typer.echo("Removed the abonnement", err=True)

    with refusals():
        try:
            asyncio.run(run())
        except (aiohttp.ClientError, TimeoutError) as e:
            raise ValueError(f"{base_url} does not answer: {e}") from e
