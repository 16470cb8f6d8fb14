"""What a write does beside its answer: notifications, copies elsewhere, statements, types in use (catalogi.md §6,
§7)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.identity import system_caller
from runtime.statements import Executor
from tests import wereld as werelden
from tests.answers import error_set
from tests.catalogi.gemeld import noted
from tests.maak import ROOT, Maak
from tests.stack import Client, Stack


@pytest.fixture
async def announced(stack: Stack) -> AsyncIterator[Any]:
    """The notifications about a URL."""
    async with noted(stack) as about:
        yield about


@pytest.mark.parametrize("kanaal", ["zaaktypen", "informatieobjecttypen", "besluittypen"])
async def test_writes_of_main_types_are_announced(maak: Maak, api: Client, announced: Any, kanaal: str) -> None:
    if kanaal == "zaaktypen":
        made = await maak.concept()
    else:
        made = await (maak.informatieobjecttype if kanaal == "informatieobjecttypen" else maak.besluittype)(
            concept=True
        )
    await api.patch(made["url"], {"omschrijving": "Anders"})
    await api.put(made["url"], made)
    assert error_set(await api.patch(made["url"], {"eindeGeldigheid": "1900-01-01"}))
    await maak.publiceer(made["url"])
    await api.delete(made["url"])
    messages = await announced(made["url"])
    assert [message["actie"] for message in messages] == ["create", "partial_update", "update", "destroy"]
    for message in messages:
        assert message["kanaal"] == kanaal
        assert message["resource"] == kanaal.removesuffix("n")
        assert message["resourceUrl"] == message["hoofdObject"] == made["url"]
        assert message["kenmerken"] == {"catalogus": made["catalogus"]}


async def test_subtypes_and_catalogues_are_not_announced(maak: Maak, announced: Any) -> None:
    catalogus = await maak.catalogus()
    status = await maak.statustype((await maak.concept())["url"])
    assert await announced(catalogus["url"]) == []
    assert await announced(status["url"]) == []


async def test_other_services_see_a_change_at_once(maak: Maak, api: Client, stack: Stack) -> None:
    """Types are kept by the other services until a write says that they changed."""
    references = stack.standalone.services["autorisaties"].references
    made = await maak.concept()
    path = made["url"].removeprefix("http://samenzaak.test")
    caller = system_caller("deventer", "zaken", ("http://samenzaak.test",))
    for write in ("publish", "statustype", "einde"):
        before = (await references.objects(caller, [path]))[path]
        if write == "publish":
            await maak.publiceer(made["url"])
        elif write == "statustype":
            await maak.statustype(made["url"])
        else:
            await api.patch(made["url"], {"eindeGeldigheid": "2039-12-31"})
        assert (await references.objects(caller, [path]))[path] != before


async def test_a_list_of_zaaktypen_is_one_statement_and_the_count(
    maak: Maak, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogus = (await maak.catalogus())["url"]
    for _ in range(3):
        await maak.zaaktype(catalogus=catalogus)
    asked: list[str] = []
    rows, value = Executor.rows, Executor.value

    async def noted_rows(self: Executor, statement: Any) -> Any:
        asked.append("rows")
        return await rows(self, statement)

    async def noted_value(self: Executor, statement: Any) -> Any:
        asked.append("count")
        return await value(self, statement)

    params = {"catalogus": catalogus, "pageSize": "2"}
    await api.get(f"{ROOT}/zaaktypen", params=params)
    monkeypatch.setattr(Executor, "rows", noted_rows)
    monkeypatch.setattr(Executor, "value", noted_value)
    page = (await api.get(f"{ROOT}/zaaktypen", params=params)).json()
    assert asked == ["rows", "count"]
    assert all(len(item["statustypen"]) == 3 and item["informatieobjecttypen"] for item in page["results"])


async def test_the_summary_of_a_zaaktype_follows_its_subtypes(maak: Maak, api: Client) -> None:
    one, other = (await maak.concept())["url"], (await maak.concept())["url"]
    status = await maak.statustype(one)
    ziot = await maak.ziot(one, "Brief")
    await api.patch(status["url"], {"zaaktype": other})
    shown = (await api.get(one)).json()
    assert (shown["statustypen"], shown["informatieobjecttypeOmschrijving"]) == ([], ["Brief"])
    assert (await api.get(other)).json()["statustypen"] == [status["url"]]
    await api.delete(ziot["url"])
    await api.delete(status["url"])
    assert (await api.get(one)).json()["informatieobjecttypeOmschrijving"] == []
    assert (await api.get(other)).json()["statustypen"] == []


USED = [
    "zaaktypen",
    "statustypen",
    "resultaattypen",
    "eigenschappen",
    "roltypen",
    "zaakobjecttypen",
    "informatieobjecttypen",
    "besluittypen",
]


async def test_o16_what_is_in_use_stays(api: Client, maak: Maak) -> None:
    """O16: a type that zaken, documenten or besluiten are made by is not removed, not even as a correction."""
    wereld = await werelden.make(api)
    zaakobject = {
        "zaak": wereld["zaken/zaken"],
        "zaakobjecttype": wereld["catalogi/zaakobjecttypen"],
        "objectType": "pand",
        "objectIdentificatie": {"identificatie": "0150100000000002"},
    }
    await api.created("/zaken/api/v1/zaakobjecten", zaakobject)
    for kind in USED:
        answer = await api.delete(wereld[f"catalogi/{kind}"])
        assert (kind, answer.status_code, answer.json()["code"]) == (kind, 409, "conflict")
    free = await maak.zaaktype()
    part = (free.eigenschappen["kleur"], free.zaakobjecttype, free.ziot)
    for url in (*part, free.url, free.besluittype, free.informatieobjecttype):
        assert (await api.delete(url)).status_code == 204


async def test_only_services_may_ask_what_is_in_use(api: Client, stack: Stack) -> None:
    internal = stack.standalone.services["catalogi"].internal
    answer = await internal.send(system_caller("deventer", "catalogi"), "zaken", "GET", "/_intern/uses?van=iets")
    assert answer.status_code == 400
    assert (await api.get("/_intern/uses?van=iets")).status_code == 404
