"""The origins whose web pages may call the APIs of a municipality from a browser, such as https://mijn.deventer.nl."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Add the list of origins."""
    op.execute("ALTER TABLE gateway.tenant ADD COLUMN origins text[] NOT NULL DEFAULT '{}'")
