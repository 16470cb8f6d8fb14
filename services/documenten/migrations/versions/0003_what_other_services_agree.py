"""What other services agree to."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0003_what_other_services_agree"
down_revision = "0002_find_documents_by_parts_of"


def upgrade(op: Operations) -> None:
    """What other services agree to."""
    op.add_column(
        "outbox", sa.Column("mirrors", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
