"""Commands for catalogues: ``catalogus export|import|compare`` and ``selectielijst load``."""

from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from beheer.console import Json, Tenant, refusals, show, with_admin, with_services
from beheer.runner import Standalone
from beheer.tenants import bases_of
from gateway import registry
from runtime.problems import Problem
from runtime.settings import Settings
from services.catalogi.selectielijst import headers_for
from services.catalogi.selectielijst_laden import laad
from services.catalogi.uitwisseling.bestand import Onleesbaar, lees
from services.catalogi.uitwisseling.exporteren import exporteer
from services.catalogi.uitwisseling.importeren import Uitslag, importeer
from services.catalogi.uitwisseling.plan import Modus
from services.catalogi.uitwisseling.vergelijken import vergelijk

catalogus_app = typer.Typer(no_args_is_help=True, help="Catalogues, in the ZIP format that Open Zaak writes.")
selectielijst_app = typer.Typer(no_args_is_help=True, help="The copy of the selection list.")

Rsin = Annotated[str, typer.Option(help="Needed when several owners use the same domein.")]
Zip = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A catalogue as ZIP.")]


async def _export(standalone: Standalone, admin: asyncpg.Connection, tenant: str, domein: str, rsin: str) -> bytes:
    bases = await bases_of(admin, standalone.settings, tenant)
    try:
        return await exporteer(standalone.services["catalogi"].database, tenant, domein, rsin, bases[0])
    except Problem as problem:
        raise LookupError(problem.detail) from problem


@catalogus_app.command("export")
def catalogus_export(
    tenant: Tenant,
    domein: str,
    out: Annotated[Path, typer.Argument(dir_okay=False, help="The ZIP to write.")],
    rsin: Rsin = "",
) -> None:
    """Write a catalogue with everything in it, drafts and old versions included."""
    content = with_services(lambda standalone, admin: _export(standalone, admin, tenant, domein, rsin))
    with refusals():
        out.write_bytes(content)
    typer.echo(f"{tenant} {domein}: {len(content)} bytes to {out}")


@catalogus_app.command("import")
def catalogus_import(
    tenant: Tenant,
    file: Zip,
    mode: Annotated[
        Modus, typer.Option(help="keep identifications, new versions of what exists, or only what is missing.")
    ] = Modus.BEHOUD,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Examine everything and store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Import a catalogue: everything, or with any problem nothing; problems are told with their file and row.

    Exit status 1 with problems, and when the file brings nothing that is not there yet.
    """

    async def work(standalone: Standalone, admin: asyncpg.Connection) -> Uitslag:
        bases = await bases_of(admin, standalone.settings, tenant)
        service = standalone.services["catalogi"]
        # Copies that other processes hold are dropped by the signal; this process has to listen to send it.
        await standalone.signals.start()
        return await importeer(service, tenant, file.read_bytes(), mode, bases=bases, proef=dry_run)

    try:
        found = with_services(work, changes=True)
    except Onleesbaar as e:
        for problem in e.problemen:
            typer.echo(f"{problem.plaats or file.name}: {problem.code}: {problem.reden}", err=True)
        typer.echo(f"samenzaak: {len(e.problemen)} problems; nothing was imported", err=True)
        raise typer.Exit(1) from None
    show(found.as_json(), as_json, _outcome)
    if not found.brengt_iets:
        typer.echo("samenzaak: nothing was imported: the file has nothing that is not there yet", err=True)
        raise typer.Exit(1)


def _outcome(fact: dict[str, Any]) -> str:
    added = ", ".join(f"{count} {name}" for name, count in fact["toegevoegd"].items()) or "nothing"
    skipped = sum(fact["overgeslagen"].values())
    tried = " (dry run: nothing was stored)" if fact["proef"] else ""
    return f"added {added}; {fact['gepubliceerd']} published, {fact['beeindigd']} ended, {skipped} skipped{tried}"


@catalogus_app.command("compare")
def catalogus_compare(
    one: Zip,
    other: Annotated[str, typer.Argument(help="Another ZIP, or TENANT:DOMEIN for a catalogue in this installation.")],
    uuids: Annotated[bool, typer.Option(help="Compare the uuids of rows too.")] = True,
) -> None:
    """Compare two catalogues field by field; exit status 1 when anything differs."""
    tenant, separator, domein = other.partition(":")
    if separator and not Path(other).exists():
        content = with_services(lambda standalone, admin: _export(standalone, admin, tenant, domein, ""))
    else:
        with refusals():
            content = Path(other).read_bytes()
    found = vergelijk(lees(one.read_bytes()), lees(content), uuids)
    for line in found.regels():
        typer.echo(line)
    if not found.gelijk:
        raise typer.Exit(1)


@selectielijst_app.command("load")
def selectielijst_load(
    source: Annotated[str, typer.Argument(help="A JSON file, a folder of them, or the root URL of a register.")],
    tenant: Annotated[list[str] | None, typer.Option(help="Only this municipality; may be repeated.")] = None,
    root: Annotated[str, typer.Option(help="Put before urls that are bare uuids, as in the data set of VNG.")] = "",
    as_json: Json = False,
) -> None:
    """Keep procestypen, resultaten and descriptions, for networks from which the register cannot be reached."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> dict[str, int]:
        known = [t.name for t in await registry.list_tenants(admin)]
        if unknown := sorted(set(tenant or ()) - set(known)):
            raise LookupError(f"there is no municipality {', '.join(unknown)}")
        # A header with a secret is for the configured register alone.
        configured = source.rstrip("/") == settings.selectielijst_url
        headers = headers_for(settings) if configured else {"accept": "application/json"}
        return await laad(admin, tenant or known, source, root, headers)

    show(
        with_admin(work, changes=True),
        as_json,
        lambda fact: ", ".join(f"{count} {kind}" for kind, count in fact.items()) + " kept",
    )
