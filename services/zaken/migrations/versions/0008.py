"""Let the database fill in the defaults of fields."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    """Let the database fill in the defaults of fields."""
    op.alter_column(
        "klantcontact", "identificatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "klantcontact", "kanaal", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "klantcontact", "onderwerp", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "klantcontact", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "resultaat", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column("rol", "betrokkene", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False)
    op.alter_column(
        "rol",
        "afwijkende_naam_betrokkene",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "rol", "roltoelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "rol", "indicatie_machtiging", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "status", "statustoelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak", "identificatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak", "omschrijving", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak", "communicatiekanaal", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak",
        "producten_of_diensten",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaak",
        "vertrouwelijkheidaanduiding",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaak", "betalingsindicatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak", "selectielijstklasse", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaak",
        "relevante_andere_zaken",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaak",
        "kenmerken",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaak",
        "archiefstatus",
        existing_type=sa.TEXT(),
        server_default=sa.text("'nog_te_archiveren'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaak",
        "opdrachtgevende_organisatie",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaakinformatieobject", "titel", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaakinformatieobject",
        "beschrijving",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaknotitie", "aangemaakt_door", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaaknotitie",
        "notitie_type",
        existing_type=sa.TEXT(),
        server_default=sa.text("'intern'"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaaknotitie", "status", existing_type=sa.TEXT(), server_default=sa.text("'concept'"), existing_nullable=False
    )
    op.alter_column(
        "zaakobject", "object", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaakobject", "zaakobjecttype", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "zaakobject",
        "object_type_overige",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "zaakobject",
        "relatieomschrijving",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
