"""Taking a committed write back: what it wrote, its audit entry, and the notification that was held.

A removal keeps what it takes along, as PostgreSQL writes whole rows, so that it can be put back exactly as it was.
"""

import logging
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Table, literal_column, select

from runtime.problems import Problem, not_found
from runtime.statements import Executor, Row, among
from zgw import audit, outbox
from zgw.check import Check

log = logging.getLogger("samenzaak.mirroring")

ATTEMPTS = 10
"""How often a write is taken back while others stand in the way."""


async def keep(db: Executor, check: Check) -> None:
    """Remember what a removal takes along, for :func:`take_back`: the row, all rows that cascade, and their trails.

    Belongs in ``before_removal``. The locks keep others from adding or changing rows after they were read. Raises 404
    when somebody else removed the object first.
    """
    table = check.resource.table
    rows = await _rows(db, table, table.c.uuid == check.uuid, locked=True)
    if not rows:
        raise not_found()
    removed = check.removed = {table: rows}
    todo: list[tuple[Table, list[Any]]] = [(table, [check.uuid])]
    for parent, uuids in todo:
        # Triggers make the rows without a uuid (``zgw.kept``) again.
        for child in (each for each in table.metadata.sorted_tables if "uuid" in each.c):
            for key in (k for k in child.foreign_keys if k.column.table is parent and k.ondelete == "CASCADE"):
                known = {row["id"] for row in removed.get(child, ())}
                found = await _rows(db, child, among(key.parent, uuids), locked=True)
                if rows := [row for row in found if row["id"] not in known]:
                    removed.setdefault(child, []).extend(rows)
                    todo.append((child, [row["uuid"] for row in rows]))
    if check.resource.main is None and check.resource.audited:
        trail = table.metadata.tables["audittrail"]
        removed[trail] = await _rows(db, trail, among(trail.c.hoofdobject, [row["uuid"] for row in removed[table]]))


async def _rows(db: Executor, table: Table, where: ColumnElement[bool], locked: bool = False) -> list[Row]:
    whole: ColumnElement[str] = literal_column(f"{table.name}::text").label("_whole")
    statement = select(table, whole).where(where).order_by(table.c.id)
    return await db.rows(statement.with_for_update() if locked else statement)


def removed(check: Check, name: str) -> list[Row]:
    """Return the rows of a table that this removal took along."""
    return next((rows for table, rows in check.removed.items() if table.name == name), [])


async def take_back(checks: Sequence[Check]) -> bool:
    """Undo the writes of one committed transaction, given in the order in which they were made. Later writes of others
    stay. Return False, having undone nothing, when those stand in the way of a removed object."""
    call = checks[0].call
    for _ in range(ATTEMPTS):
        try:
            async with call.db.transaction(call.tenant) as db:
                for check in reversed(checks):
                    await _undo(db, check)
                await outbox.withdraw(db, checks)
        except asyncpg.IntegrityConstraintViolationError as e:
            # Its main object is gone as well by now, or its number was given away.
            log.warning("%s cannot be put back: %s", ", ".join(check.path for check in checks), e)
            return False
        except asyncpg.DeadlockDetectedError:
            continue
        return True
    raise Problem(409, "conflict", "Het object wordt tegelijk door anderen gewijzigd.")


async def _undo(db: Executor, check: Check) -> None:
    await _undo_rows(db, check)
    for undo in check.undo:
        await undo(db)
    trail = check.resource.table.metadata.tables["audittrail"]
    await db.execute(trail.delete().where(trail.c.id == check.audit))


async def _undo_rows(db: Executor, check: Check) -> None:
    resource, table, stored = check.resource, check.resource.table, check.stored
    if check.action == "destroy":
        for part in table.metadata.sorted_tables:
            if rows := check.removed.get(part):
                insert = f"INSERT INTO {part.name} SELECT * FROM unnest($1::text[]::{part.name}[])"  # noqa: S608
                await db.connection.execute(insert, [row["_whole"] for row in rows])
    elif stored is None:
        if resource.unmade is not None:
            await resource.unmade(db, check)
        await db.execute(table.delete().where(table.c.uuid == check.uuid))
        if resource.main is None and resource.audited:
            await audit.forget(db, table.metadata, check.uuid)
    else:
        now = await db.row(select(table).where(table.c.uuid == check.uuid).with_for_update())
        written = {name: value for name, value in check.row.items() if value != stored[name]}
        back = {name: stored[name] for name, value in written.items() if now is not None and now[name] == value}
        if back:
            await db.execute(table.update().where(table.c.uuid == check.uuid).values(**back))
