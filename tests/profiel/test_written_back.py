"""What an application reads, changes in one place and sends back is taken, and changes only that; with and without the
switches of Open Zaak."""

import base64
from typing import Any

import pytest

from tests import wereld as werelden
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker

ROOT = "/zaken/api/v1"
TEXT = "Anders dan het was"
Changes = set[str]
MOMENTS = {"laatstGemuteerd", "wijzigingsdatum"}
VERSION = {"versie", "beginRegistratie", "inhoud", "locked"}
"""What a new version of a document has of its own."""


@pytest.fixture(scope="module")
async def wereld(api: Client) -> werelden.Wereld:
    """One of everything at Deventer."""
    return await werelden.make(api)


@pytest.fixture(params=["standard", "openzaak"])
def writer(request: pytest.FixtureRequest, api: Client, openzaak: Client) -> Client:
    """A client without switches, and one with all of them."""
    return openzaak if request.param == "openzaak" else api


async def read(client: Client, url: str) -> dict[str, Any]:
    """Return an object as the client reads it."""
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    """Return the members that differ."""
    return {name for name in before.keys() | after.keys() if before.get(name, ...) != after.get(name, ...)}


MEMBERS: dict[str, dict[str, Any]] = {
    "zaken/zaken": {
        "toelichting": TEXT,
        "opschorting": {"indicatie": False, "eerdereOpschorting": False, "reden": TEXT},
        "verlenging": {"reden": TEXT, "duur": "P5D"},
        "kenmerken": [{"kenmerk": "1", "bron": "2"}],
        "zaakgeometrie": {"type": "Point", "coordinates": [5.0, 52.0]},
        "communicatiekanaalNaam": "Balie",
        "laatstGeopend": "2026-06-01T10:00:00Z",
        "publicatiedatum": "2026-06-01",
    },
    "zaken/rollen": {
        "roltoelichting": TEXT,
        "contactpersoonRol": {"emailadres": "", "functie": "", "telefoonnummer": "", "naam": TEXT},
        "beginGeldigheid": "2026-06-01",
        "indicatieMachtiging": "gemachtigde",
    },
    "zaken/zaakeigenschappen": {"waarde": "rood"},
    "zaken/resultaten": {"toelichting": TEXT},
    "zaken/zaakinformatieobjecten": {"titel": TEXT, "beschrijving": TEXT},
    "zaken/zaakobjecten": {"relatieomschrijving": TEXT},
    "zaken/zaaknotities": {"tekst": TEXT},
    "besluiten/besluiten": {"toelichting": TEXT, "vervaldatum": "2030-01-01"},
    "documenten/gebruiksrechten": {"omschrijvingVoorwaarden": TEXT},
    "documenten/verzendingen": {"toelichting": TEXT},
    "catalogi/zaaktypen": {"toelichting": TEXT, "doorlooptijd": "P40D"},
    "catalogi/statustypen": {"statustekst": TEXT, "informeren": True},
    "catalogi/resultaattypen": {"toelichting": TEXT},
    "catalogi/roltypen": {"omschrijving": "Anders"},
    "catalogi/eigenschappen": {"definitie": TEXT},
    "catalogi/zaakobjecttypen": {"relatieOmschrijving": TEXT},
    "catalogi/informatieobjecttypen": {"vertrouwelijkheidaanduiding": "geheim"},
    "catalogi/besluittypen": {"toelichting": TEXT, "reactietermijn": "P14D"},
    "catalogi/zaaktype-informatieobjecttypen": {"richting": "uitgaand"},
    "autorisaties/applicaties": {"label": TEXT},
    "notificaties/kanaal": {"documentatieLink": "https://anders.example.nl/"},
}
EACH = [(name, member, value) for name, members in MEMBERS.items() for member, value in members.items()]


@pytest.mark.parametrize(("name", "member", "value"), EACH, ids=[f"{name}-{member}" for name, member, _ in EACH])
async def test_one_member_changes(wereld: werelden.Wereld, writer: Client, name: str, member: str, value: Any) -> None:
    """With the whole object as it was read: by PUT, and back by PATCH where there is one."""
    before = await read(writer, wereld[name])
    assert before[member] != value
    answer = await writer.put(wereld[name], {**before, member: value})
    assert answer.status_code == 200, answer.text
    assert "x-warning" not in answer.headers
    after = await read(writer, wereld[name])
    assert answer.json() == after
    assert changed(before, after) - MOMENTS == {member}
    assert after[member] == value
    back = await writer.patch(wereld[name], {**after, member: before[member]})
    if back.status_code == 405:
        back = await writer.put(wereld[name], {**after, member: before[member]})
    assert back.status_code == 200, back.text
    assert changed(before, await read(writer, wereld[name])) - MOMENTS == set()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_document_is_written_back(wereld: werelden.Wereld, writer: Client, method: str) -> None:
    """A PUT has the content as base64, as the standard asks; what was read says where it is."""
    url = wereld["documenten/enkelvoudiginformatieobjecten"]
    before = await read(writer, url)
    body = {**before, "titel": f"{TEXT} {method} {writer.client_id}"[:200]}
    content = (await writer.get(f"{url}/download")).content
    body["lock"] = (await writer.post(f"{url}/lock", {})).json()["lock"]
    if method == "PUT":
        body["inhoud"] = base64.b64encode(content).decode()
    else:
        del body["inhoud"]
    answer = await writer.request(method, url, json=body)
    assert answer.status_code == 200, answer.text
    assert (await writer.post(f"{url}/unlock", {"lock": body["lock"]})).status_code == 204
    after = await read(writer, url)
    assert changed(before, after) - VERSION == {"titel"}
    assert (await writer.get(f"{url}/download")).content == content


# --- Several objects at once --------------------------------------------------------------------------------------


@pytest.fixture
async def dossier(writer: Client, zaken: Zaakmaker) -> dict[str, Any]:
    """An open zaak with two rollen and a status, and what comes next."""
    types = zaken.types
    kenmerken = [{"kenmerk": "1", "bron": "2"}]
    zaak = await writer.created(f"{ROOT}/zaken", zaken.body(omschrijving="Straatfeest", kenmerken=kenmerken))
    parties = {"behandelaar": {"identificatie": "jan"}, "belanghebbende": {"identificatie": "els"}}
    for generiek, party in parties.items():
        rol = {"zaak": zaak["url"], "roltype": types.roltypen[generiek], "betrokkeneType": "medewerker"}
        await writer.created(f"{ROOT}/rollen", {**rol, "betrokkeneIdentificatie": party, "roltoelichting": "x"})
    first = {"statustype": types.statustypen[0], "datumStatusGezet": "2026-06-01T10:00:00Z"}
    await writer.created(f"{ROOT}/statussen", {**first, "zaak": zaak["url"]})
    return {
        "url": zaak["url"],
        "uuid": zaak["uuid"],
        "next": {"statustype": types.statustypen[1], "datumStatusGezet": "2026-06-02T10:00:00Z"},
        "end": {"statustype": types.eindstatus, "datumStatusGezet": "2026-06-03T10:00:00Z"},
        "resultaattype": types.resultaattypen[0],
    }


async def rollen(writer: Client, dossier: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rollen of the zaak, as they are read."""
    found: list[dict[str, Any]] = (await writer.get(f"{ROOT}/rollen?zaak={dossier['url']}")).json()["results"]
    return found


async def test_zaak_bijwerken_with_all_that_was_read(writer: Client, dossier: dict[str, Any]) -> None:
    """The whole zaak, all its rollen, of which one is changed, and a status as it was read with another moment."""
    zaak, parties = await read(writer, dossier["url"]), await rollen(writer, dossier)
    assert parties
    status = {**await read(writer, zaak["status"]), **dossier["next"]}
    body = {
        "zaak": {**zaak, "toelichting": TEXT},
        "rollen": [{**parties[0], "roltoelichting": TEXT}, *parties[1:]],
        "status": status,
    }
    answer = await writer.post(f"{ROOT}/zaak_bijwerken/{dossier['uuid']}", body)
    assert answer.status_code == 200, answer.text
    assert "x-warning" not in answer.headers
    after = await read(writer, dossier["url"])
    assert changed(zaak, after) - MOMENTS == {"toelichting", "status"}
    now = {each["url"]: each for each in await rollen(writer, dossier)}
    assert {each["url"]: changed(each, now[each["url"]]) for each in parties} == {
        each["url"]: {"roltoelichting"} if each is parties[0] else set() for each in parties
    }
    assert changed(status, await read(writer, after["status"])) == {"url", "uuid"}


@pytest.mark.parametrize(
    ("operation", "member", "value"),
    [
        ("zaak_opschorten", "opschorting", {"indicatie": True, "reden": TEXT, "eerdereOpschorting": True}),
        ("zaak_verlengen", "verlenging", {"reden": TEXT, "duur": "P5D"}),
    ],
)
async def test_zaak_opschorten_and_verlengen_with_the_whole_zaak(
    writer: Client, dossier: dict[str, Any], operation: str, member: str, value: Any
) -> None:
    """All other members of the zaak are ignored, also where they are changed."""
    zaak = await read(writer, dossier["url"])
    body = {"zaak": {**zaak, member: value, "toelichting": "niet"}, "status": dossier["next"]}
    answer = await writer.post(f"{ROOT}/{operation}/{dossier['uuid']}", body)
    assert answer.status_code == 200, answer.text
    assert "x-warning" not in answer.headers
    after = await read(writer, dossier["url"])
    assert answer.json()["zaak"] == after
    assert changed(zaak, after) - MOMENTS == {member, "status"}
    assert after[member] == value
    # Cleared again, as it was read.
    moment = {**dossier["next"], "datumStatusGezet": "2026-06-02T11:00:00Z"}
    answer = await writer.post(f"{ROOT}/{operation}/{dossier['uuid']}", {"zaak": zaak, "status": moment})
    assert answer.status_code == 200, answer.text
    again = await read(writer, dossier["url"])
    assert changed(zaak, again) - MOMENTS <= {"opschorting", "status"}
    assert again["opschorting"]["indicatie"] is False
    assert again["verlenging"] is None


async def test_zaak_afsluiten_with_the_whole_zaak(writer: Client, dossier: dict[str, Any]) -> None:
    zaak = await read(writer, dossier["url"])
    result = {
        "resultaattype": dossier["resultaattype"],
        "toelichting": TEXT,
        "zaak": "https://x.example.nl/1",
        "url": "",
    }
    body = {"zaak": {**zaak, "omschrijving": "Klaar"}, "resultaat": result, "status": dossier["end"]}
    answer = await writer.post(f"{ROOT}/zaak_afsluiten/{dossier['uuid']}", body)
    assert answer.status_code == 200, answer.text
    after = await read(writer, dossier["url"])
    own = {"einddatum", "archiefnominatie", "archiefactiedatum", "startdatumBewaartermijn", "resultaat", "status"}
    assert changed(zaak, after) - MOMENTS - own == {"omschrijving"}
    assert (await read(writer, after["resultaat"]))["toelichting"] == TEXT


IDENTITY = {"url", "uuid", "identificatie", "zaak", "statussen", *MOMENTS}


async def test_zaak_registreren_copies_a_zaak_as_it_was_read(writer: Client, dossier: dict[str, Any]) -> None:
    zaak, parties = await read(writer, dossier["url"]), await rollen(writer, dossier)
    status = await read(writer, zaak["status"])
    objects = [{"objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}]
    body = {
        "zaak": {**zaak, "identificatie": ""},
        "rollen": parties,
        "status": status,
        "zaakobjecten": objects,
        "zaakinformatieobjecten": [],
    }
    answer = await writer.post(f"{ROOT}/zaak_registreren", body)
    assert answer.status_code == 201, answer.text
    assert "x-warning" not in answer.headers
    copy = answer.json()
    own = IDENTITY | {"status", "rollen", "zaakobjecten", "eigenschappen", "registratiedatum"}
    assert changed(zaak, copy["zaak"]) - own == set()
    assert [changed(one, two) - IDENTITY for one, two in zip(parties, copy["rollen"], strict=True)] == [
        {"registratiedatum"} for _ in parties
    ]
    assert changed(status, copy["status"]) - IDENTITY == set()
    # The parts that were answered are what is read.
    assert copy["zaak"] == await read(writer, copy["zaak"]["url"])
    assert [copy["zaakobjecten"][0]] == [await read(writer, copy["zaakobjecten"][0]["url"])]


async def test_document_registreren_and_besluit_verwerken_copy_what_was_read(
    writer: Client, wereld: werelden.Wereld
) -> None:
    zaak = await writer.created(*wereld.bodies["zaken/zaken"])
    document = await read(writer, wereld["documenten/enkelvoudiginformatieobjecten"])
    link = await read(writer, wereld["zaken/zaakinformatieobjecten"])
    content = (await writer.get(document["inhoud"])).content
    body = {
        "enkelvoudiginformatieobject": {
            **document,
            "identificatie": "",
            "inhoud": base64.b64encode(content).decode(),
            "indicatieGebruiksrecht": None,
        },
        "zaakinformatieobject": {**link, "zaak": zaak["url"]},
    }
    answer = await writer.post("/documenten/api/v1/document_registreren", body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    own = {"lock", "indicatieGebruiksrecht", *IDENTITY, *VERSION}
    assert changed(document, made["enkelvoudiginformatieobject"]) - own == set()
    assert changed(link, made["zaakinformatieobject"]) - IDENTITY == {"informatieobject", "registratiedatum"}
    besluit = await read(writer, wereld["besluiten/besluiten"])
    part = await read(writer, wereld["besluiten/besluitinformatieobjecten"])
    copies = {"besluit": {**besluit, "identificatie": ""}, "besluitinformatieobjecten": [part]}
    answer = await writer.post("/besluiten/api/v1/besluit_verwerken", copies)
    assert answer.status_code == 201, answer.text
    assert changed(besluit, answer.json()["besluit"]) - IDENTITY == set()
    [copied] = answer.json()["besluitinformatieobjecten"]
    assert copied["informatieobject"] == part["informatieobject"]
