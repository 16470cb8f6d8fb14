"""The command ``samenzaak``: serve, migrate, and everything that the operator does."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from beheer import configuration as configurations
from beheer import keys, postgres, status, tenants
from beheer.apply import Outcome, apply
from beheer.cli_catalogus import catalogus_app, selectielijst_app
from beheer.cli_control import check_app, external_app, notifications_app
from beheer.console import READ_ONLY, Json, Tenant, check_prepared, reading, refusals, show, with_admin, with_dsn
from beheer.erase import Erasure, erase_tenant
from beheer.keeper import kept_running
from beheer.loading import load_settings
from beheer.logs import configure_logging
from beheer.migrate import upgrade_all
from beheer.serve import bring_up_to_date, serve
from beheer.split import serve_split
from gateway import registry, snapshot
from gateway.config import secret_box
from runtime.settings import Settings
from runtime.version import VERSION

app = typer.Typer(no_args_is_help=True, add_completion=False)
tenant_app = typer.Typer(no_args_is_help=True, help="Municipalities.")
client_app = typer.Typer(no_args_is_help=True, help="Clients: the applications that may log in.")
app.add_typer(tenant_app, name="tenant")
app.add_typer(client_app, name="client")

app.add_typer(catalogus_app, name="catalogus")
app.add_typer(selectielijst_app, name="selectielijst")
app.add_typer(check_app, name="check")
app.add_typer(notifications_app, name="notifications")
app.add_typer(external_app, name="external")


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
            _warn(warning)
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


@tenant_app.command("add")
def tenant_add(
    name: Tenant,
    naam: Annotated[str, typer.Option(help="Name for people: 'Gemeente Deventer'.")],
    rsin: Annotated[str, typer.Option(help="RSIN: nine digits.")],
    host: Annotated[list[str] | None, typer.Option(help="Host name of its own; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Make a municipality, with its own schemas and roles in the database."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> snapshot.Tenant:
        return await tenants.add_tenant(admin, settings, name, naam, rsin, tuple(host or ()))

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
    _warn(tenants.about_secret(client_id, made.secret))
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
    _warn(tenants.about_secret(client_id, made))
    show({"tenant": tenant, "clientId": client_id, "secret": made}, as_json, _client)


def _check_secret(secret: str | None) -> None:
    """Refuse a secret of nothing or blanks, as a variable that is not set gives: nobody could log in with it."""
    if secret is not None and not secret.strip():
        raise typer.BadParameter("--secret is empty; without the option a strong one is made")


def _client(fact: dict[str, Any]) -> str:
    return f"{fact['tenant']} {fact['clientId']}: secret {fact['secret']}"


def _warn(text: str) -> None:
    if text:
        typer.echo(f"samenzaak: warning: {text}", err=True)


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


if __name__ == "__main__":
    app()
