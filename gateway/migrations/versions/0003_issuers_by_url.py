"""Issuers whose keys are fetched, the audience that their tokens are for, and the claims that tell who calls."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0003_issuers_by_url"
down_revision = "0002_profiel"


def upgrade(op: Operations) -> None:
    """Add the columns; the issuers that are there keep their keys and claims."""
    texts = {"discovery_url": "", "jwks_url": ""}
    lists = {
        "audiences": "{}",
        "client_claims": "{client_id}",
        "user_claims": "{user_id}",
        "name_claims": "{user_representation}",
    }
    for name, value in texts.items():
        op.add_column("issuer", sa.Column(name, sa.Text(), nullable=False, server_default=value), schema="gateway")
    private: sa.Column[bool] = sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("issuer", private, schema="gateway")
    for name, value in lists.items():
        op.add_column(
            "issuer",
            sa.Column(name, postgresql.ARRAY(sa.Text()), nullable=False, server_default=value),
            schema="gateway",
        )
    op.add_column("issuer", sa.Column("max_age", sa.Integer(), nullable=False, server_default="0"), schema="gateway")
