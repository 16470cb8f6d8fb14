"""Overzicht: whether everything runs, and which municipalities there are."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.people import Operator
from console.web import page

router = APIRouter()


@router.get("/overzicht")
async def overzicht(request: Request, person: Operator) -> Response:
    """What runs, in which version, and the number of municipalities and applications."""
    missing = await request.app.state.missing()
    async with request.app.state.database.acquire() as db:
        tenants = await db.fetchval("SELECT count(*) FROM gateway.tenant")
        clients = await db.fetchval("SELECT count(*) FROM gateway.client")
        sessions = await db.fetchval("SELECT count(*) FROM console.session WHERE seen > now() - interval '30 minutes'")
    return page(request, "overzicht.html", missing=missing, tenants=tenants, clients=clients, sessions=sessions)
