"""Give the machinery the names that the glossary has."""

# ruff: noqa: E501

from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Rename."""
    for statement in (
        """ALTER TABLE besluitinformatieobject RENAME CONSTRAINT besluitinformatieobject_uniek TO besluitinformatieobject_unique""",
        """ALTER INDEX besluit_op_identificatie RENAME TO besluit_by_identificatie""",
    ):
        op.execute(statement)
