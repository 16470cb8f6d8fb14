"""The selection list: copies in the database, a register that is away, and loading for closed networks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.catalogi.selectielijst import same_register, same_url
from services.catalogi.selectielijst_laden import OnbruikbareLijst, laad
from tests.answers import error_set
from tests.catalogi.uitwisselen import send, small
from tests.maak import ROOT, Maak
from tests.selectielijst import DATA, PUBLIC, Selectielijst
from tests.stack import Client, Stack


async def age(stack: Stack, hours: int) -> None:
    """Make all copies of Deventer older."""
    async with stack.admin() as admin:
        await admin.execute(f"UPDATE deventer_catalogi.selectielijst SET fetched = fetched - interval '{hours} hours'")


async def forget(stack: Stack) -> None:
    """Remove all copies of Deventer."""
    async with stack.admin() as admin:
        await admin.execute("DELETE FROM deventer_catalogi.selectielijst")


@pytest.fixture
def list_away(stack: Stack, lijst: Selectielijst) -> Iterator[Callable[[], None]]:
    """Return what makes the register fail until the end of the test; it was not noticed before."""
    state = stack.standalone.services["catalogi"].state

    def fail() -> None:
        lijst.away = True
        state.pop("selectielijst_away", None)

    yield fail
    lijst.away = False
    state.pop("selectielijst_away", None)


async def test_a_copy_is_used_for_a_day(stack: Stack, maak: Maak, lijst: Selectielijst) -> None:
    await forget(stack)
    zaaktype = (await maak.concept())["url"]
    await maak.resultaattype(zaaktype)
    lijst.requests.clear()
    await maak.resultaattype(zaaktype)
    assert lijst.requests == []
    await age(stack, 2)
    await maak.resultaattype(zaaktype)
    assert [path.split("/")[1] for path in lijst.requests] == ["resultaattypeomschrijvingen"]
    await age(stack, 25)
    await maak.resultaattype(zaaktype)
    assert [path.split("/")[1] for path in lijst.requests[1:]] == ["resultaattypeomschrijvingen", "resultaten"]


async def test_an_old_copy_will_do_when_the_register_is_away(
    stack: Stack, maak: Maak, list_away: Callable[[], None]
) -> None:
    zaaktype = (await maak.concept())["url"]
    made = await maak.resultaattype(zaaktype)
    await age(stack, 1000)
    list_away()
    again = await maak.resultaattype(zaaktype)
    assert again["archiefactietermijn"] == made["archiefactietermijn"]
    assert (await maak.api.get(made["url"])).json()["omschrijvingGeneriek"] == made["omschrijvingGeneriek"]
    assert (await maak.api.patch(made["url"], {"toelichting": "Zonder lijst"})).status_code == 200
    assert (await maak.publiceer(zaaktype))["concept"] is False
    await forget(stack)
    answer = await maak.api.post(f"{ROOT}/resultaattypen", maak.resultaattype_body(zaaktype))
    assert error_set(answer) == {("resultaattypeomschrijving", "bad-url"), ("selectielijstklasse", "bad-url")}


async def test_what_was_loaded_is_used_without_the_register(stack: Stack, maak: Maak, lijst: Selectielijst) -> None:
    """A closed network: the catalogue refers to the public register, which is never asked."""
    procestype = json.loads((DATA / "procestypen.json").read_text())[-1]["url"]
    body = await maak.zaaktype_body(selectielijstProcestype=procestype)
    await forget(stack)
    assert error_set(await maak.api.post(f"{ROOT}/zaaktypen", body)) == {("selectielijstProcestype", "bad-url")}
    async with stack.admin() as admin:
        counts = await laad(admin, ["deventer", "raalte"], str(DATA))
    assert counts == {"procestype": 58, "resultaat": 650, "resultaattypeomschrijving": 16}
    lijst.requests.clear()
    zaaktype = await maak.api.created(f"{ROOT}/zaaktypen", body)
    klasse = next(
        r for r in json.loads((DATA / "resultaten.json").read_text())["results"] if r["procesType"] == procestype
    )
    generiek = json.loads((DATA / "resultaattypeomschrijvingen.json").read_text())[0]["url"]
    made = await maak.resultaattype(
        zaaktype["url"],
        selectielijstklasse=klasse["url"],
        resultaattypeomschrijving=generiek,
        brondatumArchiefprocedure=None,
    )
    assert made["archiefnominatie"] == klasse["waardering"]
    assert lijst.requests == []


async def test_the_list_is_loaded_from_a_register(stack: Stack, lijst: Selectielijst) -> None:
    async with stack.admin() as admin:
        assert await laad(admin, ["raalte"], lijst.root) == {
            "procestype": 58,
            "resultaat": 650,
            "resultaattypeomschrijving": 16,
        }


async def test_bare_uuids_need_an_address(stack: Stack, tmp_path: Path) -> None:
    item = {"url": "8a8c4a47-0000-4000-8000-000000000001", "nummer": 1, "jaar": 2020, "naam": "Proef"}
    item |= {"omschrijving": "o", "toelichting": "", "procesobject": "Zaak"}
    (tmp_path / "procestypen.json").write_text(json.dumps([item]))
    async with stack.admin() as admin:
        with pytest.raises(OnbruikbareLijst):
            await laad(admin, ["raalte"], str(tmp_path))
        assert await laad(admin, ["raalte"], str(tmp_path), PUBLIC) == {"procestype": 1}
        url = await admin.fetchval(
            "SELECT url FROM raalte_catalogi.selectielijst WHERE url LIKE '%' || $1", item["url"]
        )
    assert url == f"{PUBLIC}/procestypen/{item['url']}"


@pytest.mark.parametrize("content", ["{}", "[]", "geen json", '[{"url": "https://a.nl/1", "naam": "iets"}]'])
async def test_what_is_no_selection_list_is_refused(stack: Stack, tmp_path: Path, content: str) -> None:
    (tmp_path / "lijst.json").write_text(content)
    async with stack.admin() as admin:
        with pytest.raises(OnbruikbareLijst):
            await laad(admin, ["raalte"], str(tmp_path / "lijst.json"))
        with pytest.raises(OnbruikbareLijst):
            await laad(admin, ["raalte"], str(tmp_path / "bestaat-niet.json"))


async def test_only_the_register_is_asked(beheerder: Client, beheer: Maak, lijst: Selectielijst) -> None:
    lijst.requests.clear()
    for url in (
        lijst.root.replace("/api/v1", "/elders"),
        lijst.root + "/../../geheim",
        lijst.root + "/%2e%2e/geheim",
        "http://127.0.0.1:1/api/v1/procestypen/1",
    ):
        body = await beheer.zaaktype_body(selectielijstProcestype=url)
        assert error_set(await beheerder.post(f"{ROOT}/zaaktypen", body)) == {("selectielijstProcestype", "bad-url")}
    assert lijst.requests == []


def test_which_urls_are_the_same() -> None:
    assert same_url("http://Lijst.nl/api/v1/procestypen/1/", "https://lijst.nl/api/v1/procestypen/1")
    assert not same_url("", "")
    assert not same_url("https://lijst.nl/procestypen/1", "https://lijst.nl/procestypen/2")
    assert same_register("https://lijst.nl/api/v1/resultaten/1", "https://lijst.nl/api/v1/")
    assert not same_register("https://lijst.nl.kwaad.nl/api/v1/resultaten/1", "https://lijst.nl/api/v1/")


async def test_a_register_that_is_away_does_not_keep_an_import_waiting(
    api: Client, stack: Stack, lijst: Selectielijst, list_away: Callable[[], None]
) -> None:
    """With old copies or without any: it is asked once, and then left alone for a while."""
    assert (await send(api, small(lijst, "WEG"), proef="true")).status_code == 200
    await age(stack, 1000)
    for expected in (200, 400):
        list_away()
        lijst.requests.clear()
        assert (await send(api, small(lijst, "WEG"), proef="true")).status_code == expected
        assert len(lijst.requests) == 1
        await forget(stack)


async def test_answers_of_the_register_that_are_no_use(beheer: Maak, stack: Stack, lijst: Selectielijst) -> None:
    procestype = lijst.objects[next(path for path in lijst.objects if path.startswith("/procestypen/"))]
    strange = {"lijst": [procestype], "groot": {**procestype, "toelichting": "x" * 1_100_000}, "getal": 5, "leeg": None}
    for name, content in strange.items():
        lijst.objects[f"/procestypen/{name}"] = content
        body = await beheer.zaaktype_body(selectielijstProcestype=f"{lijst.root}/procestypen/{name}")
        assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {("selectielijstProcestype", "bad-url")}
    lijst.objects["/procestypen/soort"] = {**procestype, "nummer": "1"}
    body = await beheer.zaaktype_body(selectielijstProcestype=f"{lijst.root}/procestypen/soort")
    assert error_set(await beheer.api.post(f"{ROOT}/zaaktypen", body)) == {
        ("selectielijstProcestype", "invalid-resource")
    }
    await forget(stack)
