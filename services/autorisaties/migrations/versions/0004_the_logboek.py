"""The logboek dataverwerkingen."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0004_the_logboek"
down_revision = "0003_reading_log"


def upgrade(op: Operations) -> None:
    """The logboek dataverwerkingen."""
    op.create_table(
        "logboek",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("oin", sa.Text(), nullable=False),
        sa.Column("activiteit", sa.Text(), nullable=False),
        sa.Column("zaaktypen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("applicaties", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
