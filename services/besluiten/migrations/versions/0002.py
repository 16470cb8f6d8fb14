"""Keep with the notification of a write what other services have to agree to."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Add the column; writes of the version before leave it empty."""
    op.execute("ALTER TABLE outbox ADD COLUMN mirrors JSONB")
