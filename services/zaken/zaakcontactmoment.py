"""Zaakcontactmoment: a contact with somebody, registered in another API, about a zaak (zaken.md §3.6)."""

from typing import Annotated

from services.zaken.zaakrelatie import ELDERS, ZaakRelatieFields, spiegel, zaakrelatie
from zgw.check import Check
from zgw.mirroring.agreement import Agreement


class ZaakContactMomentFields(ZaakRelatieFields):
    """The fields that clients write."""

    contactmoment: Annotated[str, ELDERS]


def spiegel_bij_het_contactmoment(check: Check) -> Agreement | None:
    """zrc-025a: the API of the contactmoment knows that it is about this zaak."""
    return spiegel(check, "contactmoment")


ZAAKCONTACTMOMENT = zaakrelatie(
    "contactmoment",
    "zaakcontactmomenten",
    ZaakContactMomentFields,
    spiegel_bij_het_contactmoment,
    description="De contactmomenten over een zaak.",
)
