"""Programs of clients: they run for one municipality at a time, and over nothing that the client could not read."""

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.problems import Problem
from services.zaken import zaakobject_definitie
from services.zaken.zaakobject_definitie import PLACES, judge
from tests.answers import errors
from tests.maak import Maak, procedure
from tests.waiting import until
from tests.zaken.elders import Elders, elders
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

OBJECTS = "/zaken/api/v1/zaakobjecten"
PERSON = {"burgerservicenummer": "999990019", "geboortedatum": "1970-05-17", "naam": "P. Roef"}


@pytest.fixture(scope="module")
async def brp(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """A register that the municipality may read, and has not opened to its clients."""
    async with elders(zaken.api.stack) as register:
        register.add("ingeschrevenpersonen/1", PERSON)
        register.add("definities/1", {"schema": {"type": "object"}})
        yield register


@pytest.fixture(scope="module")
async def open_register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """A register that is open to all clients, in which somebody may put what the client likes."""
    async with elders(zaken.api.stack, expand=True) as register:
        register.add("definities/1", {"schema": {"type": "object"}})
        register.add("objects/1", {"a": 1})
        yield register


@pytest.fixture(scope="module", autouse=True)
async def nothing_left(zaken: Zaakmaker) -> AsyncIterator[None]:
    """Leave nothing that refers to a register that is not there any more to those who expand whole lists."""
    yield
    async with zaken.api.stack.admin() as admin:
        await admin.execute("DELETE FROM deventer_zaken.zaakobject WHERE object LIKE 'http://127.0.0.1:%'")
        await admin.execute("DELETE FROM deventer_zaken.zaak WHERE zaaktype LIKE 'http://127.0.0.1:%'")


def question(zaak: str, of: str, url: str, **programs: str) -> dict[str, Any]:
    """Return a zaakobject that asks something about an object."""
    definition = {"url": url, "schema": ".schema", "objectData": ".", **programs}
    return {"zaak": zaak, "objectType": "overige", "object": of, "objectTypeOverigeDefinitie": definition}


# --- What is looked into ---------------------------------------------------------------------------------------------


async def test_a_program_tells_nothing_of_a_register_that_is_not_open(
    zaken: Zaakmaker, brp: Elders, open_register: Elders
) -> None:
    """It would be asked digit after digit."""
    zaak = (await zaken.zaak())["url"]
    person, nobody = (f"{brp.base}/api/v1/ingeschrevenpersonen/{number}" for number in (1, 2))
    schema = f"{open_register.base}/api/v1/definities/1"
    brp.asked.clear()
    answers = []
    for digit in "90":
        program = f'if .burgerservicenummer[0:1] == "{digit}" then . else null end'
        for url in (person, nobody):
            answers.append(await zaken.api.post(OBJECTS, question(zaak, url, schema, objectData=program)))
    assert [errors(answer) for answer in answers] == [[("object", "bad-url")]] * 4
    # Not even whether the person exists is told, nor how long it takes to look.
    assert brp.asked == []
    own = f"{open_register.base}/api/v1/objects/1"
    answer = await zaken.api.post(OBJECTS, question(zaak, own, person, schema="{properties: .}"))
    assert errors(answer) == [("objectTypeOverigeDefinitie.url", "invalid")]
    assert brp.asked == []
    assert "999990019" not in "".join(answer.text for answer in answers)


async def test_a_program_runs_over_open_registers_and_own_objects(zaken: Zaakmaker, open_register: Elders) -> None:
    zaak = (await zaken.zaak())["url"]
    schema = f"{open_register.base}/api/v1/definities/1"
    for url in (f"{open_register.base}/api/v1/objects/1", zaak):
        assert (await zaken.api.post(OBJECTS, question(zaak, url, schema))).status_code == 201


async def test_no_date_is_taken_from_a_register_that_is_not_open(zaken: Zaakmaker, maak: Maak, brp: Elders) -> None:
    """The retention would start on the day of birth, and anybody who reads the zaak could subtract."""
    types = await maak.zaaktype("zaakobject", concept=True)
    how = procedure("zaakobject", objecttype="overige", datumkenmerk="geboortedatum")
    kind = await maak.resultaattype(types.url, "zaakobject", brondatumArchiefprocedure=how)
    types.resultaattypen.insert(0, kind["url"])
    await maak.publiceer(types.url)
    own = Zaakmaker(zaken.api, types)
    zaak = await own.zaak()
    body = {"zaak": zaak["url"], "objectType": "overige", "objectTypeOverige": "persoon"}
    await zaken.api.created(OBJECTS, {**body, "object": f"{brp.base}/api/v1/ingeschrevenpersonen/1"})
    await own.resultaat(zaak["url"])
    assert (await own.sluit(zaak["url"])).status_code == 201
    closed = await own.lees(zaak)
    assert closed["einddatum"] is not None
    assert (closed["archiefactiedatum"], closed["startdatumBewaartermijn"]) == (None, None)


@pytest.mark.parametrize("field", ["zaaktype", "zaakobjecttype", "roltype", "statustype"])
async def test_nothing_but_a_type_is_taken_for_a_type(zaken: Zaakmaker, brp: Elders, field: str) -> None:
    """Types are shown to everybody who reads what has them."""
    zaak = (await zaken.zaak())["url"]
    person = f"{brp.base}/api/v1/ingeschrevenpersonen/1"
    url, body = {
        "zaaktype": (ZAKEN, zaken.body()),
        "zaakobjecttype": (OBJECTS, {"zaak": zaak, "objectType": "adres", "object": zaak}),
        "roltype": ("/zaken/api/v1/rollen", {"zaak": zaak, "betrokkeneType": "medewerker", "betrokkene": zaak}),
        "statustype": ("/zaken/api/v1/statussen", {"zaak": zaak, "datumStatusGezet": "2026-01-01T00:00:00Z"}),
    }[field]
    brp.asked.clear()
    answer = await zaken.api.post(url, {**body, field: person})
    assert (field, "invalid-resource") in errors(answer)
    assert brp.asked == []


async def test_what_was_stored_as_a_type_is_not_shown(zaken: Zaakmaker, brp: Elders) -> None:
    zaak = await zaken.zaak()
    person = f"{brp.base}/api/v1/ingeschrevenpersonen/1"
    async with zaken.api.stack.admin() as admin:
        sql = "UPDATE deventer_zaken.zaak SET zaaktype = $1 WHERE uuid = $2"
        await admin.execute(sql, person, uuid.UUID(zaak["uuid"]))
    answer = await zaken.api.get(f"{zaak['url']}?expand=zaaktype")
    assert (answer.status_code, "999990019" in answer.text) == (404, False)


# --- How long and how many -------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Programs that end when the file is there; each says first that it began."""
    end = tmp_path / "end"
    child = (
        f"import os, sys, time\nprint('schema', flush=True)\n"
        f"while not os.path.exists({str(end)!r}): time.sleep(0.02)\nprint('done', flush=True)\n"
    )
    (tmp_path / "slow.py").write_text(child)
    monkeypatch.setattr(zaakobject_definitie, "CHILD", tmp_path / "slow.py")
    return end


async def at_work(tenant: str, number: int) -> list["asyncio.Task[str]"]:
    """Start programs of one municipality."""
    tasks = [asyncio.create_task(judge(tenant, {}, ".", {}, ".")) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


async def test_a_municipality_has_one_place_and_a_short_queue(slow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    real = asyncio.create_subprocess_exec

    async def start(*args: Any, **kw: Any) -> Any:
        started.append("")
        return await real(*args, **kw)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    ours = await at_work("olst", 24)
    refused = [task for task in ours if task.done()]
    assert PLACES.queue is not None
    assert len(refused) == 23 - PLACES.queue
    for task in refused:
        problem = task.exception()
        assert isinstance(problem, Problem)
        assert (problem.status, problem.headers["Retry-After"]) == (503, "5")
    await until(lambda: started)
    assert len(started) == 1
    # Another municipality does not wait for these.
    others = await at_work("wijhe", 1)
    await until(lambda: len(started) == 2)
    assert not others[0].done()
    slow.touch()
    done = await asyncio.gather(*ours, *others, return_exceptions=True)
    assert [result for result in done if not isinstance(result, Problem)] == [""] * (PLACES.queue + 2)


async def test_who_waits_too_long_is_told_so(slow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zaakobject_definitie.PLACES, "patience", 0.05)
    ours = await at_work("olst", 3)
    done = await asyncio.gather(*ours[1:], return_exceptions=True)
    assert [getattr(result, "status", result) for result in done] == [503, 503]
    slow.touch()
    assert await ours[0] == ""
    monkeypatch.undo()
    assert await judge("olst", {"type": "object"}, ".", {}, ".") == ""


@pytest.mark.parametrize("when", range(6))
async def test_a_request_that_is_broken_off_leaves_its_place(slow: Path, when: int) -> None:
    ours = await at_work("olst", 2)
    for _ in range(when):
        await asyncio.sleep(0.02)
    for task in ours:
        task.cancel()
    await asyncio.gather(*ours, return_exceptions=True)
    slow.touch()
    assert await asyncio.wait_for(judge("olst", {}, ".", {}, "."), 20) == ""
    assert zaakobject_definitie.PLACES._free._value == 2


@pytest.mark.long
async def test_the_memory_of_a_program_is_bounded() -> None:
    programs = ['[limit(1e9; repeat("x"))]', '"x" * 400000000', "[range(1e9)]"]
    # Of all that a process has waited for the largest is told, so they have one of their own, which is slow to start.
    run = (
        "import asyncio, resource\nfrom services.zaken.zaakobject_definitie import judge\n"
        f"for program in {programs!r}:\n"
        "    print(asyncio.run(judge('olst', {'type': 'object'}, '.', {}, program)))\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", run, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2], env=dict(os.environ)
    )
    output, _ = await process.communicate()
    *judged, kilobytes = output.decode().split()
    assert judged == ["objectData"] * len(programs)
    assert int(kilobytes) < 300 * 1024
