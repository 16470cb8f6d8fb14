"""Give the machinery the names that the glossary has."""

# ruff: noqa: E501

from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Rename."""
    for statement in (
        """DROP TABLE selectielijst""",
        """CREATE TABLE selectielijst (url TEXT NOT NULL, content JSONB NOT NULL, fetched TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, PRIMARY KEY (url))""",
        """ALTER INDEX informatieobjecttype_versies RENAME TO informatieobjecttype_versions""",
        """ALTER INDEX zaaktype_versies RENAME TO zaaktype_versions""",
        """ALTER INDEX besluittype_versies RENAME TO besluittype_versions""",
        """ALTER INDEX zaaktype_documenten RENAME TO zaaktype_informatieobjecttypen""",
        """ALTER INDEX besluittype_documenten RENAME TO besluittype_informatieobjecttypen""",
    ):
        op.execute(statement)
