"""Status and resultaat: rules zrc-007, zrc-008, zrc-016, zrc-020, and who may add which status (zaken.md §8)."""

import uuid
from typing import Any

import pytest

from tests.answers import errors
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.stack import Client
from tests.zaken.zaakmaker import RESULTATEN, STATUSSEN, Zaakmaker, moment

OBJECT = "nonFieldErrors"


async def test_life_of_a_status(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    rol = await zaken.rol(zaak["url"])
    body = zaken.status_body(zaak["url"], gezetdoor=rol["url"], statustoelichting="Binnen")
    made = await api.post(STATUSSEN, body)
    assert made.status_code == 201, made.text
    first = made.json()
    assert made.headers["location"] == first["url"]
    assert (first["statustoelichting"], first["gezetdoor"], first["zaakinformatieobjecten"]) == (
        "Binnen",
        rol["url"],
        [],
    )
    assert first["indicatieLaatstGezetteStatus"] is True
    second = await zaken.status(zaak["url"], 2)
    assert second["gezetdoor"] == ""
    early = await zaken.status(zaak["url"], 1, datumStatusGezet="2020-01-01T00:00:00Z")
    assert early["indicatieLaatstGezetteStatus"] is False
    assert (await zaken.lees(zaak))["status"] == second["url"]
    assert (await api.get(first["url"])).json()["indicatieLaatstGezetteStatus"] is False
    listed = (await api.get(STATUSSEN, params={"zaak": zaak["url"]})).json()
    assert [status["url"] for status in listed["results"]] == [second["url"], first["url"], early["url"]]
    for value, expected in (("true", [second["url"]]), ("False", [first["url"], early["url"]])):
        query = {"zaak": zaak["url"], "indicatieLaatstGezetteStatus": value}
        assert [s["url"] for s in (await api.get(STATUSSEN, params=query)).json()["results"]] == expected
    query = {"zaak": zaak["url"], "statustype": zaken.types.statustypen[1]}
    assert (await api.get(STATUSSEN, params=query)).json()["count"] == 1
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await api.request(method, first["url"], json={})).status_code == 405


async def test_gezetdoor_that_is_null_is_nobody(zaken: Zaakmaker) -> None:
    status = await zaken.status((await zaken.zaak())["url"], gezetdoor=None)
    assert status["gezetdoor"] == ""


async def test_etag_of_the_zaak_changes_with_what_belongs_to_it(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    known = (await api.get(zaak["url"])).headers["etag"]
    steps: list[Any] = [zaken.status, zaken.resultaat, zaken.rol]
    for add in steps:
        await add(zaak["url"])
        fresh = await api.get(zaak["url"], headers={"If-None-Match": known})
        assert fresh.status_code == 200
        assert fresh.headers["etag"] != known
        known = fresh.headers["etag"]
    expanded = await api.get(f"{zaak['url']}?expand=status")
    assert expanded.headers["etag"] != known


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"datumStatusGezet": "2999-01-01T00:00:00Z"}, [("datumStatusGezet", "date-in-future")]),
        ({"datumStatusGezet": "gisteren"}, [("datumStatusGezet", "invalid")]),
        ({"datumStatusGezet": None}, [("datumStatusGezet", "null")]),
        ({"statustype": "https://nergens.example/1"}, [("statustype", "bad-url")]),
        ({"statustoelichting": "x" * 1001}, [("statustoelichting", "max_length")]),
        ({"gezetdoor": "https://nergens.example/1"}, [("gezetdoor", "no_match")]),
        ({"gezetdoor": f"http://samenzaak.test/zaken/api/v1/rollen/{uuid.uuid4()}"}, [("gezetdoor", "no_match")]),
        ({"gezetdoor": f"http://samenzaak.test{STATUSSEN}/{uuid.uuid4()}"}, [("gezetdoor", "incorrect_match")]),
        ({"zaak": "https://nergens.example/1"}, [("zaak", "no_match")]),
    ],
)
async def test_status_field_errors(zaken: Zaakmaker, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    zaak = await zaken.zaak()
    assert errors(await zaken.api.post(STATUSSEN, {**zaken.status_body(zaak["url"]), **changes})) == expected


async def test_status_refers_to_what_belongs_to_its_zaak(zaken: Zaakmaker, maak: Maak) -> None:
    zaak, other = await zaken.zaak(), await zaken.zaak()
    rol = await zaken.rol(other["url"])
    wrong = zaken.status_body(zaak["url"], gezetdoor=rol["url"])
    assert errors(await zaken.api.post(STATUSSEN, wrong)) == [(OBJECT, "zaak-mismatch")]
    kind = zaken.status_body(zaak["url"], statustype=zaken.types.resultaattypen[0])
    assert errors(await zaken.api.post(STATUSSEN, kind)) == [("statustype", "invalid-resource")]
    body = zaken.status_body(zaak["url"])
    await zaken.api.created(STATUSSEN, body)
    assert errors(await zaken.api.post(STATUSSEN, body)) == [(OBJECT, "unique")]


async def test_zrc_016_statustype_belongs_to_the_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    zaak, other = await zaken.zaak(), await maak.zaaktype()
    body = zaken.status_body(zaak["url"], statustype=other.statustypen[0])
    assert errors(await zaken.api.post(STATUSSEN, body)) == [(OBJECT, "zaaktype-mismatch")]


async def test_zrc_020_resultaattype_belongs_to_the_zaaktype(zaken: Zaakmaker, maak: Maak) -> None:
    zaak, other = await zaken.zaak(), await maak.zaaktype()
    body = {"zaak": zaak["url"], "resultaattype": other.resultaattypen[0]}
    assert errors(await zaken.api.post(RESULTATEN, body)) == [(OBJECT, "zaaktype-mismatch")]


async def test_life_of_a_resultaat(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    made = await zaken.resultaat(zaak["url"], toelichting="Verleend")
    assert (await zaken.lees(zaak))["resultaat"] == made["url"]
    again = {"zaak": zaak["url"], "resultaattype": zaken.types.resultaattypen[1]}
    assert errors(await api.post(RESULTATEN, again)) == [("zaak", "unique")]
    assert errors(await api.patch(made["url"], again)) == [("resultaattype", "wijzigen-niet-toegelaten")]
    changed = await api.patch(made["url"], {"toelichting": "Toch verleend"})
    assert changed.json() == {**made, "toelichting": "Toch verleend"}
    assert (await api.put(made["url"], changed.json())).json() == changed.json()
    for query in ({"zaak": zaak["url"]}, {"zaak": zaak["url"], "resultaattype": made["resultaattype"]}):
        assert (await api.get(RESULTATEN, params=query)).json()["results"] == [changed.json()]
    assert (await api.get(RESULTATEN, params={"zaak": "https://nergens.example/1"})).json()["count"] == 0
    assert (await api.delete(made["url"])).status_code == 204
    assert (await zaken.lees(zaak))["resultaat"] is None
    wrong = await api.post(RESULTATEN, {"zaak": zaak["url"], "resultaattype": "https://nergens.example/1"})
    assert errors(wrong) == [("resultaattype", "bad-url")]


# --- Who may add which status ---------------------------------------------------------------------------------------


async def add(client: Client, zaken: Zaakmaker, zaak: str, nummer: int) -> int:
    """Add a status as ``client``; return the status code."""
    return (await client.post(STATUSSEN, zaken.status_body(zaak, nummer))).status_code


async def test_zrc_007_only_the_first_status_with_zaken_aanmaken(zaken: Zaakmaker) -> None:
    client = await zaken.client("zaken.aanmaken", "zaken.geforceerd-bijwerken")
    zaak = await zaken.zaak()
    assert await add(client, zaken, zaak["url"], 2) == 201
    assert await add(client, zaken, zaak["url"], 3) == 403
    closed = await zaken.gesloten()
    assert await add(client, zaken, closed["url"], 1) == 403


async def test_zrc_007_statussen_toevoegen_until_and_including_the_last(zaken: Zaakmaker) -> None:
    client = await zaken.client("zaken.statussen.toevoegen")
    zaak = await zaken.zaak()
    await zaken.resultaat(zaak["url"])
    assert [await add(client, zaken, zaak["url"], n) for n in (1, 2, 3)] == [201, 201, 201]
    assert [await add(client, zaken, zaak["url"], n) for n in (1, 3)] == [403, 403]


async def test_zrc_008_reopening_needs_zaken_heropenen(zaken: Zaakmaker) -> None:
    client = await zaken.client("zaken.heropenen")
    zaak = await zaken.gesloten()
    assert zaak["einddatum"] is not None
    assert await add(client, zaken, zaak["url"], 3) == 201
    assert (await zaken.lees(zaak))["einddatum"] is not None
    assert await add(client, zaken, zaak["url"], 2) == 201
    opened = await zaken.lees(zaak)
    names = ("einddatum", "archiefnominatie", "archiefactiedatum", "startdatumBewaartermijn")
    assert [opened[name] for name in names] == [None, None, None, None]
    assert opened["resultaat"] == zaak["resultaat"]


async def test_zrc_006_scope_of_another_zaaktype_or_level_does_not_count(zaken: Zaakmaker, maak: Maak) -> None:
    other = await maak.zaaktype()
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    for client in (
        await zaken.client("zaken.heropenen", "zaken.lezen", zaaktype=other.url),
        await zaken.client("zaken.heropenen", "zaken.lezen", cap="vertrouwelijk"),
    ):
        assert await add(client, zaken, secret["url"], 1) == 403
        status = await zaken.status(secret["url"])
        assert (await client.get(status["url"])).status_code == 403
        assert (await client.get(STATUSSEN, params={"zaak": secret["url"]})).json()["count"] == 0
    reader = await zaken.client("zaken.lezen")
    assert (await reader.get(STATUSSEN, params={"zaak": secret["url"]})).json()["count"] == 2
    assert await add(reader, zaken, secret["url"], 2) == 403


async def test_zrc_007_a_closed_zaak_changes_only_by_force(zaken: Zaakmaker) -> None:
    plain = await zaken.client("zaken.bijwerken", "zaken.lezen")
    force = await zaken.client("zaken.geforceerd-bijwerken", "zaken.lezen")
    zaak = await zaken.gesloten()
    resultaat = zaak["resultaat"]
    assert (await plain.patch(zaak["url"], {})).status_code == 403
    assert (await plain.put(zaak["url"], zaak)).status_code == 403
    assert (await plain.patch(resultaat, {"toelichting": "x"})).status_code == 403
    assert (await plain.delete(resultaat)).status_code == 403
    assert (await force.patch(zaak["url"], {"toelichting": "x"})).status_code == 200
    assert (await force.patch(resultaat, {"toelichting": "x"})).status_code == 200
    assert (await force.delete(resultaat)).status_code == 204
    body = {"zaak": zaak["url"], "resultaattype": zaken.types.resultaattypen[0]}
    assert (await plain.post(RESULTATEN, body)).status_code == 403
    assert (await force.post(RESULTATEN, body)).status_code == 201


async def test_nothing_is_added_to_an_archived_zaak(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    assert (await zaken.api.patch(zaak["url"], {"archiefstatus": "gearchiveerd"})).status_code == 200
    expected = [(OBJECT, "zaak-archiefstatus-invalid")]
    assert errors(await zaken.sluit(zaak["url"])) == expected
    assert errors(await zaken.api.patch(zaak["resultaat"], {"toelichting": "x"})) == expected
    assert (await zaken.api.delete(zaak["resultaat"])).status_code == 204


async def test_zrc_007_closing_needs_a_resultaat(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    assert errors(await zaken.sluit(zaak["url"])) == [(OBJECT, "resultaat-does-not-exist")]
    assert (await zaken.lees(zaak))["status"] is None


async def test_zrc_007_einddatum_is_the_day_on_the_calendar_of_the_client(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    await zaken.resultaat(zaak["url"])
    assert (await zaken.sluit(zaak["url"], datumStatusGezet="2026-03-02T00:30:00+01:00")).status_code == 201
    closed = await zaken.lees(zaak)
    assert closed["einddatum"] == "2026-03-02"
    assert closed["startdatumBewaartermijn"] in ("2026-03-02", None)


async def test_closing_announces_only_the_status(zaken: Zaakmaker) -> None:
    zaak = await zaken.gesloten()
    trail = (await zaken.api.get(f"{zaak['url']}/audittrail")).json()
    assert [(entry["resource"], entry["actie"]) for entry in trail] == [
        ("zaak", "create"),
        ("resultaat", "create"),
        ("status", "create"),
    ]
    assert trail[2]["resourceWeergave"].startswith(f"({zaak['bronorganisatie']} - {zaak['identificatie']}) - 2026-")


async def test_zrc_007_documents_must_be_free_and_their_rights_known(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    await zaken.resultaat(zaak["url"])
    made = await document(api, informatieobjecttype=zaken.types.informatieobjecttype)
    link = {"zaak": zaak["url"], "informatieobject": made["url"]}
    await api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    assert errors(await zaken.sluit(zaak["url"])) == [(OBJECT, "indicatiegebruiksrecht-unset")]
    lock = (await api.post(f"{made['url']}/lock", {})).json()["lock"]
    assert errors(await zaken.sluit(zaak["url"])) == [(OBJECT, "informatieobject-locked")]
    changed = await api.patch(made["url"], {"indicatieGebruiksrecht": False, "lock": lock})
    assert changed.status_code == 200, changed.text
    assert (await api.post(f"{made['url']}/unlock", {"lock": lock})).status_code == 204
    archived = {"archiefstatus": "gearchiveerd", "archiefnominatie": "vernietigen", "archiefactiedatum": "2030-01-01"}
    refused = await api.patch(zaak["url"], archived)
    assert errors(refused) == [("archiefstatus", "documents-not-archived")]  # zrc-022
    assert (await zaken.sluit(zaak["url"])).status_code == 201


async def test_a_status_of_an_unknown_zaak(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"].rsplit("/", 1)[0] + f"/{uuid.uuid4()}"
    assert errors(await zaken.api.post(STATUSSEN, zaken.status_body(zaak))) == [("zaak", "object-does-not-exist")]
    body = {"statustype": zaken.types.statustypen[0], "datumStatusGezet": moment()}
    assert errors(await zaken.api.post(STATUSSEN, body)) == [("zaak", "required")]
    wrong = zaken.status_body(zaak.replace("/v1/zaken/", "/v1/rollen/"))
    assert errors(await zaken.api.post(STATUSSEN, wrong)) == [("zaak", "incorrect_match")]


async def test_zrc_007_zrc_022_nothing_is_known_of_a_document_that_cannot_be_read(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    await zaken.resultaat(zaak["url"])
    async with zaken.api.stack.admin() as admin:
        # Of an API that the municipality had configured once.
        columns = "zaak, informatieobject, titel, beschrijving"
        sql = f"INSERT INTO deventer_zaken.zaakinformatieobject ({columns}) VALUES ($1, $2, '', '')"
        await admin.execute(sql, uuid.UUID(zaak["uuid"]), "https://elders.example/enkelvoudiginformatieobjecten/1")
    assert errors(await zaken.sluit(zaak["url"])) == [(OBJECT, "indicatiegebruiksrecht-unset")]
    archived = {"archiefstatus": "gearchiveerd", "archiefnominatie": "vernietigen", "archiefactiedatum": "2030-01-01"}
    assert errors(await zaken.api.patch(zaak["url"], archived)) == [("archiefstatus", "documents-not-archived")]
