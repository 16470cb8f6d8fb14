"""Let the database fill in the defaults of fields."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Let the database fill in the defaults of fields."""
    op.alter_column(
        "document", "identificatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "document",
        "vertrouwelijkheidaanduiding",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "document",
        "tonen_aan_initiator",
        existing_type=sa.BOOLEAN(),
        server_default=sa.text("false"),
        existing_nullable=False,
    )
    op.alter_column(
        "document", "status", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "document", "formaat", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "document", "bestandsnaam", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column("document", "link", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False)
    op.alter_column(
        "document", "beschrijving", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "document", "verschijningsvorm", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "document",
        "trefwoorden",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "documentversie",
        "identificatie",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "documentversie",
        "vertrouwelijkheidaanduiding",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "documentversie",
        "tonen_aan_initiator",
        existing_type=sa.BOOLEAN(),
        server_default=sa.text("false"),
        existing_nullable=False,
    )
    op.alter_column(
        "documentversie", "status", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "documentversie", "formaat", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "documentversie", "bestandsnaam", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "documentversie", "link", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "documentversie", "beschrijving", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "documentversie",
        "verschijningsvorm",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "documentversie",
        "trefwoorden",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        server_default=sa.text("'[]'"),
        existing_nullable=False,
    )
    op.alter_column(
        "verzending", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "verzending",
        "contactpersoonnaam",
        existing_type=sa.TEXT(),
        server_default=sa.text("''"),
        existing_nullable=False,
    )
    op.alter_column(
        "verzending",
        "mijn_overheid",
        existing_type=sa.BOOLEAN(),
        server_default=sa.text("false"),
        existing_nullable=False,
    )
