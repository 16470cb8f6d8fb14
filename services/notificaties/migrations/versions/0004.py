"""Give queues and deliveries the names that the glossary has."""

from pathlib import Path

from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Make the tables anew. Those before have been in no release."""
    op.execute(Path(__file__).with_suffix(".sql").read_text().replace(":", r"\:"))
