"""Gerelateerde zaken: both zaken show the relation, whoever made it."""

import asyncio
import itertools
from typing import Any

import pytest

from tests.answers import errors
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import Client, Stack
from tests.waiting import until
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

ROOT = "http://samenzaak.test/zaken/api/v1/zaken/"
UNKNOWN = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def urls(*zaken: str) -> list[dict[str, str]]:
    """Return the member for these zaken."""
    return [{"url": zaak} for zaak in zaken]


async def three(zaken: Zaakmaker) -> list[str]:
    """Make three zaken."""
    return [(await zaken.zaak())["url"] for _ in range(3)]


async def related(zaken: Zaakmaker, zaak: str) -> set[str]:
    """Return the gerelateerde zaken of a zaak."""
    return {item["url"] for item in (await zaken.lees({"url": zaak}))["gerelateerdeZaken"]}


async def test_life_of_a_relation(zaken: Zaakmaker) -> None:
    a, b, c = await three(zaken)
    changed = (await zaken.api.patch(a, {"gerelateerdeZaken": urls(b)})).json()
    assert changed["gerelateerdeZaken"] == urls(b)
    assert changed["relevanteAndereZaken"] == []
    assert await related(zaken, b) == {a}
    assert (await zaken.lees({"url": b}))["relevanteAndereZaken"] == []
    # A list is replaced as a whole, and a zaak that is not in it any more forgets this one.
    assert (await zaken.api.patch(a, {"gerelateerdeZaken": urls(c)})).json()["gerelateerdeZaken"] == urls(c)
    assert (await related(zaken, b), await related(zaken, c)) == (set(), {a})
    # The other side adds, and removes, as well.
    assert (await zaken.api.patch(b, {"gerelateerdeZaken": urls(a, c)})).status_code == 200
    assert (await related(zaken, a), await related(zaken, c)) == ({b, c}, {a, b})
    assert (await zaken.api.patch(c, {"gerelateerdeZaken": None})).json()["gerelateerdeZaken"] == []
    assert (await related(zaken, a), await related(zaken, b)) == ({b}, {a})
    # What is not sent stays, also in a PUT.
    assert (await zaken.api.patch(a, {"toelichting": "x"})).json()["gerelateerdeZaken"] == urls(b)
    whole = (await zaken.api.get(a)).json()
    del whole["gerelateerdeZaken"]
    assert (await zaken.api.put(a, whole)).json()["gerelateerdeZaken"] == urls(b)


async def test_a_new_zaak_with_relations(zaken: Zaakmaker) -> None:
    a, b, _ = await three(zaken)
    # Members that other applications send there are ignored, and one that is named twice is one.
    sent = [{"url": a, "aardRelatie": "vervolg"}, {"url": b}, {"url": a}]
    made = await zaken.zaak(gerelateerdeZaken=sent)
    assert {item["url"] for item in made["gerelateerdeZaken"]} == {a, b}
    assert await zaken.lees(made) == made
    assert (await related(zaken, a), await related(zaken, b)) == ({made["url"]}, {made["url"]})
    listed = (await zaken.api.get(ZAKEN, params={"identificatie": made["identificatie"]})).json()["results"]
    assert listed == [made]
    found = await zaken.api.post(
        f"{ZAKEN}/_zoek", {"uuid__in": [made["uuid"]], "fields": [{"gerelateerdeZaken": ["url"]}]}
    )
    assert found.json()["results"][0]["gerelateerdeZaken"] == made["gerelateerdeZaken"]


async def test_members_of_a_relevante_andere_zaak_are_ignored_without_a_word(zaken: Zaakmaker) -> None:
    a, b, _ = await three(zaken)
    item = {"url": b, "aardRelatie": "neef", "overigeRelatie": 1, "toelichting": "x" * 300, "aard_relatie": None}
    changed = await zaken.api.patch(a, {"gerelateerdeZaken": [item]})
    assert changed.json()["gerelateerdeZaken"] == urls(b)
    assert "x-warning" not in changed.headers
    other = await zaken.api.patch(a, {"gerelateerdeZaken": [{**item, "soort": "x"}]})
    assert other.headers["x-warning"] == "Onbekende velden zijn genegeerd: gerelateerdeZaken.0.soort"


async def test_only_the_zaak_that_is_written_has_a_trail_and_a_notification(
    zaken: Zaakmaker, gemeld: list[dict[str, Any]]
) -> None:
    a, b, _ = await three(zaken)
    tags = {url: (await zaken.api.get(url)).headers["etag"] for url in (a, b)}
    await zaken.api.patch(a, {"gerelateerdeZaken": urls(b)})
    for url, tag in tags.items():
        assert (await zaken.api.get(url, headers={"If-None-Match": tag})).status_code == 200
    now = await zaken.lees({"url": b})
    # Sent back as it was read, nothing changes at either side.
    await zaken.api.patch(a, {"gerelateerdeZaken": urls(b)})
    assert await zaken.lees({"url": b}) == now
    await zaken.api.put(a, await zaken.lees({"url": a}))
    await until(lambda: ("update", a) in {(message["actie"], message["hoofdObject"]) for message in gemeld})
    told = {url: sorted(m["actie"] for m in gemeld if m["hoofdObject"] == url) for url in (a, b)}
    assert told == {a: ["create", "partial_update", "partial_update", "update"], b: ["create"]}
    trails = {url: (await zaken.api.get(f"{url}/audittrail")).json() for url in (a, b)}
    assert [entry["actie"] for entry in trails[b]] == ["create"]
    first = trails[a][1]["wijzigingen"]
    assert (first["oud"]["gerelateerdeZaken"], first["nieuw"]["gerelateerdeZaken"]) == ([], urls(b))


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (ROOT + UNKNOWN, "bad-url"),
        ("http://samenzaak.test/zaken/api/v1/rollen/" + UNKNOWN, "bad-url"),
        ("https://elders.example/zaken/api/v1/zaken/" + UNKNOWN, "bad-url"),
        ("geen url", "invalid"),
        ("", "blank"),
    ],
)
async def test_what_is_no_zaak_here(zaken: Zaakmaker, other: str, code: str) -> None:
    a, b, _ = await three(zaken)
    assert await zaken.weiger(gerelateerdeZaken=urls(b, other)) == [("gerelateerdeZaken.1.url", code)]
    answer = await zaken.api.patch(a, {"gerelateerdeZaken": urls(other, b)})
    assert errors(answer) == [("gerelateerdeZaken.0.url", code)]
    assert (await related(zaken, a), await related(zaken, b)) == (set(), set())


async def test_a_zaak_is_not_related_to_itself(zaken: Zaakmaker) -> None:
    a, b, _ = await three(zaken)
    answer = await zaken.api.patch(a, {"gerelateerdeZaken": urls(b, a)})
    assert errors(answer) == [("gerelateerdeZaken.1.url", "invalid")]


async def test_a_zaak_of_another_municipality_does_not_exist(
    zaken: Zaakmaker, raalte: Client, lijst: Selectielijst
) -> None:
    a, _, _ = await three(zaken)
    theirs = await Zaakmaker(raalte, await Maak(raalte, lijst).zaaktype()).zaak()
    unknown = await zaken.api.patch(a, {"gerelateerdeZaken": urls(ROOT + UNKNOWN)})
    assert errors(unknown) == [("gerelateerdeZaken.0.url", "bad-url")]
    for url in (theirs["url"], ROOT + theirs["uuid"]):
        answer = await zaken.api.patch(a, {"gerelateerdeZaken": urls(url)})
        assert errors(answer) == errors(unknown)
    assert (await raalte.get(theirs["url"])).json() == theirs


async def test_zrc_006_rights_on_both_zaken(zaken: Zaakmaker) -> None:
    a = (await zaken.zaak())["url"]
    secret = (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"]
    client = await zaken.client("zaken.lezen", "zaken.aanmaken", "zaken.bijwerken", cap="openbaar")
    assert (await client.patch(a, {"gerelateerdeZaken": urls(secret)})).status_code == 403
    assert (await client.post(ZAKEN, zaken.body(gerelateerdeZaken=urls(secret)))).status_code == 403
    assert await related(zaken, secret) == set()
    # Writing only asks for the right to read the other one.
    reader = await zaken.client("zaken.lezen", "zaken.bijwerken")
    assert (await zaken.api.patch(a, {"gerelateerdeZaken": urls(secret)})).status_code == 200
    assert (await client.get(a)).json()["gerelateerdeZaken"] == urls(secret)
    assert (await client.patch(a, {"gerelateerdeZaken": []})).status_code == 403
    # What stays asks for nothing.
    assert (await client.patch(a, {"gerelateerdeZaken": urls(secret)})).status_code == 200
    assert (await reader.patch(a, {"gerelateerdeZaken": []})).status_code == 200
    blind = await zaken.client("zaken.bijwerken")
    assert (await blind.patch(a, {"gerelateerdeZaken": urls(secret)})).status_code == 403


async def test_a_closed_zaak_can_be_related(zaken: Zaakmaker) -> None:
    a, closed = (await zaken.zaak())["url"], (await zaken.gesloten())["url"]
    writer = await zaken.client("zaken.lezen", "zaken.bijwerken")
    assert (await writer.patch(a, {"gerelateerdeZaken": urls(closed)})).status_code == 200
    assert await related(zaken, closed) == {a}
    assert (await writer.patch(closed, {"gerelateerdeZaken": []})).status_code == 403


async def test_a_removed_zaak_disappears_from_the_others(zaken: Zaakmaker) -> None:
    a, b, c = await three(zaken)
    await zaken.api.patch(b, {"gerelateerdeZaken": urls(a, c)})
    assert (await zaken.api.delete(b)).status_code == 204
    assert (await related(zaken, a), await related(zaken, c)) == (set(), set())


async def test_no_zaak_has_too_many(zaken: Zaakmaker, stack: Stack) -> None:
    a, b, _ = await three(zaken)
    made = [await zaken.zaak() for _ in range(2)]
    async with stack.admin() as admin:
        # As many as are allowed, all of which are one and the same municipality's zaken of these tests.
        await admin.execute(
            """INSERT INTO deventer_zaken.zaak (bronorganisatie, identificatie, zaaktype, registratiedatum,
                 verantwoordelijke_organisatie, startdatum, vertrouwelijkheidaanduiding)
               SELECT bronorganisatie, 'VEEL-' || $1 || '-' || n, zaaktype, registratiedatum,
                 verantwoordelijke_organisatie, startdatum, vertrouwelijkheidaanduiding
               FROM deventer_zaken.zaak, generate_series(1, 1000) n WHERE uuid::text = $1""",
            made[0]["uuid"],
        )
        await admin.execute(
            """INSERT INTO deventer_zaken.gerelateerde_zaak (zaak, andere)
               SELECT $1::text::uuid, uuid FROM deventer_zaken.zaak WHERE identificatie LIKE 'VEEL-%'""",
            b.rpartition("/")[2],
        )
    answer = await zaken.api.patch(a, {"gerelateerdeZaken": urls(b)})
    assert errors(answer) == [("gerelateerdeZaken", "max_length")]
    assert await related(zaken, a) == set()
    async with stack.admin() as admin:
        await admin.execute("DELETE FROM deventer_zaken.zaak WHERE identificatie LIKE 'VEEL-%'")
    assert (await zaken.api.patch(a, {"gerelateerdeZaken": urls(b)})).status_code == 200


async def test_zaken_that_are_related_to_each_other_at_the_same_moment(zaken: Zaakmaker) -> None:
    a, b, c = await three(zaken)
    for number in range(6):
        writes = [(one, urls(two)) for one, two in itertools.permutations((a, b, c), 2)]
        writes += [(one, []) for one in (a, b, c)] if number % 2 else []
        answers = await asyncio.gather(*(zaken.api.patch(url, {"gerelateerdeZaken": others}) for url, others in writes))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert any(answer.status_code == 200 for answer in answers)
        found = {url: await related(zaken, url) for url in (a, b, c)}
        for one, two in itertools.permutations((a, b, c), 2):
            assert (one in found[two]) == (two in found[one])


async def test_a_relation_with_a_zaak_that_is_being_removed(zaken: Zaakmaker) -> None:
    for _ in range(5):
        a, b, _ = await three(zaken)
        changed, gone = await asyncio.gather(zaken.api.patch(a, {"gerelateerdeZaken": urls(b)}), zaken.api.delete(b))
        assert gone.status_code == 204
        assert changed.status_code in (200, 400, 409), changed.text
        assert await related(zaken, a) == set()
