"""What Open Zaak answered is sent to us, object by object as an application that read it sends it back: our answer is
the same, but for what is decided here."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.answers import errors, problem
from tests.bodies import RSIN
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak, Types
from tests.profiel.recorded import ABSENT, answers, differences, url
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker, besluit

VENDORS = Path(__file__).parents[2] / "docs" / "vendors.md"

# What is decided for a difference: the path in the answer, what Open Zaak has and what we have ("*" for anything).
OWN = "depends on when and with what else it was made"
STANDARD = "the OAS of the standard has it so"
DERIVED = "filled in from the type, where Open Zaak leaves it empty"
SWITCH = "the switch betrokkeneNull"
LABEL = "a plain text; that of Open Zaak tells the state of its development"
NEWER = "version 1.6 or 1.7 of the standard, which Open Zaak does not have yet"
SUBTYPE = {
    ("zaaktypeIdentificatie", "*", "*"): OWN,
    ("beginGeldigheid", "None", "2020-01-01"): DERIVED,
    ("beginObject", "None", "2020-01-01"): DERIVED,
}
DECIDED: dict[str, dict[tuple[str, str, str], str]] = {
    "*": {
        ("_expand", "{}", ABSENT): "the switch that nobody needs: only with expand",
        ("identificatie", "*", "*"): OWN,
    },
    "zaken/zaken": {
        ("laatstGemuteerd", "*", "*"): OWN,
        ("registratiedatum", "*", "*"): OWN,
        ("status", "*", "None"): OWN,
        ("betalingsindicatieWeergave", "*", "*"): LABEL,
    },
    "zaken/rollen": {
        ("registratiedatum", "*", "*"): OWN,
        ("omschrijving", "*", "*"): OWN,
        ("betrokkeneIdentificatie", "None", ABSENT): SWITCH,
    },
    "zaken/statussen": {
        ("gezetdoor", "None", ""): STANDARD,
        ("indicatieLaatstGezetteStatus", "False", "True"): OWN,
    },
    "zaken/zaakobjecten": {
        ("zaakobjecttype", "None", ""): STANDARD,
        ("objectIdentificatie.heeftAlsGerechtigde", "None", ABSENT): STANDARD,
        ("objectIdentificatie.isGehuisvestIn.adresAanduidingGrp.aoaIdentificatie", ABSENT, ""): STANDARD,
    },
    "zaken/zaakinformatieobjecten": {("registratiedatum", "*", "*"): OWN},
    "zaken/zaakeigenschappen": {("naam", "*", "*"): OWN},
    "zaken/zaaknotities": {("aanmaakdatum", "*", "*"): OWN, ("wijzigingsdatum", "*", "*"): OWN},
    "zaken/substatussen": {},
    "documenten/enkelvoudiginformatieobjecten": {
        ("vertrouwelijkheidaanduiding", "", "*"): DERIVED,
        ("beginRegistratie", "*", "*"): OWN,
        ("bestandsomvang", "*", "*"): OWN,
        ("isGereedVoorPublicatie", ABSENT, "None"): NEWER,
        ("tonenAanInitiator", ABSENT, "False"): NEWER,
        ("inhoudIsVervallen", ABSENT, "None"): NEWER,
    },
    "documenten/verzendingen": {("buitenlandsCorrespondentieadres", "*", "None"): STANDARD},
    "catalogi/statustypen": {**SUBTYPE, ("isEindstatus", "*", "*"): OWN},
    "catalogi/roltypen": SUBTYPE,
    "catalogi/eigenschappen": SUBTYPE,
    "catalogi/zaakobjecttypen": {
        **SUBTYPE,
        ("statustypen", ABSENT, "[]"): NEWER,
        ("resultaattypeOmschrijving", ABSENT, "[]"): NEWER,
    },
    "catalogi/zaaktypen": {
        ("beginObject", "*", "*"): OWN,
        ("concept", "False", "True"): OWN,
        **{(f"{name}Omschrijving", ABSENT, "[]"): NEWER for name in ("besluittype", "resultaattype")},
        ("informatieobjecttypeOmschrijving", ABSENT, "[]"): NEWER,
        ("deelzaaktypeIdentificaties", ABSENT, "[]"): NEWER,
    },
    "catalogi/informatieobjecttypen": {
        ("beginObject", "*", "*"): OWN,
        ("concept", "False", "True"): OWN,
        ("zaaktypeIdentificaties", ABSENT, "[]"): NEWER,
        ("besluittypeOmschrijving", ABSENT, "[]"): NEWER,
    },
    "catalogi/besluittypen": {
        ("vastgelegdIn", "*", "[]"): OWN,
        ("concept", "False", "True"): OWN,
        ("zaaktypeIdentificaties", ABSENT, "[]"): NEWER,
        ("informatieobjecttypeOmschrijving", ABSENT, "[]"): NEWER,
        ("informatieobjecttypeOmschrijvingen", ABSENT, "[]"): NEWER,
    },
    "catalogi/catalogussen": {
        ("besluittypeOmschrijving", ABSENT, "[]"): NEWER,
        ("informatieobjecttypeOmschrijving", ABSENT, "[]"): NEWER,
    },
    "besluiten/besluiten": {},
    "besluiten/besluitinformatieobjecten": {},
    "zaken/klantcontacten": {},
    "zaken/resultaten": {},
    "documenten/gebruiksrechten": {},
}


LOOSE = {"catalogi/catalogussen", "catalogi/zaaktypen", "catalogi/informatieobjecttypen", "catalogi/besluittypen"}
NUMBERED = {
    "zaken/zaken",
    "zaken/klantcontacten",
    "documenten/enkelvoudiginformatieobjecten",
    "besluiten/besluiten",
    "catalogi/zaaktypen",
    "catalogi/informatieobjecttypen",
    "catalogi/besluittypen",
}


def samples() -> list[Any]:
    """Return each recorded object of the collections of :data:`DECIDED`, as a parameter of a test."""
    found = []
    for kind in DECIDED:
        for number, each in enumerate(answers().get(kind, ())):
            what = each.get("objectType", "") or each.get("betrokkeneType", "")
            found.append(pytest.param(kind, each, id=f"{kind}-{what or number}-{number}"))
    return found


@pytest.fixture(scope="module")
async def made(api: Client, maak: Maak, types: Types, zaken: Zaakmaker) -> dict[str, str]:
    """What the objects refer to, by the name of the member."""
    zaak = (await zaken.zaak())["url"]
    status = (await zaken.status(zaak))["url"]
    document = document_body(types.informatieobjecttype)
    concept = await maak.zaaktype(concept=True)
    return {
        "zaak": zaak,
        "status": status,
        "zaaktype": types.url,
        "concept": concept.url,
        "catalogus": concept.catalogus,
        "statustype": concept.statustypen[0],
        "informatieobject": (await api.created("/documenten/api/v1/enkelvoudiginformatieobjecten", document))["url"],
        "rol": (await zaken.rol(zaak))["url"],
    }


async def referring(kind: str, theirs: dict[str, Any], made: dict[str, str], zaken: Zaakmaker) -> dict[str, Any]:
    """Return a body as it was read, with its references to what there is here, and with a new number."""
    types, body = zaken.types, dict(theirs)
    for name in ("identificatie", "omschrijving") if kind in NUMBERED else ():
        if name in body:
            body[name] = uuid.uuid4().hex[:14]
    if kind in LOOSE:
        # Other types of the recording are not here.
        body |= {name: [] for name, value in body.items() if isinstance(value, list) and value and url(value[0])}
        domein = "".join(chr(ord("A") + int(digit, 16)) for digit in uuid.uuid4().hex[:5])
        elsewhere = {"selectielijstProcestype": "", "gerelateerdeZaaktypen": [], "domein": domein}
        here = {**elsewhere, "catalogus": made["catalogus"]}
        return {**body, **{name: value for name, value in here.items() if name in body}}
    match kind:
        case "zaken/zaken":
            empty: dict[str, Any] = {
                "hoofdzaak": None,
                "relevanteAndereZaken": [],
                "gerelateerdeZaken": [],
                "selectielijstklasse": "",
            }
            return {**body, "zaaktype": types.url, "productenOfDiensten": [], **empty}
        case "besluiten/besluiten":
            return {**body, "besluittype": types.besluittype, "zaak": ""}
        case "besluiten/besluitinformatieobjecten":
            return {**body, "besluit": (await besluit(zaken))["url"], "informatieobject": made["informatieobject"]}
        case "zaken/statussen":
            fresh = (await zaken.zaak())["url"]
            return {**body, "zaak": fresh, "statustype": types.statustypen[0], "gezetdoor": None}
        case "zaken/rollen":
            roltype = types.roltypen[body["omschrijvingGeneriek"]]
            return {**body, "zaak": (await zaken.zaak())["url"], "roltype": roltype}
        case "zaken/resultaten":
            return {**body, "zaak": (await zaken.zaak())["url"], "resultaattype": types.resultaattypen[0]}
        case "zaken/zaakinformatieobjecten":
            zaak = (await zaken.zaak())["url"]
            return {**body, "zaak": zaak, "informatieobject": made["informatieobject"], "status": None}
        case "zaken/zaakeigenschappen":
            # Its eigenschap holds text of twenty characters.
            eigenschap = types.eigenschappen["kleur"]
            return {**body, "zaak": made["zaak"], "eigenschap": eigenschap, "waarde": body["waarde"][:20]}
        case "zaken/zaaknotities":
            return {**body, "gerelateerdAan": made["zaak"]}
        case "zaken/zaakobjecten":
            return {**body, "zaak": made["zaak"], "zaakobjecttype": None, "object": ""}
        case "zaken/substatussen" | "zaken/klantcontacten":
            return {**body, **{name: made[name] for name in ("zaak", "status") if name in body}}
        case "documenten/enkelvoudiginformatieobjecten":
            text = {"inhoud": "JVBERi0xLjQK", "bestandsomvang": 9}
            return {**body, **text, "informatieobjecttype": types.informatieobjecttype, "indicatieGebruiksrecht": None}
        case "documenten/gebruiksrechten" | "documenten/verzendingen":
            return {**body, "informatieobject": made["informatieobject"]}
    gone: dict[str, Any] = {"statustype": None, "eigenschappen": [], "zaakobjecttypen": []}
    there = {"zaaktype": made["concept"], "catalogus": made["catalogus"]}
    return {**body, **there, **{name: value for name, value in gone.items() if name in body}}


def undecided(kind: str, sent: dict[str, Any], ours: dict[str, Any]) -> list[Any]:
    """Return the differences that nothing was decided for."""
    decided = {**DECIDED["*"], **DECIDED.get(kind, {})}
    return [
        (path, one, other)
        for path, one, other in differences(sent, ours)
        if path not in ("url", "uuid")
        and not any(
            path == where and wanted in ("*", str(one)) and found in ("*", str(other))
            for where, wanted, found in decided
        )
    ]


@pytest.mark.parametrize(("kind", "theirs"), samples())
async def test_what_open_zaak_answered_is_what_we_answer(
    api: Client, zaken: Zaakmaker, made: dict[str, str], kind: str, theirs: dict[str, Any]
) -> None:
    body = await referring(kind, theirs, made, zaken)
    service, _, path = kind.partition("/")
    collection = f"/{service}/api/v1/{path}" if path != "zaakeigenschappen" else f"{made['zaak']}/zaakeigenschappen"
    answer = await api.post(collection, body)
    assert answer.status_code == 201, answer.text
    # All that was read is known, also what only answers have.
    assert "x-warning" not in answer.headers, answer.headers["x-warning"]
    ours = (await api.get(answer.json()["url"])).json()
    # What was changed to fit here is no difference.
    expected = {name: body[name] if name != "inhoud" else value for name, value in theirs.items()}
    assert undecided(kind, expected, ours) == []


NOBODY = "00000000-0000-4000-8000-000000000000"
ERRORS: list[tuple[str, dict[str, str], tuple[int, str], tuple[int, str]]] = [
    # The request, its own headers, and status and code of Open Zaak and of ours.
    (f"zaken/{NOBODY}", {}, (404, "not_found"), (404, "not_found")),
    ("zaken?page=999", {}, (404, "not_found"), (404, "not_found")),
    ("zaken?onbekend=1", {}, (400, "invalid"), (400, "invalid")),
    (f"rollen/{NOBODY}", {}, (404, "not_found"), (404, "not_found")),
    ("zaken", {"Authorization": ""}, (403, "permission_denied"), (403, "permission_denied")),
    ("zaken", {"Authorization": "Bearer x"}, (403, "jwt-decode-error"), (403, "jwt-decode-error")),
    ("zaken", {"Authorization": "stranger"}, (403, "invalid-client-identifier"), (403, "invalid-jwt-signature")),
]


@pytest.mark.parametrize(("path", "headers", "theirs", "ours"), ERRORS)
async def test_errors_have_the_status_and_code_of_open_zaak(
    api: Client, path: str, headers: dict[str, str], theirs: tuple[int, str], ours: tuple[int, str]
) -> None:
    if headers.get("Authorization") == "stranger":
        headers = {"Authorization": f"Bearer {api.token(iss='niemand', client_id='niemand')}"}
    answer = await api.get(f"/zaken/api/v1/{path}", headers=headers)
    assert (*problem(answer),) == ours
    assert theirs == ours or ours[1] in VENDORS.read_text(encoding="utf-8")
    if "onbekend" in path:
        assert errors(answer) == [("nonFieldErrors", "unknown-parameters")]


async def test_without_a_crs_it_is_the_status_of_the_standard(api: Client) -> None:
    answer = await api.http.get("/zaken/api/v1/zaken", headers={"Authorization": f"Bearer {api.token()}"})
    assert problem(answer) == (412, "precondition_failed")


async def test_lists_have_the_order_of_open_zaak(api: Client, zaken: Zaakmaker) -> None:
    """Newest first; within the zaak, and in its audit trail, oldest first."""
    zaak = (await zaken.zaak())["url"]
    made: dict[str, list[str]] = {"rollen": [], "zaakobjecten": [], "zaakinformatieobjecten": []}
    for number in range(3):
        party = {"betrokkeneType": "medewerker", "betrokkeneIdentificatie": {"identificatie": str(number)}}
        rol = await zaken.rol(zaak, roltype=zaken.types.roltypen["behandelaar"], **party)
        made["rollen"].append(rol["url"])
        pand = {"zaak": zaak, "objectType": "pand", "objectIdentificatie": {"identificatie": str(number)}}
        made["zaakobjecten"].append((await api.created("/zaken/api/v1/zaakobjecten", pand))["url"])
        body = document_body(zaken.types.informatieobjecttype)
        document = await api.created("/documenten/api/v1/enkelvoudiginformatieobjecten", body)
        link = {"zaak": zaak, "informatieobject": document["url"]}
        made["zaakinformatieobjecten"].append((await api.created("/zaken/api/v1/zaakinformatieobjecten", link))["url"])
    read = (await api.get(zaak)).json()
    for name, urls in made.items():
        found = (await api.get(f"/zaken/api/v1/{name}?zaak={zaak}")).json()
        listed = found if isinstance(found, list) else found["results"]
        assert [each["url"] for each in listed] == urls[::-1]
        assert read[name] == urls
    trail = [each["aanmaakdatum"] for each in (await api.get(f"{zaak}/audittrail")).json()]
    assert trail == sorted(trail)


def test_the_recording_is_of_our_municipality() -> None:
    assert {each["bronorganisatie"] for each in answers()["zaken/zaken"]} == {RSIN}
