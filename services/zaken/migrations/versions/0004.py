"""Tell by a version whether the totals are still what they were."""

from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Add the version, which the triggers renew."""
    op.execute("CREATE TABLE tellingversie (versie UUID NOT NULL)")
    op.execute("INSERT INTO tellingversie VALUES (gen_random_uuid())")
    op.execute(
        """CREATE FUNCTION telling_vernieuwd() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE tellingversie SET versie = gen_random_uuid();
    RETURN NULL;
END $$;
CREATE TRIGGER telling_versie AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON telling
    FOR EACH STATEMENT EXECUTE FUNCTION telling_vernieuwd()"""
    )
