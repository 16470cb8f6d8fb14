"""Give out numbers in the way that all services have."""

from alembic.operations import Operations

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    """Give the tables their names."""
    op.execute("ALTER TABLE zaaknummer_teller RENAME TO numbers")
    op.execute("ALTER TABLE numbers RENAME COLUMN laatste TO last")
    op.execute("ALTER INDEX zaaknummer_teller_pkey RENAME TO numbers_pkey")
    op.execute("ALTER TABLE zaaknummer RENAME TO numbers_taken")
    op.execute("ALTER TABLE numbers_taken RENAME COLUMN nummer TO number")
    op.execute("ALTER TABLE numbers_taken RENAME COLUMN bronorganisatie TO owner")
    op.execute("ALTER TABLE numbers_taken RENAME COLUMN soort TO reason")
    op.execute("ALTER INDEX zaaknummer_pkey RENAME TO numbers_taken_pkey")
    op.execute(
        """UPDATE numbers_taken SET reason =
        CASE reason WHEN 'gereserveerd' THEN 'reserved' WHEN 'gebruikt' THEN 'used' ELSE 'gone' END"""
    )
