"""Zaakcontactmoment (zrc-025a), zaakverzoek (zrc-024) and klantcontact."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.answers import errors
from tests.zaken.elders import Elders, elders
from tests.zaken.zaakmaker import Zaakmaker, archiveer

ROOT = "/zaken/api/v1"
KLANTCONTACTEN = f"{ROOT}/klantcontacten"
RELATIES = [("zaakcontactmomenten", "contactmoment", "contactmomenten"), ("zaakverzoeken", "verzoek", "verzoeken")]
MOMENT = "2026-02-01T12:00:00Z"


@pytest.fixture(scope="module")
async def register(zaken: Zaakmaker) -> AsyncIterator[Elders]:
    """Contactmomenten and Verzoeken APIs of somebody else."""
    async with elders(zaken.api.stack) as register:
        yield register


@pytest.mark.parametrize(("collection", "name", "there"), RELATIES)
async def test_zrc_024_zrc_025a_life_and_mirror(
    zaken: Zaakmaker, register: Elders, collection: str, name: str, there: str
) -> None:
    api, zaak = zaken.api, (await zaken.zaak())["url"]
    url = register.add(path := f"{there}/{uuid.uuid4()}", {})
    register.objects[f"/api/v1/{path}"] = {"url": url}
    made = await api.post(f"{ROOT}/{collection}", {"zaak": zaak, name: url})
    assert made.status_code == 201, made.text
    item = made.json()
    assert item == {"url": item["url"], "uuid": item["uuid"], "zaak": zaak, name: url}
    (mirror,) = [m for m in register.mirrors.values() if m[name] == url]
    assert mirror["url"].startswith(f"{register.base}/api/v1/object{there}/")
    assert (mirror["object"], mirror["objectType"]) == (zaak, "zaak")
    assert (await api.get(item["url"])).json() == item
    assert (await api.get(f"{ROOT}/{collection}?zaak={zaak}")).json() == [item]
    assert (await api.get(f"{ROOT}/{collection}?{name}={url}")).json() == [item]
    assert (await api.get(f"{ROOT}/{collection}?zaak={zaak}&{name}={url}x")).json() == []
    assert (await api.patch(item["url"], {})).status_code == 405
    assert ("warning" in made.headers) is (name == "verzoek")
    assert (await api.delete(item["url"])).status_code == 204
    assert not [m for m in register.mirrors.values() if m[name] == url]
    trail = [
        entry["actie"] for entry in (await api.get(f"{zaak}/audittrail")).json() if entry["resource"] == f"zaak{name}"
    ]
    assert trail == ["create", "destroy"]


@pytest.mark.parametrize(("collection", "name", "there"), RELATIES)
async def test_zrc_024_zrc_025a_what_does_not_resolve(
    zaken: Zaakmaker, register: Elders, collection: str, name: str, there: str
) -> None:
    zaak = (await zaken.zaak())["url"]

    async def refused(url: Any) -> list[tuple[str, str]]:
        return errors(await zaken.api.post(f"{ROOT}/{collection}", {"zaak": zaak, name: url}))

    assert await refused(f"{register.base}/api/v1/{there}/niets") == [(name, "bad-url")]
    assert await refused("http://169.254.169.254/") == [(name, "bad-url")]
    assert await refused(register.add(f"{there}/zonder-url", {"a": 1})) == [(name, "invalid-resource")]
    assert await refused(zaken.types.url) == [(name, "invalid-resource")]
    assert await refused("") == [(name, "blank")]
    # Another API for contacts has no mirrors; what it has can still be referred to (Z18).
    url = register.add("klantcontacten/1", {"url": "x"})
    await zaken.api.created(f"{ROOT}/{collection}", {"zaak": zaak, name: url})
    register.status = 500
    try:
        failing = register.add(f"{there}/{uuid.uuid4()}", {"url": "x"})
        assert await refused(failing) == [(name, "pending-relations")]
    finally:
        register.status = 0
    assert (await zaken.api.get(f"{ROOT}/{collection}?{name}={failing}")).json() == []


@pytest.mark.parametrize(("collection", "name", "there"), RELATIES)
async def test_zrc_006_contacts_of_other_and_of_archived_zaken(
    zaken: Zaakmaker, register: Elders, collection: str, name: str, there: str
) -> None:
    secret = (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"]
    url = register.add("klantcontacten/2", {"url": "x"})
    item = await zaken.api.created(f"{ROOT}/{collection}", {"zaak": secret, name: url})
    low = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await low.get(item["url"])).status_code == 403
    assert (await low.delete(item["url"])).status_code == 403
    assert (await low.get(f"{ROOT}/{collection}?zaak={secret}")).json() == []
    assert (await low.post(f"{ROOT}/{collection}", {"zaak": secret, name: url})).status_code == 403
    closed = (await zaken.gesloten())["url"]
    writer = await zaken.client("zaken.bijwerken")
    # A closed zaak may still get contacts; an archived one may not.
    await writer.created(f"{ROOT}/{collection}", {"zaak": closed, name: url})
    await archiveer(zaken, closed)
    answer = await writer.post(f"{ROOT}/{collection}", {"zaak": closed, name: url})
    assert errors(answer) == [("nonFieldErrors", "zaak-archiefstatus-invalid")]


async def test_life_of_a_klantcontact(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"]
    made = await zaken.api.post(
        KLANTCONTACTEN, {"zaak": zaak, "datumtijd": MOMENT, "kanaal": "balie", "onderwerp": "vraag"}
    )
    assert made.status_code == 201
    there = f"http://samenzaak.test{KLANTCONTACTEN}"
    assert made.headers["warning"] == f'299 "{there}" "Dit onderdeel van de standaard is verouderd."'
    item = made.json()
    assert len(item["identificatie"]) == 12
    assert item["identificatie"].isalnum()
    assert item["datumtijd"] == MOMENT
    read = await zaken.api.get(item["url"])
    assert read.json() == item
    assert read.headers["warning"].startswith(f'299 "{item["url"]}" ')
    assert (await zaken.api.get(f"{KLANTCONTACTEN}?zaak={zaak}")).json()["results"] == [item]
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await zaken.api.request(method, item["url"], json={})).status_code == 405


async def test_rules_of_a_klantcontact(zaken: Zaakmaker) -> None:
    zaak, nummer = (await zaken.zaak())["url"], uuid.uuid4().hex[:14]

    async def refused(**changes: Any) -> list[tuple[str, str]]:
        return errors(await zaken.api.post(KLANTCONTACTEN, {"zaak": zaak, "datumtijd": MOMENT, **changes}))

    await zaken.api.created(KLANTCONTACTEN, {"zaak": zaak, "datumtijd": MOMENT, "identificatie": nummer})
    assert await refused(identificatie=nummer) == [("identificatie", "unique")]
    assert await refused(identificatie="x" * 15) == [("identificatie", "max_length")]
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert await refused(datumtijd=later) == [("datumtijd", "date-in-future")]
    assert await refused(datumtijd="gisteren") == [("datumtijd", "invalid")]
    assert await refused(kanaal="x" * 21, onderwerp="x" * 201, toelichting="x" * 1001) == [
        ("kanaal", "max_length"),
        ("onderwerp", "max_length"),
        ("toelichting", "max_length"),
    ]
    closed = (await zaken.gesloten())["url"]
    writer, forced = await zaken.client("zaken.bijwerken"), await zaken.client("zaken.geforceerd-bijwerken")
    body = {"zaak": closed, "datumtijd": MOMENT}
    assert (await writer.post(KLANTCONTACTEN, body)).status_code == 403
    assert (await forced.post(KLANTCONTACTEN, body)).status_code == 201
