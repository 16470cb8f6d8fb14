"""The requests of the applications of Nijmegen: zaken of its own portal, and forms that become zaken."""

import time

import pytest

from tests.answers import problem
from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, url

CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}


@pytest.fixture(scope="module")
async def nijmegen(install: Install) -> Application:
    """The application, whose tokens count milliseconds."""
    application = await install("nijmegen", Accept="application/json", **CRS)
    application.client.claims = {"iat": int(time.time() * 1000), "user_id": 12, "user_representation": "12"}
    await application.play(Sent("POST /zaken/api/v1/zaken", ZAAK, 201, keep={"zaak": "url"}))
    return application


ZAAK = {
    "bronorganisatie": "{rsin}",
    "verantwoordelijkeOrganisatie": "{rsin}",
    "zaaktype": " {zaaktype} ",
    "startdatum": "2026-06-01",
    "registratiedatum": "2026-06-01",
    "omschrijving": "Aanvraag TDN2.806\n",
    "toelichting": "Webformulier",
}


@pytest.mark.profiel("NIJ", "iatMs")
async def test_its_tokens_are_in_milliseconds(nijmegen: Application) -> None:
    await nijmegen.play(Sent("GET {zaak}", reads={"omschrijving": "Aanvraag TDN2.806", "zaaktype": "{zaaktype}"}))
    # An hour counts for them as for others.
    claims = nijmegen.client.claims
    nijmegen.client.claims = {**claims, "iat": int((time.time() - 4000) * 1000)}
    answer = await nijmegen.send(Sent("GET {zaak}"))
    nijmegen.client.claims = claims
    assert problem(answer) == (403, "jwt-expired")


@pytest.mark.profiel("NIJ", "dateOnly")
async def test_a_status_is_set_on_a_day(nijmegen: Application) -> None:
    body = {
        "zaak": "{zaak}",
        "statustype": "{statustype1}",
        "datumStatusGezet": "2026-06-02",
        "statustoelichting": "Ontvangen",
    }
    await nijmegen.play(
        Sent("POST /zaken/api/v1/statussen", body, 201, {"datumStatusGezet": "2026-06-01T22:00:00Z"}),
        Sent("GET {zaak}", reads={"status": url}),
    )


async def test_a_zaak_with_its_document(nijmegen: Application) -> None:
    document = {
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "TDN2.806.pdf",
        "auteur": "Webformulieren",
        "taal": "dut",
        "inhoud": "data:application/pdf;base64,JVBERi0xLjQK",
        "formaat": "application/pdf",
        "bestandsnaam": "TDN2.806.pdf",
        "informatieobjecttype": "{informatieobjecttype}",
        "indicatieGebruiksrecht": "false",
    }
    link = {"zaak": "{zaak}", "informatieobject": "{document}"}
    await nijmegen.play(
        Sent(
            "POST /documenten/api/v1/enkelvoudiginformatieobjecten",
            document,
            201,
            {"indicatieGebruiksrecht": False, "bestandsomvang": 9},
            {"document": "url"},
        ),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201),
    )


@pytest.mark.profiel("NIJ", "nnpKvk")
async def test_who_asked(nijmegen: Application) -> None:
    company = {"kvkNummer": 69599068, "statutaireNaam": "Test EMZ Dagobert"}
    rol = {
        "zaak": "{zaak}",
        "roltype": "{initiator}",
        "roltoelichting": "aanvrager",
        "betrokkeneType": "niet_natuurlijk_persoon",
        "betrokkeneIdentificatie": company,
    }
    query = "rol__betrokkeneIdentificatie__nietNatuurlijkPersoon__kvkNummer=69599068"
    await nijmegen.play(
        Sent("POST /zaken/api/v1/rollen", rol, 201, {"betrokkeneIdentificatie.kvkNummer": "69599068"}),
        Sent(f"GET /zaken/api/v1/zaken?{query}&page=1", reads={"count": 1, "results.0.url": "{zaak}"}),
    )
