"""What happens when several administrators do things at the same moment."""

import asyncio
from typing import Any

from tests.answers import error_set
from tests.maak import ROOT, Maak


async def test_ztc_016_of_versions_that_overlap_one_is_published(beheer: Maak) -> None:
    first = await beheer.concept()
    versions = [first] + [await beheer.concept(identificatie=first["identificatie"]) for _ in range(5)]
    answers = await asyncio.gather(*(beheer.api.post(version["url"] + "/publish") for version in versions))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    assert all(error_set(a) == {("beginGeldigheid", "overlap")} for a in answers if a.status_code == 400)


async def test_ztc_016_two_versions_do_not_grow_into_each_other(beheer: Maak) -> None:
    first = await beheer.concept(beginGeldigheid="2020-01-01", eindeGeldigheid="2020-12-31")
    name = first["identificatie"]
    second = await beheer.concept(identificatie=name, beginGeldigheid="2022-01-01", eindeGeldigheid="2022-12-31")
    third = await beheer.concept(identificatie=name, beginGeldigheid="2021-02-01", eindeGeldigheid="2021-03-01")
    for version in (first, second):
        await beheer.publiceer(version["url"])
    answers = await asyncio.gather(
        beheer.api.patch(first["url"], {"eindeGeldigheid": "2021-06-30"}), beheer.api.post(third["url"] + "/publish")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 400]


async def test_ztc_010_nothing_is_added_once_a_zaaktype_is_published(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]

    async def add(number: int) -> Any:
        body = {"zaaktype": zaaktype, "omschrijving": f"Status {number}", "volgnummer": number}
        return await beheer.api.post(f"{ROOT}/statustypen", body)

    *added, published = await asyncio.gather(
        *(add(number) for number in range(1, 9)), beheer.api.post(zaaktype + "/publish")
    )
    assert published.status_code == 200
    made = [answer.json()["url"] for answer in added if answer.status_code == 201]
    refused = [error_set(answer) for answer in added if answer.status_code != 201]
    assert refused == [{("nonFieldErrors", "non-concept-zaaktype")}] * len(refused)
    shown = (await beheer.api.get(zaaktype)).json()
    assert sorted(shown["statustypen"]) == sorted(made)
    # What came before the publication shows in its answer.
    assert set(published.json()["statustypen"]) == set(made)


async def test_ztc_x9_of_two_with_the_same_volgnummer_one_is_stored(beheer: Maak) -> None:
    zaaktype = (await beheer.concept())["url"]
    body = {"zaaktype": zaaktype, "omschrijving": "Status", "volgnummer": 1}
    answers = await asyncio.gather(*(beheer.api.post(f"{ROOT}/statustypen", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 4
    assert all(error_set(a) == {("nonFieldErrors", "unique")} for a in answers if a.status_code == 400)


async def test_generated_identificaties_differ(beheer: Maak) -> None:
    body = await beheer.zaaktype_body(identificatie="")
    made = await asyncio.gather(*(beheer.api.created(f"{ROOT}/zaaktypen", body) for _ in range(8)))
    assert len({zaaktype["identificatie"] for zaaktype in made}) == 8
