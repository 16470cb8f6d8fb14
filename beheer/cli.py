"""The command ``samenzaak``: serve, migrate, and everything that the operator does."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from beheer import configuration as configurations
from beheer import keys, postgres, status, tenants
from beheer.apply import Outcome, apply
from beheer.cli_catalogus import catalogus_app, selectielijst_app
from beheer.cli_client import client_app
from beheer.cli_control import check_app, external_app, notifications_app
from beheer.cli_inzage import inzage_app
from beheer.cli_issuer import issuer_app
from beheer.cli_logboek import logboek_app
from beheer.cli_operator import operator_app
from beheer.cli_requests import requests_command
from beheer.cli_tenant import tenant_app
from beheer.cli_usage import usage_command
from beheer.cli_webhook import webhook_app
from beheer.console import READ_ONLY, Json, Tenant, check_prepared, reading, refusals, show, warn, with_admin
from beheer.keeper import kept_running
from beheer.loading import load_settings
from beheer.logs import configure_logging
from beheer.migrate import upgrade_all
from beheer.serve import bring_up_to_date, serve
from beheer.split import serve_split
from gateway import registry
from gateway.config import secret_box
from runtime.settings import Settings
from runtime.version import VERSION

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(tenant_app, name="tenant")
app.add_typer(client_app, name="client")
app.add_typer(issuer_app, name="issuer")
app.add_typer(operator_app, name="operator")
app.add_typer(catalogus_app, name="catalogus")
app.add_typer(selectielijst_app, name="selectielijst")
app.add_typer(check_app, name="check")
app.add_typer(notifications_app, name="notifications")
app.add_typer(external_app, name="external")
app.add_typer(webhook_app, name="webhook")
app.add_typer(inzage_app, name="inzage")
app.add_typer(logboek_app, name="logboek")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"samenzaak {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Samenzaak: the ZGW APIs for several municipalities."""


@app.command("serve")
def serve_command(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="With no municipality yet: play the demo, and keep serving.")
    ] = False,
) -> None:
    """Start everything: PostgreSQL when no other is configured, the gateway and all services."""
    with refusals():
        options = (("host", host), ("port", port), ("workers", workers))
        settings = load_settings(**{name: value for name, value in options if value is not None})
        configure_logging(settings)
        with kept_running(settings) as dsn:
            asyncio.run(bring_up_to_date(dsn, settings))
            background = None
            if demo:
                from beheer.demo import Demo

                background = Demo(settings, dsn).run
            serve(settings, background)


@app.command("serve-split")
def serve_split_command(
    host: Annotated[str | None, typer.Option(help="Address that the gateway listens on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port that the gateway listens on.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="With no municipality yet: play the demo, and keep serving.")
    ] = False,
) -> None:
    """Start gateway, services and worker as separate processes, as in a cluster; SIGHUP replaces them one by one."""
    with refusals():
        settings = load_settings(
            **{name: value for name, value in (("host", host), ("port", port)) if value is not None}
        )
        configure_logging(settings)
        with kept_running(settings) as dsn:
            asyncio.run(bring_up_to_date(dsn, settings))
            background = None
            if demo:
                from beheer.demo import Demo

                background = Demo(settings, dsn).run
            # The log goes to a file: among the lines of eight processes nobody would find those of the demo.
            serve_split(settings, dsn, background, settings.home / "processes.log" if demo else None)


@app.command()
def migrate(
    as_json: Json = False,
    new_secret_key: Annotated[
        bool,
        typer.Option("--new-secret-key", help="The secret key of the installation is lost: take the one that is set."),
    ] = False,
) -> None:
    """Bring the schemas of all municipalities to the newest version; safe to repeat and to interrupt."""
    with refusals():
        settings = load_settings()
        with postgres.resolve_dsn(settings) as dsn:

            async def first() -> None:
                admin = await asyncpg.connect(dsn)
                await tenants.prepare(admin, settings, new_key=new_secret_key)
                await admin.close()

            asyncio.run(first())
            done = [vars(result) for result in upgrade_all(dsn)]
    show(done, as_json, lambda d: f"{d['tenant']} {d['service']}: {d['before'] or 'empty'} -> {d['after']}")


@app.command("keys")
def keys_command(
    out: Annotated[Path | None, typer.Option(help="Folder for a file each; otherwise they are printed.")] = None,
) -> None:
    """Make a Kubernetes Secret with its own keys for each pod, from the secret key; for kubectl apply."""
    with refusals():
        # Only of the secret key that was given: one that is made here would be nobody's.
        settings = Settings()
        if out is None:
            typer.echo("---\n".join(text for _, text in keys.manifests(settings)), nl=False)
            return
        for path in keys.write_manifests(settings, out):
            typer.echo(path)


@app.command("apply")
def apply_command(
    file: Annotated[Path, typer.Argument(help="YAML with municipalities, clients, external APIs and abonnementen.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
) -> None:
    """Make what a file says, and tell the difference; safe to repeat. Secrets come from variables or from files."""
    with refusals():
        configuration, document = configurations.read(file)
        settings = load_settings()
        with postgres.resolve_dsn(settings) as dsn:

            async def run() -> Outcome:
                admin = await asyncpg.connect(dsn, server_settings=READ_ONLY if dry_run else {})
                try:
                    await (check_prepared(admin, settings) if dry_run else tenants.prepare(admin, settings))
                    return await apply(
                        admin, settings, reading(dsn) if dry_run else dsn, configuration, dry_run=dry_run
                    )
                finally:
                    await admin.close()

            outcome = asyncio.run(run())
        for warning in outcome.warnings:
            warn(warning)
        for change in outcome.changes:
            typer.echo("\n".join(change.lines()))
        if outcome.mistakes:
            raise document.mistakes(outcome.mistakes)
    if not outcome.changes:
        typer.echo("Everything is as the file says.")


@app.command("status")
def status_command(as_json: Json = False) -> None:
    """Tell how the database, the services, the municipalities and the migrations are."""
    facts = with_admin(status.facts)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        typer.echo(status.as_text(facts))


@app.command()
def token(
    tenant: Tenant,
    client_id: str,
    user_id: Annotated[str, typer.Option(help="Goes into the audit trail.")] = "",
    user_representation: Annotated[str, typer.Option(help="Goes into the audit trail.")] = "",
) -> None:
    """Print a token (JWT) with which the client can call the APIs for an hour."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> str:
        secret = await registry.client_secret(admin, secret_box(settings), tenant, client_id)
        return tenants.make_token(client_id, secret, user_id, user_representation)

    typer.echo(with_admin(work))


app.command("verzoeken")(requests_command)
app.command("usage")(usage_command)
