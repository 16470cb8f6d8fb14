"""What main objects are found by that is not in columns of their own: the type of their latest status, names in a list.

A narrow table beside that of the main objects has it, with their ids, so that an index finds them in the order in which
they are listed, however many there are; and the counts know how many. Triggers (``kept.sql``) keep it, so every writer
does, whatever its version.

Example::

    TYPEN = kept_values("zaak_typen", ZAAK_TABLE, "statustype")
    keep_latest(TYPEN, ZAAK_TABLE, "statustype", STATUS_TABLE, "datum_status_gezet")
    COUNTS.of(TYPEN, key_of(ZAAK_TABLE), values=("statustype",), key="id")
"""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from runtime.sql_files import SqlFile

sql = SqlFile(__file__)


def kept_values(name: str, main: Table, *columns: str) -> Table:
    """Return a table with one row at most for each row of ``main``, and an index on each of these columns of text, in
    the order of ``main``."""
    key = key_of(main)
    found = [Column(column, Text) for column in columns]
    made = Table(name, main.metadata, Column(key, BigInteger, _to(main), primary_key=True, autoincrement=False), *found)
    for column in found:
        Index(f"{name}_{column.name}", column, made.c[key], postgresql_where=column.is_not(None))
    return made


def kept_members(name: str, main: Table, column: str, member: str) -> Table:
    """Return a table with each ``member`` of the objects in the list ``column`` of ``main``, in JSON, and what keeps
    it."""
    key = key_of(main)
    made = Table(
        name,
        main.metadata,
        Column(member, Text, nullable=False),
        Column(key, BigInteger, _to(main), nullable=False, index=True),
        PrimaryKeyConstraint(member, key),
    )
    _add(main, "of_members", made, main, column=column, member=member)
    return made


def keep_latest(kept: Table, main: Table, column: str, table: Table, moment: str) -> None:
    """Keep ``column`` of the row of ``table`` that has the latest ``moment`` of those below a main object."""
    _add(table, "of_latest", kept, main, column=column, moment=moment)


def keep_only(kept: Table, main: Table, column: str, table: Table) -> None:
    """Keep ``column`` of the one row of ``table`` below a main object."""
    _add(table, "of_only", kept, main, column=column)


def key_of(main: Table) -> str:
    """Return the column that refers to the id of a main object."""
    return f"{main.name}_id"


def _to(main: Table) -> ForeignKey:
    return ForeignKey(main.c.id, ondelete="CASCADE")


def _add(table: Table, name: str, kept: Table, main: Table, **names: Any) -> None:
    """Add a statement to those that are run after a table is made."""
    names |= {"kind": table.name, "reference": main.name, "kept": kept.name, "main": main.name, "key": key_of(main)}
    table.info.setdefault("ddl", []).append(sql(name, **names))
