"""The requests of Open Formulieren: the registration of a form that was sent in."""

import pytest

from runtime.tenancy import SERVICES
from tests.profiel.conftest import Install, Narrow
from tests.profiel.replay import Application, Sent, url

CRS = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}


@pytest.fixture(scope="module")
async def formulieren(install: Install, objecten: str) -> Application:
    """The application; its tokens have empty users."""
    application = await install("open-formulieren", Accept="*/*", Accept_Encoding="gzip, deflate")
    application.names["object"] = objecten
    application.client.claims = {"user_id": "", "user_representation": ""}
    await application.play(
        Sent(
            "GET {catalogus}", reads={"domein": str, "rsin": str}, keep={"domein": "domein", "rsin_catalogus": "rsin"}
        ),
        Sent(
            "POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, headers=CRS, keep={"zaak": "url", "nummer": "identificatie"}
        ),
    )
    return application


NIEUWE_ZAAK = {
    "zaaktype": "{zaaktype}",
    "bronorganisatie": 517439943,
    "verantwoordelijkeOrganisatie": "{rsin}",
    "registratiedatum": "2026-06-01",
    "startdatum": "2026-06-01",
    "productenOfDiensten": [],
    "omschrijving": " Formulier 'Straatfeest' ",
    "toelichting": "Aangemaakt door Open Formulieren",
    "betalingsindicatie": "nog_niet",
    "kenmerken": [{"kenmerk": "OF-1234", "bron": "Open Formulieren"}],
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.profiel("OF", "root")
async def test_the_connection_is_checked(formulieren: Application, service: str) -> None:
    await formulieren.play(
        Sent(f"GET /{service}/api/v1/"),
        Sent(f"GET /{service}/api/v1/", headers={"Authorization": "Bearer verlopen"}),
    )


async def test_the_version_of_the_catalogi_api_is_read(formulieren: Application) -> None:
    answer = await formulieren.send(Sent("GET /catalogi/api/v1/"))
    assert tuple(map(int, answer.headers["API-version"].split(".")[:2])) >= (1, 2)


async def test_types_are_found_by_the_names_that_a_form_has(formulieren: Application) -> None:
    """Those of the day on which the form was sent in."""
    formulieren.names["day"] = "datumGeldigheid=2026-06-01"
    await formulieren.play(
        Sent(
            "GET /catalogi/api/v1/catalogussen?domein={domein}&rsin={rsin_catalogus}",
            reads={"count": 1, "results.0.zaaktypen": list},
        ),
        Sent("GET {zaaktype}", keep={"identificatie": "identificatie"}),
        Sent(
            "GET /catalogi/api/v1/zaaktypen?catalogus={catalogus}&identificatie={identificatie}&{day}",
            reads={"count": 1, "results.0.url": "{zaaktype}", "results.0.informatieobjecttypen.*": url},
        ),
        Sent("GET {informatieobjecttype}", keep={"soort": "omschrijving"}),
        Sent(
            "GET /catalogi/api/v1/informatieobjecttypen?catalogus={catalogus}&omschrijving={soort}&{day}",
            reads={"results.0.url": "{informatieobjecttype}"},
        ),
        Sent(
            "GET /catalogi/api/v1/statustypen?zaaktype={zaaktype}",
            reads={"results.*.volgnummer": int, "results.*.isEindstatus": bool},
        ),
        Sent(
            "GET /catalogi/api/v1/roltypen?zaaktype={zaaktype}&omschrijvingGeneriek=initiator",
            reads={"count": 1, "results.0.url": "{initiator}"},
        ),
        Sent("GET /catalogi/api/v1/eigenschappen?zaaktype={zaaktype}", reads={"results.*.naam": str}),
    )


@pytest.mark.profiel("OF", "numbers")
async def test_a_zaak_with_a_person_and_what_was_filled_in(formulieren: Application) -> None:
    person = {
        "inpBsn": "111222333",
        "voornamen": "Jan",
        "geslachtsnaam": "Vries",
        "geslachtsaanduiding": "",
        "verblijfsadres": {
            "aoaIdentificatie": "123",
            "wplWoonplaatsNaam": "Deventer",
            "gorOpenbareRuimteNaam": "Brink",
            "aoaPostcode": "7411BR",
            "aoaHuisnummer": "12",
            "aoaHuisletter": "",
        },
    }
    rol = {
        "zaak": "{zaak}",
        "roltype": "{initiator}",
        "roltoelichting": "inzender formulier",
        "betrokkeneType": "natuurlijk_persoon",
        "indicatieMachtiging": "gemachtigde",
        "contactpersoonRol": {"naam": "", "emailadres": "jan@example.nl", "telefoonnummer": 570123456, "functie": ""},
        "betrokkeneIdentificatie": person,
    }
    await formulieren.play(
        Sent("GET {zaak}", headers=CRS, reads={"bronorganisatie": "{rsin}", "omschrijving": "Formulier 'Straatfeest'"}),
        Sent(
            "POST /zaken/api/v1/rollen",
            rol,
            201,
            {
                "contactpersoonRol.telefoonnummer": "570123456",
                "betrokkeneIdentificatie.verblijfsadres.aoaHuisnummer": 12,
            },
        ),
        Sent(
            "POST {zaak}/zaakeigenschappen",
            {"zaak": "{zaak}", "eigenschap": "{eigenschap}", "waarde": 12},
            201,
            {"waarde": "12"},
        ),
        Sent("POST /zaken/api/v1/statussen", STATUS, 201),
    )
    short = {**rol, "betrokkeneType": "niet_natuurlijk_persoon", "roltype": "{belanghebbende}"}
    short["betrokkeneIdentificatie"] = {"innNnpId": 12345678}
    refused = await formulieren.play(Sent("POST /zaken/api/v1/rollen", short, 400))
    assert {each["name"] for each in refused["invalidParams"]} == {"betrokkeneIdentificatie.innNnpId"}


STATUS = {
    "zaak": "{zaak}",
    "statustype": "{statustype1}",
    "datumStatusGezet": "2026-06-01T10:15:00+00:00",
    "statustoelichting": "",
}
OBJECT = {
    "zaak": "{zaak}",
    "object": "",
    "objectType": "overige",
    "objectTypeOverige": "ProductAanvraag",
    "relatieomschrijving": "",
}


@pytest.mark.profiel("OF", "objectTypeOverige")
@pytest.mark.parametrize("kind", ["ProductAanvraag", "Object van Objects API", "a b"])
async def test_an_object_of_a_kind_of_its_own(formulieren: Application, kind: str) -> None:
    body = {**OBJECT, "object": "{object}", "objectTypeOverige": kind}
    await formulieren.play(Sent("POST /zaken/api/v1/zaakobjecten", body, 201, {"objectTypeOverige": kind}))


@pytest.mark.profiel("OF", "snakeCase")
@pytest.mark.parametrize(
    "data", [{"plaats_naam": "Deventer", "Vorm": [1, {"diep_er": None}]}, '{"a_b": 1}', [1], 12, True]
)
async def test_data_of_a_form_stay_as_they_are(formulieren: Application, data: object) -> None:
    """The name of the member is in snake_case, and its content is nobody else's."""
    body = {**OBJECT, "objectIdentificatie": {"overige_data": data}}
    await formulieren.play(
        Sent(
            "POST /zaken/api/v1/zaakobjecten",
            body,
            201,
            {"objectIdentificatie": {"overigeData": data}},
            {"ding": "url"},
        ),
        Sent("GET {ding}", reads={"objectIdentificatie": {"overigeData": data}}),
    )


async def test_the_documents_of_a_form(formulieren: Application) -> None:
    document = {
        "informatieobjecttype": "{informatieobjecttype}",
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "Straatfeest",
        "auteur": "Aanvrager",
        "taal": "nld",
        "formaat": "application/pdf",
        "inhoud": "JVBERi0x\nLjQK",
        "status": "definitief",
        "bestandsnaam": "open-forms-Straatfeest.pdf",
        "beschrijving": "Ingezonden formulier",
        "indicatieGebruiksrecht": False,
        "bestandsomvang": 9,
    }
    link = {"zaak": "{zaak}", "informatieobject": "{document}"}
    await formulieren.play(
        Sent("POST /documenten/api/v1/enkelvoudiginformatieobjecten", document, 201, {"lock": ""}, {"document": "url"}),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201, {"informatieobject": "{document}"}),
        # The payment comes in later.
        Sent(
            "PATCH {zaak}",
            {"betalingsindicatie": "geheel", "laatsteBetaaldatum": "2026-06-01T10:20:00+00:00"},
            headers=CRS,
            reads={"betalingsindicatie": "geheel"},
        ),
    )


@pytest.mark.profiel("OF", "patience")
async def test_one_form_after_another(formulieren: Application, narrow: Narrow) -> None:
    """It does not try again, and the form has failed."""
    behind = narrow(formulieren)
    for _ in range(30):
        await behind.play(Sent("POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, headers=CRS))
