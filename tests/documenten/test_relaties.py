"""Relations with objects, gebruiksrechten and verzendingen (documenten.md §2.2 to §2.4, §6)."""

import asyncio
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.answers import errors
from tests.documenten.bron import Bron
from tests.documenten.maak_document import EIO, ROOT, document, informatieobjecttype
from tests.stack import PUBLIC, Client, Stack

OBJECT = "nonFieldErrors"
OIO = f"{ROOT}/objectinformatieobjecten"
RECHTEN = f"{ROOT}/gebruiksrechten"
VERZENDINGEN = f"{ROOT}/verzendingen"


# --- Objectinformatieobjecten ---------------------------------------------------------------------------------------


def relation(document: dict[str, Any], target: str, kind: str = "zaak") -> dict[str, str]:
    """Return the body of a relation."""
    return {"informatieobject": document["url"], "object": target, "objectType": kind}


async def test_life_of_a_relation(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    for kind, target in (("zaak", bron.zaak()), ("besluit", bron.besluit())):
        bron.relations.add((target, made["url"]))
        answer = await api.post(OIO, relation(made, target, kind))
        assert answer.status_code == 201, answer.text
        found = answer.json()
        assert answer.headers["location"] == found["url"]
        assert found == {"url": found["url"], **relation(made, target, kind)}
        assert (await api.get(found["url"])).json() == found
        assert (await api.request("HEAD", found["url"])).headers["etag"]
        for query in (f"object={target}", f"object={target}&informatieobject={made['url']}?versie=1"):
            assert (await api.get(f"{OIO}?{query}")).json() == [found]
        assert (await api.put(found["url"], relation(made, target, kind))).status_code == 405
        for spelling in ("objectinformatieobjecten_object", "objectinformatieobjecten__object"):
            listed = await api.get(f"{EIO}?{spelling}={target}&{spelling}Type={kind}")
            assert [item["url"] for item in listed.json()["results"]] == [made["url"]]
            other = "zaak" if kind == "besluit" else "besluit"
            assert (await api.get(f"{EIO}?{spelling}={target}&{spelling}Type={other}")).json()["count"] == 0
            for wrong in (spelling, f"{spelling}Type"):
                assert [name for name, _ in errors(await api.get(f"{EIO}?{wrong}=x"))] == [wrong]
        bron.relations.clear()
        assert (await api.delete(found["url"])).status_code == 204
        assert (await api.get(f"{OIO}?object={target}")).json() == []
    entries = (await api.get(made["url"] + "/audittrail")).json()
    assert [(e["resource"], e["actie"]) for e in entries[1:]] == [
        ("objectinformatieobject", "create"),
        ("objectinformatieobject", "destroy"),
    ] * 2
    number = target.rpartition("/")[2]
    assert entries[-1]["resourceWeergave"] == f"(517439943 - {made['identificatie']}) - {number}"


async def test_drc_002_object_exists_and_is_of_its_kind(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    zaak = bron.zaak()
    for target, kind, wanted in (
        (f"{PUBLIC}/zaken/api/v1/zaken/{uuid.uuid4()}", "zaak", "bad-url"),
        ("https://elders.example.nl/zaken/1", "zaak", "bad-url"),
        ("https://elders.example.nl/verzoeken/1", "verzoek", "bad-url"),
        (zaak, "besluit", "invalid-resource"),
        (zaak, "verzoek", "invalid-resource"),
        (iot, "zaak", "invalid-resource"),
    ):
        assert errors(await api.post(OIO, relation(made, target, kind))) == [("object", wanted)], target
    assert errors(await api.post(OIO, relation(made, "geen-url"))) == [("object", "invalid")]
    assert errors(await api.post(OIO, relation(made, zaak, "contact"))) == [("objectType", "invalid_choice")]


async def test_drc_003_relation_is_unique(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    zaak = bron.zaak()
    bron.relations.add((zaak, made["url"]))
    answers = await asyncio.gather(*(api.post(OIO, relation(made, zaak)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400]
    assert errors(await api.post(OIO, relation(made, zaak))) == [(OBJECT, "unique")]


async def test_drc_004_relation_exists_at_the_source(api: Client, iot: str, bron: Bron) -> None:
    made = await document(api, informatieobjecttype=iot)
    zaak = bron.zaak()
    assert errors(await api.post(OIO, relation(made, zaak))) == [(OBJECT, "inconsistent-relation")]
    bron.relations.add((zaak, made["url"]))
    for broken, wanted in (
        (500, "relation-lookup-error"),
        (403, "relation-lookup-error"),
        (b"geen json", "relation-validation-error"),
        (b'{"results": 5}', "relation-validation-error"),
    ):
        bron.broken = broken
        assert errors(await api.post(OIO, relation(made, zaak))) == [(OBJECT, wanted)]
    bron.broken = None
    found = await api.created(OIO, relation(made, zaak))
    # drc-004b: it is removed only after the source has removed it.
    assert errors(await api.delete(found["url"])) == [(OBJECT, "remote-relation-exists")]
    bron.broken = 500
    assert errors(await api.delete(found["url"])) == [(OBJECT, "relation-lookup-error")]
    bron.broken = None
    bron.relations.clear()
    assert (await api.delete(found["url"])).status_code == 204


async def test_drc_002_drc_004_objects_of_an_external_api(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await document(api, informatieobjecttype=iot)
    root = "https://verzoeken.example.nl/api/v1"
    relations: list[Any] = []
    answers: dict[str, Any] = {f"{root}/verzoeken/1": {"url": "x"}, f"{root}/verzoeken/2": {"naam": "x"}}
    asked: list[str] = []

    async def request(_caller: Any, method: str, url: str, _body: Any = None) -> tuple[int, Any] | None:
        asked.append(f"{method} {url}")
        if "/verzoekinformatieobjecten?" in url:
            return 200, relations
        return (200, answers[url]) if url in answers else None

    monkeypatch.setattr(stack.standalone.services["documenten"].externals, "request", request)
    no_shape = relation(made, f"{root}/verzoeken/2", "verzoek")
    assert errors(await api.post(OIO, no_shape)) == [("object", "invalid-resource")]
    right = relation(made, f"{root}/verzoeken/1", "verzoek")
    assert errors(await api.post(OIO, right)) == [(OBJECT, "inconsistent-relation")]
    query = urlencode({"verzoek": f"{root}/verzoeken/1", "informatieobject": made["url"]})
    assert asked[-1] == f"GET {root}/verzoekinformatieobjecten?{query}"
    relations.append({})
    found = await api.created(OIO, right)
    assert errors(await api.delete(found["url"])) == [(OBJECT, "remote-relation-exists")]
    relations.clear()
    assert (await api.delete(found["url"])).status_code == 204


@pytest.mark.parametrize("path", [OIO, RECHTEN, VERZENDINGEN])
async def test_drc_x8_the_document_of_a_relation_exists(api: Client, iot: str, path: str) -> None:
    for wrong, wanted in (
        (f"{PUBLIC}{EIO}/{uuid.uuid4()}", "object-does-not-exist"),
        (f"{PUBLIC}{RECHTEN}/{uuid.uuid4()}", "incorrect_match"),
        (iot, "no_match"),
        ("geen-url", "invalid"),
        ("", "blank"),
        (None, "null"),
    ):
        assert errors(await api.post(path, {"informatieobject": wrong})) == [("informatieobject", wanted)]
    assert errors(await api.post(path, {})) == [("informatieobject", "required")]


# --- Gebruiksrechten --------------------------------------------------------------------------------------------------


def recht(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the body of a gebruiksrecht."""
    start = {"startdatum": "2026-01-01T00:00:00Z", "omschrijvingVoorwaarden": "Alleen met bronvermelding"}
    return {"informatieobject": document["url"], **start, **changes}


async def test_life_of_gebruiksrechten(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    answer = await api.post(RECHTEN, recht(made, einddatum="2027-01-01T01:00:00+01:00"))
    found = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, found["url"])
    assert (found["startdatum"], found["einddatum"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    got = await api.get(found["url"])
    assert (got.json(), bool(got.headers["etag"])) == (found, True)
    changed = await api.patch(found["url"], {"einddatum": None})
    assert changed.json() == {**found, "einddatum": None}
    assert (await api.put(found["url"], recht(made))).status_code == 200
    own = f"informatieobject={made['url']}"
    for query, there in (
        ("", True),
        ("&startdatum__gt=2025-12-31T00:00:00Z", True),
        ("&startdatum__gte=2026-01-01T00:00:00Z", True),
        ("&startdatum__gt=2026-01-01T00:00:00Z", False),
        ("&startdatum__lt=2026-01-01T00:00:00Z", False),
        ("&startdatum__lte=2026-01-01T00:00:00Z", True),
        ("&startdatum__lte=2026-01-01T01:00:00+01:00", True),
        ("&einddatum__gt=2025-01-01T00:00:00Z", False),
        ("&einddatum__gte=2025-01-01T00:00:00Z", False),
        ("&einddatum__lt=2030-01-01T00:00:00Z", False),
        ("&einddatum__lte=2030-01-01T00:00:00Z", False),
    ):
        assert bool((await api.get(f"{RECHTEN}?{own}{query}")).json()) == there, query
    assert errors(await api.get(f"{RECHTEN}?startdatum__gt=x")) == [("startdatum__gt", "invalid")]
    assert (await api.delete(found["url"])).status_code == 204
    assert (await api.get(found["url"])).status_code == 404
    trail = (await api.get(made["url"] + "/audittrail")).json()
    assert [(e["resource"], e["actie"]) for e in trail[1:]] == [
        ("gebruiksrechten", actie) for actie in ("create", "partial_update", "update", "destroy")
    ]
    assert trail[1]["resourceWeergave"].endswith(") - Alleen met bronvermelding")


async def test_drc_x9_the_document_of_gebruiksrechten_stays(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    other = await document(api, informatieobjecttype=iot)
    found = await api.created(RECHTEN, recht(made))
    for answer in (
        await api.patch(found["url"], {"informatieobject": other["url"]}),
        await api.put(found["url"], recht(other)),
    ):
        assert errors(answer) == [("informatieobject", "wijzigen-niet-toegelaten")]
    assert errors(await api.post(RECHTEN, recht(made, omschrijvingVoorwaarden="", startdatum="x"))) == [
        ("startdatum", "invalid"),
        ("omschrijvingVoorwaarden", "blank"),
    ]


async def test_drc_006_two_last_gebruiksrechten_removed_at_once(api: Client, iot: str) -> None:
    for _ in range(3):
        made = await document(api, informatieobjecttype=iot)
        rights = [await api.created(RECHTEN, recht(made)) for _ in range(3)]
        await asyncio.gather(*(api.delete(each["url"]) for each in rights))
        assert (await api.get(made["url"])).json()["indicatieGebruiksrecht"] is None


async def test_drc_006_many_first_gebruiksrechten_at_once(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    answers = await asyncio.gather(*(api.post(RECHTEN, recht(made)) for _ in range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert (await api.get(made["url"])).json()["indicatieGebruiksrecht"] is True


# --- Verzendingen -----------------------------------------------------------------------------------------------------

ADRES = {"huisnummer": 10, "naamOpenbareRuimte": "Grote Kerkhof", "woonplaatsnaam": "Deventer"}
BUITENLAND = {"adresBuitenland1": "Rue 1", "landPostadres": "https://example.nl/landen/fr"}
POSTBUS = {
    "postBusOfAntwoordnummer": 5000,
    "postadresPostcode": "7400GC",
    "postadresType": "postbusnummer",
    "woonplaatsnaam": "Deventer",
}


def verzending(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the body of a verzending."""
    data = {
        "betrokkene": "https://example.nl/personen/1",
        "informatieobject": document["url"],
        "aardRelatie": "geadresseerde",
        "contactPersoon": "https://example.nl/personen/2",
        "emailadres": "piet@example.nl",
        **changes,
    }
    return {name: value for name, value in data.items() if value is not ...}


async def test_life_of_a_verzending(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    answer = await api.post(VERZENDINGEN, verzending(made, verzenddatum="2026-03-03"))
    found = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, found["url"])
    assert (found["mijnOverheid"], found["faxnummer"], found["binnenlandsCorrespondentieadres"]) == (False, None, None)
    got = await api.get(found["url"])
    assert (got.json(), bool(got.headers["etag"])) == (found, True)
    own = f"informatieobject={made['url']}"
    for query, count in (
        (own, 1),
        (f"{own}&aardRelatie=geadresseerde", 1),
        (f"{own}&aardRelatie=afzender", 0),
        (f"{own}&betrokkene=https://example.nl/personen/1", 1),
        (f"{own}&betrokkene=https://example.nl/personen/9", 0),
    ):
        listed = (await api.get(f"{VERZENDINGEN}?{query}")).json()
        assert (listed["count"], listed["next"]) == (count, None), query
    assert errors(await api.get(f"{VERZENDINGEN}?aardRelatie=x")) == [("aardRelatie", "invalid_choice")]
    changed = await api.patch(found["url"], {"toelichting": "Per aangetekende post"})
    assert changed.json() == {**found, "toelichting": "Per aangetekende post"}
    assert (await api.put(found["url"], verzending(made))).status_code == 200
    assert (await api.delete(found["url"])).status_code == 204
    trail = (await api.get(made["url"] + "/audittrail")).json()
    assert [e["actie"] for e in trail[1:]] == ["create", "partial_update", "update", "destroy"]
    assert trail[1]["resourceWeergave"] == f"(517439943 - {made['identificatie']}) - geadresseerde"


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, True),
        ({"emailadres": ...}, False),
        ({"emailadres": ""}, False),
        ({"emailadres": "", "binnenlandsCorrespondentieadres": ADRES}, True),
        ({"emailadres": None, "buitenlandsCorrespondentieadres": BUITENLAND}, True),
        ({"emailadres": ..., "correspondentiePostadres": POSTBUS}, True),
        ({"emailadres": ..., "faxnummer": "0570123456"}, True),
        ({"emailadres": ..., "telefoonnummer": "0570123456"}, True),
        ({"emailadres": ..., "mijnOverheid": True}, True),
        ({"mijnOverheid": True}, False),
        ({"faxnummer": "0570123456"}, False),
        ({"telefoonnummer": "0570123456"}, False),
        ({"emailadres": ..., "faxnummer": "1", "telefoonnummer": "2"}, False),
        ({"binnenlandsCorrespondentieadres": ADRES}, False),
        ({"binnenlandsCorrespondentieadres": {"huisletter": "", "postcode": ""}}, True),
    ],
)
async def test_drc_x5_exactly_one_address(api: Client, iot: str, changes: dict[str, Any], valid: bool) -> None:
    made = await document(api, informatieobjecttype=iot)
    answer = await api.post(VERZENDINGEN, verzending(made, **changes))
    if valid:
        assert answer.status_code == 201, answer.text
    else:
        assert errors(answer) == [(OBJECT, "invalid-address")]


async def test_drc_x5_counts_the_merged_result(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    found = await api.created(VERZENDINGEN, verzending(made))
    assert errors(await api.patch(found["url"], {"mijnOverheid": True})) == [(OBJECT, "invalid-address")]
    assert errors(await api.patch(found["url"], {"emailadres": ""})) == [(OBJECT, "invalid-address")]
    switched = {"emailadres": None, "binnenlandsCorrespondentieadres": ADRES}
    changed = await api.patch(found["url"], switched)
    assert (changed.status_code, changed.json()["binnenlandsCorrespondentieadres"]["huisnummer"]) == (200, 10)


async def test_verzending_field_errors(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    wrong = verzending(
        made,
        betrokkene="x",
        aardRelatie="y",
        binnenlandsCorrespondentieadres={"huisnummer": 100_000},
        correspondentiePostadres={**POSTBUS, "postBusOfAntwoordnummer": 0, "postadresType": "x"},
        telefoonnummer="1" * 16,
    )
    assert set(errors(await api.post(VERZENDINGEN, wrong))) == {
        ("betrokkene", "invalid"),
        ("aardRelatie", "invalid_choice"),
        ("binnenlandsCorrespondentieadres.huisnummer", "max_value"),
        ("binnenlandsCorrespondentieadres.naamOpenbareRuimte", "required"),
        ("binnenlandsCorrespondentieadres.woonplaatsnaam", "required"),
        ("correspondentiePostadres.postBusOfAntwoordnummer", "min_value"),
        ("correspondentiePostadres.postadresType", "invalid_choice"),
        ("telefoonnummer", "max_length"),
    }


async def test_drc_x6_dates_are_checked_only_where_that_is_on(
    stack: Stack, api: Client, iot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await document(api, informatieobjecttype=iot)
    sender = {"aardRelatie": "afzender", "verzenddatum": "2026-01-01"}
    await api.created(VERZENDINGEN, verzending(made, **sender))
    service = stack.standalone.services["documenten"]
    monkeypatch.setattr(service, "settings", service.settings.model_copy(update={"check_verzending_dates": True}))
    assert errors(await api.post(VERZENDINGEN, verzending(made, **sender))) == [
        ("ontvangstdatum", "required"),
        ("verzenddatum", "must-be-empty"),
    ]
    received = verzending(made, ontvangstdatum="2026-01-01")
    assert errors(await api.post(VERZENDINGEN, received)) == [("ontvangstdatum", "must-be-empty")]
    await api.created(VERZENDINGEN, verzending(made, aardRelatie="afzender", ontvangstdatum="2026-01-01"))
    await api.created(VERZENDINGEN, verzending(made, verzenddatum="2026-01-01"))


async def test_drc_x7_a_document_may_have_two_senders(api: Client, iot: str) -> None:
    made = await document(api, informatieobjecttype=iot)
    for _ in range(2):
        await api.created(VERZENDINGEN, verzending(made, aardRelatie="afzender", ontvangstdatum="2026-01-01"))


async def test_drc_x10_a_verzending_may_move_to_a_document_that_the_client_may_write(
    stack: Stack, api: Client, iot: str
) -> None:
    secret = await informatieobjecttype(api, vertrouwelijkheidaanduiding="geheim")
    grants = [
        {
            "component": "drc",
            "scopes": ["documenten.lezen", "documenten.bijwerken"],
            "informatieobjecttype": iot,
            "maxVertrouwelijkheidaanduiding": "openbaar",
        }
    ]
    client = await stack.add_client("deventer", f"verzender-{uuid.uuid4()}", grants)
    one, two, three = [await document(api, informatieobjecttype=kind) for kind in (iot, iot, secret)]
    found = await api.created(VERZENDINGEN, verzending(one))
    moved = await client.patch(found["url"], {"informatieobject": two["url"]})
    assert (moved.status_code, moved.json()["informatieobject"]) == (200, two["url"])
    assert (await client.patch(found["url"], {"informatieobject": three["url"]})).status_code == 403
    for wrong, wanted in (
        (f"{PUBLIC}{EIO}/{uuid.uuid4()}", "does_not_exist"),
        (f"{PUBLIC}{RECHTEN}/{uuid.uuid4()}", "incorrect_match"),
        (iot, "no_match"),
    ):
        answer = await client.patch(found["url"], {"informatieobject": wrong})
        assert errors(answer) == [("informatieobject", wanted)]
