"""Bestandsdeel: one part of a large upload (documenten.md §5)."""

from uuid import UUID

from sqlalchemy import BigInteger, Text, UniqueConstraint, Uuid, func, insert, literal, select, text
from sqlmodel import Field

from runtime.statements import Executor, table_of
from services.documenten.journal import Stored


class PartRow(Stored, table=True):
    """One part of an upload; it is complete when it has an object in the storage."""

    __tablename__ = "bestandsdeel"
    __table_args__ = (UniqueConstraint("document", "volgnummer", name="bestandsdeel_volgnummer"),)

    uuid: UUID = Field(primary_key=True, sa_column_kwargs={"server_default": text("gen_random_uuid()")})
    document: UUID = Field(foreign_key="document.uuid", ondelete="CASCADE")
    volgnummer: int
    omvang: int = Field(sa_type=BigInteger)
    key: str | None = Field(None, sa_type=Text)
    sha256: str | None = Field(None, sa_type=Text)


PART = table_of(PartRow)

PARTS = 1000
"""Most parts of one upload: with the usual size of a part that is 4 TB. Every response shows all of them."""


async def new_parts(db: Executor, document: UUID, size: int, chunk: int) -> None:
    """Make the parts of an upload of ``size`` bytes; all but the last one have ``chunk`` bytes."""
    number = func.generate_series(1, -(-size // chunk)).column_valued("number")
    most, all_ = literal(chunk, BigInteger), literal(size, BigInteger)
    omvang = func.least(most, all_ - (number - 1) * most)
    made = select(literal(document, Uuid), number, omvang)
    await db.execute(insert(PART).from_select(["document", "volgnummer", "omvang"], made))
