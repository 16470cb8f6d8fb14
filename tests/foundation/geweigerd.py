"""The main objects of which rights name a type, for the tests of what a refusal tells."""

from typing import Any

from tests.bodies import zaak_body
from tests.documenten.maak_document import body as document_body
from tests.maak import Types

COLLECTIONS = {
    "zaken": ("/zaken/api/v1/zaken", "zrc", "zaaktype"),
    "documenten": ("/documenten/api/v1/enkelvoudiginformatieobjecten", "drc", "informatieobjecttype"),
    "besluiten": ("/besluiten/api/v1/besluiten", "brc", "besluittype"),
}


def body_of(service: str, types: Types, **changes: Any) -> dict[str, Any]:
    """Return what makes a main object of the type of ``types``."""
    if service == "zaken":
        return {**zaak_body(types.url), **changes}
    if service == "documenten":
        return document_body(types.informatieobjecttype, **changes)
    return {
        "verantwoordelijkeOrganisatie": "517439943",
        "besluittype": types.besluittype,
        "datum": "2026-01-01",
        "ingangsdatum": "2026-01-01",
        **changes,
    }
