"""The mirrors that other APIs have of relations of a zaak (zrc-005, zrc-024, zrc-025a)."""

from collections.abc import Mapping
from typing import Any

from services.zaken.zaak_velden import METADATA
from zgw.mirrors import Relation
from zgw.relations import objectcontact, objectinformatieobject

LEIDEND = {
    "zaakinformatieobject": "informatieobject",
    "zaakverzoek": "verzoek",
    "zaakcontactmoment": "contactmoment",
}
"""The tables whose rows have a mirror in another API, and the column that tells in which."""


def spiegels(name: str, row: Mapping[str, Any]) -> list[Relation]:
    """Return the mirror of one row of the table ``name``; verzoeken and contactmomenten may have none."""
    table, column = METADATA.tables[name], LEIDEND[name]
    zaak, other = f"/zaken/api/v1/zaken/{row['zaak']}", row[column]
    leading = (table, {"zaak": row["zaak"], column: other})
    if name == "zaakinformatieobject":
        return [objectinformatieobject(other, zaak, "zaak", leading)]
    return objectcontact(other, zaak, leading)
