"""The tables of documenten in release 0.1.0."""

from pathlib import Path

from alembic.operations import Operations

revision = "0001_first"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make everything that documenten has in the first release."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\:"))
