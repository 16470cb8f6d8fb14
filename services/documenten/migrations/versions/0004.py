"""Give out numbers in the way that all services have."""

from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Let every year go on where the numbers of all years were."""
    op.execute(
        """CREATE TABLE numbers (
            prefix TEXT NOT NULL,
            last BIGINT NOT NULL,
            PRIMARY KEY (prefix)
        ) WITH (fillfactor = 10)"""
    )
    op.execute(
        """INSERT INTO numbers SELECT 'DOCUMENT-' || y || '-', last_value
        FROM documentnummer, generate_series(1900, 2100) y
        WHERE is_called"""
    )
    op.execute("DROP SEQUENCE documentnummer")
