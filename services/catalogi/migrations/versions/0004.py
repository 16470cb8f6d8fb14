"""Let the database fill in the defaults of fields."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Let the database fill in the defaults of fields."""
    op.alter_column(
        "besluittype", "omschrijving", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "besluittype",
        "omschrijving_generiek",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "besluittype",
        "besluitcategorie",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "besluittype", "publicatietekst", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "besluittype", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "catalogus",
        "contactpersoon_beheer_telefoonnummer",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "catalogus",
        "contactpersoon_beheer_emailadres",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "eigenschap", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "informatieobjecttype",
        "informatieobjectcategorie",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "informatieobjecttype",
        "trefwoord",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "resultaattype", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "resultaattype",
        "archiefnominatie",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "statustype",
        "omschrijving_generiek",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "statustype", "statustekst", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "statustype", "informeren", existing_type=sa.BOOLEAN(), server_default=sa.text("false"), existing_nullable=False
    )
    op.alter_column(
        "statustype",
        "checklistitem_statustype",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaktype", "identificatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaaktype",
        "omschrijving_generiek",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaktype", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaaktype",
        "trefwoorden",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaktype", "publicatietekst", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaaktype",
        "verantwoordingsrelatie",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaktype",
        "selectielijst_procestype",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
