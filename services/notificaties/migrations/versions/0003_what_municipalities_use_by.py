"""What municipalities use by month."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003_what_municipalities_use_by"
down_revision = "0002_cloudevents"


def upgrade(op: Operations) -> None:
    """What municipalities use by month."""
    op.create_table(
        "usage",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("month", "name"),
    )
