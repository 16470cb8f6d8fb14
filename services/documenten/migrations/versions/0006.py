"""Give the machinery the names that the glossary has."""

# ruff: noqa: E501

from alembic.operations import Operations

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    """Rename."""
    for statement in (
        """DROP TABLE opslaglogboek""",
        """CREATE TABLE journal (key TEXT NOT NULL, removable_from TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (key))""",
        """CREATE INDEX ix_journal_removable_from ON journal (removable_from)""",
        """ALTER TABLE bestandsdeel RENAME COLUMN sleutel TO key""",
        """ALTER TABLE document RENAME COLUMN segmenten TO segments""",
        """ALTER TABLE documentversie RENAME COLUMN segmenten TO segments""",
        """UPDATE document SET segments =
            (SELECT jsonb_agg(jsonb_build_object('key', s -> 'sleutel', 'size', s -> 'omvang', 'sha256', s -> 'sha256') ORDER BY n) FROM jsonb_array_elements(segments) WITH ORDINALITY e(s, n))
            WHERE jsonb_array_length(segments) > 0""",
        """UPDATE documentversie SET segments =
            (SELECT jsonb_agg(jsonb_build_object('key', s -> 'sleutel', 'size', s -> 'omvang', 'sha256', s -> 'sha256') ORDER BY n) FROM jsonb_array_elements(segments) WITH ORDINALITY e(s, n))
            WHERE jsonb_array_length(segments) > 0""",
        """ALTER TABLE objectinformatieobject RENAME CONSTRAINT objectinformatieobject_uniek TO objectinformatieobject_unique""",
        """ALTER INDEX document_identificatie_alleen RENAME TO document_by_identificatie""",
    ):
        op.execute(statement)
