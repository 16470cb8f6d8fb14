"""The mirrors that other APIs have of what belongs to a zaak (zrc-005, zrc-024, zrc-025a)."""

from collections.abc import Mapping
from typing import Any

from services.zaken.zaak_velden import METADATA
from zgw.mirroring.agreement import Mirror, objectinformatieobject

LEADING = {
    "zaakinformatieobject": "informatieobject",
    "zaakverzoek": "verzoek",
    "zaakcontactmoment": "contactmoment",
}
"""The tables whose rows have a mirror in another API, and the column that tells in which."""

CONTACTS = {"verzoeken": "verzoek", "contactmomenten": "contactmoment"}
"""The collections of the standard that have mirrors, with what they are of; other APIs have none (Z18)."""


def mirrors_of(name: str, row: Mapping[str, Any]) -> list[Mirror]:
    """Return the mirror of one row of the table ``name``; verzoeken and contactmomenten may have none."""
    table, column = METADATA.tables[name], LEADING[name]
    zaak, other = f"/zaken/api/v1/zaken/{row['zaak']}", row[column]
    leading = (table, {"zaak": row["zaak"], column: other})
    if name == "zaakinformatieobject":
        return [objectinformatieobject(other, zaak, "zaak", leading)]
    root, collection, _ = other.rsplit("/", 2)
    if collection not in CONTACTS:
        return []
    pair = {CONTACTS[collection]: other, "object": zaak}
    return [Mirror(f"{root}/object{collection}", {**pair, "objectType": "zaak"}, pair, leading)]
