"""The summary of the subtypes of a zaaktype, in its own row: a list of zaaktypen then reads one table (docs/adr).

Every write of a subtype recounts the row of its zaaktype in the same transaction; so does an import, once for all.
"""

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Text, Uuid, column, select, table, update

from runtime.statements import Executor, Row, among
from services.catalogi.geldigheid import as_array
from services.catalogi.zaaktype import SUBTYPES, ZAAKTYPE_TABLE

T = ZAAKTYPE_TABLE


def _uuids(name: str) -> Any:
    other = table(name, column("id"), column("uuid", Uuid), column("zaaktype", Uuid)).alias()
    return as_array(select(other.c.uuid).where(other.c.zaaktype == T.c.uuid).order_by(other.c.id))


def _resultaten() -> Any:
    other = table("resultaattype", column("id"), column("zaaktype", Uuid), column("omschrijving", Text)).alias()
    return as_array(select(other.c.omschrijving).where(other.c.zaaktype == T.c.uuid).order_by(other.c.id))


def _documenten() -> Any:
    columns = (column("zaaktype", Uuid), column("informatieobjecttype", Text))
    other = table("zaaktypeinformatieobjecttype", *columns).alias()
    statement = select(other.c.informatieobjecttype).where(other.c.zaaktype == T.c.uuid).distinct()
    return as_array(statement.order_by(other.c.informatieobjecttype))


RECOUNT = {
    **{name: _uuids(kind) for name, kind in SUBTYPES.items()},
    "resultaattype_omschrijving": _resultaten(),
    "informatieobjecttype_omschrijving": _documenten(),
}


async def recount(db: Executor, zaaktypen: Collection[uuid.UUID]) -> list[Row]:
    """Bring the summaries of these zaaktypen up to date; return their rows, locked until the transaction ends."""
    these = among(T.c.uuid, sorted(zaaktypen))
    # The lock comes first, in a statement of its own: only the next one sees what others wrote while it waited.
    await db.rows(select(T.c.uuid).where(these).order_by(T.c.uuid).with_for_update(key_share=True))
    return await db.rows(update(T).where(these).values(**RECOUNT).returning(T.c.uuid, T.c.concept))
