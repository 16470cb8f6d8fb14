"""Numbers of zaken: generated, reserved, never given twice (zrc-002, zaken.md §7.3)."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ValidationError, WithJsonSchema
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Table,
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
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.responses import Response

from services.zaken.zaak_velden import METADATA, ZAAK_TABLE
from zgw.call import Call, answer
from zgw.check import Check
from zgw.database import Executor, Row, among
from zgw.fields import WRITE_ONLY, Fields, Rsin, Shown, Whole
from zgw.problems import InvalidParam, Problem, from_pydantic, not_unique
from zgw.resource import Action
from zgw.rights import scopes
from zgw.unknown import tell_unknown_to
from zgw.verbs import no_query

TELLER = Table(
    "zaaknummer_teller",
    METADATA,
    Column("prefix", Text, primary_key=True),
    Column("laatste", BigInteger, nullable=False),
    # Room on the page keeps the updates of this row from touching its index.
    postgresql_with={"fillfactor": 10},
)
"""The last number of each year. Raised in a statement of its own, so that nobody waits for another transaction."""

NUMMER = Table(
    "zaaknummer",
    METADATA,
    Column("nummer", Text, primary_key=True),
    Column("bronorganisatie", Text, primary_key=True),
    Column("soort", Text, nullable=False),
)
"""Numbers that are not given out: ``gereserveerd``, ``gebruikt`` (reserved and used since), ``vervallen`` (of a deleted
zaak that had chosen its number itself)."""

VOLGENDE = """
    INSERT INTO zaaknummer_teller AS t (prefix, laatste) VALUES ($1, $2)
    ON CONFLICT (prefix) DO UPDATE SET laatste = t.laatste + excluded.laatste
    RETURNING laatste, set_config('synchronous_commit', 'off', true),
        EXISTS (SELECT FROM zaak
            WHERE bronorganisatie = $3 AND identificatie = t.prefix || lpad(t.laatste::text, 10, '0'))
        OR EXISTS (SELECT FROM zaaknummer
            WHERE bronorganisatie = $3 AND nummer = t.prefix || lpad(t.laatste::text, 10, '0'))
        AS bezet
"""
"""Raises the counter, and tells whether somebody else has the number already."""

PATROON = re.compile(r"(ZAAK-\d{4}-)(\d{10})")
MAX_AANTAL = 10_000

AANMAKEN = scopes("zaken.aanmaken")


class ReserveringFields(Fields):
    """What a client asks for."""

    bronorganisatie: Annotated[Rsin, Shown(9, 9), WRITE_ONLY]
    aantal: Annotated[int, Whole(1), WithJsonSchema({"type": "integer", "minimum": 1}), WRITE_ONLY] = 1


class ReserveringShown(Fields):
    """One reserved number."""

    zaaknummer: str


def prefix_of(year: int) -> str:
    """Return what the numbers of a year begin with."""
    return f"ZAAK-{year:04d}-"


def _verhoog(prefix: str, step: int) -> Any:
    statement = upsert(TELLER).values(prefix=prefix, laatste=step)
    return statement.on_conflict_do_update(
        index_elements=[TELLER.c.prefix], set_={"laatste": TELLER.c.laatste + statement.excluded.laatste}
    )


async def nieuw_nummer(call: Call, year: int, bronorganisatie: str) -> str:
    """Return a number that nobody else gets.

    Numbers that clients chose themselves are stepped over, with steps that double, so that a register of migrated
    numbers is passed in a few steps. The counter need not reach the disk at once: the zaak that uses the number is
    committed later in the same log, so either both survive a crash or neither does.
    """
    prefix, step = prefix_of(year), 1
    async with call.db.acquire(call.tenant) as db:
        while True:
            row = await db.connection.fetchrow(VOLGENDE, prefix, step, bronorganisatie)
            assert row is not None
            if not row["bezet"]:
                return f"{prefix}{row['laatste']:010d}"
            step *= 2


async def identificatie_is_uniek(check: Check) -> None:
    """zrc-002: de identificatie is uniek binnen de bronorganisatie; een gereserveerd nummer wordt één keer gebruikt."""
    nummer, organisatie = check.row["identificatie"], check.row["bronorganisatie"]
    if not nummer or not (check.changed("identificatie") or check.changed("bronorganisatie")):
        return
    zaak = and_(
        ZAAK_TABLE.c.identificatie == nummer,
        ZAAK_TABLE.c.bronorganisatie == organisatie,
        ZAAK_TABLE.c.uuid != check.uuid,
    )
    used = and_(NUMMER.c.nummer == nummer, NUMMER.c.bronorganisatie == organisatie, NUMMER.c.soort == "gebruikt")
    statement = select(or_(exists(select(1).where(zaak)), exists(select(1).where(used))).label("bezet"))
    row = await check.call.db.row(check.call.tenant, statement)
    if row is not None and row["bezet"]:
        check.errors.append(not_unique(nummer))


async def krijgt_een_nummer(check: Check) -> None:
    """zrc-002: a zaak without identificatie gets one of the year in which it starts."""
    if not check.row["identificatie"]:
        year = check.row["startdatum"].year
        check.row["identificatie"] = await nieuw_nummer(check.call, year, check.row["bronorganisatie"])
        check.notes["nummer gegeven"] = True


async def reservering_is_gebruikt(db: Executor, check: Check) -> None:
    """zaken.md §7.3: a reservation is good for one zaak, also when that zaak is deleted again."""
    nummer = check.row.get("identificatie", "")
    if check.action != "create" or "nummer gegeven" in check.notes or not PATROON.fullmatch(nummer):
        return
    own = and_(NUMMER.c.nummer == nummer, NUMMER.c.bronorganisatie == check.row["bronorganisatie"])
    row = await db.row(select(NUMMER.c.soort).where(own).with_for_update())
    if row is None:
        return
    if row["soort"] == "gebruikt":
        raise Problem(400, "invalid", invalid_params=[not_unique(nummer)])
    if row["soort"] == "gereserveerd":
        await db.execute(NUMMER.update().where(own).values(soort="gebruikt"))


async def vervallen(db: Executor, zaken: Sequence[Row]) -> list[Row]:
    """zrc-023: remember the numbers of deleted zaken that the counter has yet to reach, so that it steps over them.

    Returns what was not remembered yet.
    """
    fresh: list[Row] = []
    for zaak in zaken:
        if not (found := PATROON.fullmatch(zaak["identificatie"])):
            continue
        passed = exists(select(1).where(TELLER.c.prefix == found[1], TELLER.c.laatste >= int(found[2])))
        values = select(literal(zaak["identificatie"]), literal(zaak["bronorganisatie"]), literal("vervallen")).where(
            ~passed
        )
        statement = upsert(NUMMER).from_select(["nummer", "bronorganisatie", "soort"], values).on_conflict_do_nothing()
        fresh += await db.rows(statement.returning(NUMMER))
    return fresh


async def herleven(db: Executor, nummers: Sequence[Row]) -> None:
    """Forget again what :func:`vervallen` remembered: the zaken came back."""
    for row in nummers:
        own = and_(NUMMER.c.nummer == row["nummer"], NUMMER.c.bronorganisatie == row["bronorganisatie"])
        await db.execute(NUMMER.delete().where(own))


async def reserveren(call: Call) -> Response:
    """Reserveer zaaknummers. Eén nummer geeft een object, meer nummers geven een lijst (Z8)."""
    call.check_accept()
    call.check_content_type()
    await call.rights(AANMAKEN)
    no_query(call)
    body = await call.body()
    tell_unknown_to(call, body, ReserveringFields)
    try:
        asked = ReserveringFields.model_validate(body)
    except ValidationError as e:
        raise Problem(400, "invalid", invalid_params=from_pydantic(e.errors())) from None
    if asked.aantal > MAX_AANTAL:
        reason = f"Reserveer ten hoogste {MAX_AANTAL} nummers tegelijk."
        raise Problem(400, "invalid", invalid_params=[InvalidParam("aantal", "max_value", reason)])
    numbers = [{"zaaknummer": nummer} for nummer in await reserveer(call, asked.bronorganisatie, asked.aantal)]
    return answer(numbers[0] if asked.aantal == 1 else numbers, 201)


async def reserveer(call: Call, bronorganisatie: str, aantal: int) -> list[str]:
    """Reserve numbers of this year and return them."""
    prefix, step = prefix_of(call.today().year), aantal
    found: list[str] = []
    while len(found) < aantal:
        async with call.db.transaction(call.tenant) as db:
            row = await db.row(_verhoog(prefix, step).returning(TELLER.c.laatste))
            assert row is not None
            numbers = [f"{prefix}{n:010d}" for n in range(row["laatste"] - step + 1, row["laatste"] + 1)]
            taken = select(ZAAK_TABLE.c.identificatie).where(
                among(ZAAK_TABLE.c.identificatie, numbers), ZAAK_TABLE.c.bronorganisatie == bronorganisatie
            )
            ours = select(NUMMER.c.nummer).where(
                among(NUMMER.c.nummer, numbers), NUMMER.c.bronorganisatie == bronorganisatie
            )
            bezet = {row["identificatie"] for row in await db.rows(taken)} | {
                row["nummer"] for row in await db.rows(ours)
            }
            free = [nummer for nummer in numbers if nummer not in bezet][: aantal - len(found)]
            if free:
                nummers = func.unnest(bindparam(None, free, type_=ARRAY(Text)))
                values = select(nummers, literal(bronorganisatie), literal("gereserveerd"))
                await db.execute(insert(NUMMER).from_select(["nummer", "bronorganisatie", "soort"], values))
            found += free
        step *= 2
    return found


ACTIONS = [
    Action(
        "zaaknummer_reserveren", "POST", "/zaaknummer_reserveren", reserveren, AANMAKEN,
        body=ReserveringFields, response=ReserveringShown, status=201, shape="object|array",
    ),
]  # fmt: skip
