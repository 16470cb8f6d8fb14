"""The commands about the Logboek Dataverwerkingen of a municipality."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from beheer import tenants
from beheer.console import Json, Tenant, plain, show, with_admin
from beheer.logboek import Backlog, backlogs
from runtime.settings import Settings
from services.autorisaties.logboek import Wanted, find_logboek, remove_logboek, set_logboek
from zgw.logboek.config import Application, Logboek

logboek_app = typer.Typer(no_args_is_help=True, help="The Logboek Dataverwerkingen of a municipality.")

Pairs = list[str] | None


@logboek_app.command("set")
def logboek_set(
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="Root of the OTLP receiver; lines go to /v1/traces below it.")],
    oin: Annotated[str, typer.Option(help="OIN or RSIN of the municipality.")],
    key_file: Annotated[Path, typer.Option(help="File with the key: 64 random bytes in base64.")],
    header_env: Annotated[
        str, typer.Option(help="Variable with a whole header that the logbook asks for: 'Authorization: Bearer abc'.")
    ] = "",
    system: Annotated[str, typer.Option(help="Name of the system in each line.")] = "Samenzaak",
    activiteit: Annotated[str, typer.Option(help="Processing activity of what has no other: a URI.")] = "",
    zaaktype: Annotated[Pairs, typer.Option(help="IDENTIFICATIE=URI of an activity; may be repeated.")] = None,
    client: Annotated[Pairs, typer.Option(help="CLIENT_ID=URI of an activity; may be repeated.")] = None,
    site: Annotated[
        Pairs, typer.Option(help="CLIENT_ID=URL of the other organisation that it belongs to; may be repeated.")
    ] = None,
) -> None:
    """Let a municipality log each processing of data of persons, or change how. The key is not shown again."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> None:
        await tenants.find_tenant(admin, tenant)
        try:
            key = key_file.read_text().strip()
        except UnicodeDecodeError:
            raise ValueError(f"the file {key_file} is no text: the key is in base64") from None
        header = os.environ.get(header_env, "") if header_env else ""
        if header_env and not header:
            raise ValueError(f"the environment variable {header_env} is empty or not set")
        activities, sites = _pairs(client, "--client"), _pairs(site, "--site")
        applications = {
            name: Application(activities.get(name, ""), sites.get(name, "")) for name in {**activities, **sites}
        }
        zaaktypen = _pairs(zaaktype, "--zaaktype")
        wanted = Wanted(address.rstrip("/"), key, oin, header, system, activiteit, zaaktypen, applications)
        await set_logboek(admin, settings, tenant, wanted)

    with_admin(work, changes=True)
    typer.echo(f"{tenant}: logs to {address}")


@logboek_app.command("show")
def logboek_show(tenant: Tenant, as_json: Json = False) -> None:
    """Show the logbook of a municipality without its secrets, and what waits for it."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> tuple[Logboek | None, list[Backlog]]:
        await tenants.find_tenant(admin, tenant)
        return await find_logboek(admin, settings, tenant), await backlogs(admin, [tenant])

    found, waiting = with_admin(work)
    if found is None and not waiting:
        typer.echo(f"{tenant}: nothing is logged")
        return
    shown = {**_facts(found), "waiting": plain(waiting)} if found else {"waiting": plain(waiting)}
    show(shown, as_json, _lines)


@logboek_app.command("remove")
def logboek_remove(tenant: Tenant) -> None:
    """Let a municipality log no more. What waits stays, and is brought when there is a logbook again."""
    with_admin(lambda admin, _: remove_logboek(admin, tenant), changes=True)
    typer.echo(f"{tenant}: nothing is logged any more")


@logboek_app.command("persoon")
def logboek_persoon(
    tenant: Tenant,
    kind: Annotated[str, typer.Argument(help="BSN, ANP, RSIN, KVK, VESTIGING or URL.")],
    number_env: Annotated[str, typer.Option(help="Variable with the number, which so is in no history.")],
) -> None:
    """Print a person as lines have it, to find these in the logbook: dpl.core.data_subject_id."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> str:
        found = await find_logboek(admin, settings, tenant)
        if found is None:
            raise LookupError(f"{tenant} has no logbook")
        if not (number := os.environ.get(number_env, "").strip()):
            raise ValueError(f"the environment variable {number_env} is empty or not set")
        return found.encrypted(kind, number)

    typer.echo(with_admin(work))


def _pairs(given: Pairs, option: str) -> dict[str, str]:
    found = dict(pair.partition("=")[::2] for pair in given or ())
    if wrong := [name for name, value in found.items() if not name or not value]:
        raise ValueError(f"{option} {wrong[0]}: NAME=VALUE is expected")
    return found


def _facts(logboek: Logboek) -> dict[str, Any]:
    return {
        "address": logboek.address,
        "header": logboek.header,
        "system": logboek.system,
        "oin": logboek.oin,
        "activiteit": logboek.activiteit,
        "zaaktypen": dict(logboek.zaaktypen),
        "applicaties": {
            name: {"activiteit": each.activiteit, "site": each.site} for name, each in logboek.applicaties.items()
        },
    }


def _lines(facts: dict[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in facts.items() if value and not isinstance(value, (dict, list))]
    lines += [f"zaaktype {name}: {uri}" for name, uri in facts.get("zaaktypen", {}).items()]
    for name, each in facts.get("applicaties", {}).items():
        lines.append(f"client {name}: {' '.join(filter(None, each.values()))}")
    for each in facts["waiting"]:
        since = datetime.fromisoformat(each["oldest"]).isoformat(timespec="seconds") if each["oldest"] else "-"
        lines.append(f"{each['service']}: {each['waiting']} wait, the oldest since {since}; {each['missed']} missed")
    return "\n".join(lines)
