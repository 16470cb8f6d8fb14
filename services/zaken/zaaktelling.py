"""The counts of the version before ``telling``, kept right while that version may still run or come back.

Goes, with its tables, in the release after this one (docs/operators.md, expand and contract).
"""

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text
from sqlalchemy.sql.schema import SchemaItem

from services.zaken.zaak_velden import METADATA, ZAAK_TABLE


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(
        name,
        METADATA,
        Column("zaaktype", Text, nullable=False),
        Column("vertrouwelijkheidaanduiding", Text, nullable=False),
        Column("blok", BigInteger, nullable=False),
        Column("aantal", BigInteger, nullable=False),
        *items,
    )


ZAAKTELLING = _table("zaaktelling", PrimaryKeyConstraint("blok", "zaaktype", "vertrouwelijkheidaanduiding"))
ZAAKTELLING_DELTA = _table("zaaktelling_delta")

TEL = """\
CREATE FUNCTION tel_zaaktelling() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO zaaktelling_delta VALUES (OLD.zaaktype, OLD.vertrouwelijkheidaanduiding, OLD.id / 32768, -1);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO zaaktelling_delta VALUES (NEW.zaaktype, NEW.vertrouwelijkheidaanduiding, NEW.id / 32768, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zaak_zaaktelling AFTER INSERT OR DELETE OR UPDATE OF zaaktype, vertrouwelijkheidaanduiding ON zaak
    FOR EACH ROW EXECUTE FUNCTION tel_zaaktelling()"""

NIET_DUBBEL = """\
CREATE FUNCTION zaaktelling_niet_dubbel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER zaaktelling_niet_dubbel BEFORE INSERT ON zaaktelling_delta FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION zaaktelling_niet_dubbel()"""
"""What the version before counts itself was counted by the trigger already."""

ZAAK_TABLE.info.setdefault("ddl", []).append(TEL)
ZAAKTELLING_DELTA.info["ddl"] = [NIET_DUBBEL]

VOUW = (
    "WITH weg AS (DELETE FROM zaaktelling_delta RETURNING *) "
    "INSERT INTO zaaktelling AS t (zaaktype, vertrouwelijkheidaanduiding, blok, aantal) "
    "SELECT zaaktype, vertrouwelijkheidaanduiding, coalesce(blok, -1), sum(aantal) FROM weg "
    "GROUP BY GROUPING SETS ((1, 2, blok), (1, 2)) ORDER BY 3, 1, 2 "
    "ON CONFLICT (blok, zaaktype, vertrouwelijkheidaanduiding) DO UPDATE SET aantal = t.aantal + excluded.aantal"
)
ALLEEN = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.zaaktelling'))"
"""The lock under which the version before folds."""
