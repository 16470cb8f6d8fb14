"""What an abonnement says of cloud events."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0002_cloudevents"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """What an abonnement says of cloud events."""
    op.add_column(
        "abonnement", sa.Column("send_cloudevents", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "abonnement",
        sa.Column(
            "cloudevent_filters",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
