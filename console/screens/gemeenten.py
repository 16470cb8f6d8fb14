"""Gemeenten: the municipalities of the installation, for its operators."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.forms import Text
from console.people import Operator
from console.web import page

router = APIRouter()

_LIST = """
    SELECT name, naam, rsin, hosts, time_zone, profiel,
        (SELECT count(*) FROM gateway.client WHERE client.tenant = tenant.name) AS clients
    FROM gateway.tenant
    WHERE $1 = ''
        OR strpos(lower(name || ' ' || naam || ' ' || rsin || ' ' || array_to_string(hosts, ' ')), lower($1)) > 0
    ORDER BY naam"""


@router.get("/gemeenten")
async def gemeenten(request: Request, person: Operator, zoek: Text = "") -> Response:
    """The municipalities, or those whose name, RSIN or host has a text."""
    async with request.app.state.database.acquire() as db:
        rows = await db.fetch(_LIST, zoek)
    return page(request, "gemeenten.html", rows=rows, zoek=zoek)
