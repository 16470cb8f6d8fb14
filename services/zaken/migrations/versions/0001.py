"""The first tables."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything of the first version."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\:"))
