"""Let the database fill in the defaults of fields."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    """Let the database fill in the defaults of fields."""
    op.alter_column(
        "applicatie",
        "heeft_alle_autorisaties",
        existing_type=sa.BOOLEAN(),
        server_default=sa.text("false"),
        existing_nullable=False,
    )
    op.alter_column(
        "applicatie",
        "alleen_is_gereed_voor_publicatie",
        existing_type=sa.BOOLEAN(),
        server_default=sa.text("false"),
        existing_nullable=False,
    )
    op.alter_column(
        "applicatie",
        "autorisaties",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
