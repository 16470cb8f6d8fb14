"""Several secrets of a client, each with a name, when it was made, until when it holds, and when it was used last."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "0005_secrets"
down_revision = "0004_request_log"

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade(op: Operations) -> None:
    """Add the tables. The one secret that a client has stays where it is, and where the version before looks."""
    tables: list[tuple[str, list[sa.schema.SchemaItem]]] = [
        (
            "client_secret",
            [
                sa.Column("name", sa.Text(), nullable=False),
                sa.Column("secret_encrypted", sa.Text(), nullable=False),
                # Empty: of before this was kept.
                sa.Column("made", MOMENT),
                sa.Column("expires", MOMENT),
                sa.CheckConstraint("name <> ''"),
                sa.PrimaryKeyConstraint("tenant", "client_id", "name"),
            ],
        ),
        (
            "secret_use",
            [
                # Of the encrypted secret, which is another one after each change.
                sa.Column("fingerprint", sa.Text(), nullable=False),
                sa.Column("used", MOMENT, nullable=False),
                sa.PrimaryKeyConstraint("tenant", "client_id", "fingerprint"),
            ],
        ),
    ]
    for table, columns in tables:
        op.create_table(
            table,
            sa.Column("tenant", sa.Text(), nullable=False),
            sa.Column("client_id", sa.Text(), nullable=False),
            *columns,
            sa.ForeignKeyConstraint(
                ["tenant", "client_id"],
                ["gateway.client.tenant", "gateway.client.client_id"],
                ondelete="CASCADE",
                onupdate="CASCADE",
            ),
            schema="gateway",
        )
    op.execute("GRANT SELECT ON gateway.client_secret TO samenzaak_gateway")
    op.execute("GRANT SELECT, INSERT, UPDATE ON gateway.secret_use TO samenzaak_gateway")
