"""Which zaaktypen have a text in their omschrijving: for the Zaken API, whose lists are filtered by it."""

from sqlalchemy import select
from starlette.responses import Response

from services.catalogi.zaaktype import ZAAKTYPE_TABLE
from zgw.contains import has
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.request import answer
from zgw.types import Ref

intern = internal_router()
PREFIX = Ref("catalogi", "zaaktypen").prefix
T = ZAAKTYPE_TABLE.c


@intern.get("/zaaktypen")
async def zaaktypen_met(call: CurrentCall) -> Response:
    """Answer the stored paths of the versions of zaaktypen that have ``omschrijving`` in theirs, whatever the case; not
    more than ``most``."""
    given = call.query()
    statement = select(T.uuid).where(has(T.omschrijving, given["omschrijving"])).order_by(T.id)
    rows = await call.db.rows(call.tenant, statement.limit(int(given["most"])))
    return answer([f"{PREFIX}{row['uuid']}" for row in rows])
