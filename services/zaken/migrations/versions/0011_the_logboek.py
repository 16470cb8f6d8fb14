"""The logboek dataverwerkingen."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0011_the_logboek"
down_revision = "0010_reading_log"


def upgrade(op: Operations) -> None:
    """The logboek dataverwerkingen."""
    op.create_table(
        "verwerking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subjects", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("verwerking_open", "verwerking", ["id"], unique=False, postgresql_where=sa.text("subjects IS NULL"))
    op.create_table(
        "verwerking_gemist",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
