"""/beheer/api/v1/inzage: who may read the log, what they find, and that their reading is recorded."""

import csv
import io
import json
import uuid
from typing import Any

import pytest

from tests.bodies import rol_body, zaak_body
from tests.documenten.maak_document import body as document_body
from tests.inzage.lezen import BSN, Gemeente, uuid_of, written
from tests.stack import Client, Stack

INZAGE = "/beheer/api/v1/inzage"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"
ZAKEN = "/zaken/api/v1/zaken"


@pytest.fixture(scope="module")
async def auditor(stack: Stack, gemeente: Gemeente) -> Client:
    """A client that may read the log and nothing else."""
    rights = [{"component": "ac", "scopes": ["inzage.lezen"]}]
    return await stack.add_client(gemeente.name, f"auditor-{gemeente.name}", rights)


async def found(client: Client, **wanted: Any) -> list[dict[str, Any]]:
    """Return what a client reads of the log, of all pages."""
    await written(client.stack)
    answer = await client.get(INZAGE, params=wanted)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    results = list(page["results"])
    while page["next"]:
        page = (await client.get(page["next"])).json()
        results += page["results"]
    return results


async def a_zaak(gemeente: Gemeente) -> str:
    """Return the URL of a new zaak."""
    made = await gemeente.client.created(ZAKEN, zaak_body(gemeente.url("catalogi/zaaktypen")))
    url: str = made["url"]
    return url


async def test_who_saw_an_object_is_found_by_its_url_and_by_its_uuid(gemeente: Gemeente, auditor: Client) -> None:
    zaak = await a_zaak(gemeente)
    await gemeente.client.get(zaak, headers={"X-Audit-Toelichting": "Controle"})
    await gemeente.client.get(f"{zaak}/audittrail")
    await gemeente.client.get(gemeente.url("zaken/zaken"))
    rows = await found(auditor, object=zaak)
    assert [row["actie"] for row in rows] == ["audittrail", "retrieve"]
    assert (
        rows == await found(auditor, object=uuid_of(zaak)) == await found(auditor, object=f"/{zaak.split('/', 3)[3]}")
    )
    row = rows[1]
    assert (row["applicatie"], row["gebruikersId"], row["dienst"]) == (gemeente.client.client_id, "jdv", "zaken")
    assert (row["toelichting"], row["aantalObjecten"], row["filters"]) == ("Controle", 1, None)
    assert row["objecten"] == [
        {
            "url": zaak,
            "soort": "zaak",
            "zaak": None,
            "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
            "expand": False,
        }
    ]


async def test_who_saw_a_zaak_saw_its_rollen_too(gemeente: Gemeente, auditor: Client) -> None:
    zaak = await a_zaak(gemeente)
    rol = await gemeente.client.created(
        "/zaken/api/v1/rollen",
        rol_body(zaak, gemeente.url("catalogi/roltypen"), betrokkeneIdentificatie={"inpBsn": "111222333"}),
    )
    await gemeente.client.get(rol["url"])
    await gemeente.client.get(f"{zaak}?expand=rollen")
    both, one = await found(auditor, object=zaak)
    assert [each["expand"] for each in both["objecten"]] == [False, True]
    assert (one["objecten"][0]["url"], one["objecten"][0]["zaak"]) == (rol["url"], zaak)
    assert [row["id"] for row in await found(auditor, object=zaak, actie="expand")] == [both["id"]]


async def test_it_is_found_by_application_user_period_and_number(
    gemeente: Gemeente, auditor: Client, stack: Stack
) -> None:
    other = await stack.add_client(gemeente.name, f"ander-{gemeente.name}")
    other.claims = {"user_id": "piet", "user_representation": "Piet"}
    answers = [await other.get(gemeente.url(name)) for name in ("zaken/zaken", "besluiten/besluiten")]
    rows = await found(auditor, applicatie=other.client_id)
    assert [row["dienst"] for row in rows] == ["besluiten", "zaken"]
    assert [row["id"] for row in await found(auditor, gebruiker="piet")] == [row["id"] for row in rows]
    [one] = await found(auditor, requestId=answers[0].headers["X-Request-ID"])
    assert one == rows[1] == (await found(auditor, traceId=one["traceId"]))[0]
    mine = {"applicatie": other.client_id}
    assert [row["id"] for row in await found(auditor, **mine, vanaf=rows[0]["tijdstip"])] == [rows[0]["id"]]
    assert [row["id"] for row in await found(auditor, **mine, tot=rows[0]["tijdstip"])] == [rows[1]["id"]]
    assert await found(auditor, **mine, actie="download") == []


async def test_pages_hold_each_read_once_while_others_come_in(
    gemeente: Gemeente, auditor: Client, stack: Stack
) -> None:
    other = await stack.add_client(gemeente.name, f"bladeren-{gemeente.name}")
    names = ("zaken/zaken", "besluiten/besluiten", "documenten/enkelvoudiginformatieobjecten")
    expected = [(await other.get(gemeente.url(names[n % 3]))).headers["X-Request-ID"] for n in range(7)]
    await written(stack)
    page = (await auditor.get(INZAGE, params={"applicatie": other.client_id, "pageSize": 2})).json()
    seen = [row["requestId"] for row in page["results"]]
    while page["next"]:
        await other.get(gemeente.url("zaken/zaken"))
        page = (await auditor.get(page["next"])).json()
        seen += [row["requestId"] for row in page["results"]]
    assert seen == expected[::-1]


async def test_who_saw_something_of_a_person_or_searched_for_one(
    gemeente: Gemeente, auditor: Client, stack: Stack
) -> None:
    bsn, other_bsn = "999993653", "999991723"
    zaak = await a_zaak(gemeente)
    document = await gemeente.client.created(DOCUMENTEN, document_body(gemeente.url("catalogi/informatieobjecttypen")))
    link = {"zaak": zaak, "informatieobject": document["url"]}
    await gemeente.client.created("/zaken/api/v1/zaakinformatieobjecten", link)
    reader = await stack.add_client(gemeente.name, f"persoon-{gemeente.name}")
    mine = {"applicatie": reader.client_id}
    await gemeente.choose("alles")
    await reader.get(zaak)
    await reader.get(document["url"])
    await reader.get(f"{ZAKEN}?{BSN}={bsn}")
    await reader.get(f"{ZAKEN}?{BSN}={other_bsn}")
    await gemeente.choose("objecten")
    assert [row["actie"] for row in await found(auditor, bsn=bsn, **mine)] == ["list"]
    # The rollen that there are when it is asked count, not those of then.
    rol = rol_body(zaak, gemeente.url("catalogi/roltypen"), betrokkeneIdentificatie={"inpBsn": bsn})
    await gemeente.client.created("/zaken/api/v1/rollen", rol)
    rows = await found(auditor, bsn=bsn, **mine)
    assert [(row["actie"], row["dienst"]) for row in rows] == [
        ("list", "zaken"),
        ("retrieve", "documenten"),
        ("retrieve", "zaken"),
    ]
    assert rows[0]["filters"][BSN].startswith("hmac:")
    assert [row["actie"] for row in await found(auditor, bsn=other_bsn, **mine)] == ["list"]
    assert await found(auditor, bsn="999990019", **mine) == []
    # The question itself is in the log, without the number.
    told = [row["filters"] for row in await found(auditor, actie="inzage") if "bsn" in (row["filters"] or {})]
    assert told
    assert bsn not in str(told)


async def test_reading_the_log_is_recorded_whatever_is_chosen(gemeente: Gemeente, auditor: Client) -> None:
    await gemeente.choose("uit")
    answer = await auditor.get(INZAGE, params={"gebruiker": "jdv"})
    await gemeente.choose("objecten")
    [row] = await found(auditor, requestId=answer.headers["X-Request-ID"])
    assert (row["actie"], row["applicatie"], row["dienst"]) == ("inzage", auditor.client_id, "autorisaties")
    assert (row["filters"], row["objecten"]) == ({"gebruiker": "jdv"}, [])


# --- Export ----------------------------------------------------------------------------------------------------------


async def test_an_export_has_every_read_and_object(gemeente: Gemeente, auditor: Client, stack: Stack) -> None:
    other = await stack.add_client(gemeente.name, f"export-{gemeente.name}")
    other.claims = {"user_id": "=1+1", "user_representation": 'Piet "de Vries", Jr.'}
    for _ in range(60):
        await other.get(gemeente.url("zaken/zaken"))
    await other.get(f"{gemeente.url('zaken/zaken')}?expand=rollen")
    await written(stack)
    wanted = {"applicatie": other.client_id}
    whole = await auditor.get(f"{INZAGE}/export", params=wanted)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(whole.text)))
    assert len(rows) == 62
    assert [row["soort"] for row in rows[:3]] == ["zaak", "rol", "zaak"]
    assert {row["gebruikersWeergave"] for row in rows} == {'Piet "de Vries", Jr.'}
    assert {row["gebruikersId"] for row in rows} == {"'=1+1"}
    lines = (await auditor.get(f"{INZAGE}/export", params={**wanted, "formaat": "jsonl"})).text.splitlines()
    assert [json.loads(line) for line in lines] == await found(auditor, **wanted)
    exports = [row for row in await found(auditor, actie="inzage") if (row["filters"] or {}).get("formaat")]
    assert len(exports) == 1


# --- Who may, and what is wrong --------------------------------------------------------------------------------------


async def test_without_the_scope_it_is_refused(gemeente: Gemeente, stack: Stack) -> None:
    rights = [{"component": "ac", "scopes": ["autorisaties.lezen", "autorisaties.bijwerken"]}]
    other = await stack.add_client(gemeente.name, f"beheerder-{gemeente.name}", rights)
    for path in (INZAGE, f"{INZAGE}/export"):
        answer = await other.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert "inzage.lezen" in answer.json()["detail"]
    without = await other.http.get(INZAGE)
    assert without.status_code == 403
    assert (await other.http.post("/_intern/inzage", json={})).status_code == 404


async def test_another_municipality_finds_nothing(
    gemeente: Gemeente, auditor: Client, raalte: Client, stack: Stack
) -> None:
    answer = await gemeente.client.get(gemeente.url("zaken/zaken"))
    assert len(await found(auditor, requestId=answer.headers["X-Request-ID"])) == 1
    namesake = await stack.add_client("raalte", gemeente.client.client_id, host="http://raalte.test")
    for other in (raalte, namesake):
        for wanted in (
            {"requestId": answer.headers["X-Request-ID"]},
            {"object": gemeente.uuid("zaken/zaken")},
            {"applicatie": gemeente.client.client_id, "actie": "retrieve"},
            {"bsn": "111222333", "gebruiker": "jdv", "actie": "retrieve"},
        ):
            assert await found(other, **wanted) == []


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("onbekend=1", "nonFieldErrors"),
        ("object=x", "object"),
        ("object=http://elders.example/zaken/api/v1/zaken/7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3", "object"),
        ("object=/catalogi/api/v1/zaaktypen/7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3", "object"),
        ("object={7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0}", "object"),
        ("bsn=", "bsn"),
        ("bsn=1&object=7f6c1c53-4a58-4c0e-8f0a-0a51e1d6f0a3", "bsn"),
        ("actie=lezen", "actie"),
        ("traceId=4BF9", "traceId"),
        ("vanaf=gisteren", "vanaf"),
        ("tot=2026-01-01", "tot"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("cursor=x", "cursor"),
        ("cursor=2026-01-01T00:00:00Z_8000000000000000", "cursor"),
        ("cursor=2026-01-01_0", "cursor"),
        ("gebruiker=a&gebruiker=b", "gebruiker"),
        *((f"{name}=a%00b", name) for name in ("object", "bsn", "gebruiker", "applicatie", "requestId")),
    ],
)
async def test_a_wrong_filter_is_named(auditor: Client, query: str, name: str) -> None:
    answer = await auditor.get(f"{INZAGE}?{query}")
    assert answer.status_code == 400, answer.text
    assert [each["name"] for each in answer.json()["invalidParams"]] == [name]


async def test_odd_but_possible_filters_find_nothing(auditor: Client) -> None:
    for wanted in (
        {"object": str(uuid.uuid4())},
        {"bsn": "x' OR 1=1 --"},
        {"gebruiker": "é\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")},
        {"cursor": "0001-01-01T00:00:00Z_0"},
        {"vanaf": "9999-12-31T23:59:59Z"},
    ):
        assert await found(auditor, **wanted) == []
