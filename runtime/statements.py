"""Statements: SQLAlchemy Core, compiled once per shape, executed by asyncpg without SQLAlchemy's own connection layer
(docs/adr/0001).
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import asyncpg
import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Table,
    any_,
    bindparam,
)
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlmodel import SQLModel

Row = Mapping[str, Any]
Connection = asyncpg.pool.PoolConnectionProxy | asyncpg.Connection


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


_dialect = dialects.dialect(json_serializer=_dump)  # type: ignore[no-untyped-call]
_compiled: OrderedDict[Any, Any] = OrderedDict()
_COMPILED_MAX = 2000


class Bound(NamedTuple):
    """SQL that was compiled before, and the values of its parameters. Runs wherever a statement does."""

    sql: str
    values: list[Any]


def _of_its_shape(statement: Executable) -> tuple[Any, Any]:
    """Return a statement of the same shape as it was compiled first, and the values that are in this one."""
    whole: Any = statement
    # What columns a statement writes is always said in it.
    compiled, extracted, *_ = whole._compile_w_cache(_dialect, compiled_cache=_compiled, column_keys=[])
    if len(_compiled) > _COMPILED_MAX:
        _compiled.popitem(last=False)
    return compiled, extracted


class Prepared:
    """A statement that is compiled once and then called with its parameters: for what every request runs, because
    building and recognising a statement costs as much as running it. Another one of the same shape, such as that of a
    client with like rights, is not compiled again.

    Example::

        BY_UUID = Prepared(select(table).where(table.c.uuid == bindparam("uuid")))
        row = await db.row(BY_UUID(uuid=key))
    """

    def __init__(self, statement: Executable) -> None:
        compiled, extracted = _of_its_shape(statement)
        self.sql: str = compiled.string
        constants = compiled.construct_params(_check=False, extracted_parameters=extracted, escape_names=False)
        processors = compiled._bind_processors
        self._parameters = [
            (name.removeprefix("v_"), constants[name], processors.get(name)) for name in compiled.positiontup or ()
        ]

    def __call__(self, **given: Any) -> Bound:
        """Return the statement with these parameters."""
        values = []
        for name, constant, process in self._parameters:
            value = given.get(name, constant)
            values.append(value if process is None else process(value))
        return Bound(self.sql, values)


def parameters(table: Table, names: Iterable[str]) -> dict[str, Any]:
    """Return a parameter for each of these columns, by name: what ``insert`` and ``update`` take as values."""
    # SQLAlchemy keeps the names of columns for itself in such statements.
    return {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names}


def compile_statement(statement: Executable | Bound) -> tuple[str, list[Any]]:
    """Return SQL with ``$n`` parameters and their values.

    The SQL of statements of the same shape is compiled once per process. ``IN`` lists are not supported, because
    each length would be another shape: use :func:`among`.
    """
    if isinstance(statement, Bound):
        return statement
    compiled, extracted = _of_its_shape(statement)
    # The values of ``statement.params(name=value)``, for parameters that have a name of their own.
    named = getattr(statement, "_params", None) or None
    parameters = compiled.construct_params(named, extracted_parameters=extracted, escape_names=False)
    processors = compiled._bind_processors
    values = []
    for name in compiled.positiontup or ():
        value = parameters[name]
        if value is not None and (process := processors.get(name)) is not None:
            value = process(value)
        elif value is None and name in processors:
            value = processors[name](value)
        values.append(value)
    return compiled.string, values


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a SQLModel class, for statements: of the class itself they would be those of the ORM."""
    return cast("Table", model.__table__)  # type: ignore[attr-defined]


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return ``column = ANY(values)``: one shape of statement for any number of values."""
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


class Executor:
    """Runs statements on one connection, which is already that of the right municipality."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rows(self, statement: Executable | Bound) -> list[Row]:
        """Return all rows, each a mapping by column name."""
        return cast("list[Row]", await self._read(self.connection.fetch, statement))

    async def row(self, statement: Executable | Bound) -> Row | None:
        """Return the first row, or None."""
        return cast("Row | None", await self._read(self.connection.fetchrow, statement))

    async def value(self, statement: Executable | Bound) -> Any:
        """Return the first column of the first row, or None."""
        return await self._read(self.connection.fetchval, statement)

    async def _read(self, run: Callable[..., Awaitable[Any]], statement: Executable | Bound) -> Any:
        sql, values = compile_statement(statement)
        try:
            return await run(sql, *values)
        except asyncpg.DeadlockDetectedError:
            # A migration locks tables in another order than statements read them, and PostgreSQL ends either. Of a
            # statement outside a transaction nothing was done.
            if self.connection.is_in_transaction():
                raise
            return await run(sql, *values)

    async def execute(self, statement: Executable | Bound) -> int:
        """Run a statement that returns nothing; return the number of rows that it touched."""
        sql, values = compile_statement(statement)
        status: str = await self.connection.execute(sql, *values)
        tail = status.rsplit(" ", 1)[-1]
        return int(tail) if tail.isdigit() else 0
