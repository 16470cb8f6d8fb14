"""Keep every failure of a delivery, not only the last one."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Add the list, with the last failure of what failed before."""
    op.execute("ALTER TABLE bezorging ADD COLUMN fouten JSONB DEFAULT '[]'::jsonb NOT NULL")
    op.execute(
        """UPDATE bezorging SET fouten = jsonb_build_array(
            jsonb_build_object('moment', coalesce(mislukt, now()), 'poging', poging, 'fout', fout))
        WHERE fout IS NOT NULL"""
    )
