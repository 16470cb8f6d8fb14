"""Writes below a zaak, as requests that are not sent yet."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.besluiten.wereld import ZIOS, Werk
from tests.bodies import rol_body
from tests.zaken.zaakmaker import RESULTATEN, STATUSSEN, Zaakmaker

API = "/zaken/api/v1"
GEWOON = ("zaken.lezen", "zaken.aanmaken", "zaken.bijwerken", "zaken.statussen.toevoegen", "zaken.verwijderen")
Request = tuple[str, str, Any]


def key(url: str) -> str:
    """Return the uuid of a URL."""
    return url.rpartition("/")[2]


async def rol(zaken: Zaakmaker, zaak: str) -> Request:
    return "POST", f"{API}/rollen", rol_body(zaak, zaken.types.roltypen["initiator"])


async def geen_rol(zaken: Zaakmaker, zaak: str) -> Request:
    return "DELETE", (await zaken.rol(zaak))["url"], None


async def ander_resultaat(zaken: Zaakmaker, zaak: str) -> Request:
    listed = (await zaken.api.get(RESULTATEN, params={"zaak": zaak})).json()["results"]
    return "PATCH", listed[0]["url"], {"toelichting": "anders"}


async def geen_resultaat(zaken: Zaakmaker, zaak: str) -> Request:
    return "DELETE", (await ander_resultaat(zaken, zaak))[1], None


async def eigenschap(zaken: Zaakmaker, zaak: str) -> Request:
    body = {"zaak": zaak, "eigenschap": next(iter(zaken.types.eigenschappen.values())), "waarde": "x"}
    return "POST", f"{zaak}/zaakeigenschappen", body


async def andere_eigenschap(zaken: Zaakmaker, zaak: str) -> Request:
    made = await zaken.api.created(*(await eigenschap(zaken, zaak))[1:])
    return "PUT", made["url"], {"zaak": zaak, "eigenschap": made["eigenschap"], "waarde": "y"}


async def zaakobject(zaken: Zaakmaker, zaak: str) -> Request:
    persoon = {"objectType": "natuurlijk_persoon", "objectIdentificatie": {"inpBsn": "111222333"}}
    body = {"zaak": zaak, **persoon}
    return "POST", f"{API}/zaakobjecten", body


async def document(zaken: Zaakmaker, zaak: str) -> Request:
    werk = Werk(zaken.api, None, zaken.types)  # type: ignore[arg-type]
    return "POST", ZIOS, {"zaak": zaak, "informatieobject": await werk.document()}


async def geen_document(zaken: Zaakmaker, zaak: str) -> Request:
    _, url, body = await document(zaken, zaak)
    return "DELETE", (await zaken.api.created(url, body))["url"], None


async def klantcontact(zaken: Zaakmaker, zaak: str) -> Request:
    return "POST", f"{API}/klantcontacten", {"zaak": zaak, "datumtijd": "2026-01-01T12:00:00Z"}


async def status(zaken: Zaakmaker, zaak: str) -> Request:
    return "POST", STATUSSEN, zaken.status_body(zaak, 1)


async def zaak_zelf(zaken: Zaakmaker, zaak: str) -> Request:
    return "PATCH", zaak, {"toelichting": "anders"}


SCHRIJVEN: list[Callable[[Zaakmaker, str], Awaitable[Request]]] = [
    rol,
    geen_rol,
    ander_resultaat,
    geen_resultaat,
    eigenschap,
    andere_eigenschap,
    zaakobject,
    document,
    geen_document,
    klantcontact,
    status,
    zaak_zelf,
]


def named(function: Any) -> str:
    """Return the name of a kind of write."""
    return str(function.__name__)


async def entries(zaken: Zaakmaker, zaak: str) -> list[dict[str, Any]]:
    """Return the audit trail of a zaak."""
    found: list[dict[str, Any]] = (await zaken.api.get(f"{zaak}/audittrail")).json()
    return found
