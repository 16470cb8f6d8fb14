"""The requests of Open Inwoner: what residents see of their zaken, and the documents that they add."""

import pytest

from runtime.tenancy import SERVICES
from tests.profiel.conftest import Install, Narrow
from tests.profiel.replay import Application, Sent, or_null, url
from tests.zaken.zaakmaker import Zaakmaker

CRS = {"Accept-Crs": "EPSG:4326"}
BSN, KVK = "999993653", "68750110"
PERSON = f"rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn={BSN}"


@pytest.fixture(scope="module")
async def inwoner(install: Install, zaken: Zaakmaker) -> Application:
    """The application, and the zaak of a resident."""
    application = await install("open-inwoner", Accept="*/*", Accept_Encoding="gzip, deflate")
    application.client.claims = {"user_id": "", "user_representation": ""}
    zaak = await zaken.zaak(omschrijving="Verhuizing")
    await zaken.rol(zaak["url"], betrokkeneIdentificatie={"inpBsn": BSN})
    await zaken.status(zaak["url"])
    application.names["zaak"] = zaak["url"]
    return application


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.profiel("OIP", "root")
async def test_the_connection_is_checked(inwoner: Application, service: str) -> None:
    await inwoner.play(Sent(f"GET /{service}/api/v1/", reads={"": dict}))


async def test_the_zaken_of_a_resident(inwoner: Application) -> None:
    role = "rol__omschrijvingGeneriek=initiator&maximaleVertrouwelijkheidaanduiding=openbaar"
    await inwoner.play(
        Sent(f"GET /zaken/api/v1/zaken?{PERSON}&{role}", headers=CRS, reads={"count": 1, "results.0.url": "{zaak}"}),
        Sent(
            "GET {zaak}",
            headers=CRS,
            reads={
                "uuid": str,
                "identificatie": str,
                "startdatum": str,
                "einddatum": or_null(str),
                "einddatumGepland": or_null(str),
                "uiterlijkeEinddatumAfdoening": or_null(str),
                "vertrouwelijkheidaanduiding": "openbaar",
                "status": url,
                "resultaat": or_null(str),
            },
        ),
        Sent("GET /zaken/api/v1/statussen?zaak={zaak}", reads={"results.*.statustype": url}),
        Sent("GET {zaaktype}", reads={"identificatie": str, "catalogus": url, "indicatieInternOfExtern": "extern"}),
        Sent("GET /catalogi/api/v1/statustypen?zaaktype={zaaktype}", reads={"results.*.statustekst": str}),
        Sent(
            "GET /zaken/api/v1/rollen?zaak={zaak}&omschrijvingGeneriek=initiator",
            reads={
                "results.0.betrokkeneType": "natuurlijk_persoon",
                "results.0.betrokkeneIdentificatie.inpBsn": BSN,
                "results.0.betrokkeneIdentificatie.voornamen": str,
                "results.0.roltype": url,
            },
        ),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}", reads={"": list}),
    )


@pytest.mark.profiel("OIP", "nnpKvk")
async def test_the_zaken_of_a_company(inwoner: Application, zaken: Zaakmaker) -> None:
    """It knows companies by the number of their RSIN or, with a setting, of their KVK number."""
    for kind, party, query in (
        ("niet_natuurlijk_persoon", {"kvkNummer": KVK}, f"nietNatuurlijkPersoon__kvkNummer={KVK}"),
        ("niet_natuurlijk_persoon", {"innNnpId": "820151130"}, "nietNatuurlijkPersoon__innNnpId=820151130"),
        ("vestiging", {"vestigingsNummer": "000038509490"}, "vestiging__vestigingsNummer=000038509490"),
    ):
        zaak = (await zaken.zaak())["url"]
        await zaken.rol(zaak, betrokkeneType=kind, betrokkeneIdentificatie=party)
        path = f"GET /zaken/api/v1/zaken?rol__betrokkeneIdentificatie__{query}"
        await inwoner.play(Sent(path, headers=CRS, reads={"count": 1, "results.0.url": zaak}))


async def test_a_resident_adds_a_document(inwoner: Application) -> None:
    document = {
        "bronorganisatie": "{rsin}",
        "creatiedatum": "2026-06-01",
        "titel": "Paspoort",
        "auteur": "Jan de Vries",
        "taal": "nld",
        "inhoud": "JVBERi0xLjQK",
        "bestandsomvang": 9,
        "bestandsnaam": "paspoort.pdf",
        "formaat": "application/pdf",
        "status": "definitief",
        "indicatieGebruiksrecht": False,
        "vertrouwelijkheidaanduiding": "openbaar",
        "informatieobjecttype": "{informatieobjecttype}",
    }
    link = {"zaak": "{zaak}", "informatieobject": "{document}"}
    await inwoner.play(
        Sent(
            "POST /documenten/api/v1/enkelvoudiginformatieobjecten", document, 201, {"inhoud": url}, {"document": "url"}
        ),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201),
        Sent(
            "GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}",
            reads={"0.informatieobject": "{document}", "0.registratiedatum": str},
        ),
        Sent("GET {document}", reads={"status": "definitief", "locked": False, "bestandsomvang": 9, "inhoud": url}),
        Sent("GET {document}/download"),
    )


@pytest.mark.profiel("OIP", "patience")
async def test_a_catalogue_is_imported_one_request_after_another(inwoner: Application, narrow: Narrow) -> None:
    """It takes a refusal for an empty list, and the catalogue stays incomplete."""
    behind = narrow(inwoner)
    for _ in range(40):
        for kind in ("statustypen", "resultaattypen", "roltypen", "zaaktype-informatieobjecttypen", "eigenschappen"):
            await behind.play(Sent(f"GET /catalogi/api/v1/{kind}?zaaktype={{zaaktype}}", reads={"results": list}))
