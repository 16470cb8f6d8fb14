"""Find documents by parts of texts, and in order."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002_find_documents_by_parts_of"
down_revision = "0001_first"


def upgrade(op: Operations) -> None:
    """Find documents by parts of texts, and in order."""
    op.execute(
        r"""CREATE OR REPLACE FUNCTION trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS $$ SELECT ARRAY(SELECT substr(value, i, 3) FROM generate_series(1, length(value) - 2) i) $$"""
    )
    op.create_index("document_auteur", "document", ["auteur", "id"], unique=False)
    op.create_index(
        "document_auteur_trigrams",
        "document",
        [sa.literal_column("trigrams(lower(auteur))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "document_beschrijving_trigrams",
        "document",
        [sa.literal_column("trigrams(lower(beschrijving))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("document_bestandsomvang", "document", ["bestandsomvang", "id"], unique=False)
    op.create_index(
        "document_bestandsomvang_descending",
        "document",
        [sa.literal_column("bestandsomvang DESC NULLS LAST"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("document_creatiedatum", "document", ["creatiedatum", "id"], unique=False)
    op.create_index("document_formaat", "document", ["formaat", "id"], unique=False)
    op.create_index("document_status", "document", ["status", "id"], unique=False)
    op.create_index("document_titel", "document", ["titel", "id"], unique=False)
    op.create_index(
        "document_titel_trigrams",
        "document",
        [sa.literal_column("trigrams(lower(titel))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "document_vertrouwelijkheidaanduiding", "document", ["vertrouwelijkheidaanduiding", "id"], unique=False
    )
