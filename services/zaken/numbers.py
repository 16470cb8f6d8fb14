"""Numbers of zaken: generated, reserved, never given twice (zrc-002, zaken.md §7.3)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import WithJsonSchema
from sqlalchemy import (
    ARRAY,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from starlette.responses import Response

from runtime.problems import InvalidParam, Problem
from runtime.statements import Executor, among
from services.zaken.zaak_velden import ZAAK_TABLE, ZaakFields
from zgw.api import Described
from zgw.check import Check
from zgw.dependencies import CurrentCall, Given, Needs, Sent, accepts_json, sends_json
from zgw.fields import Fields
from zgw.numbers import Numbers
from zgw.problems import not_unique
from zgw.request import Call, answer
from zgw.rights import scopes
from zgw.routing import Operation
from zgw.types import WRITE_ONLY, Rsin, Shown, Whole

NUMBERS = Numbers(ZAAK_TABLE, "ZAAK", "bronorganisatie")
RESERVED, USED = "reserved", "used"
"""Why a number is not given out, beside ``GONE``: reserved, and reserved and used since."""

_taken = NUMBERS.taken.c
MAX_AANTAL = 10_000

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


router = APIRouter(prefix="/zaken/api/v1", tags=["zaaknummer_reserveren"], route_class=Operation)


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
    """Reserveer zaaknummers. Eén nummer geeft een object, meer nummers geven een lijst (Z8)."""
    if asked.aantal > MAX_AANTAL:
        reason = f"Reserveer ten hoogste {MAX_AANTAL} nummers tegelijk."
        raise Problem(400, "invalid", invalid_params=[InvalidParam("aantal", "max_value", reason)])
    numbers = [{"zaaknummer": nummer} for nummer in await reserveer(call, asked.bronorganisatie, asked.aantal)]
    return answer(numbers[0] if asked.aantal == 1 else numbers, 201)


async def reserveer(call: Call, bronorganisatie: str, aantal: int) -> list[str]:
    """Reserve numbers of this year and return them."""
    prefix, step = NUMBERS.prefix(call.today().year), aantal
    found: list[str] = []
    while len(found) < aantal:
        async with call.db.transaction(call.tenant) as db:
            row = await db.row(NUMBERS.raised(prefix, step))
            assert row is not None
            numbers = [f"{prefix}{n:010d}" for n in range(row["last"] - step + 1, row["last"] + 1)]
            taken = select(ZAAK_TABLE.c.identificatie).where(
                among(ZAAK_TABLE.c.identificatie, numbers), ZAAK_TABLE.c.bronorganisatie == bronorganisatie
            )
            ours = select(_taken.number).where(among(_taken.number, numbers), _taken.owner == bronorganisatie)
            bezet = {row["identificatie"] for row in await db.rows(taken)} | {
                row["number"] for row in await db.rows(ours)
            }
            free = [nummer for nummer in numbers if nummer not in bezet][: aantal - len(found)]
            if free:
                nummers = func.unnest(bindparam(None, free, type_=ARRAY(Text)))
                values = select(nummers, literal(bronorganisatie), literal(RESERVED))
                await db.execute(insert(NUMBERS.taken).from_select(["number", "owner", "reason"], values))
            found += free
        step *= 2
    return found
