"""Numbers of zaken: generated, reserved, never given twice (zrc-002, zaken.md §7.3)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import WithJsonSchema
from sqlalchemy import (
    and_,
    exists,
    or_,
    select,
)
from starlette.responses import Response

from runtime.problems import Problem
from runtime.statements import Executor
from services.zaken.zaak_velden import ZAAK_TABLE, ZaakFields
from zgw.api import Described
from zgw.check import Check
from zgw.dependencies import CurrentCall, Given, Needs, Sent, accepts_json, sends_json
from zgw.fields import Fields
from zgw.numbers import RESERVED, Numbers, numbers_answer
from zgw.problems import not_unique
from zgw.rights import scopes
from zgw.routing import Operation
from zgw.types import WRITE_ONLY, Rsin, Shown, Whole

NUMBERS = Numbers(ZAAK_TABLE, "ZAAK", "bronorganisatie")
USED = "used"
"""Why a number is not given out, beside those of ``zgw.numbers``: reserved, and used since."""

_taken = NUMBERS.taken.c

AANMAKEN = scopes("zaken.aanmaken")


class ReserveringFields(Fields):
    """The body of a reservation."""

    bronorganisatie: Annotated[Rsin, Shown(9, 9), WRITE_ONLY]
    aantal: Annotated[int, Whole(1), WithJsonSchema({"type": "integer", "minimum": 1}), WRITE_ONLY] = 1


class ReserveringShown(Fields):
    """One reserved number."""

    zaaknummer: str


@dataclass
class Nummer:
    """Whether the identificatie of a zaak is a number that was given out just now."""

    gegeven: bool = False


async def identificatie_is_uniek(check: Check[ZaakFields]) -> None:
    """zrc-002: de identificatie is uniek binnen de bronorganisatie; een gereserveerd nummer wordt één keer gebruikt."""
    nummer, organisatie = check.fields.identificatie, check.fields.bronorganisatie
    changed = check.changed(lambda zaak: zaak.identificatie) or check.changed(lambda zaak: zaak.bronorganisatie)
    if not nummer or not changed:
        return
    zaak = and_(
        ZAAK_TABLE.c.identificatie == nummer,
        ZAAK_TABLE.c.bronorganisatie == organisatie,
        ZAAK_TABLE.c.uuid != check.uuid,
    )
    used = and_(_taken.number == nummer, _taken.owner == organisatie, _taken.reason == USED)
    statement = select(or_(exists(select(1).where(zaak)), exists(select(1).where(used))).label("bezet"))
    row = await check.call.db.row(check.call.tenant, statement)
    if row is not None and row["bezet"]:
        check.errors.append(not_unique(nummer))


async def krijgt_een_nummer(check: Check[ZaakFields]) -> None:
    """zrc-002: a zaak without identificatie gets one of the year in which it starts."""
    fields = check.fields
    if not fields.identificatie:
        fields.identificatie = await NUMBERS.next(check.call, fields.startdatum.year, fields.bronorganisatie)
        check.facts(Nummer).gegeven = True


async def reservering_is_gebruikt(db: Executor, check: Check[ZaakFields]) -> None:
    """zaken.md §7.3: a reservation is good for one zaak, also when that zaak is deleted again."""
    if check.action != "create" or check.facts(Nummer).gegeven:
        return
    nummer = check.fields.identificatie
    if not NUMBERS.pattern.fullmatch(nummer):
        return
    own = and_(_taken.number == nummer, _taken.owner == check.fields.bronorganisatie)
    row = await db.row(select(_taken.reason).where(own).with_for_update())
    if row is None:
        return
    if row["reason"] == USED:
        raise Problem(400, "invalid", invalid_params=[not_unique(nummer)])
    if row["reason"] == RESERVED:
        await db.execute(NUMBERS.taken.update().where(own).values(reason=USED))

        async def reserve_again(db: Executor) -> None:
            await db.execute(NUMBERS.taken.update().where(own).values(reason=RESERVED))

        check.undo.append(reserve_again)


router = APIRouter(prefix="/zaken/api/v1", tags=["zaaknummer_reserveren"], route_class=Operation)
oude_router = APIRouter(prefix="/zaken/api/v1", tags=["Open Zaak"], route_class=Operation)


@router.post(
    "/zaaknummer_reserveren",
    operation_id="zaaknummer_reserveren",
    status_code=201,
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(AANMAKEN)), Depends(Given())],
    openapi_extra={"zgw": Described(response=ReserveringShown, shape="object|array")},
)
async def reserveren(
    call: CurrentCall, asked: Annotated[ReserveringFields, Depends(Sent(ReserveringFields))]
) -> Response:
    """Reserveer zaaknummers. Eén nummer geeft een object, meer nummers geven een lijst."""
    numbers = await NUMBERS.reserve(call, asked.bronorganisatie, asked.aantal)
    return numbers_answer("zaaknummer", numbers)


VERVANGEN = "Deze bewerking verdwijnt; gebruik zaaknummer_reserveren."


@oude_router.post(
    "/reserveer_zaaknummer",
    operation_id="reserveer_zaaknummer",
    status_code=201,
    deprecated=True,
    dependencies=[Depends(accepts_json), Depends(sends_json), Depends(Needs(AANMAKEN)), Depends(Given())],
    openapi_extra={"zgw": Described(response=ReserveringShown, shape="object|array", extension=True)},
)
async def reserveren_onder_oude_naam(
    call: CurrentCall, asked: Annotated[ReserveringFields, Depends(Sent(ReserveringFields))]
) -> Response:
    """Reserveer zaaknummers, onder de naam die Open Zaak er eerst voor had."""
    found = await reserveren(call, asked)
    found.headers["Warning"] = f'299 "{call.base}{call.request.url.path}" "{VERVANGEN}"'
    return found
