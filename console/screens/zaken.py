"""Zaak opzoeken: by number or words, by uuid, or by BSN with a reason; and one zaak with all that belongs to it."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.forms import Day, PageNumber, Text, Typed
from console.municipality import OfMunicipality
from console.people import Reader
from console.services import Services
from console.web import page, to
from runtime.problems import Problem

router = APIRouter()

ZAKEN = "/zaken/api/v1/zaken"
PAGE = 50
MOST_OF_PERSON = 500
"""Zaken of one person that are shown."""
MOST = 200
"""Parts of one kind that the page of a zaak shows."""


@router.get("/zaken")
async def zaken(
    request: Request,
    person: Reader,
    services: OfMunicipality,
    zoek: Text = "",
    van: Day = None,
    tot: Day = None,
    pagina: PageNumber = 1,
) -> Response:
    """Zaken whose number has a text, or a uuid that leads to one."""
    if (uuid := _uuid(zoek)) is not None:
        return to(f"/zaken/{uuid}")
    kept = {"startdatum__gte": van, "startdatum__lte": tot, "ordering": "-startdatum", "pageSize": PAGE}
    field = "identificatie__icontains"
    if zoek and not (await services.get(ZAKEN, **{**kept, field: zoek, "pageSize": 1}))["count"]:
        field = "omschrijving"
    found = await services.get(ZAKEN, **kept, **{field: zoek}, page=pagina)
    names = await _named(services, {zaak["zaaktype"] for zaak in found["results"]})
    return page(
        request,
        "zaken.html",
        found=found,
        names=names,
        zoek=zoek,
        van=van,
        tot=tot,
        pagina=pagina,
        size=PAGE,
        bsn=False,
    )


@router.post("/zaken/bsn")
async def by_bsn(
    request: Request,
    person: Reader,
    services: OfMunicipality,
    bsn: Typed = "",
    reden: Typed = "",
) -> Response:
    """Zaken of a person. It is no address, so that no BSN is in a history or a log; and it asks why."""
    number, reason = bsn.replace(" ", "").replace(".", ""), reden.strip()
    if not (number.isascii() and number.isdigit() and len(number) in (8, 9)):
        raise Problem(400, "invalid", "Een BSN heeft negen cijfers.")
    if len(reason) < 5:
        raise Problem(400, "invalid", "Zeg waarom u deze persoon opzoekt.")
    await request.app.state.log.add(request, person, "search-bsn", reason=reason)
    found = await services.send(
        "GET",
        f"{ZAKEN}?rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn={number.zfill(9)}&pageSize={MOST_OF_PERSON}",
        reason=reason,
    )
    names = await _named(services, {zaak["zaaktype"] for zaak in found["results"]})
    return page(
        request,
        "zaken.html",
        found=found,
        names=names,
        zoek="",
        van=None,
        tot=None,
        pagina=1,
        size=MOST_OF_PERSON,
        bsn=True,
    )


@router.get("/zaken/{uuid}")
async def zaak(request: Request, person: Reader, services: OfMunicipality, uuid: UUID) -> Response:
    """One zaak: its type, statuses, rollen, documents, besluiten, eigenschappen and trail."""
    found = await services.get(f"{ZAKEN}/{uuid}", expand="zaaktype,status.statustype,resultaat.resultaattype")
    url = found["url"]
    statussen, rollen, stukken, besluiten, eigenschappen, trail = await asyncio.gather(
        services.get("/zaken/api/v1/statussen", zaak=url, expand="statustype"),
        services.get("/zaken/api/v1/rollen", zaak=url),
        services.get("/zaken/api/v1/zaakinformatieobjecten", zaak=url, expand="informatieobject"),
        services.get("/besluiten/api/v1/besluiten", zaak=url, expand="besluittype"),
        services.get(f"{ZAKEN}/{uuid}/zaakeigenschappen"),
        services.find(f"{ZAKEN}/{uuid}/audittrail"),
    )
    return page(
        request,
        "zaak.html",
        zaak=found,
        statussen=sorted(statussen["results"], key=lambda one: one["datumStatusGezet"]),
        rollen=rollen["results"],
        more_rollen=rollen["count"] - len(rollen["results"]),
        stukken=stukken[:MOST],
        more_stukken=max(len(stukken) - MOST, 0),
        besluiten=besluiten["results"],
        eigenschappen=eigenschappen[:MOST],
        trail=(trail or [])[-MOST:][::-1],
    )


async def _named(services: Services, urls: set[str]) -> dict[str, str]:
    """Return the omschrijving of each type, by URL."""

    async def one(url: str) -> tuple[str, str]:
        found: Any = await services.find(url)
        return url, found["omschrijving"] if found else ""

    return dict(await asyncio.gather(*(one(url) for url in urls)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.rpartition("/")[2]) if len(text) >= 32 else None
    except ValueError:
        return None
