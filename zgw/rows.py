"""Conditional statements: a row is written only if its main object still is what the rules saw.

A rule reads the state of a main object (a zaak that is open) before the transaction begins. So that nobody changes it
in between, the statement that writes also locks the main object FOR SHARE, if its state (``Main.state``) is still what
the rules saw; otherwise it writes nothing, and the request starts again. A change of the state and such writes wait for
each other; the writes do not wait for one another. It costs no round trip: the foreign key takes a weaker lock anyway.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    insert,
    literal_column,
    select,
    update,
)

from runtime.problems import Again
from runtime.statements import Bound, Executor, Prepared, parameters
from zgw.check import Check
from zgw.resource import Main


def _held(main: Main, alone: bool) -> CTE:
    """The main object, locked, as one row; none when it is no longer as it was checked."""
    table = main.resource.table
    same = [
        table.c[name].is_not_distinct_from(bindparam(f"held_{name}", type_=table.c[name].type)) for name in main.state
    ]
    statement: Any = select(literal_column("1").label("there")).where(table.c.uuid == bindparam("held", type_=Uuid))
    held: CTE = statement.where(*same).with_for_update(read=not alone, key_share=alone).cte("held")
    return held


def _unchanged(table: Table, main: Main | None, alone: bool) -> list[ColumnElement[bool]]:
    """Return the conditions that a row has its version, and that its main object is held."""
    version = cast(literal_column(f'"{table.name}".xmin'), Text) == bindparam("version")
    held = [] if main is None else [_held(main, alone).c.there == literal_column("1")]
    return [table.c.uuid == bindparam("key"), version, *held]


@lru_cache(500)
def _inserting(table: Table, names: tuple[str, ...], main: Main | None, alone: bool) -> Prepared:
    values = parameters(table, names)
    if main is None:
        return Prepared(insert(table).values(values))
    source = select(*(cast(values[name], table.c[name].type) for name in names)).select_from(_held(main, alone))
    return Prepared(insert(table).from_select(names, source, include_defaults=False))


@lru_cache(500)
def _updating(table: Table, names: tuple[str, ...], main: Main | None, alone: bool) -> Prepared:
    statement = update(table).where(*_unchanged(table, main, alone))
    return Prepared(statement.values(parameters(table, names)))


@lru_cache(500)
def _deleting(table: Table, main: Main | None, alone: bool) -> Prepared:
    return Prepared(delete(table).where(*_unchanged(table, main, alone)))


@lru_cache(500)
def _holding(main: Main, alone: bool) -> Prepared:
    return Prepared(select(_held(main, alone).c.there))


def _main(check: Check) -> tuple[Main | None, dict[str, Any]]:
    """Return the link to the main object that is held, and what is known of that object."""
    main = check.resource.main
    if main is None or not main.state or check.main is None:
        return None, {}
    return main, {"held": check.main["uuid"], **{f"held_{name}": check.main[name] for name in main.state}}


def inserting_row(table: Table, row: Mapping[str, Any]) -> Bound:
    """Return the statement that adds a row of which no rule looked at a main object."""
    return _inserting(table, tuple(row), None, False)(**row)


def inserting(check: Check) -> Bound:
    """Return the statement that adds the row of ``check``; it adds none when the main object is not what it was."""
    row = {"uuid": check.uuid, **check.row}
    main, known = _main(check)
    return _inserting(check.resource.table, tuple(row), main, check.alone)(**known, **row)


def updating(check: Check) -> Bound:
    """Return the statement that changes what differs; it changes nothing when the object or its main object is not what
    it was."""
    stored = check.stored
    assert stored is not None
    main, known = _main(check)
    changed = {name: value for name, value in check.row.items() if value != stored[name]} or {"uuid": check.uuid}
    statement = _updating(check.resource.table, tuple(changed), main, check.alone)
    return statement(**known, key=check.uuid, version=stored["_version"], **changed)


def deleting(check: Check) -> Bound:
    """Return the statement that removes the object; it removes nothing when that or its main object is not what it
    was."""
    assert check.stored is not None
    main, known = _main(check)
    statement = _deleting(check.resource.table, main, check.alone)
    return statement(**known, key=check.uuid, version=check.stored["_version"])


async def hold(db: Executor, check: Check) -> None:
    """Lock the main object in a statement of its own, for a removal that looks around first; raise Again when it is
    not what it was."""
    main, known = _main(check)
    if main is not None and await db.row(_holding(main, check.alone)(**known)) is None:
        raise Again()
