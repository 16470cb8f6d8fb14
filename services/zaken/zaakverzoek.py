"""Zaakverzoek: a request of somebody, registered in another API, that a zaak handles (zaken.md §3.6)."""

from typing import Annotated

from services.zaken.zaakrelatie import ELDERS, ZaakRelatieFields, spiegel, zaakrelatie
from zgw.check import Check
from zgw.mirroring.agreement import Agreement


class ZaakVerzoekFields(ZaakRelatieFields):
    """The fields that clients write."""

    verzoek: Annotated[str, ELDERS]


def spiegel_bij_het_verzoek(check: Check) -> Agreement | None:
    """zrc-024: the API of the verzoek knows that this zaak handles it."""
    return spiegel(check, "verzoek")


ZAAKVERZOEK = zaakrelatie(
    "verzoek",
    "zaakverzoeken",
    ZaakVerzoekFields,
    spiegel_bij_het_verzoek,
    description="De verzoeken die een zaak behandelt.",
    warning="Dit onderdeel van de standaard is verouderd.",
)
