"""Substatussen and the last change of a zaak."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005_substatussen_and_the_last"
down_revision = "0004_gerelateerde_zaken_and_what"


def upgrade(op: Operations) -> None:
    """Substatussen and the last change of a zaak."""
    op.create_table(
        "substatus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("zaak", sa.Uuid(), nullable=False),
        sa.Column("omschrijving", sa.Text(), nullable=False),
        sa.Column("tijdstip", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doelgroep", sa.Text(), server_default=sa.text("'betrokkenen'"), nullable=False),
        sa.Column("status", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["status"], ["status.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["zaak"], ["zaak.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
    )
    op.create_index(op.f("ix_substatus_status"), "substatus", ["status"], unique=False)
    op.create_index(op.f("ix_substatus_zaak"), "substatus", ["zaak"], unique=False)
    op.create_index("substatus_doelgroep", "substatus", ["doelgroep", "id"], unique=False)
    op.create_index("substatus_tijdstip", "substatus", ["tijdstip", "id"], unique=False)
    op.add_column("audittrail", sa.Column("raakt", sa.Boolean(), nullable=True))
    op.create_index(
        "audittrail_raakt",
        "audittrail",
        ["hoofdobject", "aanmaakdatum"],
        unique=False,
        postgresql_where=sa.text("raakt"),
    )
    op.add_column("zaak", sa.Column("laatst_gemuteerd", sa.DateTime(timezone=True), nullable=True))
