"""The switches that are on by default for the clients of a municipality."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0002_profiel"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """Add the column; no switch is on."""
    column: sa.Column[list[str]] = sa.Column(
        "profiel", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"
    )
    op.add_column("tenant", column, schema="gateway")
