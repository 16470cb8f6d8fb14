"""The switches of an application."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0002_profiel"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """The switches of an application."""
    op.add_column(
        "applicatie", sa.Column("profiel", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
