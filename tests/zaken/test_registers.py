"""What a zaak refers to in the registers of others: zrc-010, zrc-011 and the selection list."""

from collections.abc import AsyncIterator

import pytest

from services.zaken.zaak_regels import MAX_ELDERS
from tests.answers import errors
from tests.bodies import relatie
from tests.maak import Maak
from tests.stack import Stack
from tests.zaken.elders import Elders, elders
from tests.zaken.zaakmaker import Zaakmaker
from zgw.externals import AT_ONCE


@pytest.fixture(scope="module")
async def register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """Registers of somebody else."""
    async with elders(zaken.api.stack) as register:
        yield register


async def test_zrc_010_communicatiekanaal(zaken: Zaakmaker, register: Elders) -> None:
    kanaal = {"url": "x", "naam": "balie", "omschrijving": "Aan de balie"}
    good = register.add("communicatiekanalen/1", kanaal)
    zaak = await zaken.zaak(communicatiekanaal=good)
    assert zaak["communicatiekanaal"] == good
    for number, missing in enumerate(kanaal, 2):
        less = {name: value for name, value in kanaal.items() if name != missing}
        wrong = register.add(f"communicatiekanalen/{number}", less)
        assert await zaken.weiger(communicatiekanaal=wrong) == [("communicatiekanaal", "invalid-resource")]
        answer = await zaken.api.patch(zaak["url"], {"communicatiekanaal": wrong})
        assert errors(answer) == [("communicatiekanaal", "invalid-resource")]
    gone = f"{good}/niets"
    assert await zaken.weiger(communicatiekanaal=gone) == [("communicatiekanaal", "bad-url")]
    # What was accepted stays, also when the register does not know it any more.
    del register.objects["/api/v1/communicatiekanalen/1"]
    assert (await zaken.api.put(zaak["url"], zaak)).status_code == 200
    assert await zaken.weiger(communicatiekanaal=good) == [("communicatiekanaal", "bad-url")]


async def test_selectielijstklasse_is_a_resultaat_of_the_selection_list(
    zaken: Zaakmaker, maak: Maak, register: Elders
) -> None:
    klasse = maak.klasse()
    assert (await zaken.zaak(selectielijstklasse=klasse["url"]))["selectielijstklasse"] == klasse["url"]
    wrong = await zaken.weiger(selectielijstklasse=klasse["procesType"])
    assert wrong == [("selectielijstklasse", "invalid-resource")]
    # Another register is asked when the municipality has configured it.
    other = register.add("resultaten/1", klasse)
    assert (await zaken.zaak(selectielijstklasse=other))["selectielijstklasse"] == other
    gone = f"{klasse['url']}0000"
    assert await zaken.weiger(selectielijstklasse=gone) == [("selectielijstklasse", "bad-url")]


async def test_zrc_011_a_zaak_elsewhere(zaken: Zaakmaker, register: Elders) -> None:
    there = register.add("zaken/1", {"url": "x", "einddatum": None})
    links = [relatie(there)]
    assert (await zaken.zaak(relevanteAndereZaken=links))["relevanteAndereZaken"] == links
    links.append(relatie(f"{there}0"))
    assert await zaken.weiger(relevanteAndereZaken=links) == [("relevanteAndereZaken.1.url", "bad-url")]


async def test_zrc_011_relevant_zaken_elsewhere_are_fetched_together(zaken: Zaakmaker, stack: Stack) -> None:
    """A few at the same time, and not more than a client can wait for."""
    async with elders(stack) as other:
        urls = [other.add(f"zaken/{number}", {"einddatum": None}) for number in range(MAX_ELDERS + 1)]
        links = [{"url": url, "aardRelatie": "vervolg"} for url in urls]
        assert await zaken.weiger(relevanteAndereZaken=links) == [("relevanteAndereZaken", "max_length")]
        assert other.asked == []
        other.together, other.delay = AT_ONCE, 0.05
        assert len((await zaken.zaak(relevanteAndereZaken=links[1:]))["relevanteAndereZaken"]) == MAX_ELDERS
        assert (len(other.asked), other.most) == (MAX_ELDERS, AT_ONCE)
        # Those of this register are found in one statement.
        own = (await zaken.zaak())["url"]
        many = [{"url": own, "aardRelatie": "vervolg"}] * (MAX_ELDERS + 1)
        assert len((await zaken.zaak(relevanteAndereZaken=many))["relevanteAndereZaken"]) == MAX_ELDERS + 1
