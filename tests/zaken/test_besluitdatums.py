"""The archiving of a closed zaak follows its besluiten (zrc-021, zaken.md §9)."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from beheer.relations import OUTDATED, check_relations
from tests.answers import errors
from tests.maak import Maak
from tests.stack import PUBLIC
from tests.zaken.archiveren import besluit, bron, maker, sluit, termijn
from tests.zaken.zaakmaker import Zaakmaker

WIJZEN = {"ingangsdatum_besluit": "ingangsdatum", "vervaldatum_besluit": "vervaldatum"}


class Besluitmaker(Zaakmaker):
    """Makes zaken that are kept for as long as a date of their besluiten says."""

    datum = ""


@pytest.fixture(scope="module", params=WIJZEN)
async def own(request: pytest.FixtureRequest, zaken: Zaakmaker, maak: Maak) -> Besluitmaker:
    """Makes zaken that follow either date."""
    made = Besluitmaker(zaken.api, (await maker(zaken, maak, request.param)).types)
    made.datum = WIJZEN[request.param]
    return made


async def start(own: Zaakmaker, zaak: dict[str, Any]) -> str | None:
    """Return the date from which the retention of a zaak now counts."""
    return bron(await own.lees(zaak), await termijn(own))


async def test_zrc_021_besluiten_of_a_closed_zaak_count(own: Besluitmaker) -> None:
    api, zaak = own.api, await sluit(own, await own.zaak())
    assert await start(own, zaak) is None
    one = await besluit(own, zaak, "2030-01-01")
    assert await start(own, zaak) == "2030-01-01"
    two = await besluit(own, zaak, "2031-01-01")
    assert await start(own, zaak) == "2031-01-01"
    changed = await api.patch(one["url"], {"ingangsdatum": "2032-01-01", "vervaldatum": "2032-01-01"})
    assert changed.status_code == 200
    assert await start(own, zaak) == "2032-01-01"
    assert (await api.put(one["url"], {**changed.json(), "vervaldatum": None})).status_code == 200
    assert await start(own, zaak) == ("2032-01-01" if own.datum == "ingangsdatum" else "2031-01-01")
    # To another closed zaak, and away.
    other = await sluit(own, await own.zaak())
    moved = {"zaak": other["url"], "ingangsdatum": "2033-01-01", "vervaldatum": "2033-01-01"}
    assert (await api.patch(one["url"], moved)).status_code == 200
    assert (await start(own, zaak), await start(own, other)) == ("2031-01-01", "2033-01-01")
    assert (await api.delete(two["url"])).status_code == 204
    assert (await api.patch(one["url"], {"zaak": ""})).status_code == 200
    assert (await start(own, zaak), await start(own, other)) == (None, None)
    # It is no write of the zaak: neither its trail nor its subscribers hear of it.
    trail = (await api.get(f"{zaak['url']}/audittrail")).json()
    assert {entry["resource"] for entry in trail} == {"zaak", "resultaat", "status", "zaakbesluit"}
    assert [entry["actie"] for entry in trail if entry["resource"] == "zaak"] == ["create"]


async def test_zrc_021_what_is_archived_or_filled_in_stays(own: Zaakmaker) -> None:
    zaak = await sluit(own, await own.zaak())
    made = await besluit(own, zaak, "2030-01-01")
    assert (await own.api.patch(zaak["url"], {"archiefactiedatum": "2050-01-01"})).status_code == 200
    later = {"ingangsdatum": "2034-01-01", "vervaldatum": "2034-01-01"}
    assert (await own.api.patch(made["url"], later)).status_code == 200
    assert (await own.lees(zaak))["archiefactiedatum"] == "2050-01-01"
    archived = await sluit(own, await own.zaak())
    made = await besluit(own, archived, "2030-01-01")
    before = (await own.lees(archived))["archiefactiedatum"]
    assert (await own.api.patch(archived["url"], {"archiefstatus": "gearchiveerd"})).status_code == 200
    assert (await own.api.patch(made["url"], later)).status_code == 200
    assert (await own.lees(archived))["archiefactiedatum"] == before


async def test_zrc_021_a_besluit_for_ever(own: Zaakmaker) -> None:
    """No calendar holds the end of a retention that begins in 9999: the zaak is never due."""
    zaak = await sluit(own, await own.zaak())
    made = await besluit(own, zaak, "2030-01-01")
    ever = {"ingangsdatum": "9999-12-31", "vervaldatum": "9999-12-31"}
    assert (await own.api.patch(made["url"], ever)).status_code == 200
    found = await own.lees(zaak)
    assert (found["archiefactiedatum"], found["startdatumBewaartermijn"]) == (None, "9999-12-31")
    assert (await own.api.patch(made["url"], {"vervaldatum": "2030-01-01", "ingangsdatum": "2030-01-01"})).is_success
    assert await start(own, zaak) == "2030-01-01"
    # The same when the zaak is closed afterwards.
    open_ = await own.zaak()
    await besluit(own, open_, "9999-12-31")
    found = await own.lees(await sluit(own, open_))
    assert (found["archiefactiedatum"], found["startdatumBewaartermijn"]) == (None, "9999-12-31")


def breaking(monkeypatch: pytest.MonkeyPatch, own: Zaakmaker, told: str) -> Callable[[], None]:
    """Break the call that tells the Zaken API of a change, before or after it is carried out; return what
    restores it."""
    internal = own.api.stack.standalone.services["besluiten"].internal
    send = internal.send

    async def failing(caller: Any, service: str, method: str, path: str, *rest: Any, **more: Any) -> httpx.Response:
        if path != "/_intern/besluit":
            return await send(caller, service, method, path, *rest, **more)
        if told == "after":
            await send(caller, service, method, path, *rest, **more)
        raise httpx.ReadTimeout("the Zaken API does not answer")

    monkeypatch.setattr(internal, "send", failing)
    return monkeypatch.undo


@pytest.mark.parametrize("told", ["before", "after"])
async def test_zrc_021_a_zaak_that_cannot_be_told(own: Zaakmaker, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    api, zaak = own.api, await sluit(own, await own.zaak())
    made = await besluit(own, zaak, "2030-01-01")
    trail = (await api.get(f"{made['url']}/audittrail")).json()
    later = {"ingangsdatum": "2035-01-01", "vervaldatum": "2035-01-01"}
    restore = breaking(monkeypatch, own, told)
    # What no zaak has to hear of is written all the same.
    loose = await besluit(own, {"url": ""}, "2030-01-01")
    assert (await api.patch(loose["url"], {"toelichting": "x"})).status_code == 200
    for change in (later, {"toelichting": "x"}):
        assert errors(await api.patch(made["url"], change)) == [("zaak", "pending-relations")]
    restore()
    assert (await api.get(made["url"])).json() == made
    assert (await api.get(f"{made['url']}/audittrail")).json()[: len(trail)] == trail
    assert await start(own, zaak) == "2030-01-01"
    assert (await api.patch(made["url"], later)).status_code == 200
    assert await start(own, zaak) == "2035-01-01"


async def test_zrc_021_what_happens_while_the_zaak_is_closed(own: Zaakmaker) -> None:
    for round_ in range(5):
        zaak = await own.zaak()
        await own.resultaat(zaak["url"])
        made = await besluit(own, zaak, "2030-01-01")
        later = {"ingangsdatum": "2036-01-01", "vervaldatum": "2036-01-01"}
        calls = [own.sluit(zaak["url"]), own.api.patch(made["url"], later)]
        answers = await asyncio.gather(*(calls if round_ % 2 else reversed(calls)))
        assert {answer.status_code for answer in answers} == {200, 201}
        assert await start(own, zaak) == "2036-01-01"


async def test_zrc_021_check_relations_finds_and_mends_what_a_crash_left(own: Zaakmaker) -> None:
    stack, zaak = own.api.stack, await sluit(own, await own.zaak())
    made = await besluit(own, zaak, "2030-01-01")
    path, operator = made["url"].removeprefix(PUBLIC), stack.standalone.operator
    async with stack.admin() as admin:

        async def found(repair: bool = False) -> list[Any]:
            mine = await check_relations(admin, "deventer", operator if repair else None, PUBLIC)
            return [item for item in mine if item.source == path]

        assert await found() == []
        # The besluit is committed, and the process dies before it tells the zaak.
        sql = "UPDATE deventer_besluiten.besluit SET ingangsdatum = $1, vervaldatum = $1 WHERE uuid = $2"
        await admin.execute(sql.replace("$1", "DATE '2037-01-01'").replace("$2", "$1"), uuid.UUID(path[-36:]))
        (item,) = await found()
        assert (item.kind, PUBLIC + item.target, item.left) == (OUTDATED, zaak["url"], True)
        (item,) = await found(repair=True)
        assert item.repaired == ""
        assert await found() == []
    assert await start(own, zaak) == "2037-01-01"
