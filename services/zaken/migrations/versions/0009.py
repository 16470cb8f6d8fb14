"""Give the machinery the names that the glossary has."""

from alembic.operations import Operations

revision = "0009"
down_revision = "0008"


def upgrade(op: Operations) -> None:
    """Rename."""
    for statement in (
        """ALTER INDEX zaak_rechten RENAME TO zaak_rights""",
        """ALTER INDEX rol_soort RENAME TO rol_kind""",
        """ALTER INDEX rol_hoogstens_een RENAME TO rol_at_most_one""",
        """ALTER INDEX zaak_einddatum_aflopend RENAME TO zaak_einddatum_descending""",
        """ALTER INDEX zaak_archiefactiedatum_aflopend RENAME TO zaak_archiefactiedatum_descending""",
        """ALTER INDEX zaak_publicatiedatum_aflopend RENAME TO zaak_publicatiedatum_descending""",
        """ALTER STATISTICS rol_inpbsn_waarden RENAME TO rol_inpbsn_values""",
        """ALTER STATISTICS rol_anpidentificatie_waarden RENAME TO rol_anpidentificatie_values""",
        """ALTER STATISTICS rol_inpa_nummer_waarden RENAME TO rol_inpa_nummer_values""",
        """ALTER STATISTICS rol_innnnpid_waarden RENAME TO rol_innnnpid_values""",
        """ALTER STATISTICS rol_annidentificatie_waarden RENAME TO rol_annidentificatie_values""",
        """ALTER STATISTICS rol_vestigingsnummer_waarden RENAME TO rol_vestigingsnummer_values""",
        """ALTER STATISTICS rol_identificatie_waarden RENAME TO rol_identificatie_values""",
    ):
        op.execute(statement)
