"""The first tables."""

from pathlib import Path

from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make everything of the first version."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\:"))
