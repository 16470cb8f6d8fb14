"""The requests of the zaakafhandelcomponent (ZAC) of PodiumD."""

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, or_null, url

ZAKEN = "/zaken/api/v1"
CRS = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
PDF = "JVBERi0xLjQK"


@pytest.fixture(scope="module")
async def zac(install: Install, objecten: str) -> Application:
    """The application, with a zaak that came in through a form."""
    application = await install("zac", Accept="application/json")
    application.names["object"] = objecten
    # Its tokens say so in their header, which nobody reads.
    application.client.claims = {"user_id": "testuser1", "user_representation": "Test User1 Spółdzielnia"}
    await application.play(*ZAAK)
    return application


NIEUWE_ZAAK = {
    "bronorganisatie": "{rsin}",
    "verantwoordelijkeOrganisatie": "{rsin}",
    "zaaktype": "{zaaktype}",
    "startdatum": "2026-06-01",
    "registratiedatum": "2026-06-01",
    "omschrijving": "Straatfeest",
    "toelichting": "",
    "communicatiekanaalNaam": "E-mail",
    "vertrouwelijkheidaanduiding": "openbaar",
    "opschorting": {"indicatie": False, "reden": ""},
    "relevanteAndereZaken": None,
    "gerelateerdeZaken": None,
    "zaakgeometrie": None,
}
ZAAK = (
    Sent("POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, headers=CRS, keep={"zaak": "url", "uuid": "uuid"}),
    Sent("POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, headers=CRS, keep={"andere": "url"}),
)

READ = {
    "communicatiekanaalNaam": "E-mail",
    "gerelateerdeZaken": [],
    "relevanteAndereZaken": [],
    "opschorting": dict,
    "opschorting.indicatie": False,
    "opschorting.reden": "",
    "opschorting.eerdereOpschorting": False,
    "verlenging": None,
    "status": or_null(str),
    "resultaat": None,
    "archiefnominatie": None,
    "archiefactiedatum": None,
    "einddatum": None,
    "kenmerken": [],
    "rollen": list,
    "eigenschappen": list,
    "zaakinformatieobjecten": list,
    "zaakobjecten": list,
    "laatstGemuteerd": str,
}


@pytest.mark.profiel("ZAC", "communicatiekanaalNaam")
async def test_a_zaak_is_made_and_read(zac: Application) -> None:
    await zac.play(Sent("GET {zaak}", reads=READ, headers=CRS))


@pytest.mark.profiel("ZAC", "gerelateerdeZaken")
async def test_zaken_are_linked_and_the_last_link_goes_as_null(zac: Application) -> None:
    one = [{"url": "{andere}", "aardRelatie": "vervolg"}]
    await zac.play(
        Sent("PATCH {zaak}", {"gerelateerdeZaken": one}, headers=CRS, reads={"gerelateerdeZaken.0.url": "{andere}"}),
        Sent("GET {andere}", headers=CRS, reads={"gerelateerdeZaken": [{"url": "{zaak}"}], "relevanteAndereZaken": []}),
        Sent("PATCH {zaak}", {"gerelateerdeZaken": None}, headers=CRS, reads={"gerelateerdeZaken": []}),
        Sent("GET {andere}", headers=CRS, reads={"gerelateerdeZaken": []}),
        Sent("PATCH {zaak}", {"relevanteAndereZaken": None}, headers=CRS, reads={"relevanteAndereZaken": []}),
    )


@pytest.mark.profiel("ZAC", "nnpKvk")
async def test_a_company_is_initiator(zac: Application) -> None:
    party = {"kvkNummer": "12345678", "vestigingsNummer": "000012345678"}
    rol = {
        "zaak": "{andere}",
        "roltype": "{initiator}",
        "betrokkeneType": "niet_natuurlijk_persoon",
        "roltoelichting": "Toegekend door de medewerker tijdens het behandelen van de zaak",
        "betrokkeneIdentificatie": party,
    }
    read = {f"betrokkeneIdentificatie.{name}": value for name, value in party.items()}
    await zac.play(
        Sent("POST /zaken/api/v1/rollen", rol, 201, reads={**read, "betrokkeneIdentificatie.innNnpId": ""}),
        Sent("GET /zaken/api/v1/rollen?zaak={andere}", reads={f"results.0.{name}": x for name, x in read.items()}),
    )


@pytest.mark.profiel("ZAC", "ziotUrl")
async def test_document_types_of_a_zaaktype_are_urls(zac: Application) -> None:
    ziots = "/catalogi/api/v1/zaaktype-informatieobjecttypen?zaaktype={zaaktype}"
    document = {
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "Aanvraag",
        "auteur": "Aanvrager",
        "taal": "dut",
        "formaat": "application/pdf",
        "bestandsnaam": "aanvraag.pdf",
        "bestandsomvang": 9,
        "inhoud": PDF,
        "informatieobjecttype": "{soort}",
        "indicatieGebruiksrecht": False,
        "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
        "status": "in_bewerking",
    }
    link = {"informatieobject": "{document}", "zaak": "{zaak}", "titel": "Aanvraag", "beschrijving": ""}
    await zac.play(
        Sent(f"GET {ziots}", reads={"count": 1, "results.*.informatieobjecttype": url}),
        Sent(f"GET {ziots}", keep={"soort": "results.0.informatieobjecttype"}),
        Sent(f"GET {ziots}&informatieobjecttype={{soort}}", reads={"count": 1}),
        Sent("GET {soort}", reads={"omschrijving": str, "vertrouwelijkheidaanduiding": str}),
        Sent(
            "POST /documenten/api/v1/enkelvoudiginformatieobjecten",
            document,
            201,
            {"informatieobjecttype": "{soort}", "versie": 1, "locked": False, "beginRegistratie": str},
            {"document": "url"},
        ),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201),
    )


@pytest.mark.profiel("ZAC", "bronHoofdletters")
async def test_the_history_of_a_document(zac: Application) -> None:
    """Locked, changed with the reason of the user, unlocked; the history tells who did it, and why."""
    document = {
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "Besluit",
        "auteur": "Test User1",
        "taal": "dut",
        "formaat": "application/pdf",
        "inhoud": PDF,
        "bestandsomvang": 9,
        "informatieobjecttype": "{informatieobjecttype}",
    }
    why = {"X-Audit-Toelichting": "Titel verduidelijkt"}
    await zac.play(
        Sent("POST /documenten/api/v1/enkelvoudiginformatieobjecten", document, 201, keep={"tekst": "url"}),
        Sent("POST {tekst}/lock", {}, keep={"lock": "lock"}),
        Sent(
            "PATCH {tekst}",
            {"titel": "Besluit op bezwaar", "lock": "{lock}"},
            headers=why,
            reads={"titel": str, "versie": 2},
        ),
        Sent("POST {tekst}/unlock", {"lock": "{lock}"}, 204),
    )
    trail = await zac.play(
        Sent(
            "GET {tekst}/audittrail",
            reads={
                "*.bron": "DRC",
                "*.resource": "enkelvoudiginformatieobject",
                "*.aanmaakdatum": str,
                "*.gebruikersWeergave": "Test User1 Spółdzielnia",
                "*.wijzigingen": dict,
                "0.actie": "create",
                "0.wijzigingen.oud": None,
                "0.wijzigingen.nieuw.titel": "Besluit",
            },
        )
    )
    assert [each["toelichting"] for each in trail if each["actie"] == "partial_update"] == ["Titel verduidelijkt"]
    await zac.play(Sent("GET {zaak}/audittrail", reads={"*.bron": "ZRC"}))


@pytest.mark.profiel("ZAC", "objectTypeOverige")
async def test_a_form_is_tied_to_its_zaak(zac: Application) -> None:
    body = {
        "zaak": "{zaak}",
        "object": "{object}",
        "objectType": "overige",
        "objectTypeOverige": "Productaanvraag-Dimpact",
        "relatieomschrijving": "Productaanvraag",
        "objectIdentificatie": None,
        "zaakobjecttype": None,
    }
    await zac.play(
        Sent("POST /zaken/api/v1/zaakobjecten", body, 201, {"objectTypeOverige": "Productaanvraag-Dimpact"}),
        Sent(
            "GET /zaken/api/v1/zaakobjecten?zaak={zaak}",
            reads={"results.0.object": "{object}", "results.0.zaakobjecttype": ""},
        ),
    )


@pytest.mark.profiel("ZAC", "convenience")
async def test_a_zaak_is_handled_closed_and_opened_again(zac: Application) -> None:
    """Each of its writes has the zaak as it was read last, with everything that only answers have."""
    status = {
        "statustype": "{statustype2}",
        "datumStatusGezet": "2026-06-02T10:00:00.123456789Z",
        "statustoelichting": "",
    }
    closing = {"statustype": "{statustype3}", "datumStatusGezet": "2026-08-01T00:30:00+02:00"}
    result = {"resultaattype": "{resultaattype}", "toelichting": "Gereed"}
    await zac.play(
        Sent("POST /zaken/api/v1/zaken", NIEUWE_ZAAK, 201, headers=CRS, keep={"dossier": "url", "nummer": "uuid"}),
        Sent("PATCH {dossier}", {"gerelateerdeZaken": [{"url": "{andere}"}]}, headers=CRS),
        Sent("GET {dossier}", headers=CRS, keep={"gelezen": ""}),
        Sent(
            "POST /zaken/api/v1/zaak_bijwerken/{nummer}",
            {"zaak": "{gelezen}", "status": status},
            200,
            {
                "status.url": url,
                "status.statustype": "{statustype2}",
                "zaak.status": url,
                "zaak.gerelateerdeZaken": list,
            },
        ),
        Sent("GET {dossier}", headers=CRS, keep={"gelezen": ""}),
        Sent(
            "POST /zaken/api/v1/zaak_bijwerken/{nummer}",
            {"zaak": "{gelezen}", "status": closing},
            400,
            errors=(("status.nonFieldErrors", "eindstatus-not-allowed"),),
        ),
        Sent(
            "POST /zaken/api/v1/zaak_afsluiten/{nummer}",
            {"zaak": "{gelezen}", "resultaat": result, "status": closing},
            200,
            {
                "zaak.einddatum": "2026-08-01",
                "zaak.archiefnominatie": str,
                "zaak.archiefactiedatum": str,
                "zaak.resultaat": url,
                "zaak.gerelateerdeZaken": [{"url": "{andere}"}],
                "resultaat.toelichting": "Gereed",
                "resultaat.uuid": str,
                "status.statustype": "{statustype3}",
            },
            {"resultaat": "resultaat.url"},
        ),
        Sent("GET {andere}", headers=CRS, reads={"gerelateerdeZaken": [{"url": "{dossier}"}]}),
        # Opened again as it always was: with a status.
        Sent(
            "POST /zaken/api/v1/statussen",
            {**status, "zaak": "{dossier}", "datumStatusGezet": "2026-08-02T08:00:00Z"},
            201,
            {"gezetdoor": or_null(str)},
        ),
        Sent("GET {dossier}", headers=CRS, reads={"einddatum": None, "archiefactiedatum": None}, keep={"gelezen": ""}),
        Sent("DELETE {resultaat}", status=204),
        Sent("GET {dossier}", headers=CRS, reads={"resultaat": None}, keep={"gelezen": ""}),
        Sent(
            "POST /zaken/api/v1/zaak_afsluiten/{nummer}",
            {
                "zaak": "{gelezen}",
                "resultaat": result,
                "status": {**closing, "datumStatusGezet": "2026-08-03T09:00:00Z"},
            },
            200,
            {"zaak.archiefactiedatum": str},
        ),
    )


async def test_a_zaakeigenschap_is_replaced(zac: Application) -> None:
    body = {"zaak": "{zaak}", "eigenschap": "{eigenschap}", "waarde": "rood"}
    await zac.play(
        Sent("POST {zaak}/zaakeigenschappen", body, 201, {"naam": "kleur"}, {"gegeven": "url"}),
        Sent("PUT {gegeven}", {**body, "waarde": "blauw"}, 200, {"waarde": "blauw", "eigenschap": url}),
        Sent("GET {zaak}/zaakeigenschappen", reads={"0.waarde": "blauw"}),
    )


@pytest.mark.profiel("ZAC", "zaakFilters")
async def test_its_lists_of_zaken(zac: Application) -> None:
    await zac.play(
        Sent(
            "GET /zaken/api/v1/zaken?zaaktype={zaaktype}&page=1&pageSize=100&ordering=-startdatum",
            headers=CRS,
            reads={"count": int, "next": or_null(str), "results.*.identificatie": str},
        ),
        Sent("GET /zaken/api/v1/zaken?omschrijving=straat", headers=CRS, reads={"results.*.omschrijving": str}),
    )
