"""Count anew what zaaktypen keep of their subtypes: writes at the same moment could leave some of it out."""

from alembic.operations import Operations

revision = "0002"
down_revision = "0001"

SUBTYPES = {
    "statustypen": "statustype",
    "resultaattypen": "resultaattype",
    "eigenschappen": "eigenschap",
    "roltypen": "roltype",
    "zaakobjecttypen": "zaakobjecttype",
}


def upgrade(op: Operations) -> None:
    """Fill the arrays from the tables."""
    arrays = [
        f"{name} = ARRAY(SELECT s.uuid FROM {kind} s WHERE s.zaaktype = zaaktype.uuid ORDER BY s.id)"  # noqa: S608
        for name, kind in SUBTYPES.items()
    ]
    arrays.append(
        "resultaattype_omschrijving = ARRAY("
        "SELECT s.omschrijving FROM resultaattype s WHERE s.zaaktype = zaaktype.uuid ORDER BY s.id)"
    )
    arrays.append(
        "informatieobjecttype_omschrijving = ARRAY(SELECT DISTINCT s.informatieobjecttype "
        "FROM zaaktypeinformatieobjecttype s WHERE s.zaaktype = zaaktype.uuid ORDER BY 1)"
    )
    op.execute(f"UPDATE zaaktype SET {', '.join(arrays)}")  # noqa: S608
