"""From fields to columns: the table that is made of what a ``Fields`` class says of its fields (``zgw.fields``)."""

from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    TextClause,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem

from zgw.fields import Fields, Property, describe


def make_table(metadata: MetaData, name: str, fields: type[Fields] | None, *items: SchemaItem) -> Table:
    """Return the table of a resource: ``id`` (order of creation), ``uuid``, a column per field, and ``items``.

    A column in ``items`` replaces the one that the field of the same name would get.
    Example: ``STATUS = make_table(metadata, "status", StatusFields, UniqueConstraint("zaak", "datum_status_gezet"))``.
    """
    given = {item.name for item in items if isinstance(item, Column)}
    columns: list[SchemaItem] = [
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("uuid", Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
    ]
    for property_ in describe(fields) if fields else ():
        if property_.attribute not in given and not property_.write_only:
            columns.append(column_of(property_))
    return Table(name, metadata, *columns, *items)


def index_in_order(table: Table, reference: str) -> None:
    """Let the index on a reference have the rows of one object in the order of their creation, in which it shows them:
    then they need not be sorted, which a list does for each object."""
    column = table.c[reference]
    for index in [each for each in table.indexes if [*each.columns] == [column]]:
        table.indexes.discard(index)
    Index(f"{table.name}_{reference}", column, table.c.id)


def column_of(property_: Property) -> Column[Any]:
    """Return the column that stores a field."""
    ref = property_.ref
    if ref and ref.table:
        key = ForeignKey(f"{ref.table}.uuid", ondelete=ref.on_delete)
        return Column(property_.attribute, Uuid, key, nullable=property_.nullable or ref.blank, index=True)
    kinds: dict[Any, Any] = {bool: Boolean, int: BigInteger, date: Date, datetime: DateTime(timezone=True), str: Text}
    kind = kinds.get(property_.type, Text if property_.choices else JSONB(none_as_null=True))
    nullable = property_.nullable or property_.variants is not None
    server_default = None if nullable else default_of(property_)
    return Column(property_.attribute, kind, nullable=nullable, server_default=server_default)


def default_of(property_: Property) -> TextClause | None:
    """Return the default of a field as SQL, None without one: what a column holds in a row of a program that does not
    know it, as the version before during a rollout. Example: ``default_of(…)`` of ``kenmerken: list[…] = []`` is
    ``'[]'``. A date as default is that of the moment, so it has none."""
    value = property_.default
    if value is None or isinstance(value, date):
        return None
    if isinstance(value, bool):
        return text("true" if value else "false")
    if isinstance(value, int):
        return text(str(value))
    if isinstance(value, Fields):
        value = value.model_dump(mode="json", by_alias=True)
    written = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text("'{}'".format(written.replace("'", "''").replace(":", r"\:")))


def add_statistics(table: Table, name: str, expression: str) -> None:
    """Let PostgreSQL count the values of an expression of a table, in SQL, as it does of a column."""
    table.info.setdefault("ddl", []).append(f"CREATE STATISTICS {name} ON {expression} FROM {table.name}")
