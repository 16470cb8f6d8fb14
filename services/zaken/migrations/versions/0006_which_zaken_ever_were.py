"""Which zaken ever were related."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0006_which_zaken_ever_were"
down_revision = "0005_substatussen_and_the_last"


def upgrade(op: Operations) -> None:
    """Which zaken ever were related."""
    op.add_column("zaak", sa.Column("gerelateerd", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # Few are related, and the index on ``andere`` finds each of them.
    op.execute("UPDATE zaak SET gerelateerd = true WHERE uuid IN (SELECT zaak FROM gerelateerde_zaak)")
