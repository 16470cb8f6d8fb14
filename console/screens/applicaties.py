"""Applicaties en rechten: which applications there are, with which secrets, and what each may do."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.forms import PageNumber
from console.municipality import OfMunicipality
from console.people import Reader
from console.web import page

router = APIRouter()

APPLICATIES = "/autorisaties/api/v1/applicaties"
_SECRETS = """
    SELECT client_id, name, made, expires FROM gateway.client_secret WHERE tenant = $1 AND client_id = ANY ($2)
    ORDER BY client_id, made"""


@router.get("/applicaties")
async def applicaties(request: Request, person: Reader, services: OfMunicipality, pagina: PageNumber = 1) -> Response:
    """A page of applications."""
    found = await services.get(APPLICATIES, page=pagina)
    return page(request, "applicaties.html", found=found, pagina=pagina, size=100)


@router.get("/applicaties/{uuid}")
async def applicatie(request: Request, person: Reader, services: OfMunicipality, uuid: UUID) -> Response:
    """One application: its clients with their secrets, and its rights by API and scope."""
    found = await services.get(f"{APPLICATIES}/{uuid}")
    async with request.app.state.database.acquire() as db:
        secrets = await db.fetch(_SECRETS, person.tenant, found["clientIds"])
    return page(request, "applicatie.html", applicatie=found, secrets=secrets, rights=_by_component(found))


def _by_component(found: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the autorisaties by API; those with the same scopes and level together, with the number of types."""
    grouped: dict[tuple[str, tuple[str, ...], str], int] = {}
    for one in found["autorisaties"]:
        key = (one["component"], tuple(sorted(one["scopes"])), one.get("maxVertrouwelijkheidaanduiding") or "")
        grouped[key] = grouped.get(key, 0) + 1
    rights: dict[str, list[dict[str, Any]]] = {}
    for (component, scopes, level), count in sorted(grouped.items()):
        rights.setdefault(component, []).append({"scopes": scopes, "level": level, "types": count})
    return list(rights.items())
