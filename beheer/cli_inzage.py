"""The commands about the reading log: what is recorded, and the report of a data breach."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import asyncpg
import typer

from beheer import breach, reading_log, tenants
from beheer.console import Json, Tenant, show, with_admin
from gateway.reading_choices import MOST_MONTHS
from runtime.settings import Settings
from zgw.reading_log.read import Action, Choice

inzage_app = typer.Typer(no_args_is_help=True, help="The reading log: who saw what.")


@inzage_app.command("keuze")
def choose(
    tenant: Tenant,
    choice: Annotated[
        Choice | None, typer.Argument(help="uit: nothing; objecten: single objects and downloads; alles: lists too.")
    ] = None,
    months: Annotated[int | None, typer.Option(help="For how many months it is kept.", min=1, max=MOST_MONTHS)] = None,
    as_json: Json = False,
) -> None:
    """Set what a municipality records of reads, and for how long; without either: tell what it is."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> reading_log.Choices:
        await reading_log.choose(admin, settings, tenant, choice=choice and choice.value, months=months)
        return await reading_log.choices_of(admin, tenant)

    show(_choices(tenant, with_admin(work, changes=bool(choice or months))), as_json, _told)


@inzage_app.command("uitzondering")
def leave_out(
    tenant: Tenant,
    client_id: str,
    reason: Annotated[str, typer.Option("--reden", help="Why nothing of this client is recorded.")] = "",
    none: Annotated[bool, typer.Option("--none", help="Record its reads again.")] = False,
    as_json: Json = False,
) -> None:
    """Record no reads of a client any more, with the reason; the log keeps who decided this, and when."""
    if bool(reason.strip()) == none:
        raise typer.BadParameter("give --reden, or --none to record its reads again")

    async def work(admin: asyncpg.Connection, settings: Settings) -> reading_log.Choices:
        await reading_log.choose_for_client(admin, settings, tenant, client_id, reason=reason.strip())
        return await reading_log.choices_of(admin, tenant)

    show(_choices(tenant, with_admin(work, changes=True)), as_json, _told)


@inzage_app.command("activiteit")
def activity(
    tenant: Tenant,
    client_id: str,
    uri: Annotated[str, typer.Argument(help="The address of the processing activity in your register.")] = "",
    none: Annotated[bool, typer.Option("--none", help="It has none any more.")] = False,
    as_json: Json = False,
) -> None:
    """Set the processing activity of the reads of a client that name none (X-Verwerkingsactiviteit)."""
    if bool(uri.strip()) == none:
        raise typer.BadParameter("give the address of an activity, or --none")

    async def work(admin: asyncpg.Connection, settings: Settings) -> reading_log.Choices:
        await reading_log.choose_for_client(admin, settings, tenant, client_id, activity=uri.strip())
        return await reading_log.choices_of(admin, tenant)

    show(_choices(tenant, with_admin(work, changes=True)), as_json, _told)


@inzage_app.command("datalek")
def data_breach(
    tenant: Tenant,
    since: Annotated[str, typer.Option("--van", help="From this day or moment on: 2026-03-02, 2026-03-02T09:15.")],
    until: Annotated[str, typer.Option("--tot", help="Until this day, with it, or before this moment.")],
    client: Annotated[str | None, typer.Option(help="The client_id of the application.")] = None,
    user: Annotated[str | None, typer.Option(help="The user_id of the user.")] = None,
    most: Annotated[int, typer.Option("--limit", help="Most persons, and most objects.", min=1, max=1_000_000)] = 1_000,
    as_json: Json = False,
) -> None:
    """Report what an application or a user saw, for a data breach: how much, whose data, which objects, how often.

    The persons are those of the rollen and verzendingen that there are now. This report is itself recorded.
    """
    if client is None and user is None:
        raise typer.BadParameter("give --client, --user or both")

    async def work(admin: asyncpg.Connection, settings: Settings) -> breach.Report:
        zone = ZoneInfo((await tenants.find_tenant(admin, tenant)).time_zone or settings.time_zone)
        wanted = breach.Wanted(moment_of(since, zone), moment_of(until, zone, end=True), client, user)
        given = {"datalek": True, "applicatie": client or "", "gebruiker": user or "", "vanaf": since, "tot": until}
        async with admin.transaction():
            found = await breach.report(admin, tenant, wanted, most)
            await reading_log.tell(admin, settings, tenant, Action.READ_LOG, given)
        return found

    found = with_admin(work, changes=True)
    facts = {"counts": _texts(found.counts), "persons": list(map(_texts, found.persons))}
    show({**facts, "objects": list(map(_texts, found.objects))}, as_json, _report)


def moment_of(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """Return the moment that an operator means: of a day its beginning, or with ``end`` that of the next day. Raises
    ValueError for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day or a moment, such as 2026-03-02 or 2026-03-02T09:15") from None
    if len(text) == 10 and end:
        found = datetime.fromordinal(found.toordinal() + 1)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _choices(tenant: str, found: reading_log.Choices) -> dict[str, Any]:
    return {
        "name": tenant,
        "keuze": found.choice,
        "maanden": found.months,
        "uitzonderingen": dict(found.left_out),
        "activiteiten": dict(found.activities),
    }


def _told(facts: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"{facts['name']}: {facts['keuze']}, kept for {facts['maanden']} months",
            *(f"not recorded: {client} ({reason})" for client, reason in facts["uitzonderingen"].items()),
            *(f"activity of {client}: {uri}" for client, uri in facts["activiteiten"].items()),
        ]
    )


def _texts(facts: Any) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in dict(facts).items()
    }


def _report(facts: dict[str, Any]) -> str:
    counts = facts["counts"]
    objects = ", ".join(f"{number} {kind}" for kind, number in counts["objects"].items()) or "none"
    lines = [
        f"reads      {counts['reads']}, of which downloads {counts['downloads']}",
        f"persons    {counts['persons']}",
        f"objects    {objects}",
        f"first      {counts['first'] or '-'}",
        f"last       {counts['last'] or '-'}",
        f"lost       {counts['lost']} reads of anybody are not in the log",
        "",
        *(f"{p['kind']} {p['number']}: {p['objects']} objects, {p['times']} times" for p in facts["persons"]),
        "",
        *(f"{one['path']}: {one['times']} times, {one['downloads']} downloads" for one in facts["objects"]),
    ]
    return "\n".join(lines)
