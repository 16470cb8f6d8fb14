"""Zaaktypen: each type with its versions, and one version with all its parts."""

import asyncio
from itertools import groupby
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.forms import Text
from console.municipality import OfMunicipality
from console.people import CatalogueReader
from console.web import page

router = APIRouter()

ROOT = "/catalogi/api/v1"
MOST = 5_000
"""Versions of types that the list shows."""
PARTS = {
    "statustypen": "Statustypen",
    "resultaattypen": "Resultaattypen",
    "roltypen": "Roltypen",
    "eigenschappen": "Eigenschappen",
    "zaaktype-informatieobjecttypen": "Informatieobjecttypen",
    "zaakobjecttypen": "Zaakobjecttypen",
}


@router.get("/zaaktypen")
async def zaaktypen(request: Request, person: CatalogueReader, services: OfMunicipality, zoek: Text = "") -> Response:
    """The types by catalogue, each with its versions; those whose name or number has a text."""
    catalogi = {one["url"]: one for one in (await services.get(f"{ROOT}/catalogussen"))["results"]}
    versions: list[dict[str, Any]] = []
    url: str | None = f"{ROOT}/zaaktypen?status=alles&pageSize=500"
    while url and len(versions) < MOST:
        found = await services.get(url)
        versions += found["results"]
        url = found["next"]
    wanted = [one for one in versions if zoek.lower() in f"{one['identificatie']} {one['omschrijving']}".lower()]
    wanted.sort(key=lambda one: (one["catalogus"], one["omschrijving"].lower(), one["identificatie"]))
    types = [
        {"catalogus": catalogi.get(key[0]), "identificatie": key[1], "versions": _in_order(list(group))}
        for key, group in groupby(wanted, key=lambda one: (one["catalogus"], one["identificatie"]))
    ]
    return page(request, "zaaktypen.html", types=types, zoek=zoek)


def _in_order(versions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(versions, key=lambda one: one["beginGeldigheid"], reverse=True)


@router.get("/zaaktypen/{uuid}")
async def zaaktype(request: Request, person: CatalogueReader, services: OfMunicipality, uuid: UUID) -> Response:
    """One version with its parts, and beside which others it stands."""
    found = await services.get(f"{ROOT}/zaaktypen/{uuid}")
    others, *parts = await asyncio.gather(
        services.get(
            f"{ROOT}/zaaktypen",
            catalogus=found["catalogus"],
            identificatie=found["identificatie"],
            status="alles",
        ),
        *(services.get(f"{ROOT}/{name}", zaaktype=found["url"], status="alles") for name in PARTS),
    )
    return page(
        request,
        "zaaktype.html",
        zaaktype=found,
        versions=_in_order(others["results"]),
        parts=[(title, part["results"]) for title, part in zip(PARTS.values(), parts, strict=True)],
    )
