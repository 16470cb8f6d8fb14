"""Let an external API be opened for expand."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Add the choice, which nobody has made yet."""
    op.execute("ALTER TABLE external ADD COLUMN expand boolean NOT NULL DEFAULT false")
