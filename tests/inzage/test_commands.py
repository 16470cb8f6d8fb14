"""The commands about the reading log: choices that are recorded themselves, and the report of a data breach."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from beheer import breach, reading_log
from beheer.cli_inzage import moment_of
from tests.bodies import rol_body, zaak_body
from tests.documenten.maak_document import body as document_body
from tests.inzage.lezen import Gemeente, uuid_of, written
from tests.stack import Stack


async def report(stack: Stack, gemeente: Gemeente, **wanted: Any) -> breach.Report:
    """Return the report of today."""
    await written(stack)
    now = datetime.now(UTC)
    async with stack.admin() as admin, admin.transaction():
        period = breach.Wanted(now - timedelta(days=1), now + timedelta(days=1), **wanted)
        return await breach.report(admin, gemeente.name, period)


async def test_choices_hold_at_once_and_are_recorded_with_their_reason(stack: Stack, gemeente: Gemeente) -> None:
    other = await stack.add_client(gemeente.name, f"magazijn-{gemeente.name}")
    activity = "https://register.example/activiteiten/7"
    async with stack.admin() as admin:
        settings, name = stack.settings, gemeente.name
        await reading_log.choose(admin, settings, name, choice="alles", months=24)
        await reading_log.choose_for_client(admin, settings, name, other.client_id, reason="Nachtelijke kopie")
        await reading_log.choose_for_client(admin, settings, name, gemeente.client.client_id, activity=activity)
        found = await reading_log.choices_of(admin, name)
    assert (found.choice, found.months) == ("alles", 24)
    assert found.left_out == {other.client_id: "Nachtelijke kopie"}
    assert found.activities == {gemeente.client.client_id: activity}
    assert await stack.standalone.signals.barrier()
    assert await gemeente.of(await other.get(gemeente.url("zaken/zaken"))) == []
    assert (await gemeente.one(await gemeente.client.get(gemeente.url("zaken/zaken"))))["activity"] == activity
    own = {"X-Verwerkingsactiviteit": "https://register.example/activiteiten/8"}
    row = await gemeente.one(await gemeente.client.get(gemeente.url("zaken/zaken"), headers=own))
    assert row["activity"] == own["X-Verwerkingsactiviteit"]
    told = [row for row in await gemeente.log("autorisaties") if row["action"] == "keuze"]
    assert [json.loads(row["filters"]) for row in told] == [
        {"keuze": "alles"},
        {"maanden": "24"},
        {"applicatie": other.client_id, "keuze": "uitgezonderd"},
        {"applicatie": gemeente.client.client_id, "verwerkingsactiviteit": activity},
    ]
    assert [row["reason"] for row in told] == ["", "", "Nachtelijke kopie", ""]
    async with stack.admin() as admin:
        await reading_log.choose_for_client(admin, settings, name, other.client_id, reason="")
        await reading_log.choose_for_client(admin, settings, name, gemeente.client.client_id, activity="")
        await reading_log.choose(admin, settings, name, choice="objecten", months=12)
        assert (await reading_log.choices_of(admin, name)).left_out == {}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"choice": "soms"}, ValueError),
        ({"months": 0}, ValueError),
        ({"months": 121}, ValueError),
        ({"client": "niemand", "reason": "x"}, LookupError),
        ({"client": "", "reason": "x" * 501}, ValueError),
        ({"client": "", "activity": "geen adres"}, ValueError),
    ],
)
async def test_a_wrong_choice_changes_and_records_nothing(
    stack: Stack, gemeente: Gemeente, change: dict[str, Any], error: type[Exception]
) -> None:
    before = len(await gemeente.log("autorisaties"))
    async with stack.admin() as admin:
        known = await reading_log.choices_of(admin, gemeente.name)
        if "client" in change:
            client = change["client"] or gemeente.client.client_id
            work = reading_log.choose_for_client(admin, stack.settings, gemeente.name, client, **change)
        else:
            work = reading_log.choose(admin, stack.settings, gemeente.name, **change)
        with pytest.raises(error):
            await work
        assert await reading_log.choices_of(admin, gemeente.name) == known
    assert len(await gemeente.log("autorisaties")) == before


# --- A data breach ---------------------------------------------------------------------------------------------------


async def test_a_breach_has_counts_persons_and_objects(stack: Stack, gemeente: Gemeente) -> None:
    thief = await stack.add_client(gemeente.name, f"lek-{gemeente.name}")
    thief.claims = {"user_id": "dief"}
    client, types = gemeente.client, gemeente.url("catalogi/zaaktypen")
    zaken = [(await client.created("/zaken/api/v1/zaken", zaak_body(types)))["url"] for _ in range(2)]
    persons = {"betrokkeneIdentificatie": {"inpBsn": "999993653"}}
    company = {
        "betrokkeneType": "niet_natuurlijk_persoon",
        "betrokkeneIdentificatie": {"kvkNummer": "90001354"},
        "betrokkene": "https://personen.example/77",
    }
    roltype = gemeente.url("catalogi/roltypen")
    rol = await client.created("/zaken/api/v1/rollen", rol_body(zaken[0], roltype, **persons))
    await client.created("/zaken/api/v1/rollen", rol_body(zaken[1], roltype, **company))
    document = await client.created(
        "/documenten/api/v1/enkelvoudiginformatieobjecten",
        document_body(gemeente.url("catalogi/informatieobjecttypen")),
    )
    link = {"zaak": zaken[0], "informatieobject": document["url"]}
    await client.created("/zaken/api/v1/zaakinformatieobjecten", link)
    verzending = {
        "informatieobject": document["url"],
        "betrokkene": "https://personen.example/88",
        "aardRelatie": "geadresseerde",
        "contactPersoon": "https://personen.example/2",
        "emailadres": "a@example.org",
    }
    await client.created("/documenten/api/v1/verzendingen", verzending)
    for url in (zaken[0], zaken[0], zaken[1], rol["url"], document["url"], document["inhoud"]):
        assert (await thief.get(url)).status_code == 200
    by_client = await report(stack, gemeente, client=thief.client_id)
    by_user = await report(stack, gemeente, user="dief")
    assert by_client == by_user
    counts = by_client.counts
    assert (counts["reads"], counts["downloads"], counts["persons"], counts["lost"]) == (6, 1, 4, 0)
    assert counts["objects"] == {"zaak": 2, "rol": 1, "enkelvoudiginformatieobject": 1}
    told = {(one["kind"], one["number"]): (one["objects"], one["times"]) for one in by_client.persons}
    assert told == {
        # Of the zaak that was seen twice, its rol, and its document that was seen and downloaded.
        ("inpBsn", "999993653"): (3, 5),
        ("kvkNummer", "90001354"): (1, 1),
        ("betrokkene", "https://personen.example/77"): (1, 1),
        ("betrokkene", "https://personen.example/88"): (1, 2),
    }
    times = {uuid_of(one["path"]): (one["soort"], one["times"], one["downloads"]) for one in by_client.objects}
    assert times[uuid_of(document["url"])] == ("enkelvoudiginformatieobject", 2, 1)
    assert times[uuid_of(zaken[0])] == ("zaak", 2, 0)
    nothing = await report(stack, gemeente, client=thief.client_id, user="een ander")
    assert (nothing.counts["reads"], nothing.counts["first"], nothing.persons, nothing.objects) == (0, None, [], [])


async def test_of_nobody_there_is_no_report(stack: Stack, gemeente: Gemeente) -> None:
    with pytest.raises(ValueError, match="of which client or of which user"):
        await report(stack, gemeente)


def test_a_day_is_that_of_the_municipality() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    assert moment_of("2026-03-02", zone).isoformat() == "2026-03-01T23:00:00+00:00"
    assert moment_of("2026-03-02", zone, end=True).isoformat() == "2026-03-02T23:00:00+00:00"
    assert moment_of("2026-03-02T09:15", zone, end=True).isoformat() == "2026-03-02T08:15:00+00:00"
    assert moment_of("2026-03-02T09:15Z", zone).isoformat() == "2026-03-02T09:15:00+00:00"
    with pytest.raises(ValueError, match="not a day or a moment"):
        moment_of("gisteren", zone)
