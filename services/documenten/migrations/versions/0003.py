"""Count in the way that all services have."""

from pathlib import Path

from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    """Replace the tables and triggers, and count what is there. Those before have been in no release."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\:"))
