"""Let the database fill in the defaults of fields."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Let the database fill in the defaults of fields."""
    op.alter_column(
        "besluit", "identificatie", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column("besluit", "zaak", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False)
    op.alter_column(
        "besluit", "toelichting", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "besluit", "bestuursorgaan", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
    op.alter_column(
        "besluit", "vervalreden", existing_type=sa.TEXT(), server_default=sa.text("''"), existing_nullable=False
    )
