"""What is recorded of each kind of object and each way to read it, and what is not."""

import uuid
from typing import Any

import pytest

from tests.bodies import zaak_body
from tests.documenten.maak_document import b64
from tests.documenten.maak_document import body as document_body
from tests.inzage.lezen import BSN, Gemeente, kinds_of, uuid_of
from tests.stack import Stack
from zgw.reading_log.read import Kind
from zgw.types import LEVELS

MAIN = {
    "zaken/zaken": Kind.ZAAK,
    "zaken/rollen": Kind.ROL,
    "documenten/enkelvoudiginformatieobjecten": Kind.DOCUMENT,
    "besluiten/besluiten": Kind.BESLUIT,
}
EACH = pytest.mark.parametrize("name", MAIN)


async def with_everything(gemeente: Gemeente, *paths: str) -> list[Any]:
    """Return the answers of a client while everything is recorded."""
    await gemeente.choose("alles")
    try:
        return [await gemeente.client.get(path) for path in paths]
    finally:
        await gemeente.choose("objecten")


@EACH
async def test_an_object_that_is_fetched_is_recorded(gemeente: Gemeente, name: str) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers: dict[str, Any] = {
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
        "X-Audit-Toelichting": "Vraag aan de balie: café".encode(),
        "X-Verwerkingsactiviteit": "https://register.example/activiteiten/1",
    }
    answer = await gemeente.client.get(gemeente.url(name), headers=headers)
    row = await gemeente.one(answer)
    assert (row["service"], row["action"], row["objects"]) == (name.split("/")[0], "retrieve", [gemeente.uuid(name)])
    assert (kinds_of(row), row["direct"], row["filters"]) == ([MAIN[name]], 1, None)
    level = answer.json().get("vertrouwelijkheidaanduiding")
    assert row["kinds"][0] % 16 == (LEVELS.index(level) + 1 if level else 0)
    assert [str(one) for one in row["mains"]] == ([gemeente.uuid("zaken/zaken")] if MAIN[name] is Kind.ROL else [])
    assert (row["client_id"], row["user_id"], row["user_representation"]) == (
        gemeente.client.client_id,
        "jdv",
        "J. de Vries",
    )
    assert row["trace_id"].hex == trace
    assert row["reason"] == "Vraag aan de balie: café"
    assert row["activity"] == "https://register.example/activiteiten/1"


@EACH
async def test_without_a_trace_context_it_has_a_trace_of_its_own(gemeente: Gemeente, name: str) -> None:
    wrong = {"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}
    rows = [await gemeente.one(await gemeente.client.get(gemeente.url(name), headers=h)) for h in ({}, wrong)]
    assert len({row["trace_id"] for row in rows} | {uuid.UUID(int=0)}) == 3
    assert [(row["reason"], row["activity"]) for row in rows] == [("", "")] * 2


@EACH
async def test_head_shows_nothing_and_304_what_the_client_has(gemeente: Gemeente, name: str) -> None:
    url = gemeente.url(name)
    head = await gemeente.client.request("HEAD", url)
    assert head.status_code == 200
    assert await gemeente.of(head) == []
    unchanged = await gemeente.client.get(url, headers={"If-None-Match": head.headers["ETag"]})
    assert unchanged.status_code == 304
    assert (await gemeente.one(unchanged))["objects"] == [gemeente.uuid(name)]


@EACH
async def test_a_list_is_recorded_only_where_everything_is(gemeente: Gemeente, name: str) -> None:
    assert await gemeente.of(await gemeente.client.get(f"/{name.replace('/', '/api/v1/')}")) == []
    [answer] = await with_everything(gemeente, f"/{name.replace('/', '/api/v1/')}")
    row = await gemeente.one(answer)
    shown = [uuid_of(each["url"]) for each in answer.json()["results"]]
    assert shown
    assert (row["action"], row["objects"], row["direct"]) == ("list", shown, len(shown))
    assert set(kinds_of(row)) == {MAIN[name]}


async def test_what_is_refused_or_does_not_exist_is_not_recorded(gemeente: Gemeente, stack: Stack) -> None:
    zaak = gemeente.url("zaken/zaken")
    rights = [{"component": "ztc", "scopes": ["catalogi.lezen"]}]
    powerless = await stack.add_client(gemeente.name, f"niets-{gemeente.name}", rights)
    refused = [
        await powerless.get(zaak),
        await gemeente.client.get(f"{zaak[:-36]}{uuid.uuid4()}"),
        await gemeente.client.get(f"{zaak}?onbekend=1"),
        await gemeente.client.get(zaak, headers={"Accept-Crs": "EPSG:1"}),
    ]
    assert [answer.status_code for answer in refused] == [403, 404, 400, 406]
    assert [await gemeente.of(answer) for answer in refused] == [[]] * 4


async def test_types_and_writes_are_not_recorded(gemeente: Gemeente) -> None:
    zaaktype = await gemeente.client.get(gemeente.url("catalogi/zaaktypen"))
    made = await gemeente.client.post("/zaken/api/v1/zaken", zaak_body(gemeente.url("catalogi/zaaktypen")))
    changed = await gemeente.client.patch(made.json()["url"], {"omschrijving": "Anders"})
    assert (zaaktype.status_code, made.status_code, changed.status_code) == (200, 201, 200)
    assert [await gemeente.of(answer) for answer in (zaaktype, made, changed)] == [[], [], []]


# --- Downloads and audit trails --------------------------------------------------------------------------------------


async def test_each_download_is_recorded_whole_or_in_part(gemeente: Gemeente) -> None:
    body = document_body(gemeente.url("catalogi/informatieobjecttypen"), inhoud=b64(b"0123456789"), bestandsomvang=10)
    made = await gemeente.client.created("/documenten/api/v1/enkelvoudiginformatieobjecten", body)
    url = made["inhoud"]
    whole = await gemeente.client.get(url)
    part = await gemeente.client.get(url, headers={"Range": "bytes=2-4"})
    unchanged = await gemeente.client.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (whole.status_code, part.status_code, unchanged.status_code) == (200, 206, 304)
    for answer in (whole, part, unchanged):
        row = await gemeente.one(answer)
        assert (row["service"], row["action"], row["objects"]) == ("documenten", "download", [uuid_of(made["url"])])
        assert kinds_of(row) == [Kind.DOCUMENT]
    beyond = await gemeente.client.get(url, headers={"Range": "bytes=10-"})
    head = await gemeente.client.request("HEAD", url)
    assert (beyond.status_code, head.status_code) == (416, 200)
    assert [await gemeente.of(answer) for answer in (beyond, head)] == [[], []]


async def test_an_older_version_is_a_read_of_the_document(gemeente: Gemeente) -> None:
    url = gemeente.url("documenten/enkelvoudiginformatieobjecten")
    row = await gemeente.one(await gemeente.client.get(f"{url}?versie=1"))
    assert (row["action"], row["objects"]) == ("retrieve", [uuid_of(url)])


@pytest.mark.parametrize("name", [name for name in MAIN if name != "zaken/rollen"])
async def test_an_audit_trail_is_a_read_of_its_object(gemeente: Gemeente, name: str) -> None:
    trail = await gemeente.client.get(f"{gemeente.url(name)}/audittrail")
    row = await gemeente.one(trail)
    assert (row["action"], row["objects"], kinds_of(row)) == ("audittrail", [gemeente.uuid(name)], [MAIN[name]])
    one = await gemeente.client.get(f"{gemeente.url(name)}/audittrail/{trail.json()[0]['uuid']}")
    assert (await gemeente.one(one))["action"] == "audittrail"


# --- Expand ----------------------------------------------------------------------------------------------------------


async def test_what_expand_shows_is_recorded_once_by_the_service_that_shows_it(gemeente: Gemeente) -> None:
    paths = "rollen.zaak,zaakinformatieobjecten.informatieobject,zaaktype"
    answer = await gemeente.client.get(f"{gemeente.url('zaken/zaken')}?expand={paths}")
    row = await gemeente.one(answer)
    assert row["service"] == "zaken"
    document = "documenten/enkelvoudiginformatieobjecten"
    expected = {gemeente.uuid(name) for name in ("zaken/zaken", "zaken/rollen", document)}
    assert (row["objects"][0], set(row["objects"]), len(row["objects"])) == (gemeente.uuid("zaken/zaken"), expected, 3)
    assert (row["direct"], row["action"]) == (1, "retrieve")
    mains = dict(zip(row["objects"], row["mains"], strict=True))
    assert str(mains[gemeente.uuid("zaken/rollen")]) == gemeente.uuid("zaken/zaken")
    kinds = dict(zip(row["objects"], kinds_of(row), strict=True))
    assert kinds[gemeente.uuid(document)] is Kind.DOCUMENT


async def test_what_a_part_of_a_zaak_expands_is_recorded(gemeente: Gemeente) -> None:
    status = gemeente.url("zaken/statussen")
    assert await gemeente.of(await gemeente.client.get(status)) == []
    row = await gemeente.one(await gemeente.client.get(f"{status}?expand=zaak"))
    assert (row["objects"], row["direct"]) == ([gemeente.uuid("zaken/zaken")], 0)


async def test_a_list_that_expands_is_recorded_where_everything_is(gemeente: Gemeente) -> None:
    path = f"/zaken/api/v1/zaakinformatieobjecten?zaak={gemeente.url('zaken/zaken')}&expand=informatieobject"
    plain, expanding = await with_everything(gemeente, path.partition("&")[0], path)
    assert await gemeente.of(plain) == []
    row = await gemeente.one(expanding)
    assert row["objects"] == [gemeente.uuid("documenten/enkelvoudiginformatieobjecten")]
    assert (row["action"], row["direct"]) == ("list", 0)


# --- Lists and searches ----------------------------------------------------------------------------------------------


async def test_a_search_keeps_its_criteria_and_no_number(gemeente: Gemeente) -> None:
    await gemeente.choose("alles")
    body = {BSN: "111222333", "startdatum__gte": "2026-01-01", "page": 1}
    found = await gemeente.client.post("/zaken/api/v1/zaken/_zoek", body)
    listed = await gemeente.client.get(f"/zaken/api/v1/zaken?{BSN}=111222333&pageSize=10")
    nobody = await gemeente.client.get(f"/zaken/api/v1/zaken?{BSN}=999990019")
    documents = await gemeente.client.post(
        "/documenten/api/v1/enkelvoudiginformatieobjecten/_zoek", {"identificatie": "brief 123456789"}
    )
    await gemeente.choose("objecten")
    search, list_, none, other = [await gemeente.one(each) for each in (found, listed, nobody, documents)]
    assert [row["action"] for row in (search, list_, none, other)] == ["search", "list", "list", "search"]
    assert (search["objects"], list_["objects"], none["objects"]) == ([gemeente.uuid("zaken/zaken")],) * 2 + ([],)
    assert search["searched"] == list_["searched"] != none["searched"]
    assert '"startdatum__gte":"2026-01-01"' in search["filters"]
    assert "page" not in search["filters"] + list_["filters"]
    for row in (search, list_, none, other):
        assert not {"111222333", "999990019", "123456789"} & {row["filters"][at : at + 9] for at in range(500)}
        assert len(row["searched"]) == 1


async def test_a_search_in_an_area_is_recorded(gemeente: Gemeente) -> None:
    body = zaak_body(
        gemeente.url("catalogi/zaaktypen"), zaakgeometrie={"type": "Point", "coordinates": [5.12345678, 52.12345678]}
    )
    zaak = await gemeente.client.created("/zaken/api/v1/zaken", body)
    ring = [[5, 52], [6, 52], [6, 53], [5, 53], [5, 52]]
    await gemeente.choose("alles")
    asked = {"zaakgeometrie": {"within": {"type": "Polygon", "coordinates": [ring]}}}
    answer = await gemeente.client.post("/zaken/api/v1/zaken/_zoek", asked)
    await gemeente.choose("objecten")
    row = await gemeente.one(answer)
    assert (row["action"], row["objects"], row["searched"]) == ("search", [uuid_of(zaak["url"])], None)


# --- Choices ---------------------------------------------------------------------------------------------------------


async def test_a_municipality_may_record_nothing(gemeente: Gemeente) -> None:
    await gemeente.choose("uit")
    answer = await gemeente.client.get(gemeente.url("zaken/zaken"))
    await gemeente.choose("objecten")
    assert answer.status_code == 200
    assert await gemeente.of(answer) == []


async def test_a_client_may_be_left_out(gemeente: Gemeente, stack: Stack) -> None:
    other = await stack.add_client(gemeente.name, f"gegevensmagazijn-{gemeente.name}")
    await gemeente.leave_out(other, "Vult elke nacht het gegevensmagazijn")
    left_out = await other.get(gemeente.url("zaken/zaken"))
    recorded = await gemeente.client.get(gemeente.url("zaken/zaken"))
    await gemeente.leave_out(other, "")
    again = await other.get(gemeente.url("zaken/zaken"))
    assert await gemeente.of(left_out) == []
    assert [row["client_id"] for row in (await gemeente.one(recorded), await gemeente.one(again))] == [
        gemeente.client.client_id,
        other.client_id,
    ]
