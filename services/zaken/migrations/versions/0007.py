"""Give out numbers in the way that all services have."""

from alembic.operations import Operations

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    """Move what is given out and what is not."""
    op.execute(
        """CREATE TABLE numbers (
            prefix TEXT NOT NULL,
            last BIGINT NOT NULL,
            PRIMARY KEY (prefix)
        ) WITH (fillfactor = 10)"""
    )
    op.execute("INSERT INTO numbers SELECT prefix, laatste FROM zaaknummer_teller")
    op.execute(
        """CREATE TABLE numbers_taken (
            number TEXT NOT NULL,
            owner TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (number, owner)
        )"""
    )
    op.execute(
        """INSERT INTO numbers_taken SELECT nummer, bronorganisatie,
        CASE soort WHEN 'gereserveerd' THEN 'reserved' WHEN 'gebruikt' THEN 'used' ELSE 'gone' END FROM zaaknummer"""
    )
    op.execute("DROP TABLE zaaknummer_teller, zaaknummer")
