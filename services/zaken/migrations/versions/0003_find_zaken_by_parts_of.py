"""Find zaken by parts of texts, kenmerken and rollen."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003_find_zaken_by_parts_of"
down_revision = "0002_the_validity_and_the_login"


def upgrade(op: Operations) -> None:
    """Find zaken by parts of texts, kenmerken and rollen."""
    op.execute(r"""CREATE OR REPLACE FUNCTION trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS $$ SELECT ARRAY(SELECT substr(value, i, 3) FROM generate_series(1, length(value) - 2) i) $$""")
    op.create_index(
        "rol_kvknummer",
        "rol",
        [sa.literal_column("(betrokkene_identificatie ->> 'kvkNummer')")],
        unique=False,
        postgresql_where=sa.text("(betrokkene_identificatie ->> 'kvkNummer') != ''"),
    )
    op.execute("CREATE STATISTICS rol_kvknummer_values ON (betrokkene_identificatie ->> 'kvkNummer') FROM rol")
    op.create_index(
        "rol_loa",
        "rol",
        [sa.literal_column("(authenticatie_context ->> 'levelOfAssurance')"), "zaak"],
        unique=False,
        postgresql_where=sa.text("authenticatie_context IS NOT NULL"),
    )
    op.create_index("resultaat_zaken", "resultaat", ["resultaattype", "zaak"], unique=False)
    op.create_index("rol_machtiging", "rol", ["indicatie_machtiging", "zaak"], unique=False)
    op.create_index("status_current", "status", ["statustype", "zaak", "datum_status_gezet"], unique=False)
    op.create_index(
        "zaak_identificatie_trigrams",
        "zaak",
        [sa.literal_column("trigrams(lower(identificatie))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "zaak_kenmerken",
        "zaak",
        ["kenmerken"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"kenmerken": "jsonb_path_ops"},
        postgresql_where=sa.text("kenmerken != '[]'"),
    )
    op.create_index(
        "zaak_omschrijving_trigrams",
        "zaak",
        [sa.literal_column("trigrams(lower(omschrijving))")],
        unique=False,
        postgresql_using="gin",
    )
