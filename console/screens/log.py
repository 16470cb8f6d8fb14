"""Beheerlog: who did what in the console."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from console.beheerlog import ACTS, Wanted
from console.forms import Day, PageNumber, Text
from console.people import OPERATOR, Needs, Person
from console.web import page

router = APIRouter()

PAGE = 50


@router.get("/log")
async def log(
    request: Request,
    person: Annotated[Person, Depends(Needs(OPERATOR, "beheerder", "auditor"))],
    wat: str = "",
    wie: Text = "",
    van: Day = None,
    tot: Day = None,
    pagina: PageNumber = 1,
) -> Response:
    """A page of the log: of the installation for an operator, of the municipality for its people."""
    wanted = Wanted(
        person.tenant,
        wat if wat in ACTS else None,
        wie or None,
        datetime.combine(van, datetime.min.time()).astimezone() if van else None,
        datetime.combine(tot + timedelta(days=1), datetime.min.time()).astimezone() if tot else None,
    )
    count, rows = await request.app.state.log.read(wanted, PAGE, (pagina - 1) * PAGE)
    return page(request, "log.html", acts=ACTS, rows=rows, count=count, pagina=pagina, size=PAGE)
