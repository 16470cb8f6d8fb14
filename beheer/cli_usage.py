"""The command about the use by municipalities."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import asyncpg
import typer

from beheer import tenants
from beheer.console import Json, show, with_admin
from beheer.usage import Use, as_csv, as_table, usage
from gateway import registry
from runtime.months import first_of
from runtime.settings import Settings

MONTHS = 12
"""Months that are shown when none are asked for: this one and those before it."""


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no time zone
    except ValueError:
        raise ValueError(f"{text!r} is not a month, such as 2026-03") from None


def usage_command(
    tenant: Annotated[list[str] | None, typer.Argument(help="Municipalities; without one all of them.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First month, as 2026-01: otherwise a year ago.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month, as 2026-03: otherwise this one.")] = None,
    as_csv_: Annotated[bool, typer.Option("--csv", help="Print CSV with a line of names.")] = False,
    as_json: Json = False,
) -> None:
    """Tell what each municipality used, by month: requests, writes, users, and what was made, stored and delivered."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> list[Use]:
        for name in tenant or ():
            await tenants.find_tenant(admin, name)
        names = tenant or [each.name for each in await registry.list_tenants(admin)]
        until = _month(last) if last else first_of(datetime.now(ZoneInfo(settings.time_zone)).date())
        before = until.year * 12 + until.month - MONTHS
        since = _month(first) if first else date(before // 12, before % 12 + 1, 1)
        if since > until:
            raise ValueError(f"{since:%Y-%m} is after {until:%Y-%m}")
        return await usage(admin, names, since, until)

    found = with_admin(work)
    if as_json:
        show(found, True, str)
    else:
        typer.echo(as_csv(found) if as_csv_ else as_table(found), nl=not as_csv_)
