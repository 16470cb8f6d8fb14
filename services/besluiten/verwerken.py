"""A besluit with the documents that record it, at once, as Open Zaak has it (``zgw.together``)."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runtime.statements import Executor
from services.besluiten.besluit import BESLUIT
from services.besluiten.besluitinformatieobject import BESLUITINFORMATIEOBJECT
from zgw.api import Described, Member
from zgw.check import Check
from zgw.dependencies import CurrentCall, accepts_json, sends_json
from zgw.members import Several, sent_members
from zgw.request import Call, answer
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.together import Write, answered, below, store_together
from zgw.write import starting_again

DOCUMENTEN = Member("besluitinformatieobjecten", BESLUITINFORMATIEOBJECT, many=True)
VERWERKEN = (Member("besluit", BESLUIT), DOCUMENTEN)

router = APIRouter(prefix="/besluiten/api/v1", tags=["Open Zaak"], route_class=Operation)


@router.post(
    "/besluit_verwerken",
    operation_id="besluit_verwerken",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json)],
    openapi_extra={"zgw": Described(taken=VERWERKEN, shown=VERWERKEN, parameters=("audit",), extension=True)},
)
async def verwerken(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*VERWERKEN))]
) -> Response:
    """Maak een besluit, met de documenten die het vastleggen."""
    sent = await sent_members(call, VERWERKEN)

    async def attempt(_: int) -> Response:
        besluit = Check(call, BESLUIT, "create", sent["besluit"], None)
        besluit.within = "besluit"
        documenten = [
            Write(below(besluit, DOCUMENTEN, item, index), rights[DOCUMENTEN.name])
            for index, item in enumerate(sent[DOCUMENTEN.name])
        ]
        writes = [Write(besluit, rights["besluit"]), *documenten]

        async def read(db: Executor, _: Call) -> dict[str, Any]:
            return {DOCUMENTEN.name: [], **await answered(db, writes)}

        content = await store_together(writes, read, trail=[member.name for member in VERWERKEN])
        return answer({name: content[name] for name in ("besluit", DOCUMENTEN.name)}, 201)

    return await starting_again(attempt)
