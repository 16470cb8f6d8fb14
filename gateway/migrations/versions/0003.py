"""The municipalities of which the erasure is under way: what is in the database is gone, their documents may not be."""

from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    """Add the journal of erasures."""
    op.execute(
        """CREATE TABLE gateway.erasure (
            tenant text PRIMARY KEY,
            began timestamptz NOT NULL DEFAULT now(),
            documents bigint NOT NULL,
            removed bigint NOT NULL DEFAULT 0
        )"""
    )
