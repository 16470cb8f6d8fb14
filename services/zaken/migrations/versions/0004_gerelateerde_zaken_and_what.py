"""Gerelateerde zaken and what else a zaak has."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004_gerelateerde_zaken_and_what"
down_revision = "0003_find_zaken_by_parts_of"


def upgrade(op: Operations) -> None:
    """Gerelateerde zaken and what else a zaak has."""
    op.create_table(
        "gerelateerde_zaak",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("zaak", sa.Uuid(), nullable=False),
        sa.Column("andere", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["andere"], ["zaak.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["zaak"], ["zaak.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
        sa.UniqueConstraint("zaak", "andere", name="gerelateerde_zaak_zaak_andere"),
    )
    op.create_index(op.f("ix_gerelateerde_zaak_andere"), "gerelateerde_zaak", ["andere"], unique=False)
    op.add_column("zaak", sa.Column("communicatiekanaal_naam", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("zaak", sa.Column("laatst_geopend", sa.DateTime(timezone=True), nullable=True))
