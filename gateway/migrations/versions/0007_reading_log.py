"""What municipalities choose of the reading log, and for which clients it is otherwise."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0007_reading_log"
down_revision = "0006_usage"


def upgrade(op: Operations) -> None:
    """Add the columns. Single objects and downloads are recorded, and kept for a year."""
    text, number = sa.Text(), sa.Integer()
    for table, column in (
        ("tenant", sa.Column("reading_log", text, nullable=False, server_default="objecten")),
        ("tenant", sa.Column("reading_log_months", number, nullable=False, server_default="12")),
        # Why nothing of a client is recorded; empty: it is.
        ("client", sa.Column("unread_because", text, nullable=False, server_default="")),
        # The processing activity of its reads that name none.
        ("client", sa.Column("activity", text, nullable=False, server_default="")),
    ):
        op.add_column(table, column, schema="gateway")
