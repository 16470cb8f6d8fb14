"""Several writes of one zaak at once, as Open Zaak has them: the bodies and rules are those of the ordinary operations
(``zgw.together``)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runtime.problems import OBJECT, InvalidParam, Problem
from runtime.statements import Executor, Row
from services.zaken.afsluiten import is_eindstatus
from services.zaken.archivering import afleidingswijze
from services.zaken.gesloten import mag_inzien
from services.zaken.locks import lock_for_bewerking
from services.zaken.references import type_van
from services.zaken.resultaat import RESULTAAT
from services.zaken.rol import ROL
from services.zaken.rollen_vervangen import rollen_van, rollen_vervangen, rollen_zijn_dezelfde
from services.zaken.status import STATUS
from services.zaken.status_velden import StatusFields
from services.zaken.zaak import ZAAK
from services.zaken.zaakinformatieobject import ZAAKINFORMATIEOBJECT
from services.zaken.zaakobject import ZAAKOBJECT
from zgw.api import Described, Member
from zgw.check import Check
from zgw.dependencies import CurrentCall, accepts_json, sends_json
from zgw.members import Several, sent_members
from zgw.read import find
from zgw.request import Call, answer
from zgw.rights import Rights
from zgw.routing import Operation
from zgw.shapes import Statustype
from zgw.together import Write, answered, below, store_together
from zgw.write import in_line, starting_again

EINDSTATUS = "Dit is de eindstatus; die wordt gezet door de zaak af te sluiten."
DEFINITIES = 5
"""Zaakobjecten of one body with an objectTypeOverigeDefinitie: its programs take a second or two each."""
GEEN_EINDSTATUS = "Een zaak wordt afgesloten met de eindstatus van haar zaaktype."

ZAAK_BIJ = Member("zaak", ZAAK, "update")
ZAAK_BIJ_OPTIONEEL = Member("zaak", ZAAK, "update", required=False)
OPSCHORTING = Member("zaak", ZAAK, "update", only=("opschorting",))
VERLENGING = Member("zaak", ZAAK, "update", only=("verlenging",))
STATUS_ERBIJ = Member("status", STATUS)
RESULTAAT_ERBIJ = Member("resultaat", RESULTAAT)
ROLLEN = Member("rollen", ROL, many=True, required=False)

NIEUWE_ZAAK = Member("zaak", ZAAK)
NIEUWE_ROLLEN = Member("rollen", ROL, many=True)
DOCUMENTEN = Member("zaakinformatieobjecten", ZAAKINFORMATIEOBJECT, many=True, required=False)
OBJECTEN = Member("zaakobjecten", ZAAKOBJECT, many=True, required=False)


async def _is_de_laatste(check: Check[StatusFields]) -> bool | None:
    """Return whether the new status is the eindstatus, or None when its type could not be found."""
    statustype = check.resolved(check.fields.statustype, Statustype)
    return None if statustype is None else await is_eindstatus(check, statustype)


async def status_is_niet_de_eindstatus(check: Check[StatusFields]) -> None:
    """eindstatus-not-allowed: alleen afsluiten zet de eindstatus."""
    if await _is_de_laatste(check):
        check.reject(OBJECT, "eindstatus-not-allowed", EINDSTATUS)


async def status_is_de_eindstatus(check: Check[StatusFields]) -> None:
    """eindstatus-required: afsluiten zet de eindstatus."""
    if await _is_de_laatste(check) is False:
        check.reject(OBJECT, "eindstatus-required", GEEN_EINDSTATUS)


router = APIRouter(prefix="/zaken/api/v1", tags=["Open Zaak"], route_class=Operation)
JSON = [Depends(accepts_json), Depends(sends_json)]


async def wijzig(
    call: Call,
    members: tuple[Member, ...],
    rights: Mapping[str, Rights],
    compose: Callable[[Check, dict[str, Any]], Awaitable[list[Write]]],
    names: tuple[str, ...],
    closes: bool = False,
) -> Response:
    """Change the zaak of the path and write what ``compose`` makes of the body below it; answer 200 with ``names``."""
    first = await find(call, ZAAK, rights["zaak"], full=True)
    sent = await sent_members(call, members)

    async def attempt(number: int) -> Response:
        stored: Row = await find(call, ZAAK, rights["zaak"], full=True) if number else first
        zaak = Check(call, ZAAK, "partial_update", sent.get("zaak", {}), stored)
        zaak.within = "zaak"
        rest = await compose(zaak, sent)
        mag_rollen_zien = "rollen" in names and "rollen" not in sent and await mag_inzien(zaak, stored)
        writes = [Write(zaak, rights["zaak"]), *rest]

        async def lock(db: Executor) -> None:
            resultaat: Check[Any] | None = next((w.check for w in rest if w.check.resource is RESULTAAT), None)
            kind = await type_van(resultaat, resultaat.fields.resultaattype) if resultaat else None
            gerelateerd = afleidingswijze(kind) == "gerelateerde_zaak"
            await lock_for_bewerking(db, zaak, closes, gerelateerd)
            if "rollen" in sent:
                await rollen_zijn_dezelfde(db, zaak.uuid, rest)

        async def read(db: Executor, inside: Call) -> dict[str, Any]:
            found = await answered(db, writes)
            if mag_rollen_zien:
                found["rollen"] = await rollen_van(db, inside, zaak.uuid)
            return {name: found.get(name, []) for name in names}

        content = await store_together(writes, read, lock=lock, trail=("zaak", "status", "resultaat", "rollen"))
        return answer(content, 200, {k: v for w in writes for k, v in w.check.headers.items()})

    return await in_line(call, attempt, f"/zaken/api/v1/zaken/{first['uuid']}")


AFSLUITEN = (ZAAK_BIJ, RESULTAAT_ERBIJ, STATUS_ERBIJ)


@router.post(
    "/zaak_afsluiten/{uuid:uuid}",
    operation_id="zaak_afsluiten",
    dependencies=JSON,
    openapi_extra={"zgw": Described(taken=AFSLUITEN, shown=AFSLUITEN, parameters=("audit",), extension=True)},
)
async def afsluiten(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*AFSLUITEN))]
) -> Response:
    """Sluit een zaak af: met de gewijzigde gegevens van de zaak, haar resultaat en de eindstatus."""

    async def compose(zaak: Check, sent: dict[str, Any]) -> list[Write]:
        resultaat = below(zaak, RESULTAAT_ERBIJ, sent["resultaat"])
        status = below(zaak, STATUS_ERBIJ, sent["status"])
        # The eindstatus looks for the resultaat, and derives the archiving from it.
        return [
            Write(resultaat, rights["resultaat"]),
            Write(status, rights["status"], [status_is_de_eindstatus]),
        ]

    return await wijzig(call, AFSLUITEN, rights, compose, ("zaak", "resultaat", "status"), closes=True)


def _alleen_de_status(rights: Mapping[str, Rights], zaak: Check, sent: Mapping[str, Any]) -> Write:
    return Write(below(zaak, STATUS_ERBIJ, sent["status"]), rights["status"], [status_is_niet_de_eindstatus])


async def _wijzig_met_een_status(call: Call, members: tuple[Member, ...], rights: Mapping[str, Rights]) -> Response:
    """Change the zaak of the path, and give it a status that is not the last."""

    async def compose(zaak: Check, sent: dict[str, Any]) -> list[Write]:
        return [_alleen_de_status(rights, zaak, sent)]

    return await wijzig(call, members, rights, compose, ("zaak", "status"))


OPSCHORTEN = (OPSCHORTING, STATUS_ERBIJ)


@router.post(
    "/zaak_opschorten/{uuid:uuid}",
    operation_id="zaak_opschorten",
    dependencies=JSON,
    openapi_extra={"zgw": Described(taken=OPSCHORTEN, shown=OPSCHORTEN, parameters=("audit",), extension=True)},
)
async def opschorten(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*OPSCHORTEN))]
) -> Response:
    """Schort een zaak op, of hef dat op, met een status die daarbij hoort."""
    return await _wijzig_met_een_status(call, OPSCHORTEN, rights)


VERLENGEN = (VERLENGING, STATUS_ERBIJ)


@router.post(
    "/zaak_verlengen/{uuid:uuid}",
    operation_id="zaak_verlengen",
    dependencies=JSON,
    openapi_extra={"zgw": Described(taken=VERLENGEN, shown=VERLENGEN, parameters=("audit",), extension=True)},
)
async def verlengen(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*VERLENGEN))]
) -> Response:
    """Verleng de behandeling van een zaak, met een status die daarbij hoort. De datums van de zaak blijven gelijk."""
    return await _wijzig_met_een_status(call, VERLENGEN, rights)


BIJWERKEN = (ZAAK_BIJ_OPTIONEEL, STATUS_ERBIJ, ROLLEN)


@router.post(
    "/zaak_bijwerken/{uuid:uuid}",
    operation_id="zaak_bijwerken",
    dependencies=JSON,
    openapi_extra={
        "zgw": Described(taken=BIJWERKEN, shown=(ZAAK_BIJ, ROLLEN, STATUS_ERBIJ), parameters=("audit",), extension=True)
    },
)
async def bijwerken(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*BIJWERKEN))]
) -> Response:
    """Werk een zaak bij, met een nieuwe status, en zo nodig met al haar rollen."""

    async def compose(zaak: Check, sent: dict[str, Any]) -> list[Write]:
        status = _alleen_de_status(rights, zaak, sent)
        if "rollen" not in sent:
            return [status]
        return [status, *await rollen_vervangen(call, rights["rollen"], zaak, sent["rollen"])]

    return await wijzig(call, BIJWERKEN, rights, compose, ("zaak", "rollen", "status"))


REGISTREREN = (NIEUWE_ZAAK, NIEUWE_ROLLEN, DOCUMENTEN, OBJECTEN, STATUS_ERBIJ)


@router.post(
    "/zaak_registreren",
    operation_id="zaak_registreren",
    status_code=201,
    dependencies=JSON,
    openapi_extra={"zgw": Described(taken=REGISTREREN, shown=REGISTREREN, parameters=("audit",), extension=True)},
)
async def registreren(
    call: CurrentCall, rights: Annotated[Mapping[str, Rights], Depends(Several(*REGISTREREN))]
) -> Response:
    """Maak een zaak met haar rollen, documenten, objecten en eerste status."""
    sent = await sent_members(call, REGISTREREN)
    if sum(bool(item.get("objectTypeOverigeDefinitie")) for item in sent.get("zaakobjecten", ())) > DEFINITIES:
        reason = f"Geef ten hoogste {DEFINITIES} objecten met een objectTypeOverigeDefinitie tegelijk."
        raise Problem(400, "invalid", invalid_params=[InvalidParam("zaakobjecten", "max_length", reason)])
    parts = (NIEUWE_ROLLEN, DOCUMENTEN, OBJECTEN)

    async def attempt(_: int) -> Response:
        zaak = Check(call, ZAAK, "create", sent["zaak"], None)
        zaak.within = "zaak"
        rest = [
            Write(below(zaak, member, item, index), rights[member.name])
            for member in parts
            for index, item in enumerate(sent.get(member.name, ()))
        ]
        status = Write(below(zaak, STATUS_ERBIJ, sent["status"]), rights["status"])
        writes = [Write(zaak, rights["zaak"]), *rest, status]

        async def read(db: Executor, _: Call) -> dict[str, Any]:
            found = await answered(db, writes)
            return {member.name: found.get(member.name, []) for member in REGISTREREN}

        content = await store_together(
            writes,
            read,
            trail=[member.name for member in REGISTREREN],
            announced=[member.name for member in (NIEUWE_ZAAK, STATUS_ERBIJ, *parts)],
        )
        return answer(content, 201, {k: v for w in writes for k, v in w.check.headers.items()})

    return await starting_again(attempt)
