"""The commands about issuers: providers whose tokens let people in who have no secret, such as pages in a browser."""

from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from beheer import tenants
from beheer.console import Json, Tenant, show, warn, with_admin
from beheer.issuers import Wanted, add_issuer, facts_of
from gateway import issuers
from gateway.issuers import DAY, KINDS
from gateway.snapshot import Issuer
from runtime.settings import Settings

issuer_app = typer.Typer(no_args_is_help=True, help="Issuers: providers that sign tokens with keys of their own.")

Iss = Annotated[str, typer.Option(help="The `iss` in its tokens, such as https://login.example.nl/realms/deventer.")]
Names = list[str] | None


@issuer_app.command("add")
def issuer_add(
    tenant: Tenant,
    iss: Iss,
    keys: Annotated[
        Path | None,
        typer.Option(help="File with its public keys (a JWKS, or a key in PEM), which are never fetched.", exists=True),
    ] = None,
    discovery: Annotated[
        str, typer.Option(help="URL of its document of discovery, where that is not below the `iss`.")
    ] = "",
    jwks: Annotated[str, typer.Option(help="URL of its keys, for a provider without discovery.")] = "",
    kind: Annotated[
        str, typer.Option(help=f"Which claims its tokens have: {', '.join(KINDS)}. Without it oidc; with --keys zgw.")
    ] = "",
    audience: Annotated[
        Names, typer.Option(help="The `aud` that its tokens must have; may be repeated. Needed but with --keys.")
    ] = None,
    algorithm: Annotated[
        Names, typer.Option(help="RS256 (without this option), ES256 or PS256; may be repeated.")
    ] = None,
    client_claim: Annotated[
        Names, typer.Option(help="The claim that is the client_id; of several the first that a token has.")
    ] = None,
    user_claim: Annotated[Names, typer.Option(help="The claim that is the user in audit trails; as above.")] = None,
    name_claim: Annotated[Names, typer.Option(help="The claim that is the name of the user; as above.")] = None,
    max_age: Annotated[
        int, typer.Option(min=0, max=DAY, help="Seconds after its `iat` that a token is taken, until its `exp`.")
    ] = 0,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not fetch its keys now: the provider cannot be reached from here.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a provider sign tokens for the clients of a municipality, or change what is known of it.

    Its keys are found by discovery below the `iss`, and fetched again every minute. Its tokens name a client of the
    municipality, and have the rights of that client.
    """
    wanted = Wanted(
        iss,
        keys.read_text() if keys else "",
        discovery,
        jwks,
        kind,
        tuple(audience or ()),
        tuple(algorithm or ()),
        tuple(client_claim or ()),
        tuple(user_claim or ()),
        tuple(name_claim or ()),
        max_age,
    )

    async def work(admin: asyncpg.Connection, settings: Settings) -> Issuer:
        return await add_issuer(admin, settings, tenant, wanted, look=not unchecked)

    made = with_admin(work, changes=True)
    if made.source is not None and not (made.discovery_url or made.jwks_url).startswith("https:"):
        warn("its keys are fetched without TLS: whoever is between can make tokens")
    show(facts_of(made), as_json, _issuer)


@issuer_app.command("list")
def issuer_list(tenant: Tenant, as_json: Json = False) -> None:
    """List the providers that sign tokens for a municipality."""

    async def work(admin: asyncpg.Connection, _: Settings) -> list[Issuer]:
        await tenants.find_tenant(admin, tenant)
        return await issuers.list_issuers(admin, tenant)

    show([facts_of(issuer) for issuer in with_admin(work)], as_json, _issuer)


@issuer_app.command("remove")
def issuer_remove(tenant: Tenant, iss: Iss) -> None:
    """Remove a provider: its tokens are refused from the next request on."""

    async def work(admin: asyncpg.Connection, _: Settings) -> None:
        await tenants.find_tenant(admin, tenant)
        await issuers.remove_issuer(admin, tenant, iss)

    with_admin(work, changes=True)
    typer.echo(f"{tenant} {iss}: removed")


def _issuer(fact: dict[str, Any]) -> str:
    line = f"{fact['tenant']} {fact['iss']}: {', '.join(fact['algorithms'])}"
    if fact["audiences"]:
        line += f", for {', '.join(fact['audiences'])}"
    return line if fact["keys"] == "given" else f"{line}, keys of {fact['keys']}"
