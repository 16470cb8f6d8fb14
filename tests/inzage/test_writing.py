"""Reads are written half a second later: each exactly once, whatever happens to the database meanwhile."""

import asyncio
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway import reading_choices
from runtime.identity import Caller
from runtime.pool import Database
from runtime.statements import Executor
from runtime.tenancy import as_tenant
from tests.inzage.lezen import Gemeente, everything, written
from tests.stack import Stack
from tests.waiting import until
from zgw.reading_log import log as logs
from zgw.reading_log import upkeep
from zgw.reading_log.log import ReadingLog, own_read
from zgw.reading_log.read import Action, Read

AWAY = asyncpg.CannotConnectNowError("the database is away")


@pytest.fixture
def log(stack: Stack, gemeente: Gemeente) -> ReadingLog:
    """The reading log of zaken, with nothing that waits."""
    found = stack.standalone.services["zaken"].reading_log
    assert found is not None
    return found


def a_read(tenant: str, request_id: str = "", **changes: Any) -> Read:
    """Return a read of one zaak."""
    caller = Caller(tenant, "proef", ("http://x.test",), "jdv", request_id=request_id)
    read = own_read(caller, "zaken", Action.RETRIEVE, {})
    known = {"7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3": (17, "")}
    values = {name: getattr(read, name) for name in Read.__slots__} | {"known": known, "direct": 1}
    return Read(**{**values, **changes})


async def stored(stack: Stack, tenant: str) -> list[dict[str, Any]]:
    """Return what the log of zaken has, without writing anything."""
    async with stack.admin() as admin, as_tenant(admin, tenant, "zaken") as db:
        return await everything(db)


@pytest.mark.parametrize("number", [400, pytest.param(20_000, marks=pytest.mark.long)])
async def test_each_of_many_mixed_reads_is_there_once(gemeente: Gemeente, number: int) -> None:
    await gemeente.choose("alles")
    kinds = ("zaken/zaken", "zaken/rollen", "documenten/enkelvoudiginformatieobjecten", "besluiten/besluiten")
    objects = [gemeente.url(name) for name in kinds]
    lists = [url.rpartition("/")[0] for url in objects]
    document = objects[2]
    choices = [
        *(("GET", url, "retrieve") for url in objects),
        *(("GET", url, "list") for url in lists),
        ("GET", f"{document}/download", "download"),
        ("GET", f"{objects[0]}?expand=rollen,zaakinformatieobjecten.informatieobject", "retrieve"),
        ("GET", f"{objects[0]}/audittrail", "audittrail"),
        ("POST", f"{lists[0]}/_zoek", "search"),
    ]
    drawn = random.Random(20)
    asked = [(f"lees-{n}-{gemeente.name}", *drawn.choice(choices)) for n in range(number)]
    turns = asyncio.Semaphore(12)

    async def ask(request_id: str, method: str, url: str) -> int:
        body = {"bronorganisatie": "517439943"} if method == "POST" else None
        async with turns:
            headers = {"X-Request-ID": request_id}
            return (await gemeente.client.request(method, url, json=body, headers=headers)).status_code

    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(ask(*each[:3])) for each in asked]
    assert {answer.result() for answer in answers} == {200}
    await gemeente.choose("objecten")
    found = Counter((row["request_id"], row["action"]) for row in await gemeente.log())
    mine = {key: count for key, count in found.items() if key[0].startswith("lees-")}
    assert mine == {(request_id, action): 1 for request_id, _, _, action in asked}


async def test_it_is_written_without_being_asked(stack: Stack, gemeente: Gemeente, log: ReadingLog) -> None:
    answer = await gemeente.client.get(gemeente.url("zaken/zaken"))

    async def there() -> bool:
        rows = await stored(stack, gemeente.name)
        return any(row["request_id"] == answer.headers["X-Request-ID"] for row in rows)

    await until(there)


async def test_reads_wait_while_the_database_is_away(
    stack: Stack, gemeente: Gemeente, log: ReadingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Database.acquire

    def away(self: Database, tenant: str) -> Any:
        raise AWAY

    monkeypatch.setattr(Database, "acquire", away)
    for number in range(3):
        log.take(a_read(gemeente.name, f"wacht-{number}"))
        await log.flush()
    assert log.waiting == 3
    monkeypatch.setattr(Database, "acquire", real)
    await until(lambda: log.waiting == 0)
    rows = [row["request_id"] for row in await stored(stack, gemeente.name)]
    assert sorted(name for name in rows if name.startswith("wacht-")) == ["wacht-0", "wacht-1", "wacht-2"]


async def test_what_was_written_before_the_connection_broke_is_not_written_again(
    stack: Stack, gemeente: Gemeente, log: ReadingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = logs.copy
    broken = asyncpg.ConnectionDoesNotExistError("the connection was lost")

    async def after(db: Executor, rows: Any) -> None:
        await real(db, rows)
        raise broken

    async def before(db: Executor, rows: Any) -> None:
        raise broken

    for name, copy in (("na", after), ("voor", before)):
        monkeypatch.setattr(logs, "copy", copy)
        log.take(a_read(gemeente.name, f"breuk-{name}"))
        await log.flush()
        assert log.waiting == 1
        # What comes meanwhile is not mixed with what may be there already.
        log.take(a_read(gemeente.name, f"breuk-{name}-later"))
        monkeypatch.setattr(logs, "copy", real)
        await log.flush()
        assert log.waiting == 0
    names = [row["request_id"] for row in await stored(stack, gemeente.name) if row["request_id"].startswith("breuk-")]
    assert sorted(names) == ["breuk-na", "breuk-na-later", "breuk-voor", "breuk-voor-later"]


async def test_what_does_not_fit_is_lost_and_the_log_says_so(
    stack: Stack, gemeente: Gemeente, log: ReadingLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lost = log.lost
    monkeypatch.setattr(logs, "MOST", 2)
    for number in range(5):
        log.take(a_read(gemeente.name, f"vol-{number}"))
    assert (log.waiting, log.lost - lost) == (2, 3)
    await log.flush()
    rows = await stored(stack, gemeente.name)
    assert [row["request_id"] for row in rows if row["request_id"].startswith("vol-")] == ["vol-0", "vol-1"]
    told = json.loads([row for row in rows if row["action"] == "verlies"][-1]["filters"])
    assert (told["aantal"], set(told)) == ("3", {"aantal", "vanaf", "tot"})
    assert f"zaken: 3 reads of {gemeente.name} are not in the reading log" in caplog.text
    metrics = stack.standalone.observing.metrics
    assert f'samenzaak_reading_log_lost_total{{service="zaken"}} {log.lost:.1f}' in (await metrics.text()).decode()
    log.take(a_read(gemeente.name, "vol-daarna"))
    await log.flush()
    assert [row["action"] for row in await stored(stack, gemeente.name)].count("verlies") == 1


async def test_objects_have_a_bound_too(gemeente: Gemeente, log: ReadingLog, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = log.lost
    monkeypatch.setattr(logs, "MOST_OBJECTS", 10)
    many = {f"7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0{n:02d}": (17, "") for n in range(8)}
    for _ in range(2):
        log.take(a_read(gemeente.name, "veel", known=many, direct=8))
    assert log.lost - lost == 1
    await log.flush()


async def test_one_that_cannot_be_stored_keeps_no_other_from_it(
    stack: Stack, gemeente: Gemeente, log: ReadingLog
) -> None:
    lost = log.lost
    odd = {"no uuid at all": (17, "")}
    for name, changes in (("heel-1", {}), ("raar", {"known": odd}), ("heel-2", {})):
        log.take(a_read(gemeente.name, name, **changes))
    await log.flush()
    assert (log.waiting, log.lost - lost) == (0, 1)
    names = [row["request_id"] for row in await stored(stack, gemeente.name)]
    assert {"heel-1", "heel-2"} <= set(names)
    assert "raar" not in names


async def test_odd_texts_are_stored(stack: Stack, gemeente: Gemeente, log: ReadingLog) -> None:
    caller = Caller(gemeente.name, "proef", ("http://x.test",), "a\0b\ud800", "naam \0" * 100, request_id="raar-1")
    given = {"omschrijving": "x\0y\ud800", "lijst": ["999990019", {"inpBsn": 123456789}], "getal": 10**30}
    log.take(a_read(gemeente.name, caller=caller, given=given, reason="r\0"))
    await log.flush()
    [row] = [row for row in await stored(stack, gemeente.name) if row["request_id"] == "raar-1"]
    assert (row["user_id"], row["reason"], len(row["user_representation"])) == ("ab?", "r", 255)
    assert not {"999990019", "123456789"} & set(row["filters"].split('"'))
    assert len(row["searched"]) == 3


# --- Partitions ------------------------------------------------------------------------------------------------------


async def months(stack: Stack, tenant: str) -> list[str]:
    """Return the months that the log of zaken has a partition for."""
    async with stack.admin() as admin, as_tenant(admin, tenant, "zaken") as db:
        rows = await db.connection.fetch(
            "SELECT right(inhrelid::regclass::text, 7) AS m FROM pg_inherits"
            " WHERE inhparent = 'reading_log'::regclass ORDER BY 1"
        )
    return [row["m"] for row in rows]


def month(ahead: int) -> str:
    """Return a month as partitions are called: 0 is this one."""
    now = datetime.now(UTC)
    number = now.year * 12 + now.month - 1 + ahead
    return f"{number // 12}_{number % 12 + 1:02d}"


async def test_a_month_that_nobody_prepared_is_made_when_it_is_needed(
    stack: Stack, gemeente: Gemeente, log: ReadingLog
) -> None:
    assert await months(stack, gemeente.name) == [month(0), month(1)]
    first = datetime.now(UTC).replace(day=1)
    last_month = first - timedelta(days=1)
    log.take(a_read(gemeente.name, "vorige-maand", moment=last_month.timestamp()))
    await log.flush()
    assert await months(stack, gemeente.name) == [month(-1), month(0), month(1)]
    assert "vorige-maand" in [row["request_id"] for row in await stored(stack, gemeente.name)]


async def test_months_are_made_ahead_and_removed_when_they_were_kept(
    stack: Stack, gemeente: Gemeente, log: ReadingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, kept = month(-14), month(-13)
    async with stack.admin() as admin:
        await reading_choices.set_months(admin, gemeente.name, 13)
        async with as_tenant(admin, gemeente.name, "zaken") as db:
            await db.connection.execute(f"DROP TABLE reading_log_{month(1)}")
            for name, begin in ((old, -14), (kept, -13)):
                ends = [f"{month(n).replace('_', '-')}-01 00:00+00" for n in (begin, begin + 1)]
                await db.connection.execute(
                    f"CREATE TABLE reading_log_{name} PARTITION OF reading_log"
                    f" FOR VALUES FROM ('{ends[0]}') TO ('{ends[1]}')"
                )
    service = stack.standalone.services["zaken"]
    monkeypatch.setattr(service, "background", [])
    task = asyncio.create_task(upkeep.tend(service))

    async def tended() -> bool:
        there = await months(stack, gemeente.name)
        return old not in there and month(1) in there

    try:
        await until(tended)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert kept in await months(stack, gemeente.name)
    async with stack.admin() as admin:
        await reading_choices.set_months(admin, gemeente.name, 12)


# --- Who may do what -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["UPDATE reading_log SET reason = 'x'", "DELETE FROM reading_log"])
async def test_a_service_can_only_add_to_it(stack: Stack, gemeente: Gemeente, change: str) -> None:
    await gemeente.client.get(gemeente.url("zaken/zaken"))
    await written(stack)
    service = stack.standalone.services["zaken"]
    async with service.database.acquire(gemeente.name) as db:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="can only be added to"):
            await db.connection.execute(change)
    for statement in (
        "TRUNCATE reading_log",
        f"DROP TABLE reading_log_{month(0)}",
        "SELECT prepare_reading_log('1-1-1')",
    ):
        async with service.database.acquire(gemeente.name) as db:
            with pytest.raises(asyncpg.PostgresError):
                await db.connection.execute(statement)


async def test_another_municipality_cannot_read_it(stack: Stack, gemeente: Gemeente) -> None:
    service = stack.standalone.services["zaken"]
    schema = f"{gemeente.name}_zaken"
    async with service.database.acquire("raalte") as db:
        for table in ("reading_log", f"reading_log_{month(0)}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.connection.execute(f"SELECT * FROM {schema}.{table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.connection.execute(f"SELECT {schema}.tidy_reading_log()")


async def test_what_is_erased_is_not_written(stack: Stack, log: ReadingLog) -> None:
    log.take(a_read(f"weg{time.time_ns() % 10**9}"))
    assert log.waiting
    lost = log.lost
    await log.flush()
    assert (log.waiting, log.lost) == (0, lost)
