"""Relations that live in two services: the leading side commits, then calls the other; a failure takes the write back.

The other side checks that the leading record is there, so it must be committed before the call (common.md §10). What
a crash leaves between the two the relay mends (zgw/mending.py), and by hand ``samenzaak check relations``. A leading
resource has one mirror function, which names the relations that a write may have changed. It is called twice: in the
transaction to write them down, and after it to tell them::

    async def spiegel_in_documenten(check: Check) -> None:
        await mirrored(check, "informatieobject", [of(check)])
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Table, literal_column, select

from runtime.problems import Problem, forbidden, invalid, not_found
from runtime.statements import Executor, Row, among
from zgw import audit
from zgw.check import Check
from zgw.mending import empty, forget, recorded
from zgw.mirrors import CHANGES, UNREACHED, Failed, Relation, agree, refused, unreached
from zgw.outbox import holding

log = logging.getLogger("samenzaak.relations")

Leading = tuple[Table, Mapping[str, Any]]
"""What leads at this side: a table, and what its columns say."""


def objectinformatieobject(informatieobject: str, object_path: str, object_type: str, leading: Leading) -> Relation:
    """Return the mirror of a zaakinformatieobject or besluitinformatieobject, in the API that has the document."""
    pair = {"object": object_path, "informatieobject": informatieobject}
    root = informatieobject.rsplit("/", 2)[0]
    internal = "/_intern/objectinformatieobjecten" if root.startswith("/") else ""
    return Relation(f"{root}/objectinformatieobjecten", {**pair, "objectType": object_type}, pair, leading, internal)


UNFORCED = {"x-samenzaak-unforced": "1"}
"""Headers of a call by which a service passes on a write of a client that may change open zaken only."""


def zaakbesluit(zaak: str, besluit: str, leading: Leading, forced: bool) -> Relation:
    """Return the mirror of ``besluit.zaak``, in the API that has the zaak. Unless ``forced`` an own zaak takes or loses
    it only while it is open; else the write is taken back and answered 403."""
    headers = {} if forced else UNFORCED
    return Relation(f"{zaak}/besluiten", {"besluit": besluit}, {}, leading, headers=headers)


def objectcontact(contact: str, zaak: str, leading: Leading) -> list[Relation]:
    """Return the mirror of a zaakverzoek or zaakcontactmoment, in the API that has the verzoek or contactmoment; other
    APIs than that of the standard keep none (Z18)."""
    root, collection, _ = contact.rsplit("/", 2)
    name = {"verzoeken": "verzoek", "contactmomenten": "contactmoment"}.get(collection)
    if name is None:
        return []
    pair = {name: contact, "object": zaak}
    return [Relation(f"{root}/object{collection}", {**pair, "objectType": "zaak"}, pair, leading)]


async def mirrored(check: Check, name: str, relations: Sequence[Relation]) -> None:
    """Let the other side tell the same as this one, after the commit of ``check``; new relations come first.

    When that fails the write is taken back, and the answer is 400 ``pending-relations`` on ``name``.
    """
    if (record := check.recorded) is not None:
        record["relations"] += [recorded(item) for item in relations]
        return
    async with holding(check):
        try:
            await agree(check.call, relations)
        except Failed as e:
            back = await _taken_back(check, e, lambda: agree(check.call, relations, back=True))
            # A removal whose place somebody else has taken meanwhile stays, and is answered as what it is.
            if back:
                raise _problem(name, e) from e


async def _taken_back(check: Check, failure: Failed, tell: Callable[[], Awaitable[None]]) -> bool:
    """Take a write back, and let the other side know; return whether it was."""
    log.warning("%s of %s is taken back: %s", check.action, check.path, failure)
    back = await take_back(check)
    try:
        await tell()
    except Failed:
        # The other side is often still down. The relay tells it later, before it announces what was not taken back.
        check.mirrored = False
    else:
        if back:
            await forget(check)
    return back


def _problem(name: str, failure: Failed) -> Problem:
    if failure.unavailable is not None:
        return failure.unavailable
    return forbidden(failure.forbidden) if failure.forbidden else invalid(name, "pending-relations")


async def told(check: Check, name: str, service: str, path: str, headers: Mapping[str, str]) -> None:
    """Tell another service, at an internal path, that the object of ``check`` has changed, because it works something
    out of it: ``await told(check, "zaak", "zaken", "/_intern/besluit")`` sends ``{"besluit": "<path>"}``.

    It reads the object again when it is told. When it cannot be told the write is taken back, and the answer is 400
    ``pending-relations`` on ``name``, or 403 when it refuses what ``headers`` tell of the client.
    """
    if (record := check.recorded) is not None:
        record["told"].append([service, path, {check.resource.name: check.path}])
        return
    internal, me = check.call.service.internal, check.call.caller.as_component(check.call.service.api.service)

    async def tell(headers: Mapping[str, str]) -> None:
        try:
            answer = await internal.send(me, service, "POST", path, {check.resource.name: check.path}, headers=headers)
            content = answer.json() if answer.content else None
        except UNREACHED as e:
            raise unreached(f"POST {path}", e) from e
        if answer.status_code != 204:
            raise refused(f"POST {path}", answer.status_code, content, headers)

    try:
        await tell(headers)
    except Failed as e:
        # It may have been told after all, of what is no longer so.
        await _taken_back(check, e, lambda: tell({}))
        raise _problem(name, e) from e


# --- Taking back ---------------------------------------------------------------------------------------------------


async def keep(db: Executor, check: Check) -> None:
    """Remember what a removal takes along, for :func:`take_back`: the row, all rows that cascade, and their trails.

    Belongs in ``before_removal``. The locks keep others from adding or changing rows after they were read. Raises 404
    when somebody else removed the object first.
    """
    table = check.resource.table
    rows = await _rows(db, table, table.c.uuid == check.uuid, locked=True)
    if not rows:
        raise not_found()
    kept: dict[Table, list[Row]] = {table: rows}
    todo: list[tuple[Table, list[Any]]] = [(table, [check.uuid])]
    for parent, uuids in todo:
        for child in table.metadata.sorted_tables:
            for key in (k for k in child.foreign_keys if k.column.table is parent and k.ondelete == "CASCADE"):
                known = {row["id"] for row in kept.get(child, ())}
                found = await _rows(db, child, among(key.parent, uuids), locked=True)
                if rows := [row for row in found if row["id"] not in known]:
                    kept.setdefault(child, []).extend(rows)
                    todo.append((child, [row["uuid"] for row in rows]))
    if check.resource.main is None and check.resource.audited:
        trail = table.metadata.tables["audittrail"]
        kept[trail] = await _rows(db, trail, among(trail.c.hoofdobject, [row["uuid"] for row in kept[table]]))
    check.removed = kept


async def _rows(db: Executor, table: Table, where: ColumnElement[bool], locked: bool = False) -> list[Row]:
    # As PostgreSQL writes a whole row, so that it can be put back exactly as it was.
    whole: ColumnElement[str] = literal_column(f"{table.name}::text").label("_whole")
    statement = select(table, whole).where(where).order_by(table.c.id)
    return await db.rows(statement.with_for_update() if locked else statement)


def kept(check: Check, name: str) -> list[Row]:
    """Return the rows of a table that this removal took along."""
    return next((rows for table, rows in check.removed.items() if table.name == name), [])


async def take_back(check: Check) -> bool:
    """Undo a committed write: what it wrote, its audit entry and the notification that was held. Later writes of
    others stay. Return False, having undone nothing, when those stand in the way of a removed object."""
    for _ in range(CHANGES):
        try:
            async with check.call.db.transaction(check.call.tenant) as db:
                await _undo(db, check)
        except asyncpg.IntegrityConstraintViolationError as e:
            # What it belonged to is gone as well by now, or its number was given away.
            log.warning("%s cannot be put back: %s", check.path, e)
            return False
        except asyncpg.DeadlockDetectedError:
            continue
        return True
    raise Problem(409, "conflict", "Het object wordt tegelijk door anderen gewijzigd.")


async def _undo(db: Executor, check: Check) -> None:
    await _undo_rows(db, check)
    for undo in check.undo:
        await undo(db)
    tables = check.resource.table.metadata.tables
    if (entry := check.audit) is not None:
        await db.execute(tables["audittrail"].delete().where(tables["audittrail"].c.id == entry))
    if announced := check.announced:
        await empty(db, tables["outbox"], announced)


async def _undo_rows(db: Executor, check: Check) -> None:
    resource, table, stored = check.resource, check.resource.table, check.stored
    if check.action == "destroy":
        for part in (part for part in table.metadata.sorted_tables if check.removed.get(part)):
            insert = f"INSERT INTO {part.name} SELECT * FROM unnest($1::text[]::{part.name}[])"  # noqa: S608
            await db.connection.execute(insert, [row["_whole"] for row in check.removed[part]])
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
