"""Documents: their fields and the rules drc-001 to drc-010 (documenten.md §2 to §4)."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.answers import errors, problem
from tests.documenten.bron import Bron
from tests.documenten.maak_document import (
    EIO,
    ROOT,
    b64,
    body,
    document,
    informatieobjecttype,
    ontgrendel,
    vergrendel,
)
from tests.stack import PUBLIC, Client

OBJECT = "nonFieldErrors"


async def test_life_of_a_document(api: Client, iot: str) -> None:
    made = await api.post(EIO, body(iot, trefwoorden=["brug"], ondertekening={"soort": "", "datum": None}))
    assert made.status_code == 201
    found = made.json()
    assert made.headers["location"] == found["url"]
    assert made.headers["api-version"] == "1.7.1"
    assert found.pop("lock") == ""
    assert (found["versie"], found["locked"], found["bestandsdelen"]) == (1, False, [])
    assert found["inhoud"] == found["url"] + "/download?versie=1"
    assert found["bestandsomvang"] == 16
    assert found["ondertekening"] is None
    assert found["identificatie"].startswith("DOCUMENT-2026-")
    assert len(found["identificatie"]) == len("DOCUMENT-2026-0000000001")
    answer = await api.get(found["url"])
    assert answer.json() == found
    again = await api.get(found["url"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await api.request("HEAD", found["url"])
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    assert (await api.delete(found["url"])).status_code == 204
    for path in ("", "/download", "/audittrail"):
        assert (await api.get(found["url"] + path)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"titel": ...}, [("titel", "required")]),
        ({"titel": ""}, [("titel", "blank")]),
        ({"titel": "x" * 201}, [("titel", "max_length")]),
        ({"taal": "nl"}, [("taal", "min_length")]),
        ({"taal": "nlde"}, [("taal", "max_length")]),
        ({"auteur": None}, [("auteur", "null")]),
        ({"bronorganisatie": "123456789"}, [("bronorganisatie", "invalid")]),
        ({"bronorganisatie": "x"}, [("bronorganisatie", "only-digits")]),
        ({"creatiedatum": "2026-02-30"}, [("creatiedatum", "invalid")]),
        ({"status": "klaar"}, [("status", "invalid_choice")]),
        ({"vertrouwelijkheidaanduiding": "x"}, [("vertrouwelijkheidaanduiding", "invalid_choice")]),
        ({"bestandsomvang": -1}, [("bestandsomvang", "min_value")]),
        ({"bestandsomvang": 2**63}, [("bestandsomvang", "max_value")]),
        ({"bestandsomvang": "x"}, [("bestandsomvang", "invalid")]),
        ({"link": "geen-url"}, [("link", "invalid")]),
        ({"trefwoorden": "x"}, [("trefwoorden", "not_a_list")]),
        ({"trefwoorden": [True]}, [("trefwoorden.0", "invalid")]),
        ({"titel": "a\0b"}, [("titel", "invalid")]),
        ({"ondertekening": {"soort": "pki"}}, [("ondertekening.datum", "required")]),
        ({"ondertekening": "x"}, [("ondertekening", "not_a_dict")]),
        (
            {"integriteit": {"algoritme": "sha", "waarde": "", "datum": "2026-01-01"}},
            [("integriteit.algoritme", "invalid_choice"), ("integriteit.waarde", "blank")],
        ),
        ({"inhoud": 5}, [("inhoud", "invalid")]),
        ({"informatieobjecttype": ""}, [("informatieobjecttype", "blank")]),
    ],
)
async def test_field_errors(api: Client, iot: str, changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert errors(await api.post(EIO, body(iot, **changes))) == expected


async def test_bodies_that_are_no_document(api: Client) -> None:
    json = {"content-type": "application/json"}
    assert problem(await api.post(EIO, content=b"{", headers=json)) == (400, "parse_error")
    assert errors(await api.post(EIO, content=b"[]", headers=json)) == [(OBJECT, "not_a_dict")]
    assert problem(await api.post(EIO, content=b"{}", headers={"content-type": "text/plain"}))[0] == 415
    assert (await api.post(f"{EIO}?x=1", content=b"{}", headers=json)).status_code == 400


async def test_drc_001_informatieobjecttype(api: Client, iot: str) -> None:
    for wrong, wanted in (
        (f"{PUBLIC}/catalogi/api/v1/informatieobjecttypen/{uuid.uuid4()}", "bad-url"),
        ("https://elders.example.nl/catalogi/api/v1/informatieobjecttypen/1", "bad-url"),
        (f"{PUBLIC}/catalogi/api/v1/informatieobjecttypen/xyz", "bad-url"),
        ((await api.get(iot)).json()["catalogus"], "invalid-resource"),
        (await informatieobjecttype(api, concept=True), "not-published"),
    ):
        assert errors(await api.post(EIO, body(wrong))) == [("informatieobjecttype", wanted)], wrong
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    concept = await informatieobjecttype(api, concept=True)
    wrong_type = await api.patch(made["url"], {"lock": lock, "informatieobjecttype": concept})
    assert errors(wrong_type) == [("informatieobjecttype", "not-published")]


@pytest.mark.parametrize("status", ["in_bewerking", "ter_vaststelling"])
async def test_drc_005_status_of_a_received_document(api: Client, iot: str, status: str) -> None:
    wrong = body(iot, status=status, ontvangstdatum="2026-01-01")
    assert errors(await api.post(EIO, wrong)) == [("status", "invalid_for_received")]
    made = await document(api, informatieobjecttype=iot, status=status)
    lock = await vergrendel(api, made)
    # The merged state counts.
    answer = await api.patch(made["url"], {"lock": lock, "ontvangstdatum": "2026-01-01"})
    assert errors(answer) == [("status", "invalid_for_received")]
    right = await api.patch(made["url"], {"lock": lock, "ontvangstdatum": "2026-01-01", "status": "definitief"})
    assert right.status_code == 200


async def test_drc_006_indicatie_and_gebruiksrechten(api: Client, iot: str) -> None:
    assert errors(await api.post(EIO, body(iot, indicatieGebruiksrecht=True))) == [
        ("indicatieGebruiksrecht", "missing-gebruiksrechten")
    ]
    made = await document(api, informatieobjecttype=iot, indicatieGebruiksrecht=False)
    lock = await vergrendel(api, made)
    without = await api.patch(made["url"], {"lock": lock, "indicatieGebruiksrecht": True})
    assert errors(without) == [("indicatieGebruiksrecht", "missing-gebruiksrechten")]
    right = {"informatieobject": made["url"], "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "Vrij"}
    first = await api.created(f"{ROOT}/gebruiksrechten", right)
    second = await api.created(f"{ROOT}/gebruiksrechten", right)
    shown = (await api.get(made["url"])).json()
    assert (shown["indicatieGebruiksrecht"], shown["versie"]) == (True, 1)
    for value in (False, None):
        answer = await api.patch(made["url"], {"lock": lock, "indicatieGebruiksrecht": value})
        assert errors(answer) == [("indicatieGebruiksrecht", "existing-gebruiksrechten")]
    # A PUT that leaves the key out keeps the value.
    kept = await api.put(made["url"], body(iot, lock=lock))
    assert kept.json()["indicatieGebruiksrecht"] is True
    assert (await api.delete(first["url"])).status_code == 204
    assert (await api.get(made["url"])).json()["indicatieGebruiksrecht"] is True
    assert (await api.delete(second["url"])).status_code == 204
    assert (await api.get(made["url"])).json()["indicatieGebruiksrecht"] is None


async def test_drc_007_vertrouwelijkheid_comes_from_the_type(api: Client) -> None:
    secret = await informatieobjecttype(api, vertrouwelijkheidaanduiding="geheim")
    for given in (..., ""):
        made = await document(api, informatieobjecttype=secret, vertrouwelijkheidaanduiding=given)
        assert made["vertrouwelijkheidaanduiding"] == "geheim"
    lock = await vergrendel(api, made)
    other = await informatieobjecttype(api, vertrouwelijkheidaanduiding="intern")
    changed = await api.put(made["url"], body(other, lock=lock))
    assert changed.json()["vertrouwelijkheidaanduiding"] == "geheim"
    changed = await api.patch(made["url"], {"lock": lock, "vertrouwelijkheidaanduiding": "openbaar"})
    assert changed.json()["vertrouwelijkheidaanduiding"] == "openbaar"


async def test_drc_008_removal(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    zaak = bron.zaak()
    bron.relations.add((zaak, made["url"]))
    relation = {"informatieobject": made["url"], "object": zaak, "objectType": "zaak"}
    link = await api.created(f"{ROOT}/objectinformatieobjecten", relation)
    lock = await vergrendel(api, made)
    assert errors(await api.delete(made["url"])) == [(OBJECT, "pending-relations")]
    bron.relations.clear()
    assert (await api.delete(link["url"])).status_code == 204
    assert errors(await api.delete(made["url"])) == [(OBJECT, "destroy-locked")]
    await ontgrendel(api, made, lock)
    right = {"informatieobject": made["url"], "startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "Vrij"}
    right = await api.created(f"{ROOT}/gebruiksrechten", right)
    asked = len(bron.asked)
    assert (await api.delete(made["url"])).status_code == 204
    # Removing needs nothing of other services.
    assert len(bron.asked) == asked
    assert (await api.get(right["url"])).status_code == 404


async def test_drc_009_locks(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    url = made["url"]
    # A field error comes before the state.
    assert errors(await api.put(url, body(iot))) == [("lock", "required")]
    assert errors(await api.put(url, body(iot, lock=""))) == [(OBJECT, "unlocked")]
    assert errors(await api.patch(url, {"titel": "x"})) == [(OBJECT, "unlocked")]
    assert errors(await api.patch(url, {"titel": "x", "lock": 5})) == [("lock", "invalid")]
    lock = await vergrendel(api, made)
    assert len(lock) == 32
    assert int(lock, 16)
    shown = (await api.get(url)).json()
    assert shown["locked"] is True
    assert "lock" not in shown
    assert errors(await api.post(f"{url}/lock")) == [(OBJECT, "existing-lock")]
    assert errors(await api.post(f"{url}/lock", {"lock": lock})) == [(OBJECT, "existing-lock")]
    assert errors(await api.patch(url, {"titel": "x"})) == [(OBJECT, "missing-lock-id")]
    assert errors(await api.patch(url, {"titel": "x", "lock": "fout"})) == [(OBJECT, "incorrect-lock-id")]
    assert errors(await api.put(url, body(iot, lock="fout"))) == [(OBJECT, "incorrect-lock-id")]
    # Several updates per lock.
    for titel in ("een", "twee"):
        assert (await api.patch(url, {"titel": titel, "lock": lock})).status_code == 200
    assert errors(await api.post(f"{url}/unlock", {"lock": "fout"})) == [(OBJECT, "incorrect-lock-id")]
    await ontgrendel(api, made, lock)
    # Unlocked already: without a lock nothing happens, with one it is wrong.
    assert (await api.post(f"{url}/unlock")).status_code == 204
    assert errors(await api.post(f"{url}/unlock", {"lock": lock})) == [(OBJECT, "incorrect-lock-id")]
    assert (await api.get(url)).json()["locked"] is False


async def test_drc_009_one_of_many_gets_the_lock(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    answers = await asyncio.gather(*(api.post(made["url"] + "/lock") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


async def test_drc_010_any_status_and_type_can_be_updated(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot, status="definitief")
    lock = await vergrendel(api, made)
    other = await informatieobjecttype(api)
    answer = await api.patch(made["url"], {"lock": lock, "titel": "Nieuw", "informatieobjecttype": other})
    assert (answer.status_code, answer.json()["informatieobjecttype"]) == (200, other)


async def test_versions(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot, beschrijving="Eerste", titel="een", trefwoorden=["a"])
    lock = await vergrendel(api, made)
    # PATCH keeps, and shares the content; PUT falls back to defaults, also for the content.
    patched = (await api.patch(made["url"], {"lock": lock, "titel": "twee"})).json()
    assert (patched["versie"], patched["beschrijving"], patched["url"]) == (2, "Eerste", made["url"])
    assert patched["inhoud"] == made["url"] + "/download?versie=2"
    put = (await api.put(made["url"], body(iot, lock=lock, titel="drie", inhoud=...))).json()
    assert (put["versie"], put["beschrijving"], put["inhoud"], put["bestandsomvang"]) == (3, "", None, None)
    assert (put["identificatie"], put["trefwoorden"]) == (made["identificatie"], [])
    assert made["beginRegistratie"] < patched["beginRegistratie"] < put["beginRegistratie"]
    for number, titel in ((1, "een"), (2, "twee"), (3, "drie")):
        shown = (await api.get(f"{made['url']}?versie={number}")).json()
        assert (shown["versie"], shown["titel"], shown["locked"]) == (number, titel, True)
        moment = {1: made, 2: patched, 3: put}[number]["beginRegistratie"]
        assert (await api.get(f"{made['url']}?registratieOp={moment}")).json() == shown
    for number in (1, 2):
        assert (await api.get(f"{made['url']}/download?versie={number}")).content == b"Geachte mevrouw,"
    assert (await api.get(f"{made['url']}/download?versie=3")).status_code == 204
    both = f"versie=2&registratieOp={made['beginRegistratie']}"
    for query in ("versie=4", "registratieOp=2020-01-01T00:00:00Z", both):
        for path in ("", "/download"):
            assert (await api.get(f"{made['url']}{path}?{query}")).status_code == 404, query
    for query, name in (("versie=x", "versie"), ("registratieOp=gisteren", "registratieOp")):
        assert errors(await api.get(f"{made['url']}?{query}")) == [(name, "invalid")]
    assert errors(await api.get(f"{made['url']}?onbekend=1")) == [(OBJECT, "unknown-parameters")]
    offset = "2099-01-01T00:00:00+01:00"
    assert (await api.get(f"{made['url']}?registratieOp={offset}")).json()["versie"] == 3
    listed = await api.get(f"{EIO}?identificatie={made['identificatie']}")
    assert [item["versie"] for item in listed.json()["results"]] == [3]


async def test_concurrent_updates_give_consecutive_versions(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, made)
    bodies = [{"lock": lock, "titel": f"T{n}", "inhoud": b64(b"%d" % n)} for n in range(12)]
    answers = await asyncio.gather(*(api.patch(made["url"], each) for each in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["versie"] for answer in answers) == list(range(2, 14))
    titles = [{"lock": lock, "titel": f"U{n}"} for n in range(20)]
    assert {each.status_code for each in await asyncio.gather(*(api.patch(made["url"], t) for t in titles))} == {200}
    for answer in answers:
        found = answer.json()
        content = (await api.get(found["inhoud"])).content
        assert found["titel"] == f"T{content.decode()}"


async def test_drc_x1_identificatie_is_unique_within_the_organisation(api: Client, iot: str) -> None:
    number = f"doc/{uuid.uuid4()}"
    made = await document(api, informatieobjecttype=iot, identificatie=number)
    assert errors(await api.post(EIO, body(iot, identificatie=number))) == [
        ("identificatie", "identificatie-niet-uniek")
    ]
    await document(api, informatieobjecttype=iot, identificatie=number, bronorganisatie="000000000")
    other = await document(api, informatieobjecttype=iot)
    lock = await vergrendel(api, other)
    clash = await api.patch(other["url"], {"lock": lock, "identificatie": number})
    assert errors(clash) == [("identificatie", "identificatie-niet-uniek")]
    lock = await vergrendel(api, made)
    assert (await api.patch(made["url"], {"lock": lock, "identificatie": number})).status_code == 200


async def test_a_generated_identificatie_avoids_those_of_clients(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    last = int(made["identificatie"][-10:])
    for number in range(last + 1, last + 4):
        await document(api, informatieobjecttype=iot, identificatie=f"DOCUMENT-2026-{number:010d}")
    answers = await asyncio.gather(*(document(api, informatieobjecttype=iot) for _ in range(3)))
    assert len({answer["identificatie"] for answer in answers}) == 3
    assert all(int(answer["identificatie"][-10:]) > last + 3 for answer in answers)


async def test_drc_x2_x11_are_not_enforced(api: Client, iot: str) -> None:
    sign = {"soort": "digitaal", "datum": "2026-01-01"}
    made = await document(api, informatieobjecttype=iot, ondertekening=sign, status="in_bewerking")
    assert made["ondertekening"] == sign
    await document(api, informatieobjecttype=iot, status="gearchiveerd", formaat="application/msword")


@pytest.mark.parametrize("lock", [None, "", "x", 5])
async def test_what_only_responses_have_is_ignored(api: Client, iot: str, lock: Any) -> None:
    """common.md §1: a client makes a new document of one that it read; the lock of a new document is ours."""
    read = await document(api, informatieobjecttype=iot)
    sent = {
        **read,
        "lock": lock,
        "versie": None,
        "locked": "x",
        "bestandsdelen": None,
        "beginRegistratie": 5,
        "url": "",
    }
    made = await api.created(EIO, {**sent, "identificatie": "", "inhoud": b64(b"abc"), "bestandsomvang": 3})
    assert (made["lock"], made["versie"], made["locked"], made["bestandsdelen"]) == ("", 1, False, [])


async def test_unknown_and_wrong_urls(api: Client) -> None:
    nobody = f"{EIO}/{uuid.uuid4()}"
    assert problem(await api.get(nobody)) == (404, "not_found")
    for path in ("/lock", "/unlock"):
        assert (await api.post(nobody + path)).status_code == 404
    assert (await api.get(nobody + "/download")).status_code == 404
    assert (await api.get(f"{EIO}/geen-uuid")).status_code == 404
    assert problem(await api.request("PUT", f"{ROOT}/objectinformatieobjecten/{uuid.uuid4()}"))[0] == 405
    assert problem(await api.get(f"{ROOT}/bestandsdelen/{uuid.uuid4()}"))[0] == 405
