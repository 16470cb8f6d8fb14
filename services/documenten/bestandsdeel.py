"""Bestandsdeel: one part of a large upload (documenten.md §5)."""

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    insert,
    literal,
    select,
    text,
)

from runtime.statements import Executor
from services.documenten.journal import METADATA

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

PARTS = 1000
"""Most parts of one upload: with the usual size of a part that is 4 TB. Every response shows all of them."""


async def new_parts(db: Executor, document: UUID, size: int, chunk: int) -> None:
    """Make the parts of an upload of ``size`` bytes; all but the last one have ``chunk`` bytes."""
    number = func.generate_series(1, -(-size // chunk)).column_valued("number")
    most, all_ = literal(chunk, BigInteger), literal(size, BigInteger)
    omvang = func.least(most, all_ - (number - 1) * most)
    made = select(literal(document, Uuid), number, omvang)
    await db.execute(insert(DEEL).from_select(["document", "volgnummer", "omvang"], made))
