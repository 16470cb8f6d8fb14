"""Dates in text, moments of clocks that differ, and the time zone of the municipality (common.md §2, zrc-021)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway import registry
from services.zaken.archivering import Archieffout, datum_van
from tests.answers import errors
from tests.maak import Maak, procedure
from tests.selectielijst import Selectielijst
from tests.stack import Client
from tests.waiting import until
from tests.zaken.zaakmaker import Zaakmaker
from zgw.dates import today

ZAAKOBJECTEN = "/zaken/api/v1/zaakobjecten"
KLANTCONTACTEN = "/zaken/api/v1/klantcontacten"


def ahead(seconds: float) -> str:
    """Return a moment that lies so far in the future."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


# --- Dates in text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2008-1-1", "2008-01-1", "2008-1-01", "20080101", " 2008-1-1 ", "2008-1-1T10:00:00Z"])
def test_months_and_days_may_have_one_digit(text: str) -> None:
    assert datum_van(text).isoformat() == "2008-01-01"


@pytest.mark.parametrize("text", ["2008", "1-1-2008", "2008-13-1", "2008-2-30", "2008-001-1", "ooit", ""])
def test_other_text_is_no_date(text: str) -> None:
    with pytest.raises(Archieffout):
        datum_van(text)


def woz(zaak: str, datum: str) -> dict[str, Any]:
    """Return the body of a WOZ value."""
    return {"zaak": zaak, "objectType": "woz_waarde", "objectIdentificatie": {"waardepeildatum": datum}}


@pytest.mark.parametrize("datum", ["ooit", "2008", "2008-2-30", "2008-01-0"])
async def test_a_waardepeildatum_that_cannot_be_read_is_refused(zaken: Zaakmaker, datum: str) -> None:
    zaak = await zaken.zaak()
    answer = await zaken.api.post(ZAAKOBJECTEN, woz(zaak["url"], datum))
    assert errors(answer) == [("objectIdentificatie.waardepeildatum", "invalid")]


async def test_zrc_021_a_zaak_with_a_short_waardepeildatum_is_closed(zaken: Zaakmaker, maak: Maak) -> None:
    types = await maak.zaaktype("zaakobject", concept=True)
    how = procedure("zaakobject", objecttype="woz_waarde", datumkenmerk="waardepeildatum")
    kind = await maak.resultaattype(types.url, "zaakobject", brondatumArchiefprocedure=how, archiefactietermijn="P1Y")
    types.resultaattypen.insert(0, kind["url"])
    await maak.publiceer(types.url)
    own = Zaakmaker(zaken.api, types)
    zaak = await own.zaak()
    for datum in ("2008-1-1", "2008-1-2", ""):
        await own.api.created(ZAAKOBJECTEN, woz(zaak["url"], datum))
    await own.resultaat(zaak["url"])
    answer = await own.sluit(zaak["url"])
    assert answer.status_code == 201, answer.text
    assert (await own.lees(zaak))["archiefactiedatum"] == "2009-01-02"


async def test_what_was_stored_before_stays_when_something_else_changes(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    made = await zaken.api.created(ZAAKOBJECTEN, woz(zaak["url"], "2008-1-1"))
    async with zaken.api.stack.admin() as admin:
        await admin.execute(
            'UPDATE deventer_zaken.zaakobject SET object_identificatie = \'{"waardepeildatum": "ooit"}\''
            " WHERE uuid = $1",
            uuid.UUID(made["uuid"]),
        )
    answer = await zaken.api.patch(made["url"], {"relatieomschrijving": "x"})
    assert (answer.status_code, answer.json()["relatieomschrijving"]) == (200, "x"), answer.text
    assert answer.json()["objectIdentificatie"] == {"waardepeildatum": "ooit"}
    wrong = await zaken.api.patch(made["url"], {"objectIdentificatie": {"waardepeildatum": "ooit"}})
    assert errors(wrong) == [("objectIdentificatie.waardepeildatum", "invalid")]


# --- Clocks ----------------------------------------------------------------------------------------------------------


async def test_a_clock_may_be_a_minute_ahead(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    made = await zaken.status(zaak["url"], datumStatusGezet=ahead(45))
    assert made["indicatieLaatstGezetteStatus"] is True
    betaald = await zaken.zaak(betalingsindicatie="geheel", laatsteBetaaldatum=ahead(45))
    assert betaald["laatsteBetaaldatum"]
    await zaken.api.created(KLANTCONTACTEN, {"zaak": zaak["url"], "datumtijd": ahead(45)})
    late = ahead(120)
    status = await zaken.api.post("/zaken/api/v1/statussen", zaken.status_body(zaak["url"], 2, datumStatusGezet=late))
    assert errors(status) == [("datumStatusGezet", "date-in-future")]
    assert await zaken.weiger(betalingsindicatie="geheel", laatsteBetaaldatum=late) == [
        ("laatsteBetaaldatum", "future_not_allowed")
    ]
    contact = await zaken.api.post(KLANTCONTACTEN, {"zaak": zaak["url"], "datumtijd": late})
    assert errors(contact) == [("datumtijd", "date-in-future")]


# --- Time zones ------------------------------------------------------------------------------------------------------

MOMENTS = {
    "2026-01-15": "2026-01-14T23:00:00Z",
    "2026-07-15": "2026-07-14T22:00:00Z",
    "2026-07-15T10:00:00": "2026-07-15T08:00:00Z",
    "2026-01-15T10:00": "2026-01-15T09:00:00Z",
    "2026-01-15T10:00:00+01": "2026-01-15T09:00:00Z",
    "2026-01-15T10:00:00+0100": "2026-01-15T09:00:00Z",
    "2026-01-15T10:00:00-05": "2026-01-15T15:00:00Z",
    "2026-01-15T10:00:00Z": "2026-01-15T10:00:00Z",
}


@pytest.mark.parametrize("sent", MOMENTS)
async def test_a_moment_without_offset_is_local_time(zaken: Zaakmaker, sent: str) -> None:
    made = await zaken.zaak(betalingsindicatie="geheel", laatsteBetaaldatum=sent)
    assert made["laatsteBetaaldatum"] == MOMENTS[sent]


async def test_the_day_of_closing_is_the_one_that_the_client_wrote(zaken: Zaakmaker) -> None:
    """A client that sends UTC at Dutch midnight closes on the day before; local time and a date do not."""
    for moment, day in (
        ("2026-02-01T00:30:00", "2026-02-01"),
        ("2026-02-01T00:30:00+01", "2026-02-01"),
        ("2026-01-31T23:30:00Z", "2026-01-31"),
        ("2026-02-01", "2026-02-01"),
    ):
        zaak = await zaken.zaak()
        await zaken.resultaat(zaak["url"])
        assert (await zaken.sluit(zaak["url"], datumStatusGezet=moment)).status_code == 201
        assert (await zaken.lees(zaak))["einddatum"] == day, moment


MESSAGE: dict[str, Any] = {
    "kanaal": "autorisaties",
    "hoofdObject": "https://example.org/1",
    "resource": "applicatie",
    "resourceUrl": "https://example.org/1",
    "actie": "create",
    "aanmaakdatum": "2026-01-15T10:00:00",
    "kenmerken": {},
}


async def sent(client: Client) -> str:
    """Return the moment in a message of ten o'clock, as the Notificaties API reads it."""
    return str((await client.created("/notificaties/api/v1/notificaties", MESSAGE))["aanmaakdatum"])


async def sent_as(client: Client, moment: str) -> None:
    """Wait until what is sent comes with this moment in UTC."""

    async def right() -> bool:
        return await sent(client) == moment

    await until(right)


@asynccontextmanager
async def living_in(client: Client, zone: str) -> AsyncIterator[None]:
    """Give the municipality of a client this time zone for a while; the gateway has heard of it."""
    local = datetime.fromisoformat(MESSAGE["aanmaakdatum"]).replace(tzinfo=ZoneInfo(zone))
    async with client.stack.admin() as admin:
        await registry.set_time_zone(admin, client.tenant, zone)
        try:
            await sent_as(client, local.astimezone(UTC).isoformat().replace("+00:00", "Z"))
            yield
        finally:
            await registry.set_time_zone(admin, client.tenant, "")
            await sent_as(client, "2026-01-15T09:00:00Z")


async def test_a_municipality_may_have_a_time_zone_of_its_own(api: Client, raalte: Client) -> None:
    """It travels with the request, so separate processes know it too."""
    async with api.stack.admin() as admin:
        with pytest.raises(ValueError, match="not a time zone"):
            await registry.set_time_zone(admin, "raalte", "Mars/Phobos")
        with pytest.raises(LookupError):
            await registry.set_time_zone(admin, "nergens", "America/Kralendijk")
    async with asyncio.timeout(30), living_in(raalte, "America/Kralendijk"):
        assert (await sent(raalte), await sent(api)) == ("2026-01-15T14:00:00Z", "2026-01-15T09:00:00Z")


async def test_today_is_that_of_the_municipality(raalte: Client, lijst: Selectielijst) -> None:
    """Also in what the catalogue shows of a type, and in what the other services keep of it."""
    types = await Maak(raalte, lijst).zaaktype()
    body = Zaakmaker(raalte, types).body()
    # At any moment it is another day than in the Netherlands in one of these.
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
    zone = next(name for name in zones if today(ZoneInfo(name)) != today())
    async with asyncio.timeout(60), living_in(raalte, zone):
        zaak = await raalte.created("/zaken/api/v1/zaken", body)
        assert zaak["registratiedatum"] == today(ZoneInfo(zone)).isoformat()
        read = await raalte.get(types.url)
        assert (read.status_code, read.json()["url"]) == (200, types.url)
    assert (await raalte.created("/zaken/api/v1/zaken", body))["registratiedatum"] == today().isoformat()
