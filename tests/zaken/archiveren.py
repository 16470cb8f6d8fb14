"""Closes zaken of an afleidingswijze, and tells from which day they are kept."""

from typing import Any

from tests.bodies import besluit_body
from tests.maak import Maak
from tests.zaken.zaakmaker import BESLUITEN, Zaakmaker

DAG = "2026-03-15"


async def maker(zaken: Zaakmaker, maak: Maak, afleidingswijze: str, **changes: Any) -> Zaakmaker:
    """Return a maker of zaken of a new zaaktype with this afleidingswijze."""
    return Zaakmaker(zaken.api, await maak.zaaktype(afleidingswijze, **changes))


async def sluit(own: Zaakmaker, zaak: dict[str, Any]) -> dict[str, Any]:
    """Give a zaak a resultaat, close it, and return it."""
    if not zaak["resultaat"]:
        await own.resultaat(zaak["url"])
    answer = await own.sluit(zaak["url"], datumStatusGezet=f"{DAG}T12:00:00Z")
    assert answer.status_code == 201, answer.text
    return await own.lees(zaak)


async def termijn(own: Zaakmaker) -> int:
    """Return the retention of the first resultaattype, in years."""
    resultaattype = (await own.api.get(own.types.resultaattypen[0])).json()
    found: str = resultaattype["archiefactietermijn"]
    assert (found[0], found[-1]) == ("P", "Y")
    return int(found[1:-1])


def bron(zaak: dict[str, Any], jaren: int) -> str | None:
    """Return the date from which the archiefactiedatum was counted, in years."""
    date: str | None = zaak["archiefactiedatum"]
    return f"{int(date[:4]) - jaren}{date[4:]}" if date else None


async def besluit(own: Zaakmaker, zaak: dict[str, Any], datum: str, **changes: Any) -> dict[str, Any]:
    """Make a besluit in a zaak of which both dates are ``datum``."""
    dates = {"datum": "2026-01-01", "ingangsdatum": datum, "vervaldatum": datum}
    body = besluit_body(own.types.besluittype, zaak=zaak["url"], **{**dates, **changes})
    return await own.api.created(BESLUITEN, body)
