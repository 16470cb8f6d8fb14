"""Give out numbers in the way that all services have."""

from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


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
        """INSERT INTO numbers SELECT 'BESLUIT-' || y || '-', last_value
        FROM besluit_nummer, generate_series(1900, 2100) y
        WHERE is_called"""
    )
    op.execute("DROP SEQUENCE besluit_nummer")
    op.execute(
        """CREATE TABLE numbers_taken (
            number TEXT NOT NULL,
            owner TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (number, owner)
        )"""
    )
    op.execute("INSERT INTO numbers_taken SELECT identificatie, '', 'gone' FROM vervallen_nummer")
    op.execute("DROP TABLE vervallen_nummer")
