"""What zaken are found by that is not in columns of their own: the types of the current status and of the resultaat,
and the bronnen of the kenmerken."""

from typing import Any

from sqlalchemy import BinaryExpression, ColumnClause, ColumnElement, Exists, Table, exists, select
from sqlalchemy.sql.visitors import iterate

from services.zaken.zaak_velden import COUNTS, ZAAK_TABLE
from zgw.kept import kept_members, kept_values, key_of

ZAAK_ID = key_of(ZAAK_TABLE)
ZAAK_TYPEN = kept_values("zaak_typen", ZAAK_TABLE, "statustype", "resultaattype")
"""The statustype of the current status and the resultaattype of a zaak; their tables keep these here."""
ZAAK_BRON = kept_members("zaak_bron", ZAAK_TABLE, "kenmerken", "bron")
COUNTS.of(ZAAK_TYPEN, ZAAK_ID, values=("statustype", "resultaattype"), key="id")
COUNTS.of(ZAAK_BRON, ZAAK_ID, values=("bron",), key="id")

TYPEN, BRON = ZAAK_TYPEN.alias("gezochte_typen"), ZAAK_BRON.alias("gezochte_bron")


def has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a zaak has what meets ``condition``, which compares a column of ``TYPEN`` or
    ``BRON``."""
    kept: Any = next(each.table for each in iterate(condition) if isinstance(each, ColumnClause))
    return exists(select(kept.c[ZAAK_ID]).where(kept.c[ZAAK_ID] == ZAAK_TABLE.c.id, condition))


def kept_for(criterion: ColumnElement[bool]) -> tuple[Table, ColumnElement[bool]] | None:
    """Return the table and the condition on its rows behind a criterion of :func:`has`, or None for another."""
    for each in iterate(criterion) if isinstance(criterion, Exists) else ():
        if isinstance(each, BinaryExpression) and isinstance(each.left, ColumnClause) and each.left.name != ZAAK_ID:
            for kept, table in ((TYPEN, ZAAK_TYPEN), (BRON, ZAAK_BRON)):
                if each.left.table is kept:
                    return table, table.c[each.left.name] == each.right
    return None
