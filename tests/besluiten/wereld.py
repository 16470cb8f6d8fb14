"""Zaken, documents and besluiten of one zaaktype, for tests about how they hang together."""

import uuid
from dataclasses import dataclass
from typing import Any

from tests.bodies import RSIN as RSIN
from tests.bodies import besluit_body, zaak_body
from tests.documenten.maak_document import document
from tests.maak import Maak, Types
from tests.stack import Client

BESLUITEN = "/besluiten/api/v1/besluiten"
BIOS = "/besluiten/api/v1/besluitinformatieobjecten"
ZAKEN = "/zaken/api/v1/zaken"
ZIOS = "/zaken/api/v1/zaakinformatieobjecten"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"
OIOS = "/documenten/api/v1/objectinformatieobjecten"


@dataclass
class Werk:
    """What a client makes in one zaaktype."""

    api: Client
    maak: Maak
    types: Types

    async def zaak(self, **changes: Any) -> str:
        """Make a zaak; return its URL."""
        body = zaak_body(**{"zaaktype": self.types.url, "startdatum": "2024-01-01", "omschrijving": "Proef", **changes})
        return str((await self.api.created(ZAKEN, body))["url"])

    async def document(self, **changes: Any) -> str:
        """Make a document; return its URL."""
        usual = {"informatieobjecttype": self.types.informatieobjecttype, "indicatieGebruiksrecht": False}
        return str((await document(self.api, **{**usual, **changes}))["url"])

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a besluit."""
        usual = {"besluittype": self.types.besluittype, "datum": "2024-03-02", "ingangsdatum": "2024-03-10"}
        return besluit_body(**{**usual, **changes})

    async def besluit(self, **changes: Any) -> dict[str, Any]:
        """Make a besluit."""
        return await self.api.created(BESLUITEN, self.body(**changes))

    async def bio(self, besluit: str, informatieobject: str) -> dict[str, Any]:
        """Record a besluit in a document."""
        return await self.api.created(BIOS, {"besluit": besluit, "informatieobject": informatieobject})

    async def zio(self, zaak: str, informatieobject: str) -> dict[str, Any]:
        """Add a document to a zaak."""
        return await self.api.created(ZIOS, {"zaak": zaak, "informatieobject": informatieobject})

    async def zaakbesluiten(self, zaak: str) -> list[str]:
        """Return the besluiten that the Zaken API knows of a zaak."""
        answer = await self.api.get(f"{zaak}/besluiten")
        assert answer.status_code == 200, answer.text
        return [item["besluit"] for item in answer.json()]

    async def objecten(self, document: str) -> list[tuple[str, str]]:
        """Return what the Documenten API knows of a document: (objectType, object)."""
        answer = await self.api.get(OIOS, params={"informatieobject": document})
        assert answer.status_code == 200, answer.text
        return [(item["objectType"], item["object"]) for item in answer.json()]

    async def sluit(self, zaak: str) -> None:
        """Close a zaak."""
        await self.api.created(
            "/zaken/api/v1/resultaten", {"zaak": zaak, "resultaattype": self.types.resultaattypen[0]}
        )
        status = {"zaak": zaak, "statustype": self.types.eindstatus, "datumStatusGezet": "2024-02-01T12:00:00Z"}
        await self.api.created("/zaken/api/v1/statussen", status)


async def deelbaar(api: Client, maak: Maak) -> Werk:
    """Return work in one zaaktype whose zaken may be deelzaken of each other."""
    naam = f"deelbaar-{uuid.uuid4().hex[:8]}"
    return Werk(api, maak, await maak.zaaktype(identificatie=naam, deelzaaktypen=[naam]))
