"""Keep the number of documents."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"

COLUMNS = """
    bronorganisatie TEXT NOT NULL,
    informatieobjecttype TEXT NOT NULL,
    vertrouwelijkheidaanduiding TEXT NOT NULL,
    gereed BOOLEAN NOT NULL,
    blok BIGINT NOT NULL,
    aantal BIGINT NOT NULL
"""


def upgrade(op: Operations) -> None:
    """Add the numbers, the trigger that keeps them, and count what there is. Writers wait from the trigger on."""
    key = "PRIMARY KEY (blok, bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding, gereed)"
    op.execute(f"CREATE TABLE documenttelling ({COLUMNS}, {key})")
    op.execute(f"CREATE TABLE documenttelling_delta ({COLUMNS})")
    op.execute(
        """CREATE FUNCTION documenttelling_bijhouden() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO documenttelling_delta VALUES (OLD.bronorganisatie, OLD.informatieobjecttype,
            OLD.vertrouwelijkheidaanduiding, OLD.is_gereed_voor_publicatie IS TRUE, OLD.id / 32768, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO documenttelling_delta VALUES (NEW.bronorganisatie, NEW.informatieobjecttype,
            NEW.vertrouwelijkheidaanduiding, NEW.is_gereed_voor_publicatie IS TRUE, NEW.id / 32768, 1);
    END IF;
    RETURN NULL;
END $$"""
    )
    op.execute(
        """CREATE TRIGGER documenttelling_komt_of_gaat AFTER INSERT OR DELETE ON document
    FOR EACH ROW EXECUTE FUNCTION documenttelling_bijhouden()"""
    )
    op.execute(
        """CREATE TRIGGER documenttelling_verandert AFTER UPDATE ON document
    FOR EACH ROW WHEN ((OLD.bronorganisatie, OLD.informatieobjecttype, OLD.vertrouwelijkheidaanduiding,
        OLD.is_gereed_voor_publicatie) IS DISTINCT FROM (NEW.bronorganisatie, NEW.informatieobjecttype,
        NEW.vertrouwelijkheidaanduiding, NEW.is_gereed_voor_publicatie))
    EXECUTE FUNCTION documenttelling_bijhouden()"""
    )
    op.execute(
        """INSERT INTO documenttelling SELECT bronorganisatie, informatieobjecttype, vertrouwelijkheidaanduiding,
        gereed, coalesce(blok, -1), count(*)
        FROM (SELECT *, is_gereed_voor_publicatie IS TRUE AS gereed, id / 32768 AS blok FROM document) d
        GROUP BY GROUPING SETS ((1, 2, 3, 4, blok), (1, 2, 3, 4))"""
    )
