"""Numbers of zaken: generated and reserved, never twice (zrc-002, zaken.md §7.3)."""

import asyncio
import sys
import uuid
from typing import Any

import pytest

from runtime.tenancy import schema_of
from services.zaken import numbers
from tests.answers import errors
from tests.stack import Client, Stack
from tests.waiting import waiting
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker
from zgw.dates import today

RESERVEREN = "/zaken/api/v1/zaaknummer_reserveren"


def own_rsin() -> str:
    """Return an RSIN that no other test uses."""
    while True:
        digits = [int(d) for d in f"{uuid.uuid4().int % 10**8:08d}"]
        last = sum(d * w for d, w in zip(digits, range(9, 1, -1), strict=True)) % 11
        if last < 10:
            return "".join(map(str, [*digits, last]))


async def test_zrc_002_generated_number_has_the_year_of_the_start(zaken: Zaakmaker) -> None:
    one, two = await zaken.zaak(startdatum="2031-05-01"), await zaken.zaak(startdatum="2031-05-02", identificatie="")
    prefix, number = one["identificatie"][:10], int(one["identificatie"][10:])
    assert (prefix, len(one["identificatie"])) == ("ZAAK-2031-", 20)
    assert two["identificatie"] == f"{prefix}{number + 1:010d}"


async def test_zrc_002_generated_numbers_step_over_chosen_ones(zaken: Zaakmaker) -> None:
    rsin, before = own_rsin(), await zaken.zaak(startdatum="2032-01-01")
    start = int(before["identificatie"][10:])
    for number in range(start + 1, start + 6):
        await zaken.zaak(identificatie=f"ZAAK-2032-{number:010d}", bronorganisatie=rsin)
    found = await zaken.zaak(startdatum="2032-01-01", bronorganisatie=rsin)
    assert int(found["identificatie"][10:]) > start + 5


async def test_zrc_002_numbers_of_deleted_zaken_are_not_given_again(zaken: Zaakmaker) -> None:
    generated = await zaken.zaak(startdatum="2033-01-01")
    start = int(generated["identificatie"][10:])
    chosen = await zaken.zaak(identificatie=f"ZAAK-2033-{start + 1:010d}")
    for zaak in (generated, chosen):
        assert (await zaken.api.delete(zaak["url"])).status_code == 204
    again = await zaken.zaak(startdatum="2033-01-01")
    assert int(again["identificatie"][10:]) > start + 1
    # A number that was chosen may be chosen again.
    await zaken.zaak(identificatie=chosen["identificatie"])


async def test_zrc_002_number_that_somebody_chooses_at_the_same_moment_costs_nobody_the_zaak(
    zaken: Zaakmaker, stack: Stack
) -> None:
    """The number was free when it was given out, and is taken by the time that the zaak is stored."""
    before = await zaken.zaak(startdatum="2036-01-01")
    schema = schema_of("deventer", "zaken")
    chosen = f"ZAAK-2036-{int(before['identificatie'][10:]) + 1:010d}"
    async with stack.admin() as admin:
        async with admin.transaction():
            columns = await admin.fetchval(
                "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_schema = $1"
                " AND table_name = 'zaak' AND column_name NOT IN ('id', 'uuid', 'identificatie')",
                schema,
            )
            await admin.execute(
                f"INSERT INTO {schema}.zaak (identificatie, {columns}) SELECT $2, {columns} FROM {schema}.zaak"
                " WHERE uuid = $1",
                before["uuid"],
                chosen,
            )
            new = asyncio.create_task(zaken.zaak(startdatum="2036-01-01"))
            await waiting(zaken.api.stack)
        made = await new
        await admin.execute(f"DELETE FROM {schema}.zaak WHERE identificatie = $1", chosen)
    assert int(made["identificatie"][10:]) == int(chosen[10:]) + 1


async def test_reserved_number_is_used_once_by_its_organisation(zaken: Zaakmaker) -> None:
    api, rsin = zaken.api, own_rsin()
    made = await api.post(RESERVEREN, {"bronorganisatie": rsin})
    assert made.status_code == 201
    assert set(made.json()) == {"zaaknummer"}
    number = made.json()["zaaknummer"]
    assert number.startswith(f"ZAAK-{today().year}-")
    generated = await zaken.zaak(bronorganisatie=rsin, startdatum=today().isoformat())
    assert generated["identificatie"] != number
    zaak = await zaken.zaak(bronorganisatie=rsin, identificatie=number)
    assert zaak["identificatie"] == number
    used = zaken.body(bronorganisatie=rsin, identificatie=number)
    assert errors(await api.post(ZAKEN, used)) == [("identificatie", "identificatie-niet-uniek")]
    assert (await api.delete(zaak["url"])).status_code == 204
    assert errors(await api.post(ZAKEN, used)) == [("identificatie", "identificatie-niet-uniek")]
    await zaken.zaak(bronorganisatie=own_rsin(), identificatie=number)


async def test_many_reserved_numbers(zaken: Zaakmaker) -> None:
    made = await zaken.api.post(RESERVEREN, {"bronorganisatie": own_rsin(), "aantal": 25})
    assert len({item["zaaknummer"] for item in made.json()}) == 25


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("bronorganisatie", "required")]),
        ({"bronorganisatie": "123456789"}, [("bronorganisatie", "invalid")]),
        ({"bronorganisatie": "517439943", "aantal": 0}, [("aantal", "min_value")]),
        ({"bronorganisatie": "517439943", "aantal": "twee"}, [("aantal", "invalid")]),
        ({"bronorganisatie": "517439943", "aantal": 10_001}, [("aantal", "max_value")]),
    ],
)
async def test_wrong_reservations(api: Client, body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert errors(await api.post(RESERVEREN, body)) == expected


async def test_reserving_needs_zaken_aanmaken(zaken: Zaakmaker) -> None:
    body = {"bronorganisatie": "517439943"}
    assert (await (await zaken.client("zaken.bijwerken")).post(RESERVEREN, body)).status_code == 403
    assert (await (await zaken.client("zaken.aanmaken", cap="openbaar")).post(RESERVEREN, body)).status_code == 201


async def test_fifty_writers_get_fifty_numbers(zaken: Zaakmaker) -> None:
    rsin = own_rsin()

    async def write(index: int) -> list[str]:
        if index % 5:
            return [(await zaken.zaak(bronorganisatie=rsin, startdatum=today().isoformat()))["identificatie"]]
        answer = await zaken.api.post(RESERVEREN, {"bronorganisatie": rsin, "aantal": 7})
        return [item["zaaknummer"] for item in answer.json()]

    found = [number for numbers in await asyncio.gather(*(write(i) for i in range(50))) for number in numbers]
    assert len(found) == len(set(found)) == 40 + 70


PROCES = """
import asyncio, os, sys
from services.zaken import numbers
from runtime.pool import Database

class Call:
    tenant = "deventer"

async def main():
    call = Call()
    call.db = Database(sys.argv[1], "zaken", 8)
    async def write(_):
        return await numbers.NUMBERS.next(call, 2041, "517439943")
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        for number in await asyncio.gather(*(write(i) for i in range(25))):
            sys.stdout.write(number + "\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


@pytest.mark.long
async def test_two_processes_also_when_they_are_killed(stack: Stack, zaken: Zaakmaker) -> None:
    dsn = stack.standalone.services["zaken"].database.dsn
    processes = []
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCES, dsn, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert (await process.stdout.readline()) == b"ready\n"
        processes.append(process)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")

    async def read(process: asyncio.subprocess.Process) -> list[str]:
        assert process.stdout is not None
        found = [(await process.stdout.readline()).decode().strip() for _ in range(250)]
        process.kill()
        rest = (await process.stdout.read()).decode().splitlines()
        await process.wait()
        return found + [line for line in rest if len(line) == 20]

    one, two = await asyncio.gather(*(read(process) for process in processes))
    assert len(one) >= 250
    assert len(two) >= 250
    assert len({*one, *two}) == len(one) + len(two)
    after = await zaken.zaak(startdatum="2041-01-01")
    assert after["identificatie"] > max(one + two)


def test_prefix_has_four_digits() -> None:
    assert numbers.NUMBERS.prefix(987) == "ZAAK-0987-"
