"""Lines wait for a logbook that is away, slow or refuses, are brought until it confirms them, and never go silently."""

import asyncio
from typing import Any

import pytest

from beheer.logboek import LATE, backlogs
from tests.logboek.conftest import Gemeente
from tests.logboek.receiver import header
from tests.waiting import until
from zgw.logboek import records

BSN = "111222333"
ADD = "INSERT INTO verwerking (facts, subjects) SELECT facts, subjects FROM verwerking, generate_series(1, $1)"


async def change(gemeente: Gemeente, zaak: str, *texts: str) -> None:
    """Change a zaak so many times: a line each."""
    for text in texts:
        answer = await gemeente.client.patch(zaak, {"omschrijving": text})
        assert answer.status_code == 200, answer.text


async def brought(gemeente: Gemeente, requests: int) -> None:
    """Wait until the logbook was asked so many times."""
    await until(lambda: len(gemeente.book.requests) >= requests, "the logbook was not asked")


async def test_a_logbook_that_refuses_gets_the_same_lines_again(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.requests.clear()
    gemeente.book.bodies.clear()
    for status in (503, 400):
        gemeente.book.how = lambda number, status=status: status  # type: ignore[misc]
        asked = len(gemeente.book.requests)
        await change(gemeente, zaak, "Feest")
        await brought(gemeente, asked + 1)
        assert not gemeente.book.lines
    assert await gemeente.waiting() == 2
    gemeente.book.how = lambda number: 200
    lines = await gemeente.lines("zaak_partial_update")
    assert len({line.number for line in lines}) == len(lines) == 2
    # The first action was brought each time, as the same.
    first = lines[0].span.span_id
    assert all(first in body for body in gemeente.book.bodies)


async def test_lines_that_are_not_taken_although_the_answer_is_200_stay(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.rejects = 1
    gemeente.book.requests.clear()
    await change(gemeente, zaak, "Feest")
    await brought(gemeente, 2)
    [line] = await gemeente.lines("zaak_partial_update")
    assert gemeente.opened(line) == BSN


async def test_a_logbook_that_is_away_holds_nobody_up(gemeente: Gemeente, caplog: Any) -> None:
    """The persons are found out meanwhile, as they are then."""
    zaak = await gemeente.zaak(BSN)
    url = gemeente.book.url
    gemeente.book.url = "http://127.0.0.1:9"
    await gemeente.log()
    await change(gemeente, zaak, *(f"Feest {number}" for number in range(5)))
    assert (await gemeente.client.get(zaak)).status_code == 200
    service = gemeente.stack.standalone.services["zaken"]

    async def resolved() -> bool:
        await service.logs.gathered.flush()
        async with service.database.acquire(gemeente.tenant) as db:
            counts = await db.connection.fetchrow("SELECT count(*), count(subjects) FROM verwerking")
        assert counts is not None
        return tuple(counts) == (6, 6)

    await until(resolved)
    await until(lambda: "does not confirm" in caplog.text)
    # The person leaves the zaak before the logbook is back.
    [rol] = (await gemeente.client.get("/zaken/api/v1/rollen", params={"zaak": zaak})).json()["results"]
    assert (await gemeente.client.delete(rol["url"])).status_code == 204
    gemeente.book.url = url
    await gemeente.log()
    lines = await gemeente.lines("zaak_partial_update")
    assert [gemeente.opened(line) for line in lines] == [BSN] * 5
    assert [gemeente.opened(line) for line in gemeente.book.named("zaak_retrieve")] == [BSN]
    assert [gemeente.opened(line) for line in gemeente.book.named("rol_destroy")] == [BSN]


async def test_a_slow_logbook_loses_nothing(gemeente: Gemeente, monkeypatch: pytest.MonkeyPatch) -> None:
    zaak = await gemeente.zaak(BSN)
    settings = gemeente.stack.settings.model_copy(update={"outgoing_timeout": 0.3})
    monkeypatch.setattr(gemeente.stack.standalone.services["zaken"], "settings", settings)
    gemeente.book.requests.clear()
    gemeente.book.how = lambda number: None
    await change(gemeente, zaak, "Feest")
    await brought(gemeente, 2)
    gemeente.book.how = lambda number: 200
    assert len(await gemeente.lines("zaak_partial_update")) == 1


async def test_what_is_undone_is_not_a_line_of_its_own(gemeente: Gemeente) -> None:
    """A line is of the transaction of its write: two changes of one object at once are two lines, however often they
    started again."""
    zaak = await gemeente.zaak(BSN)
    await asyncio.gather(*(gemeente.client.patch(zaak, {"omschrijving": f"{n}"}) for n in range(8)))
    lines = await gemeente.lines("zaak_partial_update")
    assert len({line.number for line in lines}) == len(lines) == 8


async def test_many_lines_come_once_each(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.how = lambda number: 503
    await change(gemeente, zaak, "Feest")
    service = gemeente.stack.standalone.services["zaken"]
    async with service.database.acquire(gemeente.tenant) as db:
        await db.connection.execute(ADD, 900)
        await db.connection.execute("UPDATE verwerking SET facts = facts || jsonb_build_object('span', md5(id::text))")
        await db.connection.execute(
            "UPDATE verwerking SET facts = facts || jsonb_build_object('span', left(facts->>'span', 16))"
        )
    gemeente.book.how = lambda number: 200
    lines = await gemeente.lines("zaak_partial_update")
    assert len({line.number for line in lines}) == len(lines) == 901


async def test_the_logbook_is_asked_with_its_header_and_only_with_that(gemeente: Gemeente) -> None:
    await gemeente.log(header="Authorization: Bearer geheim")
    await gemeente.zaak(BSN)
    request = gemeente.book.requests[-1]
    assert header(request, "authorization") == "Bearer geheim"
    assert header(request, "content-type") == "application/x-protobuf"
    assert header(request, "traceparent") is None


async def test_beyond_the_bound_each_is_counted_and_told(
    gemeente: Gemeente, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.how = lambda number: 503
    service = gemeente.stack.standalone.services["zaken"]
    monkeypatch.setattr(service, "settings", gemeente.stack.settings.model_copy(update={"logboek_lines": 3}))
    await change(gemeente, zaak, *map(str, range(7)))
    async with gemeente.stack.admin() as admin:
        [found] = await backlogs(admin, [gemeente.tenant])
        assert (found.service, found.waiting + found.missed) == ("zaken", 7)
        assert found.missed >= 3
        assert f"{found.missed} actions of zaken are not in the logbook" in found.warning
    assert caplog.text.count("are not logged") == found.missed
    gemeente.book.how = lambda number: 200
    assert len(await gemeente.lines("zaak_partial_update")) == found.waiting


async def test_status_warns_of_what_waits_for_long(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.how = lambda number: 503
    await change(gemeente, zaak, "Feest")
    async with gemeente.stack.admin() as admin:
        [found] = await backlogs(admin, [gemeente.tenant])
        assert (found.waiting, found.warning) == (1, "")
        schema = f"{gemeente.tenant.replace('-', '_')}_zaken"
        await admin.execute(f'UPDATE "{schema}".verwerking SET created = created - $1::interval', LATE * 2)
        [found] = await backlogs(admin, [gemeente.tenant])
        assert "1 actions of zaken wait for the logbook since" in found.warning


async def test_what_an_orderly_stop_finds_in_memory_is_written(gemeente: Gemeente) -> None:
    zaak = await gemeente.zaak(BSN)
    gemeente.book.how = lambda number: 503
    service = gemeente.stack.standalone.services["zaken"]
    found = records.Gathered(service.database, 10)
    for number in range(3):
        facts = {"trace": "0" * 31 + "1", "span": f"{number + 1:016x}", "parent": "", "client": "zac", "via": ""}
        more = {"name": "zaak_retrieve", "start": 1, "end": 2, "status": 200, "activiteit": "", "zaken": [zaak[-36:]]}
        found.add(gemeente.tenant, {**facts, **more})
    await found.stop()
    gemeente.book.how = lambda number: 200
    assert len(await gemeente.lines("zaak_retrieve")) == 3
