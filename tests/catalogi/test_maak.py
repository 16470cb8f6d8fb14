"""The factory that all tests use makes a complete, published zaaktype."""

import pytest

from tests.maak import PROCEDURES, Maak


@pytest.mark.few
@pytest.mark.parametrize("afleidingswijze", PROCEDURES)
async def test_a_published_zaaktype_for_each_afleidingswijze(maak: Maak, afleidingswijze: str) -> None:
    made = await maak.zaaktype(afleidingswijze)
    assert made.zaaktype["concept"] is False
    assert made.zaaktype["statustypen"] == made.statustypen
    assert made.zaaktype["resultaattypen"] == made.resultaattypen
    assert made.zaaktype["informatieobjecttypen"] == [made.informatieobjecttype]
    assert made.zaaktype["besluittypen"] == [made.besluittype]
    resultaattype = (await maak.api.get(made.resultaattypen[0])).json()
    assert resultaattype["brondatumArchiefprocedure"]["afleidingswijze"] == afleidingswijze
    assert resultaattype["archiefactietermijn"]
