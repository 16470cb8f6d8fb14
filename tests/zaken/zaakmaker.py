"""Makes zaken and what belongs to them, through the API, for the tests of the Zaken API."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.answers import errors
from tests.bodies import RSIN as RSIN
from tests.bodies import besluit_body, rol_body, zaak_body
from tests.maak import Types
from tests.stack import Client

ZAKEN = "/zaken/api/v1/zaken"
STATUSSEN = "/zaken/api/v1/statussen"
RESULTATEN = "/zaken/api/v1/resultaten"
BESLUITEN = "/besluiten/api/v1/besluiten"
PUNT = {"type": "Point", "coordinates": [6.16, 52.25]}
_moments = iter(range(1, 1_000_000))


def moment() -> str:
    """Return a moment in the past, later than each one before."""
    return (datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=next(_moments))).isoformat()


class Zaakmaker:
    """Makes zaken of one zaaktype as one client."""

    def __init__(self, api: Client, types: Types) -> None:
        self.api, self.types = api, types

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a zaak."""
        return zaak_body(**{"zaaktype": self.types.url, **changes})

    async def zaak(self, **changes: Any) -> dict[str, Any]:
        """Make a zaak."""
        return await self.api.created(ZAKEN, self.body(**changes))

    async def weiger(self, **changes: Any) -> list[tuple[str, str]]:
        """Send a zaak that is refused; return the errors."""
        return errors(await self.api.post(ZAKEN, self.body(**changes)))

    def status_body(self, zaak: str, nummer: int = 1, **changes: Any) -> dict[str, Any]:
        """Return the body of a status; statustype 3 is the eindstatus."""
        body = {"zaak": zaak, "statustype": self.types.statustypen[nummer - 1], "datumStatusGezet": moment()}
        return {**body, **changes}

    async def status(self, zaak: str, nummer: int = 1, **changes: Any) -> dict[str, Any]:
        """Add a status."""
        return await self.api.created(STATUSSEN, self.status_body(zaak, nummer, **changes))

    async def resultaat(self, zaak: str, **changes: Any) -> dict[str, Any]:
        """Add a resultaat."""
        body = {"zaak": zaak, "resultaattype": self.types.resultaattypen[0]}
        return await self.api.created(RESULTATEN, {**body, **changes})

    async def sluit(self, zaak: str, **changes: Any) -> httpx.Response:
        """Set the eindstatus, and return the answer."""
        return await self.api.post(STATUSSEN, self.status_body(zaak, 3, **changes))

    async def gesloten(self, **changes: Any) -> dict[str, Any]:
        """Make a zaak with a resultaat and close it."""
        zaak = await self.zaak(**changes)
        await self.resultaat(zaak["url"])
        answer = await self.sluit(zaak["url"])
        assert answer.status_code == 201, answer.text
        return await self.lees(zaak)

    async def lees(self, zaak: dict[str, Any]) -> dict[str, Any]:
        """Return a zaak as it is now."""
        answer = await self.api.get(zaak["url"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rol(self, zaak: str, **changes: Any) -> dict[str, Any]:
        """Add a rol."""
        body = rol_body(**{"zaak": zaak, "roltype": self.types.roltypen["initiator"], **changes})
        return await self.api.created("/zaken/api/v1/rollen", body)

    async def eigenschap(self, zaak: str, naam: str, waarde: str) -> dict[str, Any]:
        """Add a zaakeigenschap."""
        body = {"zaak": zaak, "eigenschap": self.types.eigenschappen[naam], "waarde": waarde}
        return await self.api.created(f"{zaak}/zaakeigenschappen", body)

    async def client(self, *scopes: str, cap: str = "zeer_geheim", zaaktype: str = "") -> Client:
        """Return a client of the same municipality with these scopes for the zaaktype."""
        grant = {"component": "zrc", "scopes": list(scopes), "zaaktype": zaaktype or self.types.url}
        name = f"client-{uuid.uuid4().hex[:12]}"
        return await self.api.stack.add_client(
            self.api.tenant, name, [{**grant, "maxVertrouwelijkheidaanduiding": cap}]
        )


async def besluit(zaken: Zaakmaker, zaak: str = "") -> dict[str, Any]:
    """Make a besluit, in a zaak when one is given."""
    return await zaken.api.created(BESLUITEN, besluit_body(zaken.types.besluittype, zaak=zaak))


async def archiveer(zaken: Zaakmaker, zaak: str) -> None:
    """Give a closed zaak another archiefstatus."""
    archief = {"archiefnominatie": "vernietigen", "archiefactiedatum": "2040-01-01", "archiefstatus": "gearchiveerd"}
    answer = await zaken.api.patch(zaak, archief)
    assert answer.status_code == 200, answer.text
