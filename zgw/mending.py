"""What a write had to tell another service when its process died, or was not answered: the relay tells it after all.

A write with a mirror holds its notification until the other side agreed (zgw/outbox.py). What that side has to agree
to is in the same row, written in the transaction of the write: so a row that is still held after its time is a write
that was broken off, and nobody has to look for others. The leading side decides, as it then is. What leads to something
that does not exist any more is removed, as ``samenzaak check relations --repair`` does.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
from sqlalchemy import MetaData, Table, Uuid, select

from runtime.faults import AWAY, Unavailable
from runtime.identity import Caller, system_caller
from runtime.pool import Database
from runtime.problems import Problem
from runtime.statements import Executor, among
from zgw.mirrors import CHANGES, Failed, Relation, agree

if TYPE_CHECKING:
    from zgw.check import Check
    from zgw.request import Service

log = logging.getLogger("samenzaak.relations")

AGAIN = timedelta(seconds=60)
"""When a write that was taken back is told by the relay, if it could not be told at once."""


@dataclass(frozen=True)
class _System:
    """Who mends: the service itself."""

    service: "Service"
    caller: Caller

    @property
    def tenant(self) -> str:
        return self.caller.tenant

    @property
    def base(self) -> str:
        return self.caller.base

    @property
    def db(self) -> Database:
        return self.service.database


# --- Writing down -----------------------------------------------------------------------------------------------------


async def record(check: "Check") -> dict[str, Any] | None:
    """Return what other services have to agree to after the commit of ``check``, or None when that is nothing."""
    found: dict[str, Any] = {"relations": [], "told": []}
    check.recorded = found
    try:
        for mirror in check.resource.mirrors:
            await mirror(check)
    finally:
        check.recorded = None
    return {**found, "base": check.call.caller.canonical_base} if any(found.values()) else None


def recorded(relation: Relation) -> dict[str, Any]:
    """Return a relation as JSON."""
    table, known = relation.leading
    return {
        "collection": relation.collection,
        "body": dict(relation.body),
        "find": dict(relation.find),
        "internal": relation.internal,
        "table": table.name,
        "leading": {name: str(value) for name, value in known.items()},
    }


def _relation(metadata: MetaData, item: Mapping[str, Any]) -> Relation:
    table = metadata.tables[item["table"]]
    known = {
        name: UUID(value) if isinstance(table.c[name].type, Uuid) else value for name, value in item["leading"].items()
    }
    return Relation(item["collection"], item["body"], item["find"], (table, known), item["internal"])


async def empty(db: Executor, outbox: Table, rows: Sequence[int]) -> None:
    """Let a write that is taken back be announced no more; what others may have to be told stays until :func:`forget`,
    in the transaction that takes it back."""
    these = among(outbox.c.id, rows)
    if "mirrors" not in outbox.c:
        await db.execute(outbox.delete().where(these))
        return
    await db.execute(outbox.delete().where(these, outbox.c.mirrors.is_(None)))
    await db.execute(outbox.update().where(these).values(message={}, held_until=datetime.now(UTC) + AGAIN))


async def forget(check: "Check") -> None:
    """Remove what was left of the announcement of a write that was taken back: everybody knows."""
    outbox = check.resource.table.metadata.tables["outbox"]
    if rows := check.announced:
        async with check.call.db.acquire(check.call.tenant) as db:
            await db.execute(outbox.delete().where(among(outbox.c.id, rows)))


# --- Mending ----------------------------------------------------------------------------------------------------------


async def mend(service: "Service", tenant: str, row: Mapping[str, Any]) -> None:
    """Tell others what a write that was broken off had to tell them, and let it be announced; ``row`` is that of the
    outbox. What fails now is tried again when the row is held no longer."""
    caller = system_caller(tenant, service.api.service, tuple(row["bases"]))
    system = _System(service, replace(caller, canonical=row["mirrors"]["base"]))
    outbox = service.api.metadata.tables["outbox"]
    relations = [_relation(service.api.metadata, item) for item in row["mirrors"]["relations"]]
    try:
        await _agree(system, relations)
        for name, path, body in row["mirrors"]["told"]:
            response = await service.internal.send(system.caller, name, "POST", path, body)
            if response.status_code not in (204, 404):
                raise Failed(f"POST {path}: {response.status_code} {response.text[:500]}")
        this = outbox.c.id == row["id"]
        async with service.database.acquire(tenant) as db:
            announced = outbox.update().where(this).values(held_until=None, mirrors=None)
            await db.execute(announced if row["message"] else outbox.delete().where(this))
    except (*AWAY, Failed, Unavailable, Problem, httpx.HTTPError) as e:
        log.warning("%s %s: a write that was broken off is not mended yet: %r", tenant, service.api.service, e)
        return
    log.info("%s %s: a write that was broken off is mended: %s", tenant, service.api.service, row["message"])


async def _agree(system: _System, relations: Sequence[Relation]) -> None:
    for _ in range(CHANGES + len(relations)):
        try:
            await agree(system, relations, back=True)
        except Failed as failure:
            if not failure.gone or failure.relation is None:
                raise
            await _let_go(system, failure.relation)
        else:
            return
    raise Failed("others keep changing the relations")


async def _let_go(system: _System, relation: Relation) -> None:
    """Remove what leads to an object that does not exist, through the API: the object, or the field that says so."""
    table, known = relation.leading
    resource = next(r for r in system.service.api.resources if r.table is table)
    rows = await system.db.rows(system.tenant, select(table.c.uuid).where(*(table.c[n] == v for n, v in known.items())))
    for row in rows:
        path = f"{system.service.api.root}/{resource.path}/{row['uuid']}"
        emptied = {name: "" for name in known if name != "uuid"} if "uuid" in known else None
        method = "DELETE" if emptied is None else "PATCH"
        response = await system.service.internal.send(system.caller, system.service.api.service, method, path, emptied)
        if response.status_code not in (200, 204, 404):
            raise Failed(f"{method} {path}: {response.status_code} {response.text[:500]}")
