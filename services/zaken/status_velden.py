"""The fields of a status (zaken.md §3.2)."""

from typing import Annotated

from services.zaken.zaak_velden import ZAAK_REF
from zgw.fields import Fields
from zgw.types import NULL_IS_BLANK, DateTime, Length, Ref, Shown

GEZETDOOR = Ref("zaken", "rollen", table="rol", blank=True, on_delete="SET NULL", follow=False)


class StatusFields(Fields):
    """The fields that clients write."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]
    statustype: Annotated[str, Ref("catalogi", "statustypen")]
    datum_status_gezet: DateTime
    statustoelichting: Annotated[str, Length(1000)] = ""
    gezetdoor: Annotated[str, GEZETDOOR, NULL_IS_BLANK] = ""
