"""Bestandsdeel: one part of a large upload (documenten.md §5)."""

from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text, UniqueConstraint, Uuid, insert, text

from services.documenten.logboek import METADATA
from zgw.database import Executor

DEEL = Table(
    "bestandsdeel",
    METADATA,
    Column("uuid", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("document", Uuid, ForeignKey("document.uuid", ondelete="CASCADE"), nullable=False),
    Column("volgnummer", Integer, nullable=False),
    Column("omvang", BigInteger, nullable=False),
    Column("sleutel", Text),
    Column("sha256", Text),
    UniqueConstraint("document", "volgnummer", name="bestandsdeel_volgnummer"),
)
"""A part is complete when it has an object in the storage."""


async def new_parts(db: Executor, document: UUID, size: int, chunk: int) -> None:
    """Make the parts of an upload of ``size`` bytes; all but the last one have ``chunk`` bytes."""
    count = -(-size // chunk)
    for number in range(1, count + 1):
        omvang = chunk if number < count else size - (count - 1) * chunk
        await db.execute(insert(DEEL).values(document=document, volgnummer=number, omvang=omvang))
