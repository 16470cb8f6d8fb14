"""Numbers of documents that are reserved before the documents are made, as Open Zaak has it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import WithJsonSchema
from starlette.responses import Response

from services.documenten.document import AANMAKEN
from services.documenten.document_velden import NUMBERS
from zgw.api import Described
from zgw.dependencies import CurrentCall, Given, Needs, Sent, accepts_json, sends_json
from zgw.fields import Fields
from zgw.numbers import numbers_answer
from zgw.routing import Operation
from zgw.types import WRITE_ONLY, Rsin, Shown, Whole


class DocumentnummerFields(Fields):
    """The body of a reservation."""

    bronorganisatie: Annotated[Rsin, Shown(9, 9), WRITE_ONLY]
    aantal: Annotated[int, Whole(1), WithJsonSchema({"type": "integer", "minimum": 1}), WRITE_ONLY] = 1


class DocumentnummerShown(Fields):
    """One reserved number."""

    identificatie: str


router = APIRouter(prefix="/documenten/api/v1", tags=["Open Zaak"], route_class=Operation)


@router.post(
    "/documentnummer_reserveren",
    operation_id="documentnummer_reserveren",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(AANMAKEN)), Depends(Given())],
    openapi_extra={"zgw": Described(response=DocumentnummerShown, shape="object|array", extension=True)},
)
async def reserveren(
    call: CurrentCall, asked: Annotated[DocumentnummerFields, Depends(Sent(DocumentnummerFields))]
) -> Response:
    """Reserveer nummers voor documenten. Eén nummer geeft een object, meer nummers geven een lijst."""
    numbers = await NUMBERS.reserve(call, asked.bronorganisatie, asked.aantal)
    return numbers_answer("identificatie", numbers)
