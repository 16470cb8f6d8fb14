"""The time zone of a municipality, where it is not the one of the installation."""

from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Add the name of the time zone."""
    op.execute("ALTER TABLE gateway.tenant ADD COLUMN time_zone text NOT NULL DEFAULT ''")
