"""Relations that live in two services: the leading side commits, then calls the other; a failure takes the write back.

The other side checks that the leading record is there, so it must be committed before the call (common.md §10). What
a crash leaves between the two is found by ``samenzaak check relations``. A leading resource has one mirror function::

    async def spiegel_in_documenten(check: Check) -> None:
        await mirrored(check, "informatieobject", added=[of(check)], dropped=[])
"""

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
from sqlalchemy import Table, insert, select

from zgw import audit
from zgw.check import Check
from zgw.database import Executor, Row, among
from zgw.problems import Problem, invalid

log = logging.getLogger("samenzaak.relations")


@dataclass(frozen=True)
class Relation:
    """One record at the other side: the collection that it lives in (stored path or foreign URL), its body, and the
    query that finds it again. References are stored paths."""

    collection: str
    body: Mapping[str, str]
    find: Mapping[str, str]


class Failed(Exception):
    """The other service could not be reached or refused."""


def objectinformatieobject(informatieobject: str, object_path: str, object_type: str) -> Relation:
    """Return the mirror of a zaakinformatieobject or besluitinformatieobject, in the API that has the document."""
    pair = {"object": object_path, "informatieobject": informatieobject}
    root = informatieobject.rsplit("/", 2)[0]
    return Relation(f"{root}/objectinformatieobjecten", {**pair, "objectType": object_type}, pair)


def zaakbesluit(zaak: str, besluit: str) -> Relation:
    """Return the mirror of ``besluit.zaak``, in the API that has the zaak."""
    return Relation(f"{zaak}/besluiten", {"besluit": besluit}, {})


async def mirrored(check: Check, name: str, added: Sequence[Relation], dropped: Sequence[Relation]) -> None:
    """Make and remove records at the other side after the commit of ``check``.

    When that fails the write is taken back, and the answer is 400 ``pending-relations`` on ``name``.
    """
    try:
        for relation in added:
            await add(check, relation)
        for relation in dropped:
            await drop(check, relation)
    except Failed as e:
        log.warning("%s of %s is taken back: %s", check.action, check.path, e)
        await take_back(check)
        await _restore(check, added, dropped)
        raise invalid(name, "pending-relations") from e
    if added and not await _stands(check):
        # Somebody else changed or removed the leading record while the other side was being told.
        await _restore(check, added, ())
        raise Problem(409, "conflict", "Het object is tegelijk door anderen gewijzigd.")


async def told(check: Check, name: str, service: str, path: str) -> None:
    """Tell another service, at an internal path, that the object of ``check`` has changed, because it works something
    out of it: ``await told(check, "zaak", "zaken", "/_intern/besluit")`` sends ``{"besluit": "<path>"}``.

    It reads the object again when it is told. When it cannot be told the write is taken back, and the answer is 400
    ``pending-relations`` on ``name``.
    """
    remote, me = check.call.service.remote, check.call.caller.as_component(check.call.service.api.service)

    async def tell() -> None:
        try:
            answer = await remote.send(me, service, "POST", path, {check.resource.name: check.path})
        except httpx.HTTPError as e:
            raise Failed(f"POST {path}: {e!r}") from e
        if answer.status_code != 204:
            raise Failed(f"POST {path}: {answer.status_code} {answer.text}")

    try:
        await tell()
    except Failed as e:
        log.warning("%s of %s is taken back: %s", check.action, check.path, e)
        await take_back(check)
        # It may have been told after all, of what is no longer so.
        with contextlib.suppress(Failed):
            await tell()
        raise invalid(name, "pending-relations") from e


async def _restore(check: Check, added: Sequence[Relation], dropped: Sequence[Relation]) -> None:
    """Bring the other side back; a call that failed may have been carried out after all."""
    for work, relations in ((drop, added), (add, dropped)):
        # The other side is often still down. Then check relations has to find what is left.
        with contextlib.suppress(Failed):
            for relation in relations:
                await work(check, relation)


async def add(check: Check, relation: Relation) -> None:
    """Make the record; that it exists already is success. Raises Failed."""
    body = {key: _url(check, value) for key, value in relation.body.items()}
    status, content = await _send(check, "POST", relation.collection, body)
    codes = {param.get("code") for param in content.get("invalidParams", [])} if isinstance(content, dict) else set()
    if status != 201 and codes != {"unique"}:
        raise Failed(f"POST {relation.collection}: {status} {content}")


async def drop(check: Check, relation: Relation) -> None:
    """Remove the record; that it does not exist is success. Raises Failed."""
    query = {key: _url(check, value) for key, value in relation.find.items()}
    target = f"{relation.collection}?{urlencode(query)}" if query else relation.collection
    status, items = await _send(check, "GET", target)
    if status == 404:
        return
    if status != 200 or not isinstance(items, list):
        raise Failed(f"GET {target}: {status}")
    wanted = {key: _url(check, value) for key, value in relation.body.items()}
    for item in items:
        if all(item.get(key) == value for key, value in wanted.items()):
            status, content = await _send(check, "DELETE", str(item.get("url")).removeprefix(check.call.base))
            if status not in (204, 404):
                raise Failed(f"DELETE {item.get('url')}: {status} {content}")


def _url(check: Check, value: str) -> str:
    return check.call.base + value if value.startswith("/") else value


async def _send(check: Check, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    remote, caller = check.call.service.remote, check.call.caller
    if not target.startswith("/"):
        answered = await remote.external_request(caller, method, target, body)
        if answered is None:
            raise Failed(f"{method} {target}: refused or unreachable")
        return answered
    try:
        me = caller.as_component(remote.service)
        response = await remote.send(me, target.split("/")[1], method, target, body)
        return response.status_code, response.json() if response.content else None
    except (httpx.HTTPError, ValueError) as e:
        raise Failed(f"{method} {target}: {e!r}") from e


# --- Taking back ---------------------------------------------------------------------------------------------------


async def keep(db: Executor, check: Check) -> None:
    """Remember what a removal takes along, for :func:`take_back`: all rows that cascade, and their trails.

    Belongs in ``before_removal``. The locks keep others from adding rows after they were read.
    """
    table = check.resource.table
    kept: dict[Table, list[Row]] = {}
    await db.execute(select(table.c.id).where(table.c.uuid == check.uuid).with_for_update())
    todo: list[tuple[Table, list[Any]]] = [(table, [check.uuid])]
    for parent, uuids in todo:
        for child in table.metadata.sorted_tables:
            for key in (k for k in child.foreign_keys if k.column.table is parent and k.ondelete == "CASCADE"):
                known = {row["id"] for row in kept.get(child, ())}
                statement = select(child).where(among(key.parent, uuids)).order_by(child.c.id).with_for_update()
                rows = [row for row in await db.rows(statement) if row["id"] not in known]
                if rows:
                    kept.setdefault(child, []).extend(rows)
                    todo.append((child, [row["uuid"] for row in rows]))
    if check.resource.main is None and check.resource.audited:
        trail = table.metadata.tables["audittrail"]
        mains = [check.uuid, *(row["uuid"] for row in kept.get(table, ()))]
        kept[trail] = await db.rows(select(trail).where(among(trail.c.hoofdobject, mains)).order_by(trail.c.id))
    check.notes["kept"] = kept


def kept(check: Check, name: str) -> list[Row]:
    """Return the rows of a table that this removal took along."""
    return next((rows for table, rows in check.notes.get("kept", {}).items() if table.name == name), [])


async def take_back(check: Check) -> None:
    """Undo a committed write: row, audit entry and the notification that was held. Later writes of others stay."""
    resource, stored = check.resource, check.stored
    table, tables = resource.table, resource.table.metadata.tables
    async with check.call.db.transaction(check.call.tenant) as db:
        if check.action == "destroy":
            columns = {column.name: stored[column.name] for column in table.c} if stored else {}
            try:
                async with db.connection.transaction():
                    await db.execute(insert(table).values(**columns))
                    for child in table.metadata.sorted_tables:
                        for row in check.notes.get("kept", {}).get(child, ()):
                            await db.execute(insert(child).values(**row))
            except asyncpg.IntegrityConstraintViolationError as e:
                # What it belonged to is gone as well by now, or its number was given away.
                log.warning("%s stays removed: %s", check.path, e)
        elif stored is None:
            await db.execute(table.delete().where(table.c.uuid == check.uuid))
            if resource.main is None and resource.audited:
                await audit.forget(db, table.metadata, check.uuid)
        else:
            now = await db.row(select(table).where(table.c.uuid == check.uuid).with_for_update())
            written = {name: value for name, value in check.row.items() if value != stored[name]}
            back = {name: stored[name] for name, value in written.items() if now is not None and now[name] == value}
            if back:
                await db.execute(table.update().where(table.c.uuid == check.uuid).values(**back))
        for name, noted in (("audittrail", "audit"), ("outbox", "outbox")):
            if (key := check.notes.pop(noted, None)) is not None:
                await db.execute(tables[name].delete().where(tables[name].c.id == key))


async def _stands(check: Check) -> bool:
    """Return whether the leading record still says what was mirrored."""
    table = check.resource.table
    row = await check.call.db.row(check.call.tenant, select(table).where(table.c.uuid == check.uuid))
    changed = [name for name, ref in check.notes.get("leading", {}).items() if row is not None and row[name] != ref]
    return row is not None and not changed
