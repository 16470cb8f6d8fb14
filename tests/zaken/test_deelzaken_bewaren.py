"""Until when a deelzaak is kept whose retention starts with that of its hoofdzaak (zrc-021, zaken.md §9).

It counts from the later of the end of the hoofdzaak and the start of its own retention; while that has none, from
nowhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.maak import Maak, procedure
from tests.zaken.archiveren import DAG, besluit, bron, maker, sluit, termijn
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

EERDER, LATER, NOG_LATER = "2020-01-01", "2029-06-01", "2031-07-01"
Change = Callable[[], Awaitable[Any]]
Steps = list[tuple[Change, str | None]]
"""What is done to a closed hoofdzaak, and the day from which the retention of its deelzaak counts then."""


class Gezin:
    """A closed hoofdzaak of one afleidingswijze, with a closed deelzaak of afleidingswijze hoofdzaak."""

    def __init__(self, top: Zaakmaker, kind: Zaakmaker) -> None:
        self.top, self.kind = top, kind
        self.hoofdzaak: dict[str, Any] = {}
        self.deelzaak: dict[str, Any] = {}

    async def maak(self, **changes: Any) -> None:
        """Make both and close them, the deelzaak first."""
        self.hoofdzaak = await self.top.zaak(**changes)
        self.deelzaak = await self.kind.zaak(hoofdzaak=self.hoofdzaak["url"])
        assert (await sluit(self.kind, self.deelzaak))["archiefactiedatum"] is None
        self.hoofdzaak = await sluit(self.top, self.hoofdzaak)

    async def start(self) -> str | None:
        """Return the day from which the retention of the deelzaak counts; it is the stored one where that is kept."""
        shown = await self.kind.lees(self.deelzaak)
        found = bron(shown, await termijn(self.kind))
        assert shown["startdatumBewaartermijn"] in (found, None)
        return found

    async def wijzig(self, **changes: Any) -> None:
        """Change the hoofdzaak."""
        answer = await self.top.api.patch(self.hoofdzaak["url"], changes)
        assert answer.status_code == 200, answer.text

    async def loop(self, steps: Steps) -> None:
        """Do each step and compare."""
        for number, (change, expected) in enumerate(steps):
            await change()
            assert await self.start() == expected, f"step {number}"


@pytest.fixture(scope="module")
async def kind(zaken: Zaakmaker, maak: Maak) -> Zaakmaker:
    """Makes deelzaken that wait for their hoofdzaak."""
    return await maker(zaken, maak, "hoofdzaak")


async def gezin(zaken: Zaakmaker, maak: Maak, kind: Zaakmaker, wijze: str) -> Gezin:
    """Return a family whose hoofdzaak is of this afleidingswijze; nothing of it is made yet."""
    deelzaaktypen = [kind.types.zaaktype["identificatie"]]
    if wijze != "zaakobject":
        return Gezin(await maker(zaken, maak, wijze, deelzaaktypen=deelzaaktypen), kind)
    types = await maak.zaaktype(wijze, concept=True, deelzaaktypen=deelzaaktypen)
    how = procedure(wijze, objecttype="overige", datumkenmerk="einddatum")
    made = await maak.resultaattype(types.url, wijze, brondatumArchiefprocedure=how)
    types.resultaattypen.insert(0, made["url"])
    await maak.publiceer(types.url)
    return Gezin(Zaakmaker(zaken.api, types), kind)


async def nothing() -> None:
    """Do nothing."""


def start_is(family: Gezin, day: str | None) -> Change:
    """Return the change that gives the hoofdzaak another start of its retention, or has it derived again."""
    return lambda: family.wijzig(startdatumBewaartermijn=day)


@pytest.mark.few
@pytest.mark.parametrize("wijze", ["afgehandeld", "termijn", "ander_datumkenmerk", "hoofdzaak"])
async def test_zrc_021_a_deelzaak_follows_the_start_of_its_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker, wijze: str
) -> None:
    """Afleidingswijzen of the hoofdzaak that look at nothing beside it; a whole that waits for a whole of its own, and
    has none, has no start."""
    own = {"afgehandeld": DAG, "termijn": "2031-03-15"}.get(wijze)
    family = await gezin(zaken, maak, kind, wijze)
    await family.maak()
    await family.loop(
        [
            (nothing, own),
            (start_is(family, NOG_LATER), NOG_LATER),
            # A part is never due before its whole: not from a day before the hoofdzaak was closed.
            (start_is(family, EERDER), DAG),
            (start_is(family, None), own),
        ]
    )


async def test_zrc_021_a_deelzaak_follows_the_eigenschap_of_its_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """Added, changed to a later and to an earlier day, and removed."""
    family = await gezin(zaken, maak, kind, "eigenschap")
    await family.maak()
    api, made = family.top.api, dict[str, Any]()

    async def add() -> None:
        made.update(await family.top.eigenschap(family.hoofdzaak["url"], "einddatum", LATER))

    async def change(day: str) -> None:
        assert (await api.patch(made["url"], {"waarde": day})).status_code == 200

    await family.loop(
        [
            (nothing, None),
            (add, LATER),
            (lambda: change(NOG_LATER), NOG_LATER),
            (lambda: change(EERDER), DAG),
            (lambda: api.delete(made["url"]), None),
        ]
    )


async def test_zrc_021_a_deelzaak_follows_the_zaakobject_of_its_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """Added, changed, and removed."""
    family = await gezin(zaken, maak, kind, "zaakobject")
    await family.maak()
    api, made = family.top.api, dict[str, Any]()

    def data(day: str) -> dict[str, Any]:
        return {"objectIdentificatie": {"overigeData": {"einddatum": day}}}

    async def add() -> None:
        body = {"zaak": family.hoofdzaak["url"], "objectType": "overige", "objectTypeOverige": "kraam", **data(LATER)}
        made.update(await api.created("/zaken/api/v1/zaakobjecten", body))

    async def change() -> None:
        assert (await api.patch(made["url"], data(NOG_LATER))).status_code == 200

    await family.loop([(nothing, None), (add, LATER), (change, NOG_LATER), (lambda: api.delete(made["url"]), None)])


async def test_zrc_021_a_deelzaak_follows_the_zaken_that_its_hoofdzaak_names(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """A named zaak is closed and reopened, and the hoofdzaak names another one."""
    named, other = await zaken.zaak(), await zaken.gesloten()
    for zaak in (named,):
        await zaken.resultaat(zaak["url"])
    family = await gezin(zaken, maak, kind, "gerelateerde_zaak")
    link = {"url": named["url"], "aardRelatie": "onderwerp"}
    await family.maak(relevanteAndereZaken=[link])

    async def close() -> None:
        assert (await zaken.sluit(named["url"], datumStatusGezet="2026-05-01T12:00:00Z")).status_code == 201

    links = [{**link, "url": other["url"]}]
    await family.loop(
        [
            (nothing, None),
            (close, "2026-05-01"),
            (lambda: zaken.status(named["url"], 1, datumStatusGezet="2026-06-01T12:00:00Z"), None),
            # That one was closed before the hoofdzaak was.
            (lambda: family.wijzig(relevanteAndereZaken=links), DAG),
        ]
    )


@pytest.mark.parametrize("wijze", ["ingangsdatum_besluit", "vervaldatum_besluit"])
async def test_zrc_021_a_deelzaak_follows_the_besluiten_of_its_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker, wijze: str
) -> None:
    """A besluit is taken, gets other dates, and is removed."""
    family = await gezin(zaken, maak, kind, wijze)
    await family.maak()
    api, made = family.top.api, dict[str, Any]()

    async def add() -> None:
        made.update(await besluit(family.top, family.hoofdzaak, LATER))

    async def change(day: str) -> None:
        assert (await api.patch(made["url"], {"ingangsdatum": day, "vervaldatum": day})).status_code == 200

    await family.loop(
        [
            (nothing, None),
            (add, LATER),
            (lambda: change(NOG_LATER), NOG_LATER),
            (lambda: change(EERDER), DAG),
            (lambda: api.delete(made["url"]), None),
        ]
    )


async def test_zrc_021_a_hoofdzaak_that_is_kept_for_ever_has_a_start_as_well(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """zrc-026a: of what is kept the start is not stored; for its deelzaken it is worked out all the same."""
    family = await gezin(zaken, maak, kind, "termijn")
    await family.maak(archiefnominatie="blijvend_bewaren")
    assert family.hoofdzaak["startdatumBewaartermijn"] is None
    assert await family.start() == "2031-03-15"


async def test_zrc_021_a_deelzaak_follows_the_resultaat_and_the_reopening_of_its_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """Without resultaat the whole has no start; reopened it has none either, and closed again a later one."""
    family = await gezin(zaken, maak, kind, "afgehandeld")
    await family.maak()
    top, url = family.top, family.hoofdzaak["url"]

    async def close() -> None:
        assert (await top.sluit(url, datumStatusGezet="2026-08-01T12:00:00Z")).status_code == 201

    await family.loop(
        [
            (nothing, DAG),
            (lambda: top.api.delete(family.hoofdzaak["resultaat"]), None),
            (lambda: top.resultaat(url, resultaattype=top.types.resultaattypen[1]), DAG),
            (lambda: top.status(url, 1, datumStatusGezet="2026-07-01T12:00:00Z"), None),
            (close, "2026-08-01"),
        ]
    )


async def test_zrc_021_a_deelzaak_that_gets_another_hoofdzaak(zaken: Zaakmaker, maak: Maak, kind: Zaakmaker) -> None:
    """It follows the one that it belongs to now, and none when it belongs to none."""
    family, other = [await gezin(zaken, maak, kind, wijze) for wijze in ("afgehandeld", "termijn")]
    await family.maak()
    await other.maak()

    async def move(hoofdzaak: str | None) -> None:
        answer = await kind.api.patch(family.deelzaak["url"], {"hoofdzaak": hoofdzaak})
        assert answer.status_code == 200, answer.text

    await family.loop(
        [
            (nothing, DAG),
            (lambda: move(other.hoofdzaak["url"]), "2031-03-15"),
            (start_is(other, NOG_LATER), NOG_LATER),
            (start_is(family, LATER), NOG_LATER),
            (lambda: move(None), None),
            (lambda: move(family.hoofdzaak["url"]), LATER),
        ]
    )


async def test_zrc_021_a_deelzaak_that_is_closed_below_a_closed_hoofdzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """Forced there, open; it gets the start of the whole when it is closed, and not before."""
    family = await gezin(zaken, maak, kind, "termijn")
    await family.maak()
    late = await kind.api.post(ZAKEN, kind.body(hoofdzaak=family.hoofdzaak["url"]))
    assert late.status_code == 201
    family.deelzaak = late.json()
    await family.loop(
        [
            (start_is(family, LATER), None),
            (lambda: sluit(kind, family.deelzaak), LATER),
            (start_is(family, NOG_LATER), NOG_LATER),
        ]
    )


async def test_zrc_021_what_is_archived_or_filled_in_stays_in_a_deelzaak(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """A start that a client gave a deelzaak, or an archived deelzaak, does not follow; below an archived hoofdzaak it
    does."""
    family = await gezin(zaken, maak, kind, "afgehandeld")
    await family.maak()
    given = await kind.api.patch(family.deelzaak["url"], {"startdatumBewaartermijn": "2050-01-01"})
    assert given.status_code == 200
    await family.loop(
        [
            (start_is(family, LATER), "2050-01-01"),
            (lambda: kind.api.patch(family.deelzaak["url"], {"startdatumBewaartermijn": None}), LATER),
            (lambda: family.wijzig(archiefstatus="gearchiveerd"), LATER),
            (start_is(family, NOG_LATER), NOG_LATER),
            (lambda: kind.api.patch(family.deelzaak["url"], {"archiefstatus": "gearchiveerd"}), NOG_LATER),
            (start_is(family, "2060-01-01"), NOG_LATER),
        ]
    )


async def test_zrc_021_a_hoofdzaak_changes_while_its_deelzaak_does(
    zaken: Zaakmaker, maak: Maak, kind: Zaakmaker
) -> None:
    """Whichever was first, in the end the deelzaak counts from the start of the whole; neither waits for ever."""
    family = await gezin(zaken, maak, kind, "eigenschap")
    await family.maak()
    made = await family.top.eigenschap(family.hoofdzaak["url"], "einddatum", LATER)
    for number in range(12):
        day = f"20{30 + number}-01-01"
        resultaat = (await kind.lees(family.deelzaak))["resultaat"]
        assert (await kind.api.delete(resultaat)).status_code == 204
        changed, given = await asyncio.gather(
            family.top.api.patch(made["url"], {"waarde": day}),
            kind.api.post(
                "/zaken/api/v1/resultaten",
                {"zaak": family.deelzaak["url"], "resultaattype": kind.types.resultaattypen[0]},
            ),
        )
        assert (changed.status_code, given.status_code) == (200, 201), (changed.text, given.text)
        assert await family.start() == day
