"""Commands that look after the data: ``check``, ``notifications`` and ``external``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from beheer.console import Json, Tenant, show, with_admin, with_services
from beheer.relations import Inconsistency, check_relations
from beheer.runner import Standalone
from beheer.tenants import bases_of, find_tenant
from runtime.outgoing import External
from runtime.settings import Settings
from runtime.statements import Executor
from runtime.tenancy import as_tenant
from services.autorisaties.external import add_external, list_externals, remove_external
from services.catalogi.controle import Finding as CatalogusFinding
from services.catalogi.controle import check_catalogi
from services.documenten.verification import Finding, Total, check_documents
from services.notificaties import control as queues

check_app = typer.Typer(no_args_is_help=True, help="Compare what is stored in more than one place.")
notifications_app = typer.Typer(no_args_is_help=True, help="Notifications that are on their way or got stuck.")
external_app = typer.Typer(
    no_args_is_help=True, help="APIs outside this installation that a municipality may refer to."
)

Delivery = Annotated[int, typer.Argument(help="Its id, as listed.", min=1, max=2**63 - 1)]
Subscriber = Annotated[UUID | None, typer.Option(help="The uuid of an abonnement.")]


@check_app.command("relations")
def relations(
    tenant: Tenant,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found.")] = False,
    grace: Annotated[float, typer.Option(help="Report only what is still there after so many seconds.")] = 2.0,
    elsewhere: Annotated[bool, typer.Option("--elsewhere", help="Also ask external APIs for their side.")] = False,
    as_json: Json = False,
) -> None:
    """Find relations between services of which one side is missing; exit status 1 when any is left."""

    async def work(standalone: Standalone, admin: asyncpg.Connection) -> Sequence[Inconsistency]:
        operator = standalone.operator if repair else None
        externals = standalone.externals if elsewhere else None
        base = (await bases_of(admin, standalone.settings, tenant))[0]
        return await check_relations(admin, tenant, operator, base, grace, externals)

    found = list(with_services(work, changes=repair))
    show(found, as_json, lambda f: f"{f['relation']}: {f['kind']}: {f['source']} - {f['target']}{_outcome(f)}")
    left = [item for item in found if item.left]
    if not as_json:
        typer.echo(f"{len(found)} found, {len(found) - len(left)} repaired, {len(left)} left")
    if left:
        raise typer.Exit(1)


def _outcome(found: dict[str, Any]) -> str:
    if found["repaired"] is None:
        return ""
    return f" (not repaired: {found['repaired']})" if found["repaired"] else " (repaired)"


@check_app.command("documents")
def documents(
    tenant: Tenant,
    sizes_only: Annotated[bool, typer.Option("--sizes-only", help="Compare sizes, without reading contents.")] = False,
    as_json: Json = False,
) -> None:
    """Read every content back and compare it with what was stored; exit status 1 when something is missing or
    differs."""
    total = Total()

    async def work(standalone: Standalone, admin: asyncpg.Connection) -> list[Finding]:
        await find_tenant(admin, tenant)
        service = standalone.services["documenten"]
        return [finding async for finding in check_documents(service, tenant, total, not sizes_only)]

    found = with_services(work)
    show(found, as_json, lambda f: f"{f['kind']}: {f['document'] or 'no document'} {f['key']}")
    if not as_json:
        typer.echo(f"{total.objects} contents, {total.size} bytes, {len(found)} findings")
    if found:
        raise typer.Exit(1)


@check_app.command("catalogi")
def catalogi(tenant: Tenant, as_json: Json = False) -> None:
    """Find relations with document types that do not exist, and versions that share a day; exit status 1 when there are
    any."""

    async def work(admin: asyncpg.Connection, _: Settings) -> list[CatalogusFinding]:
        await find_tenant(admin, tenant)
        async with as_tenant(admin, tenant, "catalogi") as db:
            return await check_catalogi(db)

    found = with_admin(work)
    show(found, as_json, lambda f: f"{f['kind']}: {f['path']} {f['name']}")
    if not as_json:
        typer.echo(f"{len(found)} findings")
    if found:
        raise typer.Exit(1)


@asynccontextmanager
async def _queues_of(admin: asyncpg.Connection, tenant: str) -> AsyncIterator[Executor]:
    await find_tenant(admin, tenant)
    async with as_tenant(admin, tenant, "notificaties") as db:
        yield db


@notifications_app.command("list")
def notifications_list(
    tenant: Tenant,
    subscriber: Subscriber = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was given up.")] = False,
    as_json: Json = False,
) -> None:
    """List subscribers with what waits for them; of one subscriber, or with --failed, the messages themselves."""

    async def work(admin: asyncpg.Connection, _: Settings) -> Sequence[Any]:
        async with _queues_of(admin, tenant) as db:
            if subscriber or failed:
                return await queues.deliveries(db, subscriber, only_failed=failed)
            return await queues.subscribers(db)

    show(list(with_admin(work)), as_json, _delivery if subscriber or failed else _subscriber)


def _subscriber(fact: dict[str, Any]) -> str:
    trouble = f", failing since {fact['failing_since']}: {fact['last_error']}" if fact["failing_since"] else ""
    oldest = f", oldest of {fact['oldest']}" if fact["oldest"] else ""
    counts = f"{fact['waiting']} waiting, {fact['failed']} given up{oldest}"
    return f"{fact['abonnement']} {fact['callback_url']} ({fact['client_id']}): {counts}{trouble}"


def _delivery(fact: dict[str, Any]) -> str:
    message = fact["message"]
    state = f"given up {fact['failed_since']}" if fact["failed_since"] else f"next attempt {fact['next_attempt']}"
    what = f"{message['resource']} {message['actie']} {message['resourceUrl']}"
    return f"{fact['id']}: {what}; {fact['attempts']} attempts, {state}{': ' + fact['error'] if fact['error'] else ''}"


@notifications_app.command("show")
def notifications_show(tenant: Tenant, delivery: Delivery, as_json: Json = False) -> None:
    """Tell everything of one delivery."""

    async def work(admin: asyncpg.Connection, _: Settings) -> Any:
        async with _queues_of(admin, tenant) as db:
            found = await queues.show(db, delivery)
        if found is None:
            raise LookupError(f"{tenant} has no delivery {delivery}")
        return found

    show(with_admin(work), as_json, _whole_delivery)


def _whole_delivery(fact: dict[str, Any]) -> str:
    failures = [f"failure: {f['moment']}, attempt {f['attempt']}: {f['error']}" for f in fact["failures"]]
    return "\n".join([*(f"{name}: {value}" for name, value in fact.items() if name != "failures"), *failures])


@notifications_app.command("stats")
def notifications_stats(tenant: Tenant, as_json: Json = False) -> None:
    """Tell the totals of a municipality."""

    async def work(admin: asyncpg.Connection, _: Settings) -> Any:
        async with _queues_of(admin, tenant) as db:
            return await queues.stats(db)

    show(
        with_admin(work),
        as_json,
        lambda fact: "\n".join(f"{name}: {'none' if value is None else value}" for name, value in fact.items()),
    )


@notifications_app.command("retry")
def notifications_retry(
    tenant: Tenant,
    deliveries: Annotated[list[int] | None, typer.Argument(help="Ids, as listed.", min=1, max=2**63 - 1)] = None,
    subscriber: Subscriber = None,
    failed: Annotated[bool, typer.Option("--failed", help="Everything that was given up.")] = False,
) -> None:
    """Try again now: some deliveries, all of a subscriber, or everything that was given up."""

    async def work(admin: asyncpg.Connection, _: Settings) -> int:
        async with _queues_of(admin, tenant) as db:
            if subscriber:
                await queues.resume(db, subscriber)
            ids = list(deliveries or ())
            if failed or subscriber:
                ids += await queues.selected(db, subscriber)
            return await queues.retry(db, ids)

    _needs_a_choice(deliveries, subscriber, failed)
    typer.echo(f"{with_admin(work, changes=True)} tried again")


@notifications_app.command("drop")
def notifications_drop(
    tenant: Tenant,
    deliveries: Annotated[list[int] | None, typer.Argument(help="Ids, as listed.", min=1, max=2**63 - 1)] = None,
    subscriber: Subscriber = None,
    failed: Annotated[bool, typer.Option("--failed", help="Everything that was given up.")] = False,
) -> None:
    """Give deliveries up for ever."""

    async def work(admin: asyncpg.Connection, _: Settings) -> int:
        async with _queues_of(admin, tenant) as db:
            ids = list(deliveries or ())
            if failed or subscriber:
                ids += await queues.selected(db, subscriber, only_failed=failed)
            return await queues.drop(db, ids)

    _needs_a_choice(deliveries, subscriber, failed)
    typer.echo(f"{with_admin(work, changes=True)} dropped")


def _needs_a_choice(deliveries: list[int] | None, subscriber: UUID | None, failed: bool) -> None:
    if not (deliveries or subscriber or failed):
        raise typer.BadParameter("name deliveries, a --subscriber, or --failed")


@external_app.command("add")
def external_add(
    tenant: Tenant,
    name: str,
    root: Annotated[str, typer.Option(help="URL below which everything belongs to that API.")],
    client_id: Annotated[str, typer.Option(help="For an API that takes ZGW tokens.")] = "",
    secret: Annotated[str, typer.Option(help="The secret of that client_id.")] = "",
    header: Annotated[str, typer.Option(help="Or a whole header: 'Authorization: Token abc'.")] = "",
    expand: Annotated[
        bool, typer.Option("--expand", help="Show its objects in `expand` to all who may read what refers to them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a municipality refer to another API, with these credentials or without any; or change one."""

    async def work(admin: asyncpg.Connection, settings: Settings) -> External:
        return await add_external(
            admin, settings, tenant, name, root, client_id=client_id, secret=secret, header=header, expand=expand
        )

    show(_without_secret(with_admin(work, changes=True)), as_json, _external)


@external_app.command("list")
def external_list(tenant: Tenant, as_json: Json = False) -> None:
    """List the APIs that a municipality may refer to."""
    found = with_admin(lambda admin, _: list_externals(admin, tenant))
    show([_without_secret(api) for api in found], as_json, _external)


@external_app.command("remove")
def external_remove(tenant: Tenant, name: str) -> None:
    """Remove an API; references to it stay as they are, and are not followed any more."""
    with_admin(lambda admin, _: remove_external(admin, tenant, name), changes=True)
    typer.echo(f"{tenant} {name}: removed")


def _without_secret(api: External) -> dict[str, Any]:
    return {"name": api.name, "root": api.root, "clientId": api.client_id, "header": api.header, "expand": api.expand}


def _external(fact: dict[str, Any]) -> str:
    how = f"with a header {fact['header']}" if fact["header"] else "without credentials"
    how = f"as {fact['clientId']}" if fact["clientId"] else how
    shown = ", open for expand" if fact["expand"] else ""
    return f"{fact['name']}: {fact['root']} {how}{shown}"
