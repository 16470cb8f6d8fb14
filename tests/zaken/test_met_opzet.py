"""What is kept on purpose where other implementations differ (docs/vendors.md, Coming from another implementation)."""

import uuid
from typing import Any

import pytest

from tests.answers import error_set
from tests.maak import Maak
from tests.stack import Stack
from tests.zaken.zaakmaker import Zaakmaker, besluit


async def test_a_status_dated_before_the_closing_reopens_too(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    adding = await zaken.client("zaken.statussen.toevoegen", "zaken.lezen")
    earlier = zaken.status_body(zaak["url"], 1, datumStatusGezet="2026-01-15T10:00:00Z")
    assert (await adding.post("/zaken/api/v1/statussen", earlier)).status_code == 403
    assert (await zaken.lees(zaak))["einddatum"] == zaak["einddatum"] is not None
    reopening = await zaken.client("zaken.heropenen", "zaken.lezen")
    assert (await reopening.post("/zaken/api/v1/statussen", earlier)).status_code == 201
    assert (await zaken.lees(zaak))["einddatum"] is None


@pytest.mark.parametrize(
    ("moment", "day"), [("2026-01-31T23:30:00Z", "2026-01-31"), ("2026-02-01T00:30:00+01:00", "2026-02-01")]
)
async def test_the_day_of_closing_is_that_of_the_offset_that_was_sent(zaken: Zaakmaker, moment: str, day: str) -> None:
    """The same moment, half an hour past midnight in the Netherlands."""
    zaak = await zaken.zaak(startdatum="2026-01-01")
    await zaken.resultaat(zaak["url"])
    closed = await zaken.status(zaak["url"], 3, datumStatusGezet=moment)
    assert closed["datumStatusGezet"] == "2026-01-31T23:30:00Z"
    assert (await zaken.lees(zaak))["einddatum"] == day


async def test_destroying_a_closed_zaak_with_besluiten_asks_the_right_to_force(stack: Stack, zaken: Zaakmaker) -> None:
    zaak = (await zaken.gesloten())["url"]
    made = await besluit(zaken, zaak)

    async def remover(*scopes: str) -> Any:
        level = {"maxVertrouwelijkheidaanduiding": "zeer_geheim"}
        rights: list[dict[str, Any]] = [
            {"component": "zrc", "scopes": list(scopes), "zaaktype": zaken.types.url, **level},
            {"component": "brc", "scopes": ["besluiten.verwijderen"], "besluittype": zaken.types.besluittype},
        ]
        return await stack.add_client("deventer", f"vernietigt-{uuid.uuid4().hex[:8]}", rights)

    plain = await remover("zaken.verwijderen", "zaken.bijwerken")
    assert error_set(await plain.delete(zaak)) == {("nonFieldErrors", "related-besluiten")}
    refused = await plain.delete(made["url"])
    assert (refused.status_code, "zaken.geforceerd-bijwerken" in refused.json()["detail"]) == (403, True)
    assert (await zaken.api.get(made["url"])).status_code == 200
    force = await remover("zaken.verwijderen", "zaken.geforceerd-bijwerken")
    assert (await force.delete(made["url"])).status_code == 204
    assert (await force.delete(zaak)).status_code == 204


async def test_what_belongs_to_a_published_zaaktype_is_not_deleted_by_who_may_write_by_force(
    stack: Stack, zaken: Zaakmaker, maak: Maak
) -> None:
    async def client(*scopes: str) -> Any:
        rights = [{"component": "ztc", "scopes": ["catalogi.lezen", *scopes]}]
        return await stack.add_client("deventer", f"catalogus-{uuid.uuid4().hex[:8]}", rights)

    types = await maak.zaaktype()
    writing = await client("catalogi.schrijven", "catalogi.geforceerd-schrijven")
    removing = await client("catalogi.geforceerd-verwijderen")
    for url in (types.eigenschappen["kleur"], types.roltypen["adviseur"], types.statustypen[1]):
        assert (await writing.patch(url, {})).status_code == 200
        assert error_set(await writing.delete(url)) == {("nonFieldErrors", "non-concept-zaaktype")}
        assert (await removing.delete(url)).status_code == 204
