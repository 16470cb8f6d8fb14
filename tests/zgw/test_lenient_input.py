"""What applications that were written for Open Zaak send, row by row of the profile (§10, §7.1): what becomes of it.

The same holds for every field: tests/foundation/test_lenient_input.py. Here are the values themselves, and what belongs
to one resource.
"""

import base64
from dataclasses import dataclass
from typing import Any

import pytest

from tests.answers import errors
from tests.documenten.maak_document import body as document_body
from tests.maak import Maak
from tests.stack import Client
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker, moment

ROLLEN = "/zaken/api/v1/rollen"
ZAAKOBJECTEN = "/zaken/api/v1/zaakobjecten"
DOCUMENTEN = "/documenten/api/v1/enkelvoudiginformatieobjecten"
LEEG = {"datumkenmerk": "", "identificatie": "", "objecttype": "", "registratie": ""}


@pytest.fixture(scope="module")
async def zaken(api: Client, maak: Maak) -> Zaakmaker:
    """Makes zaken."""
    return Zaakmaker(api, await maak.zaaktype())


@dataclass(frozen=True)
class Row:
    """A row of the rulebook: what is sent beside the least that a zaak needs, and what the answer then has, or the
    errors; ``...`` leaves a member out."""

    row: str
    sent: dict[str, Any]
    shown: dict[str, Any] | None = None
    refused: tuple[tuple[str, str], ...] = ()


VERLENGING = {"reden": "", "duur": "P5D"}
ROWS = [
    Row("number for a string", {"omschrijving": 5, "toelichting": 1.5}, {"omschrijving": "5", "toelichting": "1.5"}),
    Row("number for an RSIN", {"bronorganisatie": 517439943}, {"bronorganisatie": "517439943"}),
    Row("a number loses its zeros", {"bronorganisatie": 12345678}, refused=(("bronorganisatie", "min_length"),)),
    Row("boolean for a string", {"omschrijving": True}, refused=(("omschrijving", "invalid"),)),
    Row("boolean for an RSIN", {"bronorganisatie": False}, refused=(("bronorganisatie", "invalid"),)),
    Row("list for a string", {"omschrijving": ["x"]}, refused=(("omschrijving", "invalid"),)),
    Row("object for a string", {"omschrijving": {}}, refused=(("omschrijving", "invalid"),)),
    Row(
        "number within a list",
        {"kenmerken": [{"kenmerk": 7, "bron": "x"}]},
        {"kenmerken": [{"kenmerk": "7", "bron": "x"}]},
    ),
    Row("trimmed before the length", {"omschrijving": f"  {'x' * 80}\r\n"}, {"omschrijving": "x" * 80}),
    Row("trimmed before the pattern", {"bronorganisatie": " 517439943\n"}, {"bronorganisatie": "517439943"}),
    Row("trimmed before the choice", {"betalingsindicatie": " geheel "}, {"betalingsindicatie": "geheel"}),
    Row("blanks for what is needed", {"bronorganisatie": "  "}, refused=(("bronorganisatie", "blank"),)),
    Row("snake_case", {"einddatum_gepland": "2026-03-01"}, {"einddatumGepland": "2026-03-01"}),
    Row(
        "snake_case of what is needed",
        {"verantwoordelijkeOrganisatie": ..., "verantwoordelijke_organisatie": "517439943"},
        {"verantwoordelijkeOrganisatie": "517439943"},
    ),
    Row(
        "both spellings",
        {"einddatum_gepland": "2026-03-01", "einddatumGepland": "2026-04-01"},
        {"einddatumGepland": "2026-04-01"},
    ),
    Row(
        "both spellings, the other order",
        {"einddatumGepland": "2026-04-01", "einddatum_gepland": "2026-03-01"},
        {"einddatumGepland": "2026-04-01"},
    ),
    Row(
        "both spellings, the proper one empty",
        {"einddatum_gepland": "2026-03-01", "einddatumGepland": None},
        {"einddatumGepland": None},
    ),
    Row("snake_case with a wrong value", {"einddatum_gepland": "x"}, refused=(("einddatumGepland", "invalid"),)),
    Row("not PascalCase", {"EinddatumGepland": "2026-03-01"}, {"einddatumGepland": None}),
    Row("date without hyphens", {"startdatum": "20260102"}, {"startdatum": "2026-01-02"}),
    Row("date without zeros", {"startdatum": "2026-1-2"}, {"startdatum": "2026-01-02"}),
    Row("moment for a date", {"startdatum": "2026-01-02T00:00:00"}, refused=(("startdatum", "invalid"),)),
    Row("nothing for a date", {"startdatum": ""}, refused=(("startdatum", "invalid"),)),
    Row(
        "date for a moment",
        {"laatsteBetaaldatum": "2026-01-02", "betalingsindicatie": "geheel"},
        {"laatsteBetaaldatum": "2026-01-01T23:00:00Z"},
    ),
    Row(
        "moment without an offset",
        {"laatsteBetaaldatum": "2026-01-02T10:00", "betalingsindicatie": "geheel"},
        {"laatsteBetaaldatum": "2026-01-02T09:00:00Z"},
    ),
    Row(
        "nine decimals",
        {"laatsteBetaaldatum": "2026-01-02T10:00:00.123456789Z", "betalingsindicatie": "geheel"},
        {"laatsteBetaaldatum": "2026-01-02T10:00:00.123456Z"},
    ),
    Row(
        "basic form",
        {"laatsteBetaaldatum": "20260102T100000Z", "betalingsindicatie": "geheel"},
        {"laatsteBetaaldatum": "2026-01-02T10:00:00Z"},
    ),
    Row("Dutch date for a moment", {"laatsteBetaaldatum": "02-01-2026"}, refused=(("laatsteBetaaldatum", "invalid"),)),
    Row(
        "boolean as text",
        {"opschorting": {"indicatie": "True", "reden": "x"}},
        {"opschorting": {"indicatie": True, "reden": "x"}},
    ),
    Row(
        "boolean as number",
        {"opschorting": {"indicatie": 1, "reden": "x"}},
        {"opschorting": {"indicatie": True, "reden": "x"}},
    ),
    Row(
        "boolean as yes",
        {"opschorting": {"indicatie": " YES ", "reden": "x"}},
        {"opschorting": {"indicatie": True, "reden": "x"}},
    ),
    Row(
        "boolean as ja",
        {"opschorting": {"indicatie": "ja", "reden": "x"}},
        refused=(("opschorting.indicatie", "invalid"),),
    ),
    Row("no hoofdzaak", {"hoofdzaak": ""}, {"hoofdzaak": None}),
    Row(
        "null groups",
        {"processobject": None, "opschorting": None, "verlenging": None},
        {"processobject": LEEG, "verlenging": None},
    ),
    Row(
        "empty processobject",
        {"processobject": {}},
        refused=tuple((f"processobject.{name}", "required") for name in LEEG),
    ),
    Row(
        "empty reden of opschorting",
        {"opschorting": {"indicatie": True, "reden": ""}},
        {"opschorting": {"indicatie": True, "reden": ""}},
    ),
    Row("empty reden of verlenging", {"verlenging": VERLENGING}, {"verlenging": VERLENGING}),
    Row("no reden of verlenging", {"verlenging": {"duur": "P5D"}}, refused=(("verlenging.reden", "required"),)),
    Row(
        "null for the reden",
        {"opschorting": {"indicatie": True, "reden": None}},
        refused=(("opschorting.reden", "null"),),
    ),
    Row(
        "geometry as text",
        {"zaakgeometrie": '{"type": "Point", "coordinates": [5, 52]}'},
        refused=(("zaakgeometrie", "not_a_dict"),),
    ),
    Row("null for the relations", {"relevanteAndereZaken": None}, {"relevanteAndereZaken": []}),
    Row("null for another list", {"kenmerken": None}, refused=(("kenmerken", "null"),)),
    Row("null for a text", {"toelichting": None}, refused=(("toelichting", "null"),)),
    Row("null for a URL", {"communicatiekanaal": None}, refused=(("communicatiekanaal", "null"),)),
    Row(
        "no vertrouwelijkheidaanduiding",
        {"vertrouwelijkheidaanduiding": ""},
        {"vertrouwelijkheidaanduiding": "openbaar"},
    ),
    Row(
        "read-only members",
        {"url": "x", "uuid": 1, "status": None, "einddatum": "x", "rollen": {}},
        {"einddatum": None, "rollen": []},
    ),
    Row(
        "read-only members in snake_case",
        {"betalingsindicatie_weergave": "x", "zaak_objecten": 1},
        {"betalingsindicatieWeergave": ""},
    ),
]


async def test_blanks_around_urls(zaken: Zaakmaker) -> None:
    other = await zaken.zaak()
    relation = {"url": f" {other['url']} ", "aardRelatie": " vervolg "}
    made = await zaken.zaak(zaaktype=f"\n{zaken.types.url} ", relevanteAndereZaken=[relation])
    assert made["zaaktype"] == zaken.types.url
    assert [each["url"] for each in made["relevanteAndereZaken"]] == [other["url"]]


def each(rows: list[Row]) -> pytest.MarkDecorator:
    """Parametrise a test with these rows."""
    return pytest.mark.parametrize("row", rows, ids=[row.row for row in rows])


def body_of(zaken: Zaakmaker, row: Row) -> dict[str, Any]:
    """Return the body of a row."""
    return {name: value for name, value in {**zaken.body(), **row.sent}.items() if value is not ...}


@each([row for row in ROWS if row.shown is not None])
async def test_a_row_that_is_taken(zaken: Zaakmaker, row: Row) -> None:
    answer = await zaken.api.post(ZAKEN, body_of(zaken, row))
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert row.shown
    for name, value in row.shown.items():
        # Other members of a group are the business of others.
        shown = {key: found[name][key] for key in value} if isinstance(value, dict) else found[name]
        assert shown == value


@each([row for row in ROWS if row.shown is None])
async def test_a_row_that_is_refused(zaken: Zaakmaker, row: Row) -> None:
    assert row.refused
    assert sorted(errors(await zaken.api.post(ZAKEN, body_of(zaken, row)))) == sorted(row.refused)


async def test_snake_case_at_any_depth_but_not_in_what_is_opaque(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    adres = {
        "aoa_identificatie": "1",
        "wpl_woonplaats_naam": "D",
        "gor_openbare_ruimte_naam": "B",
        "aoa_huisnummer": "12",
    }
    persoon = {"inpA_nummer": "1234567890", "voorvoegsel_geslachtsnaam": "van", "verblijfsadres": adres}
    rol = {
        "zaak": zaak["url"],
        "roltype": zaken.types.roltypen["initiator"],
        "betrokkene_type": "natuurlijk_persoon",
        "roltoelichting": "x",
        "contactpersoon_rol": None,
        "betrokkene_identificatie": persoon,
    }
    answer = await zaken.api.post(ROLLEN, rol)
    assert (answer.status_code, answer.headers.get("x-warning")) == (201, None), answer.text
    made = answer.json()["betrokkeneIdentificatie"]
    assert (made["inpA_nummer"], made["voorvoegselGeslachtsnaam"]) == ("1234567890", "van")
    assert (made["verblijfsadres"]["aoaHuisnummer"], made["verblijfsadres"]["wplWoonplaatsNaam"]) == (12, "D")

    data = {"een_naam": 1, "eenNaam": 2, "lijst": [{"nog_een": " x "}]}
    overige = {
        "zaak": zaak["url"],
        "object_type": "overige",
        "object_type_overige": "kraam",
        "object_identificatie": {"overige_data": data},
    }
    answer = await zaken.api.post(ZAAKOBJECTEN, overige)
    assert (answer.status_code, answer.headers.get("x-warning")) == (201, None), answer.text
    assert answer.json()["objectIdentificatie"] == {"overigeData": data}


@pytest.mark.parametrize("data", ["een tekst ", '{"a_b": 1}', [1, " x "], 7, 1.5, True, False, {"a_b": None}])
async def test_overige_data_are_kept_as_they_were_sent(zaken: Zaakmaker, data: Any) -> None:
    zaak = await zaken.zaak()
    body = {"zaak": zaak["url"], "objectType": "overige", "objectTypeOverige": "Productaanvraag-Dimpact"}
    made = await zaken.api.post(ZAAKOBJECTEN, {**body, "objectIdentificatie": {"overige_data": data}})
    assert made.status_code == 201, made.text
    assert made.json()["objectIdentificatie"] == {"overigeData": data}
    assert (await zaken.api.get(made.json()["url"])).json()["objectIdentificatie"] == {"overigeData": data}
    again = await zaken.api.patch(made.json()["url"], {"relatieomschrijving": "x"})
    assert again.json()["objectIdentificatie"] == {"overigeData": data}
    refused = await zaken.api.post(ZAAKOBJECTEN, {**body, "objectIdentificatie": {"overigeData": None}})
    assert errors(refused) == [("objectIdentificatie.overigeData", "null")]


@pytest.mark.parametrize(
    "name", ["adresBuitenland{0}", "adresBuitenland_{0}", "subAdresBuitenland_{0}", "adres_buitenland_{0}"]
)
async def test_the_lines_of_an_address_abroad_have_several_names(zaken: Zaakmaker, name: str) -> None:
    document = await zaken.api.created(DOCUMENTEN, document_body(zaken.types.informatieobjecttype))
    abroad = {name.format(n): f"regel {n}" for n in (1, 2)}
    verzending = {
        "informatieobject": document["url"],
        "betrokkene": "https://personen.example/1",
        "contactPersoon": "https://personen.example/2",
        "aardRelatie": "geadresseerde",
        "buitenlandsCorrespondentieadres": {**abroad, "landPostadres": "https://landen.example/fr"},
    }
    made = await zaken.api.post("/documenten/api/v1/verzendingen", verzending)
    assert (made.status_code, made.headers.get("x-warning")) == (201, None), made.text
    shown = made.json()["buitenlandsCorrespondentieadres"]
    assert [shown[f"adresBuitenland{n}"] for n in (1, 2, 3)] == ["regel 1", "regel 2", ""]


async def test_names_that_are_irregular_stay_as_they_are(zaken: Zaakmaker) -> None:
    """A name with an underscore that the standard has is no snake_case."""
    zaak = await zaken.zaak()
    abroad = {"lndLandcode": "5010", "lndLandnaam": "B", "subAdresBuitenland_1": "x", "sub_adres_buitenland_2": "y"}
    rol = {
        "zaak": zaak["url"],
        "roltype": zaken.types.roltypen["initiator"],
        "betrokkeneType": "natuurlijk_persoon",
        "roltoelichting": "x",
        "betrokkeneIdentificatie": {"inpBsn": "111222333", "subVerblijfBuitenland": abroad, "in_p_bsn": "x"},
    }
    answer = await zaken.api.post(ROLLEN, rol)
    assert answer.status_code == 201, answer.text
    assert answer.headers["x-warning"].endswith(": betrokkeneIdentificatie.in_p_bsn")
    shown = answer.json()["betrokkeneIdentificatie"]["subVerblijfBuitenland"]
    assert [shown[f"subAdresBuitenland_{n}"] for n in (1, 2, 3)] == ["x", "y", ""]
    searched = await zaken.api.post(f"{ZAKEN}/_zoek", {"uuid__in": [zaak["uuid"]], "zaaktype__in": [zaak["zaaktype"]]})
    assert (searched.json()["count"], searched.headers.get("x-warning")) == (1, None), searched.text


async def test_what_is_unknown_in_snake_case_is_still_told(zaken: Zaakmaker) -> None:
    body = {**zaken.body(), "niet_bekend": 1, "kenmerken": [{"kenmerk": "a", "bron": "b", "ook_niet": 1}]}
    answer = await zaken.api.post(ZAKEN, {**body, "einddatum_gepland": "2026-03-01"})
    assert (answer.status_code, answer.json()["einddatumGepland"]) == (201, "2026-03-01")
    assert answer.headers["x-warning"].endswith(": niet_bekend, kenmerken.0.ook_niet")
    many = {f"veld{n}": n for n in range(20)}
    answer = await zaken.api.post(ZAKEN, {**many, **zaken.body(), "einddatum_gepland": "2026-03-01"})
    assert answer.json()["einddatumGepland"] == "2026-03-01", "beyond the names that are told"


async def test_actions_and_searches_in_snake_case(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(einddatumGepland="2031-05-06")
    search = {"identificatie": f" {zaak['identificatie']} ", "einddatum_gepland": "2031-05-06"}
    found = await zaken.api.post(f"{ZAKEN}/_zoek", search)
    assert (found.json()["count"], found.headers.get("x-warning")) == (1, None), found.text
    status = {
        "zaak": zaak["url"],
        "statustype": zaken.types.statustypen[0],
        "datum_status_gezet": moment(),
        "gezetdoor": "",
    }
    made = await zaken.api.post("/zaken/api/v1/statussen", status)
    assert made.status_code == 201, made.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("identificatie={0}", 1),
        ("identificatie=%20{0}%0A", 1),
        ("einddatum__isnull=False&identificatie={0}", 0),
        ("einddatum__isnull=TRUE&identificatie={0}", 1),
        ("einddatum__isnull=%201&identificatie={0}", 1),
        ("einddatum__isnull=0&identificatie={0}", 0),
        ("identificatie={0}&page=%201&pageSize=10%20", 1),
        ("identificatie={0}&zaaktype=%20{1}%20", 1),
        ("identificatie={0}&ordering=", 1),
    ],
)
async def test_values_of_filters(zaken: Zaakmaker, query: str, count: int) -> None:
    zaak = await zaken.zaak()
    answer = await zaken.api.get(f"{ZAKEN}?{query.format(zaak['identificatie'], zaak['zaaktype'])}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == count


@pytest.mark.parametrize("query", ["einddatum__isnull=ja", "startdatum=20260101", "startdatum__gte=2026-1-2"])
async def test_filters_stay_strict(zaken: Zaakmaker, query: str) -> None:
    answer = await zaken.api.get(f"{ZAKEN}?{query}")
    assert errors(answer) == [(query.partition("=")[0], "invalid")]


async def test_names_of_filters_are_those_of_the_standard(zaken: Zaakmaker) -> None:
    answer = await zaken.api.get(f"{ZAKEN}?einddatum_gepland=2026-01-01")
    assert errors(answer) == [("nonFieldErrors", "unknown-parameters")]


async def test_a_contactpersoon_without_members_needs_a_naam(zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak()
    made = await zaken.rol(zaak["url"], contactpersoonRol=None)
    assert set(made["contactpersoonRol"].values()) == {""}
    rol = {"zaak": zaak["url"], "roltype": zaken.types.roltypen["initiator"], "betrokkeneType": "medewerker"}
    answer = await zaken.api.post(
        ROLLEN, {**rol, "betrokkeneIdentificatie": {"identificatie": 7}, "contactpersoonRol": {}}
    )
    assert ("contactpersoonRol.naam", "required") in errors(answer)


@pytest.mark.parametrize("form", ["data:text/plain;base64,{0}", "{0}\n", "{1}", "data:;base64,{1}"])
@pytest.mark.parametrize("size", [11, 200_000])
async def test_content_as_a_data_url_or_in_lines(zaken: Zaakmaker, form: str, size: int) -> None:
    content = (b"Een brief. " * (size // 11 + 1))[:size]
    plain, lines = base64.b64encode(content).decode(), base64.encodebytes(content).decode()
    inhoud = form.format(plain, lines)
    made = await zaken.api.created(DOCUMENTEN, document_body(zaken.types.informatieobjecttype, inhoud=inhoud))
    assert made["bestandsomvang"] == size
    assert (await zaken.api.get(made["inhoud"])).content == content


async def test_a_document_takes_what_others_do(zaken: Zaakmaker) -> None:
    body = document_body(zaken.types.informatieobjecttype, indicatieGebruiksrecht="")
    made = await zaken.api.post(DOCUMENTEN, {**body, "ontvangst_datum": None, "is_gereed_voor_publicatie": "no"})
    assert made.status_code == 201, made.text
    assert made.json()["indicatieGebruiksrecht"] is None
    refused = await zaken.api.post(DOCUMENTEN, {**body, "trefwoorden": None})
    assert errors(refused) == [("trefwoorden", "null")]
