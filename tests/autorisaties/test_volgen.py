"""Autorisaties that follow types: all versions of one, or all types of a catalogue (docs/adr/0017)."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from services.autorisaties import volgen
from services.autorisaties.applicatie import MOST, hoogstens_zoveel
from tests.answers import errors
from tests.autorisaties.volgend import SCOPES, URL, body, types, zrc
from tests.bodies import zaak_body
from tests.maak import Maak
from tests.stack import PUBLIC, SPLIT, Client, Stack
from zgw.clients import TYPES

ZAKEN = "/zaken/api/v1/zaken"


async def version(maak: Maak, before: Mapping[str, Any], begin: str = "2025-01-01", **changes: Any) -> dict[str, Any]:
    """Make and publish the next version of a zaaktype, and end the one before."""
    made = await maak.concept(
        catalogus=before["catalogus"], identificatie=before["identificatie"], beginGeldigheid=begin, **changes
    )
    ended = await maak.api.patch(before["url"], {"eindeGeldigheid": begin})
    assert ended.status_code == 200, ended.text
    return await maak.publiceer(made["url"])


async def two_versions(maak: Maak, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two published versions of a new zaaktype."""
    first = await maak.publiceer((await maak.concept(**changes))["url"])
    return first, await version(maak, first)


async def test_a_new_version_needs_no_new_autorisatie(stack: Stack, api: Client, maak: Maak) -> None:
    """From the answer to its POST on, also between processes."""
    first = await maak.publiceer((await maak.concept())["url"])
    fixed = await stack.add_client("deventer", f"vast-{uuid.uuid4()}", [zrc(zaaktype=first["url"])])
    following = await stack.add_client(
        "deventer", f"volgt-{uuid.uuid4()}", [zrc(zaaktype=first["url"], alleVersies=True)]
    )
    for client in (fixed, following):
        await client.created(ZAKEN, zaak_body(first["url"]))
    latest = first
    for year in range(2021, 2027):
        latest = await version(maak, latest, f"{year}-01-01")
        assert (await fixed.post(ZAKEN, zaak_body(latest["url"]))).status_code == 403
        await following.created(ZAKEN, zaak_body(latest["url"]))
    shown = (await following.get(f"{ZAKEN}?zaaktype={latest['url']}")).json()
    assert shown["count"] == 1


async def test_all_types_of_a_catalogue(stack: Stack, api: Client, maak: Maak) -> None:
    catalogus, other = (await maak.catalogus())["url"], (await maak.catalogus())["url"]
    client = await stack.add_client("deventer", f"catalogus-{uuid.uuid4()}", [zrc(catalogus=catalogus)])
    for _ in range(3):
        made = await maak.publiceer((await maak.concept(catalogus=catalogus))["url"])
        await client.created(ZAKEN, zaak_body(made["url"]))
    elsewhere = await maak.publiceer((await maak.concept(catalogus=other))["url"])
    assert (await client.post(ZAKEN, zaak_body(elsewhere["url"]))).status_code == 403
    too_high = {**zaak_body(made["url"]), "vertrouwelijkheidaanduiding": "geheim"}
    assert (await client.post(ZAKEN, too_high)).status_code == 403


@pytest.mark.parametrize("component", ["drc", "brc"])
async def test_documents_and_besluiten_follow_too(stack: Stack, api: Client, maak: Maak, component: str) -> None:
    catalogus = (await maak.catalogus())["url"]
    kind, make, word = {
        "drc": ("informatieobjecttype", maak.informatieobjecttype, "documenten"),
        "brc": ("besluittype", maak.besluittype, "besluiten"),
    }[component]
    level = {} if component == "brc" else {"maxVertrouwelijkheidaanduiding": "openbaar"}
    grant = {"component": component, "scopes": [f"{word}.lezen"], **level}
    first = await make(catalogus=catalogus, eindeGeldigheid="2020-12-31")
    named = body({**grant, kind: first["url"], "alleVersies": True}, {**grant, "catalogus": catalogus})
    applicatie = await api.created(URL, named)
    second = await make(catalogus=catalogus, omschrijving=first["omschrijving"], beginGeldigheid="2021-01-01")
    third = await make(catalogus=catalogus)
    shown = (await api.get(applicatie["url"])).json()["autorisaties"]
    assert sorted(one[kind] for one in shown if one.get("alleVersies")) == sorted([first["url"], second["url"]])
    whole = {one[kind] for one in shown if one.get("catalogus") == catalogus}
    assert whole == {first["url"], second["url"], third["url"]}


async def test_shown_as_the_standard_has_it(api: Client, maak: Maak) -> None:
    """One for each version, with a member of our own beside it; a concept is a version too."""
    first, second = await two_versions(maak)
    concept = await maak.concept(identificatie=first["identificatie"], beginGeldigheid="2030-01-01")
    made = await api.created(URL, body(zrc(zaaktype=second["url"], alleVersies=True)))
    expected = [
        {**zrc(zaaktype=one["url"], alleVersies=True), "componentWeergave": "Zaken API"}
        for one in (first, second, concept)
    ]
    assert made["autorisaties"] == expected
    client = made["clientIds"][0]
    assert (await api.get(f"{URL}/consumer?clientId={client}")).json() == made
    assert (await api.get(f"{URL}?clientIds={client}")).json()["results"] == [made]
    assert (await api.patch(made["url"], {"label": "Anders"})).json()["autorisaties"] == expected
    await api.delete(concept["url"])
    assert types((await api.get(made["url"])).json()) == [first["url"], second["url"]]


async def test_what_was_shown_can_be_sent_back(api: Client, maak: Maak) -> None:
    """All versions stay all versions, and those that were named one by one stay those."""
    catalogus = (await maak.catalogus())["url"]
    first, second = await two_versions(maak, catalogus=catalogus)
    other = await maak.publiceer((await maak.concept(catalogus=catalogus))["url"])
    made = await api.created(
        URL,
        body(
            zrc(zaaktype=first["url"], alleVersies=True),
            zrc(zaaktype=first["url"], scopes=["zaken.bijwerken"]),
            zrc(zaaktype=second["url"], scopes=["zaken.bijwerken"]),
            zrc(catalogus=catalogus, scopes=["zaken.verwijderen"]),
            {"component": "ztc", "scopes": ["catalogi.lezen"]},
        ),
    )
    for method in (api.put, api.patch, api.put):
        answer = await method(made["url"], made)
        assert answer.status_code == 200, answer.text
        assert answer.json() == made
    third = await version(maak, second, "2026-01-01")
    shown = (await api.get(made["url"])).json()["autorisaties"]

    def of(scope: str) -> set[str]:
        return {one["zaaktype"] for one in shown if scope in one["scopes"]}

    assert of("zaken.aanmaken") == {first["url"], second["url"], third["url"]}
    assert of("zaken.bijwerken") == {first["url"], second["url"]}
    assert of("zaken.verwijderen") == {first["url"], second["url"], third["url"], other["url"]}


async def test_software_that_only_knows_the_standard_sends_back_the_same(api: Client, maak: Maak) -> None:
    """Without our members, all versions are all versions when all are sent, and only some are those."""
    first, second = await two_versions(maak)
    made = await api.created(URL, body(zrc(zaaktype=first["url"], alleVersies=True)))
    plain = [{k: v for k, v in one.items() if k != "alleVersies"} for one in made["autorisaties"]]
    again = await api.put(made["url"], {**made, "autorisaties": plain})
    assert again.json() == made
    # Who says that they are not to follow, or leaves a version out, has those versions.
    explicit = await api.put(made["url"], {**made, "autorisaties": [{**one, "alleVersies": False} for one in plain]})
    assert explicit.json()["autorisaties"] == plain
    await api.put(made["url"], made)
    fewer = await api.put(made["url"], {**made, "autorisaties": plain[1:]})
    assert fewer.json()["autorisaties"] == plain[1:]
    # And those who never followed do not begin to.
    both = await api.put(made["url"], {**made, "autorisaties": plain})
    assert both.json()["autorisaties"] == plain
    await version(maak, second, "2026-01-01")
    assert types((await api.get(made["url"])).json()) == [first["url"], second["url"]]


async def test_another_scope_or_level_is_another_autorisatie(api: Client, maak: Maak) -> None:
    first, second = await two_versions(maak)
    made = await api.created(URL, body(zrc(zaaktype=first["url"], alleVersies=True)))
    plain = [{k: v for k, v in one.items() if k != "alleVersies"} for one in made["autorisaties"]]
    wider = [{**one, "scopes": [*SCOPES, "zaken.bijwerken"]} for one in plain]
    assert (await api.put(made["url"], {**made, "autorisaties": wider})).json()["autorisaties"] == wider
    assert types((await api.get(made["url"])).json()) == [first["url"], second["url"]]


async def test_what_is_gone_matches_nothing_and_stays(api: Client, maak: Maak) -> None:
    """autorisaties.md §4: a right outlives its type; it can be sent back, and counts for what comes under the name."""
    catalogus = (await maak.catalogus())["url"]
    concept = await maak.concept(catalogus=catalogus)
    made = await api.created(URL, body(zrc(zaaktype=concept["url"], alleVersies=True), zrc(catalogus=catalogus)))
    assert (await api.delete(concept["url"])).status_code == 204
    left = [
        {**zrc(zaaktype=concept["url"], alleVersies=True), "componentWeergave": "Zaken API"},
        {**zrc(catalogus=catalogus), "componentWeergave": "Zaken API"},
    ]
    assert (await api.get(made["url"])).json()["autorisaties"] == left
    assert (await api.put(made["url"], {**made, "autorisaties": left})).json()["autorisaties"] == left
    again = await maak.concept(catalogus=catalogus, identificatie=concept["identificatie"])
    assert types((await api.get(made["url"])).json()) == [again["url"], again["url"]]
    assert (await api.delete(again["url"])).status_code == 204
    assert (await api.delete(catalogus)).status_code == 204
    assert (await api.put(made["url"], {**made, "autorisaties": left})).json()["autorisaties"] == left
    # Somebody else cannot name what is not there.
    assert errors(await api.post(URL, body(*left))) == [
        ("autorisaties.0.zaaktype", "bad-url"),
        ("autorisaties.1.catalogus", "bad-url"),
    ]


async def test_a_version_that_gets_another_name_leaves_the_type(stack: Stack, api: Client, maak: Maak) -> None:
    first = await maak.publiceer((await maak.concept())["url"])
    concept = await maak.concept(identificatie=first["identificatie"], beginGeldigheid="2030-01-01")
    made = await api.created(URL, body(zrc(zaaktype=first["url"], alleVersies=True)))
    assert types(made) == [first["url"], concept["url"]]
    sent = {**concept, "identificatie": f"anders-{uuid.uuid4().hex[:8]}"}
    assert (await api.put(concept["url"], sent)).status_code == 200
    assert types((await api.get(made["url"])).json()) == [first["url"]]


async def test_what_cannot_be_followed(api: Client, raalte: Client, maak: Maak) -> None:
    concept = await maak.concept()
    elsewhere = "https://catalogi.example.nl/catalogi/api/v1/zaaktypen/0b3d6e7e-9d7c-4a53-a0f5-2f0d4f0d9f3c"
    unknown = f"{uuid.uuid4()}"
    host = concept["url"].partition("/catalogi/")[0]
    root = f"{host}/catalogi/api/v1"
    cases = [
        (zrc(zaaktype=elsewhere, alleVersies=True), "alleVersies", "invalid"),
        (zrc(zaaktype=f"{root}/zaaktypen/{unknown}", alleVersies=True), "zaaktype", "bad-url"),
        (zrc(zaaktype=f"{root}/besluittypen/{unknown}", alleVersies=True), "zaaktype", "invalid-resource"),
        (zrc(zaaktype=concept["url"], alleVersies=True, catalogus=concept["catalogus"]), "alleVersies", "invalid"),
        (zrc(catalogus=f"{root}/catalogussen/{unknown}"), "catalogus", "bad-url"),
        (zrc(catalogus=concept["url"]), "catalogus", "invalid-resource"),
        (zrc(catalogus="https://catalogi.example.nl/catalogussen/1"), "catalogus", "bad-url"),
        (zrc(catalogus="geen-url"), "catalogus", "invalid"),
        (zrc(zaaktype=concept["url"], alleVersies="misschien"), "alleVersies", "invalid"),
        (zrc(alleVersies=True), "zaaktype", "required"),
        ({"component": "zrc", "scopes": [], "alleVersies": True}, "zaaktype", "required"),
    ]
    for sent, name, code in cases:
        assert errors(await api.post(URL, body(sent))) == [(f"autorisaties.0.{name}", code)], sent
    nameless = await maak.besluittype(omschrijving="")
    grant = {"component": "brc", "scopes": ["besluiten.lezen"], "besluittype": nameless["url"], "alleVersies": True}
    assert errors(await api.post(URL, body(grant))) == [("autorisaties.0.alleVersies", "invalid")]
    # Where there are no types the members mean nothing.
    ztc = {"component": "ztc", "scopes": ["catalogi.lezen"], "alleVersies": True, "catalogus": "geen-url"}
    made = await api.created(URL, body(ztc))
    assert set(made["autorisaties"][0]) == {"component", "scopes", "componentWeergave"}


async def test_the_catalogue_of_another_municipality(api: Client, raalte: Client, maak: Maak) -> None:
    """By its own URL, and below the own address of who asks."""
    catalogus = (await maak.catalogus())["url"]
    for url in (catalogus, catalogus.replace("http://samenzaak.test", "http://raalte.test")):
        assert errors(await raalte.post(URL, body(zrc(catalogus=url)))) == [("autorisaties.0.catalogus", "bad-url")]
    concept = await maak.concept()
    moved = concept["url"].replace("http://samenzaak.test", "http://raalte.test")
    sent = zrc(zaaktype=moved, alleVersies=True)
    assert errors(await raalte.post(URL, body(sent))) == [("autorisaties.0.zaaktype", "bad-url")]


async def test_without_our_members_answers_have_none(api: Client, maak: Maak) -> None:
    first, _ = await two_versions(maak)
    made = await api.created(URL, body(zrc(zaaktype=first["url"])))
    expected = {"component", "componentWeergave", "scopes", "zaaktype", "maxVertrouwelijkheidaanduiding"}
    assert [set(one) for one in made["autorisaties"]] == [expected]


@pytest.mark.skipif(SPLIT, reason="looks into the process of the service")
async def test_a_process_that_did_not_hear_of_a_version_asks_before_it_refuses(
    stack: Stack, api: Client, maak: Maak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its connection was lost without a word. What no right is for is asked about once a second."""
    first, other = await maak.publiceer((await maak.concept())["url"]), await maak.zaaktype()
    client = await stack.add_client("deventer", f"doof-{uuid.uuid4()}", [zrc(zaaktype=first["url"], alleVersies=True)])
    await client.created(ZAKEN, zaak_body(first["url"]))
    clients = stack.standalone.services["zaken"].clients
    asked: list[str] = []
    ask = clients._asked

    async def counted(caller: Any, key: Any) -> Any:
        asked.append(caller.client_id)
        return await ask(caller, key)

    monkeypatch.setattr(clients, "_asked", counted)
    monkeypatch.setitem(stack.standalone.signals._listeners, TYPES, [])
    second = await version(maak, first)
    zaak = await client.created(ZAKEN, zaak_body(second["url"]))
    assert asked == [client.client_id]
    await client.created(ZAKEN, zaak_body(second["url"]))
    assert asked == [client.client_id]
    third = await version(maak, second, "2026-01-01")
    made = await api.created(ZAKEN, zaak_body(third["url"]))
    assert (await client.get(made["url"])).status_code == 200
    assert (await client.get(zaak["url"])).status_code == 200
    assert asked.count(client.client_id) == 2
    began = time.monotonic()
    for _ in range(10):
        assert (await client.post(ZAKEN, zaak_body(other.url))).status_code == 403
    assert asked.count(client.client_id) <= 3 + (time.monotonic() - began)
    # Who does not follow types is not asked about again.
    fixed = await stack.add_client("deventer", f"vast-{uuid.uuid4()}", [zrc(zaaktype=first["url"])])
    asked.clear()
    for _ in range(3):
        assert (await fixed.post(ZAKEN, zaak_body(other.url))).status_code == 403
    assert asked == [fixed.client_id]


@pytest.mark.skipif(SPLIT, reason="looks into the process of the service")
async def test_a_new_version_drops_only_what_follows_types(stack: Stack, api: Client, maak: Maak) -> None:
    """A copy of rights has compiled statements with it."""
    first = await maak.publiceer((await maak.concept())["url"])
    grants = zrc(zaaktype=first["url"]), zrc(zaaktype=first["url"], alleVersies=True)
    clients = [await stack.add_client("deventer", f"kopie-{uuid.uuid4()}", [grant]) for grant in grants]
    for client in clients:
        assert (await client.get(ZAKEN)).status_code == 200
    known = stack.standalone.services["zaken"].clients
    keys = [(client.client_id, PUBLIC) for client in clients]
    # What belongs to a type changes often, and is none of it.
    await maak.statustype((await maak.concept())["url"])
    for client in clients:
        assert (await client.get(ZAKEN)).status_code == 200
    concept = await maak.concept(identificatie=first["identificatie"], beginGeldigheid="2030-01-01")
    assert known._applicaties.get("deventer", keys[0]) is not None
    assert known._following.get("deventer", keys[1]) is None
    assert (await clients[1].get(ZAKEN)).status_code == 200
    await maak.statustype(concept["url"])
    assert known._following.get("deventer", keys[1]) is not None


@pytest.mark.skipif(SPLIT, reason="looks into the process of the service")
async def test_what_cannot_be_sent_back_is_shown_once(api: Client, maak: Maak, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogus = (await maak.catalogus())["url"]
    first, second = await two_versions(maak, catalogus=catalogus)
    sent = body(zrc(catalogus=catalogus), zrc(zaaktype=first["url"], alleVersies=True), zrc(zaaktype=first["url"]))
    made = await api.created(URL, sent)
    # Each autorisatie counts for its eight members and its two scopes.
    monkeypatch.setattr(volgen, "MOST_VALUES", 39)
    shown = (await api.get(made["url"])).json()["autorisaties"]
    assert [one.get("zaaktype") for one in shown] == [first["url"], second["url"], first["url"], first["url"]]
    assert [(one.get("alleVersies"), one.get("catalogus")) for one in shown] == [
        (None, catalogus), (None, catalogus), (True, None), (None, None),
    ]  # fmt: skip
    monkeypatch.setattr(volgen, "MOST_VALUES", 19)
    shown = (await api.get(made["url"])).json()["autorisaties"]
    assert [one.get("zaaktype") for one in shown] == [None, first["url"], first["url"]]
    assert (await api.put(made["url"], {**made, "autorisaties": shown})).status_code == 200
    monkeypatch.undo()
    assert (await api.get(made["url"])).json() == made
    # The bound of a page is that of all on it.
    monkeypatch.setattr(volgen, "MOST_ON_PAGE", 39)
    page = await api.get(f"{URL}?clientIds={made['clientIds'][0]}")
    assert len(page.json()["results"][0]["autorisaties"]) == 4


def test_versions_of_a_catalogue_count_once() -> None:
    """Who sends back what was shown may send more than there may be."""
    catalogus = f"https://zgw.example.nl/catalogussen/{uuid.uuid4()}"
    shown = [zrc(zaaktype=f"https://zgw.example.nl/{n}", catalogus=catalogus) for n in range(MOST + 10)]
    plain = [zrc(zaaktype=f"https://zgw.example.nl/{n}") for n in range(MOST)]
    strange: list[Any] = [5, None, {"catalogus": 5}, {"catalogus": ""}]
    for few in (shown, plain, [*shown, *plain[1:]], [*strange, *shown], "x", None):
        assert hoogstens_zoveel(few) is few
    for many in ([*shown, *plain], [*plain, 5], [*shown, zrc(catalogus=catalogus, scopes=["zaken.lezen"]), *plain[1:]]):
        with pytest.raises(PydanticCustomError):
            hoogstens_zoveel(many)
