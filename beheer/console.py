"""Shared by the commands: a connection, refusals in one line, and facts as lines or as JSON."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import typer
from sqlalchemy.exc import DBAPIError

from beheer import postgres, tenants
from beheer.loading import load_settings
from beheer.provision import check_key
from beheer.runner import Standalone
from runtime.faults import Unavailable
from runtime.problems import Problem
from runtime.settings import Settings

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Tenant = Annotated[str, typer.Argument(help="Name of the municipality, such as deventer.")]

Switches = Annotated[
    list[str] | None,
    typer.Option(
        "--profiel", help="A switch beside the standard, such as ziotUrl, or openzaak for all; may be repeated."
    ),
]

REFUSALS = (ValueError, LookupError, OSError, postgres.PostgresError, asyncpg.PostgresError, DBAPIError, Unavailable)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the operator did wrong into one line and exit status 1."""
    try:
        yield
    except REFUSALS as e:
        typer.echo(f"samenzaak: {e.args[0] if len(e.args) == 1 else e}", err=True)
        raise typer.Exit(1) from e
    except Problem as e:
        typer.echo(f"samenzaak: {e.detail or e.code}", err=True)
        raise typer.Exit(1) from e


READ_ONLY = {"default_transaction_read_only": "on"}


def with_admin(work: Callable[[asyncpg.Connection, Settings], Awaitable[T]], *, changes: bool = False) -> T:
    """Run ``work`` with an administrator's connection, which only reads unless ``work`` ``changes`` something.

    A server may be running on the same data at the same time.
    """
    return with_dsn(lambda admin, settings, _: work(admin, settings), changes=changes)


def with_dsn(work: Callable[[asyncpg.Connection, Settings, str], Awaitable[T]], *, changes: bool = False) -> T:
    """Like :func:`with_admin`, also with the URL of the database."""
    with refusals():
        settings = load_settings()

        async def run(dsn: str) -> T:
            admin = await asyncpg.connect(dsn, server_settings={} if changes else READ_ONLY)
            try:
                await (tenants.prepare(admin, settings) if changes else check_prepared(admin, settings))
                return await work(admin, settings, dsn)
            finally:
                await admin.close()

        with postgres.resolve_dsn(settings) as dsn:
            return asyncio.run(run(dsn))


async def check_prepared(admin: asyncpg.Connection, settings: Settings) -> None:
    """Raise LookupError for a database in which Samenzaak has made nothing yet, because a command that reads does not;
    ValueError for one with another secret key."""
    await check_key(admin, settings)
    if await admin.fetchval("SELECT to_regclass('gateway.tenant')") is None:
        raise LookupError("the database has nothing of Samenzaak yet; samenzaak migrate or tenant add makes it")


def with_services(work: Callable[[Standalone, asyncpg.Connection], Awaitable[T]], *, changes: bool = False) -> T:
    """Run ``work`` with the services in this process (nothing in the background) and an administrator's connection;
    they only read unless ``work`` ``changes`` something."""
    with refusals():
        settings = load_settings()

        async def run(dsn: str) -> T:
            admin = await asyncpg.connect(dsn)
            standalone = Standalone(settings, dsn)
            try:
                await check_prepared(admin, settings)
                return await work(standalone, admin)
            finally:
                await standalone.stop()
                await admin.close()

        with postgres.resolve_dsn(settings) as dsn:
            return asyncio.run(run(dsn if changes else reading(dsn)))


def reading(dsn: str) -> str:
    """Return the URL of the database for connections that change nothing."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(READ_ONLY))))))


def plain(value: Any) -> Any:
    """Return facts as JSON holds them: records as objects, moments and uuids as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime, UUID)):
        return str(value)
    return value


def show(facts: Any, as_json: bool, line: Callable[[Any], str]) -> None:
    """Print facts: JSON, or one line for each."""
    facts = plain(facts)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        for fact in facts if isinstance(facts, list) else [facts]:
            typer.echo(line(fact))


def warn(text: str) -> None:
    """Print a warning to standard error, when there is one."""
    if text:
        typer.echo(f"samenzaak: warning: {text}", err=True)
