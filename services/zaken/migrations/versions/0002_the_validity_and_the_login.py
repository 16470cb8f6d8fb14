"""The validity and the login of a rol."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0002_the_validity_and_the_login"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """The validity and the login of a rol."""
    op.add_column("rol", sa.Column("begin_geldigheid", sa.Date(), nullable=True))
    op.add_column("rol", sa.Column("einde_geldigheid", sa.Date(), nullable=True))
    op.add_column(
        "rol",
        sa.Column("authenticatie_context", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
