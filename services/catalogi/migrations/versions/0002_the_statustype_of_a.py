"""The statustype of a zaakobjecttype."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002_the_statustype_of_a"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """The statustype of a zaakobjecttype."""
    op.add_column("zaakobjecttype", sa.Column("statustype", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_zaakobjecttype_statustype"), "zaakobjecttype", ["statustype"], unique=False)
    op.create_foreign_key(None, "zaakobjecttype", "statustype", ["statustype"], ["uuid"], ondelete="NO ACTION")
