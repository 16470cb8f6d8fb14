"""The requests of Open Archiefbeheer: what is to be destroyed, its destruction, and the declaration of it."""

from typing import Any

import pytest

from runtime.tenancy import SERVICES
from tests.documenten.maak_document import document
from tests.profiel.conftest import Install, Narrow
from tests.profiel.replay import ABSENT, Application, Sent, or_null, url
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker, besluit

CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}
EXPAND = "expand=resultaat,resultaat.resultaattype,zaaktype,rollen"
PATH = "/zaken/api/v1/zaken"


@pytest.fixture(scope="module")
async def archief(install: Install, zaken: Zaakmaker, api: Client) -> Application:
    """The application; a closed zaak with a document and a besluit is to be destroyed."""
    application = await install("open-archiefbeheer", Accept="*/*", Accept_Encoding="gzip, deflate", **CRS)
    application.client.claims = {"user_id": "", "user_representation": ""}
    zaak = await zaken.zaak(omschrijving="Te vernietigen")
    await zaken.rol(zaak["url"])
    kind: dict[str, Any] = {"informatieobjecttype": zaken.types.informatieobjecttype, "indicatieGebruiksrecht": False}
    own = await document(api, **kind)
    await api.created("/zaken/api/v1/zaakinformatieobjecten", {"zaak": zaak["url"], "informatieobject": own["url"]})
    decided = await besluit(zaken, zaak["url"])
    await zaken.resultaat(zaak["url"])
    closed = await zaken.sluit(zaak["url"])
    assert closed.status_code == 201, closed.text
    found = (await api.get(zaak["url"])).json()
    application.names |= {"zaak": zaak["url"], "document": own["url"], "besluit": decided["url"]}
    application.names |= {"day": found["archiefactiedatum"], "nummer": found["identificatie"]}
    return application


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.profiel("OAB", "root")
async def test_the_health_check_is_green(archief: Application, service: str) -> None:
    await archief.play(Sent(f"GET /{service}/api/v1/", reads={"": dict}))


async def test_closed_zaken_are_read_with_what_belongs_to_them(archief: Application) -> None:
    """The bool is written as Python does."""
    query = f"einddatum__isnull=False&{EXPAND}&identificatie={{nummer}}&page=1&pageSize=100"
    await archief.play(
        Sent(
            f"GET {PATH}?{query}",
            reads={
                "count": 1,
                "next": None,
                "results.0.einddatum": str,
                "results.0.archiefnominatie": "vernietigen",
                "results.0.archiefactiedatum": str,
                "results.0.selectielijstklasse": str,
                "results.0.hoofdzaak": None,
                "results.0.relevanteAndereZaken": [],
                "results.0._expand.zaaktype.identificatie": str,
                "results.0._expand.zaaktype.selectielijstProcestype": url,
                "results.0._expand.resultaat._expand.resultaattype.archiefactietermijn": or_null(str),
                "results.0._expand.rollen.0.betrokkeneType": str,
                "results.0._expand.status": ABSENT,
            },
        ),
        Sent(f"GET {PATH}?einddatum__isnull=True&identificatie={{nummer}}", reads={"count": 0}),
        Sent(f"GET {PATH}?archiefactiedatum__lt=9999-01-01&archiefnominatie=vernietigen&identificatie={{nummer}}"),
    )


@pytest.mark.profiel("OAB", "typeFilters")
async def test_what_its_settings_choose_from(archief: Application) -> None:
    """Types of the zaaktype in which declarations are made."""
    await archief.play(
        Sent("GET {zaaktype}", keep={"identificatie": "identificatie"}),
        Sent("GET /catalogi/api/v1/zaaktypen?identificatie={identificatie}", reads={"count": 1}),
        Sent("GET /catalogi/api/v1/statustypen?zaaktype={zaaktype}", reads={"results.*.omschrijving": str}),
        Sent("GET /catalogi/api/v1/resultaattypen?zaaktype={zaaktype}", reads={"results.*.omschrijving": str}),
        Sent(
            "GET /catalogi/api/v1/informatieobjecttypen?zaaktype={zaaktype}",
            reads={"count": 1, "results.0.url": "{informatieobjecttype}", "results.0.omschrijving": str},
        ),
        Sent("GET /catalogi/api/v1/informatieobjecttypen?zaaktype={zaaktype}&status=concept", reads={"count": 0}),
    )


async def test_a_retention_is_changed_by_an_archivist(archief: Application) -> None:
    change = {"archiefactiedatum": "2050-01-01", "archiefnominatie": "vernietigen"}
    why = {"X-Audit-Toelichting": "Verlenging op verzoek"}
    back = {"archiefactiedatum": "{day}"}
    await archief.play(
        Sent("PATCH {zaak}", change, headers=why, reads={"archiefactiedatum": "2050-01-01"}),
        Sent("PATCH {zaak}", back, headers=why, reads={"archiefactiedatum": "{day}"}),
        Sent("GET {zaak}/audittrail", reads={"2.toelichting": str}),
    )


async def test_a_zaak_is_destroyed_with_all_that_belongs_to_it(archief: Application) -> None:
    """In its order: besluiten with their documents, relations of documents, documents, the zaak."""
    links: list[dict[str, Any]] = await archief.play(
        Sent("GET /besluiten/api/v1/besluiten?zaak={zaak}", reads={"results.0.url": "{besluit}"}),
        Sent("GET /besluiten/api/v1/besluitinformatieobjecten?besluit={besluit}", reads={"": []}),
        Sent("DELETE {besluit}", status=204),
        Sent("GET /besluiten/api/v1/besluiten?zaak={zaak}", reads={"count": 0}),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}", reads={"*.informatieobject": "{document}"}),
    )
    for link in links:
        await archief.play(Sent(f"DELETE {link['url']}", status=204))
    await archief.play(
        Sent("GET /documenten/api/v1/objectinformatieobjecten?informatieobject={document}", reads={"": []}),
        Sent("DELETE {document}", status=204),
        Sent("DELETE {zaak}", status=204),
        Sent("GET {zaak}", status=404),
        # Tried again after a failure halfway: what is gone is gone.
        Sent("DELETE {zaak}", status=404),
    )


@pytest.mark.profiel("OAB", "snakeCase")
@pytest.mark.profiel("OAB", "dateOnly")
async def test_the_declaration_is_a_zaak(archief: Application) -> None:
    """Its bodies mix both spellings, and its moments are dates."""
    zaak = {
        "bronorganisatie": "{rsin}",
        "omschrijving": "Verklaring van vernietiging",
        "zaaktype": "{zaaktype}",
        "vertrouwelijkheidaanduiding": "openbaar",
        "startdatum": "2026-06-01",
        "verantwoordelijkeOrganisatie": "{rsin}",
        "archiefnominatie": "blijvend_bewaren",
    }
    result = {"resultaattype": "{resultaattype}", "zaak": "{verklaring}"}
    document = {
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "Verklaring van vernietiging",
        "auteur": "Open Archiefbeheer",
        "taal": "nld",
        "formaat": "application/pdf",
        "inhoud": "JVBERi0xLjQK",
        "informatieobjecttype": "{informatieobjecttype}",
        "indicatie_gebruiksrecht": False,
        "bestandsomvang": 9,
        "bestandsnaam": "verklaring.pdf",
    }
    link = {"zaak": "{verklaring}", "informatieobject": "{pdf}"}
    status = {
        "zaak": "{verklaring}",
        "statustype": "{statustype3}",
        "datum_status_gezet": "2026-06-02",
        "statustoelichting": "Results of destruction list",
    }
    await archief.play(
        Sent("POST /zaken/api/v1/zaken", zaak, 201, keep={"verklaring": "url"}),
        Sent("POST /zaken/api/v1/resultaten", result, 201),
        Sent(
            "POST /documenten/api/v1/enkelvoudiginformatieobjecten",
            document,
            201,
            {"indicatieGebruiksrecht": False},
            {"pdf": "url"},
        ),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201),
        Sent("POST /zaken/api/v1/statussen", status, 201, {"datumStatusGezet": "2026-06-01T22:00:00Z"}),
        Sent("GET {verklaring}", reads={"einddatum": "2026-06-02", "archiefnominatie": "blijvend_bewaren"}),
    )


@pytest.mark.long
@pytest.mark.profiel("OAB", "patience")
async def test_all_zaken_are_read_one_page_after_another(archief: Application, narrow: Narrow) -> None:
    """It tries again after 502, 503 and 504, and not after 429."""
    behind = narrow(archief)
    for _ in range(200):
        await behind.play(Sent(f"GET {PATH}?einddatum__isnull=False&{EXPAND}&page=1&pageSize=1", reads={"count": int}))
