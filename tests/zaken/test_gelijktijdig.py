"""Closing a zaak while others write below it (zrc-007, zrc-008, zrc-021): whoever is first, what was checked holds.

A second connection to the database holds up one of the two, so that the order is not left to chance.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

import httpx
import pytest

from tests.answers import errors
from tests.besluiten.wereld import deelbaar
from tests.maak import Maak
from tests.stack import Client, Stack
from tests.waiting import transaction, waiting
from tests.zaken.archiveren import bron, maker, termijn
from tests.zaken.schrijven import (
    GEWOON,
    SCHRIJVEN,
    Request,
    ander_resultaat,
    eigenschap,
    entries,
    geen_resultaat,
    key,
    klantcontact,
    named,
    rol,
    status,
    zaak_zelf,
    zaakobject,
)
from tests.zaken.zaakmaker import STATUSSEN, Zaakmaker, moment


@pytest.fixture(scope="module")
async def gewoon(zaken: Zaakmaker) -> Client:
    """A client that may write, but not on closed zaken."""
    return await zaken.client(*GEWOON)


@pytest.mark.parametrize("write", SCHRIJVEN, ids=named)
async def test_zrc_007_a_write_that_looked_before_the_zaak_was_closed(
    zaken: Zaakmaker, gewoon: Client, stack: Stack, write: Callable[[Zaakmaker, str], Awaitable[Request]]
) -> None:
    """The check saw an open zaak, and the closing committed before the write: 403, and nothing was written."""
    zaak = (await zaken.zaak())["url"]
    await zaken.resultaat(zaak)
    method, url, body = await write(zaken, zaak)
    before = await entries(zaken, zaak)
    async with transaction(stack) as closing:
        await closing.execute("UPDATE zaak SET einddatum = '2026-03-01' WHERE uuid = $1::uuid", key(zaak))
        answer = asyncio.create_task(gewoon.request(method, url, json=body))
        await waiting(stack)
        assert not answer.done()
    assert (await answer).status_code == 403, (await answer).text
    assert await entries(zaken, zaak) == before
    assert (await zaken.api.request(method, url, json=body)).status_code in (200, 201, 204)


async def write_and_close(
    zaken: Zaakmaker, gewoon: Client, zaak: str, write: Callable[[Zaakmaker, str], Awaitable[Request]]
) -> httpx.Response:
    """Let a closing wait for a write that has done everything but the trail; return the answer to the closing."""
    stack = zaken.api.stack
    await zaken.resultaat(zaak)
    method, url, body = await write(zaken, zaak)
    async with transaction(stack) as pause:
        await pause.execute("LOCK TABLE audittrail IN SHARE MODE")
        writing = asyncio.create_task(gewoon.request(method, url, json=body))
        await waiting(stack, 1)
        closing = asyncio.create_task(zaken.sluit(zaak))
        await waiting(stack, 2)
    assert (await writing).status_code in (200, 201, 204), (await writing).text
    return await closing


@pytest.mark.parametrize("write", [write for write in SCHRIJVEN if write is not geen_resultaat], ids=named)
async def test_zrc_007_a_closing_waits_for_who_already_writes(
    zaken: Zaakmaker, gewoon: Client, write: Callable[[Zaakmaker, str], Awaitable[Request]]
) -> None:
    """Both succeed, and in the trail the write comes before the closing."""
    zaak = (await zaken.zaak())["url"]
    closing = await write_and_close(zaken, gewoon, zaak, write)
    assert closing.status_code == 201, closing.text
    last, closed = (await entries(zaken, zaak))[-2:]
    assert closed["resourceUrl"] == closing.json()["url"]
    assert last["aanmaakdatum"] <= closed["aanmaakdatum"]
    assert (await zaken.api.get(zaak)).json()["einddatum"] is not None


async def test_zrc_007_a_closing_sees_what_it_waited_for(zaken: Zaakmaker, gewoon: Client) -> None:
    zaak = (await zaken.zaak())["url"]
    closing = await write_and_close(zaken, gewoon, zaak, geen_resultaat)
    assert errors(closing) == [("nonFieldErrors", "resultaat-does-not-exist")]


async def test_writes_below_one_zaak_do_not_wait_for_each_other(zaken: Zaakmaker, gewoon: Client, stack: Stack) -> None:
    zaak = (await zaken.zaak())["url"]
    method, url, body = await rol(zaken, zaak)
    async with transaction(stack) as other:
        await other.execute("SELECT FROM zaak WHERE uuid = $1::uuid FOR SHARE", key(zaak))
        for write in (eigenschap, zaakobject, klantcontact):
            _, path, content = await write(zaken, zaak)
            await gewoon.created(path, content)
        assert (await gewoon.request(method, url, json=body)).status_code == 201


async def test_zrc_007_who_may_force_writes_after_the_closing(zaken: Zaakmaker, stack: Stack) -> None:
    zaak = (await zaken.zaak())["url"]
    await zaken.resultaat(zaak)
    forced = await zaken.client(*GEWOON, "zaken.geforceerd-bijwerken")
    method, url, body = await rol(zaken, zaak)
    async with transaction(stack) as closing:
        await closing.execute("UPDATE zaak SET einddatum = '2026-03-01' WHERE uuid = $1::uuid", key(zaak))
        answer = asyncio.create_task(forced.request(method, url, json=body))
        await waiting(stack)
    assert (await answer).status_code == 201


async def test_zrc_008_of_a_closing_and_a_status_at_once_the_later_one_counts(zaken: Zaakmaker, stack: Stack) -> None:
    """A status that was added to an open zaak which is closed by then reopens it, for who may."""
    zaak = (await zaken.zaak())["url"]
    await zaken.resultaat(zaak)
    async with transaction(stack) as pause:
        await pause.execute("LOCK TABLE audittrail IN SHARE MODE")
        closing = asyncio.create_task(zaken.sluit(zaak))
        await waiting(stack, 1)
        reopening = asyncio.create_task(zaken.api.post(STATUSSEN, zaken.status_body(zaak, 1)))
        await waiting(stack, 2)
    assert [(await task).status_code for task in (closing, reopening)] == [201, 201]
    shown = (await zaken.api.get(zaak)).json()
    assert (shown["einddatum"], shown["archiefactiedatum"]) == (None, None)


async def test_zaken_8_of_two_first_statuses_one_is_the_first(zaken: Zaakmaker) -> None:
    """zaken.md §8: with zaken.aanmaken alone only the first status may be added, also when two come at once."""
    client = await zaken.client("zaken.aanmaken", "zaken.lezen")
    for _ in range(5):
        zaak = (await zaken.zaak())["url"]
        answers = await asyncio.gather(*(client.post(STATUSSEN, zaken.status_body(zaak)) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 403, 403, 403]


async def test_zrc_021_a_closing_counts_what_is_being_written(zaken: Zaakmaker, maak: Maak, stack: Stack) -> None:
    """The archiefactiedatum follows an eigenschap whose transaction was under way."""
    own = await maker(zaken, maak, "eigenschap")
    zaak = await own.zaak()
    await own.resultaat(zaak["url"])
    async with transaction(stack) as pause:
        await pause.execute("LOCK TABLE audittrail IN SHARE MODE")
        writing = asyncio.create_task(own.eigenschap(zaak["url"], "einddatum", "20290601"))
        await waiting(stack, 1)
        closing = asyncio.create_task(own.sluit(zaak["url"]))
        await waiting(stack, 2)
    await writing
    assert (await closing).status_code == 201
    assert bron(await own.lees(zaak), await termijn(own)) == "2029-06-01"


async def test_zrc_021_zaken_that_name_each_other_are_closed_at_once(zaken: Zaakmaker, maak: Maak) -> None:
    """Each is kept for as long as the other says, whichever was first; neither waits for the other for ever."""
    own = await maker(zaken, maak, "gerelateerde_zaak")
    jaren = await termijn(own)
    for _ in range(6):
        first = await own.zaak()
        names = [{"url": first["url"], "aardRelatie": "vervolg"}]
        second = await own.zaak(relevanteAndereZaken=names)
        back = [{"url": second["url"], "aardRelatie": "vervolg"}]
        assert (await own.api.patch(first["url"], {"relevanteAndereZaken": back})).status_code == 200
        for zaak in (first, second):
            await own.resultaat(zaak["url"])
        days = ("2026-03-15", "2026-04-16")
        answers = await asyncio.gather(
            *(
                own.sluit(zaak["url"], datumStatusGezet=f"{day}T12:00:00Z")
                for zaak, day in zip((first, second), days, strict=True)
            )
        )
        assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
        assert [bron(await own.lees(zaak), jaren) for zaak in (first, second)] == list(reversed(days))


async def test_zrc_007_a_hoofdzaak_and_a_deelzaak_change_at_once(zaken: Zaakmaker, maak: Maak) -> None:
    """A closed hoofdzaak never has an open deelzaak, whatever is closed and reopened at the same moment."""
    werk = await deelbaar(zaken.api, maak)
    own = Zaakmaker(zaken.api, werk.types)
    for _ in range(6):
        hoofdzaak = await own.zaak()
        deelzaak = await own.gesloten(hoofdzaak=hoofdzaak["url"])
        await own.resultaat(hoofdzaak["url"])
        answers = await asyncio.gather(
            own.sluit(hoofdzaak["url"]), own.api.post(STATUSSEN, own.status_body(deelzaak["url"], 1))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 400], [answer.text for answer in answers]
        closed = [(await own.lees(zaak))["einddatum"] is not None for zaak in (hoofdzaak, deelzaak)]
        assert closed in ([True, True], [False, False])


async def test_zrc_007_zrc_021_many_write_while_one_closes(
    zaken: Zaakmaker, maak: Maak, gewoon: Client, stack: Stack
) -> None:
    """No write without the right comes after the closing, and the archiefactiedatum is that of the eigenschappen."""
    own = await maker(zaken, maak, "eigenschap")
    client = await own.client(*GEWOON)
    dice = random.Random(7)
    zaak = (await own.zaak())["url"]
    await own.resultaat(zaak)
    kinds = [eigenschap_met_datum, klantcontact, zaakobject, medewerker, ander_resultaat, zaak_zelf, status]
    requests = [await kinds[number % len(kinds)](own, zaak) for number in range(50)]
    before, meanwhile, after = requests[:5], requests[5:45], requests[45:]
    dice.shuffle(meanwhile)

    async def send(number: int, request: Request) -> httpx.Response:
        await asyncio.sleep(number * 0.004)
        return await client.request(request[0], request[1], json=request[2])

    async def close() -> httpx.Response:
        await asyncio.sleep(20 * 0.004)
        return await own.sluit(zaak, datumStatusGezet=moment())

    answers = [await send(0, request) for request in before]
    closing, *others = await asyncio.gather(close(), *(send(*item) for item in enumerate(meanwhile)))
    answers += [*others, *[await send(0, request) for request in after]]
    assert closing.status_code == 201, closing.text
    statuses = {answer.status_code for answer in answers}
    assert {201, 403} <= statuses <= {200, 201, 403}, [answer.text for answer in answers]
    trail = await entries(own, zaak)
    assert trail[-1]["resourceUrl"] == closing.json()["url"]
    moments = [datetime.fromisoformat(entry["aanmaakdatum"]) for entry in trail]
    assert max(moments) == moments[-1]
    newest = (await own.api.get(f"{zaak}/zaakeigenschappen")).json()[0]
    datum = newest["waarde"]
    shown = (await own.api.get(zaak)).json()
    assert bron(shown, await termijn(own)) == f"{datum[:4]}-{datum[4:6]}-{datum[6:]}"


async def eigenschap_met_datum(zaken: Zaakmaker, zaak: str) -> Request:
    dag = f"20{random.randrange(30, 60)}0{random.randrange(1, 10)}15"
    return (
        "POST",
        f"{zaak}/zaakeigenschappen",
        {"zaak": zaak, "eigenschap": zaken.types.eigenschappen["einddatum"], "waarde": dag},
    )


async def medewerker(zaken: Zaakmaker, zaak: str) -> Request:
    _, url, body = await rol(zaken, zaak)
    type_ = next(url for name, url in zaken.types.roltypen.items() if name not in ("initiator", "zaakcoordinator"))
    return "POST", url, {**body, "roltype": type_}
