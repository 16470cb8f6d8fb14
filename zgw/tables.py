"""Tables, made from the fields: adding a field to a resource touches one line and a migration."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem

from zgw.describe import Property, describe
from zgw.fields import Fields


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
    for field in describe(fields) if fields else ():
        if field.attribute not in given and not field.write_only:
            columns.append(column_of(field))
    return Table(name, metadata, *columns, *items)


def column_of(field: Property) -> Column[Any]:
    """Return the column that stores a field."""
    ref = field.ref
    if ref and ref.table:
        key = ForeignKey(f"{ref.table}.uuid", ondelete=ref.on_delete)
        return Column(field.attribute, Uuid, key, nullable=field.nullable or ref.blank, index=True)
    kinds: dict[Any, Any] = {bool: Boolean, int: BigInteger, date: Date, datetime: DateTime(timezone=True), str: Text}
    kind = kinds.get(field.type, Text if field.choices else JSONB(none_as_null=True))
    return Column(field.attribute, kind, nullable=field.nullable or field.variants is not None)
