"""A hoofdzaak goes into the archive with its deelzaken, and not over the heads of open ones (zrc-007, zrc-022)."""

import asyncio

import pytest

from tests.answers import errors
from tests.stack import Client
from tests.zaken.deelzaken import gewoon as gewoon
from tests.zaken.deelzaken import own as own
from tests.zaken.schrijven import GEWOON
from tests.zaken.zaakmaker import STATUSSEN, ZAKEN, Zaakmaker

ARCHIVED = {"archiefstatus": "gearchiveerd", "archiefnominatie": "vernietigen", "archiefactiedatum": "2040-01-01"}


async def test_zrc_022_a_hoofdzaak_with_an_open_deelzaak_is_not_archived(own: Zaakmaker, gewoon: Client) -> None:
    hoofdzaak = await own.zaak()
    deelzaak = await own.zaak(hoofdzaak=hoofdzaak["url"])
    assert errors(await gewoon.patch(hoofdzaak["url"], ARCHIVED)) == [("archiefstatus", "deelzaken-not-closed")]
    assert (await own.lees(hoofdzaak))["archiefstatus"] == "nog_te_archiveren"
    # It is changed otherwise, and archived by who may force it or when nothing is open below it any more.
    assert (await gewoon.patch(hoofdzaak["url"], {"archiefnominatie": "vernietigen"})).status_code == 200
    forced = await own.client(*GEWOON, "zaken.geforceerd-bijwerken")
    assert (await forced.patch(hoofdzaak["url"], ARCHIVED)).status_code == 200
    assert (await forced.patch(hoofdzaak["url"], {"archiefstatus": "nog_te_archiveren"})).status_code == 200
    assert (await own.api.delete(deelzaak["url"])).status_code == 204
    await own.gesloten(hoofdzaak=hoofdzaak["url"])
    assert (await gewoon.patch(hoofdzaak["url"], ARCHIVED)).status_code == 200


@pytest.mark.parametrize("way", ["made", "reopened"])
async def test_zrc_022_a_deelzaak_comes_while_its_hoofdzaak_is_archived(
    own: Zaakmaker, gewoon: Client, way: str
) -> None:
    """Whichever comes first, the other is refused."""
    for _ in range(8):
        hoofdzaak = await own.zaak()
        if way == "made":
            comes = gewoon.post(ZAKEN, own.body(hoofdzaak=hoofdzaak["url"]))
        else:
            deelzaak = await own.gesloten(hoofdzaak=hoofdzaak["url"])
            comes = own.api.post(STATUSSEN, own.status_body(deelzaak["url"], 1))
        answers = await asyncio.gather(gewoon.patch(hoofdzaak["url"], ARCHIVED), comes)
        done = [answer.is_success for answer in answers]
        assert sorted(done) == [False, True], [answer.text for answer in answers]
        expected = [("archiefstatus", "deelzaken-not-closed")] if done[1] else [("nonFieldErrors", "hoofdzaak-closed")]
        assert errors(answers[done.index(False)]) == expected
