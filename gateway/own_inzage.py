"""``/beheer/api/v1/inzage``: who saw what. The gateway asks the Autorisaties service, which knows who may read it and
asks the logs of the others."""

import csv
import io
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from gateway.asking import Ask
from gateway.own_api_query import checked
from gateway.own_inzage_shapes import ERRORS, Bladerend, Exporterend, Gevraagd, Raadplegingen
from runtime.identity import Caller
from runtime.problems import Problem, invalid
from zgw.reading_log.read import PATHS

PATH = "/beheer/api/v1/inzage"
EXPORT = f"{PATH}/export"
SHOWN = 100
"""Objects of a read on a page."""
AT_ONCE = 50
"""Reads of an export that are in memory."""
COLUMNS = (
    "tijdstip",
    "actie",
    "dienst",
    "applicatie",
    "gebruikersId",
    "gebruikersWeergave",
    "toelichting",
    "verwerkingsactiviteit",
    "requestId",
    "traceId",
    "filters",
    "soort",
    "url",
    "zaak",
    "vertrouwelijkheidaanduiding",
    "expand",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How texts begin that a spreadsheet takes for a formula."""

router = APIRouter(prefix=PATH)
JWT: dict[str, Any] = {"security": [{"JWT-Claims": []}]}


async def browsing(request: Request, asked: Annotated[Bladerend, Query()]) -> Bladerend:
    """Return the filters of a page; raise Problem 400 for a parameter that there is not, or that is there twice."""
    return checked(request, asked)


async def exporting(request: Request, asked: Annotated[Exporterend, Query()]) -> Exporterend:
    """Return the filters of an export; raise Problem 400 as :func:`browsing` does."""
    return checked(request, asked)


@router.get(
    "",
    operation_id="inzage_list",
    tags=["inzage"],
    summary="Opvragen wie wat heeft gezien.",
    response_model=Raadplegingen,
    responses={
        200: {"description": "De raadplegingen."},
        **ERRORS,
    },
    openapi_extra=JWT,
)
async def inzage(request: Request, asked: Annotated[Bladerend, Depends(browsing)]) -> Response:
    """Geeft de raadplegingen van zaken, rollen, documenten en besluiten, de laatste eerst. Nodig is de scope
    `inzage.lezen` van de Autorisaties API. Elke vraag komt zelf in het logboek.
    """
    before = None if asked.cursor is None else place_of(*asked.cursor.rsplit("_", 1))
    found = await ask(request, asked, asked.pageSize, before, SHOWN)
    following = None
    if found["more"]:
        last = found["results"][-1]
        kept = {name: value for name, value in request.query_params.items() if name != "cursor"}
        query = urlencode({**kept, "cursor": f"{last['tijdstip']}_{last['id']}"})
        following = f"{request.scope['samenzaak.base']}{PATH}?{query}"
    return Response(orjson.dumps({"next": following, "results": found["results"]}), media_type="application/json")


@router.get(
    "/export",
    operation_id="inzage_export",
    tags=["inzage"],
    summary="Exporteren wie wat heeft gezien.",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "De raadplegingen, de laatste eerst.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/jsonl": {"schema": {"type": "string"}},
            },
        },
        **ERRORS,
    },
    openapi_extra=JWT,
)
async def export(request: Request, asked: Annotated[Exporterend, Depends(exporting)]) -> Response:
    """Geeft alle raadplegingen die aan de filters voldoen als CSV of als JSON Lines. Een antwoord dat niet volledig is,
    eindigt met een verbroken verbinding. Nodig is de scope `inzage.lezen`.
    """
    first = await ask(request, asked, AT_ONCE, None, None)
    lines = csv_of if asked.formaat == "csv" else jsonl_of

    async def parts() -> AsyncIterator[bytes]:
        found = first
        if asked.formaat == "csv":
            yield line_of(COLUMNS)
        while True:
            yield lines(found["results"])
            if not found["more"]:
                return
            last = found["results"][-1]
            found = await ask(request, asked, AT_ONCE, place_of(last["tijdstip"], last["id"]), None, begin=False)

    kind = "text/csv; charset=utf-8" if asked.formaat == "csv" else "application/jsonl"
    name = f'attachment; filename="inzage.{asked.formaat}"'
    return StreamingResponse(parts(), 200, {"Content-Disposition": name}, kind)


async def ask(
    request: Request, asked: Gevraagd, limit: int, before: list[Any] | None, most: int | None, *, begin: bool = True
) -> dict[str, Any]:
    """Return reads of the log, and whether there are more. Raises Problem 403 for who may not read it."""
    caller: Caller = request.scope["samenzaak.caller"]
    if asked.bsn is not None and asked.object is not None:
        raise invalid("bsn", "invalid", "Geef object of bsn, niet beide.")
    question = {
        "since": asked.vanaf and asked.vanaf.isoformat(),
        "until": asked.tot and asked.tot.isoformat(),
        "client": asked.applicatie,
        "user": asked.gebruiker,
        "action": asked.actie,
        "request_id": asked.requestId,
        "trace_id": asked.traceId,
        "objects": None if asked.object is None else [uuid_of(asked.object, caller.bases)],
        "before": before,
        "limit": limit,
        "most": most,
    }
    given = {name: value for name, value in request.query_params.items() if name != "cursor"}
    body = {"question": question, "persoon": asked.bsn, "filters": given, "begin": begin}
    asking: Ask = request.scope["samenzaak.ask"]
    found: dict[str, Any] = await asking("/_intern/inzage", body)
    return found


def place_of(moment: str, number: str) -> list[Any]:
    """Return the place in the log of a read, by what is shown of it."""
    return [moment, int(number, 16)]


def uuid_of(text: str, bases: Sequence[str]) -> str:
    """Return the uuid of an object, or of the URL of one of a kind that is recorded; raise Problem 400 otherwise."""
    base = next((base for base in bases if text.startswith(f"{base}/")), "")
    start = next((start for start in PATHS.values() if text[len(base) :].startswith(start)), "")
    rest = text[len(base) + len(start) :]
    try:
        if len(rest) == 36 and (start or not base):
            return str(uuid.UUID(rest))
    except ValueError:
        pass
    raise _no_object()


def _no_object() -> Problem:
    return invalid("object", "invalid", "Geef een UUID, of het adres van een zaak, rol, document of besluit.")


def jsonl_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return reads as lines of JSON."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return reads as lines of CSV: one for each object, and one for a read that showed none."""
    lines = []
    for row in rows:
        filters = orjson.dumps(row["filters"]).decode() if row["filters"] else ""
        for one in row["objecten"] or [{}]:
            known = {**row, **one, "filters": filters}
            lines.append(line_of([known.get(name) for name in COLUMNS]))
    return b"".join(lines)


def line_of(values: Sequence[Any]) -> bytes:
    """Return a line of CSV, in which nothing can be taken for a formula."""
    texts = ["" if value is None else str(value) for value in values]
    out = io.StringIO()
    csv.writer(out).writerow([f"'{text}" if text.startswith(FORMULA) else text for text in texts])
    return out.getvalue().encode()
