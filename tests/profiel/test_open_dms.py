"""The requests of Open DMS: documents, also those of zaken."""

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, or_null, url
from tests.zaken.zaakmaker import Zaakmaker

LIST = "/documenten/api/v1/enkelvoudiginformatieobjecten"
DOCUMENT = {
    "bronorganisatie": "{rsin}",
    "creatiedatum": "2026-06-01",
    "titel": "Bouwtekening",
    "auteur": "Open DMS",
    "taal": "nld",
    "formaat": "application/pdf",
    "bestandsnaam": "tekening.pdf",
    "inhoud": "JVBERi0xLjQK",
    "bestandsomvang": 9,
    "informatieobjecttype": "{informatieobjecttype}",
}


@pytest.fixture(scope="module")
async def dms(install: Install, zaken: Zaakmaker) -> Application:
    """The application, and a zaak of others."""
    application = await install("open-dms", Accept="application/json")
    application.names["zaak"] = (await zaken.zaak())["url"]
    return application


@pytest.mark.profiel("ODMS", "convenience")
async def test_a_document_is_registered_with_its_zaak(dms: Application) -> None:
    body = {"enkelvoudiginformatieobject": DOCUMENT, "zaakinformatieobject": {"zaak": "{zaak}", "titel": "Tekening"}}
    nowhere = {
        **body,
        "zaakinformatieobject": {"zaak": "{base}/zaken/api/v1/zaken/5f1c7f33-0000-4000-8000-000000000000"},
    }
    before = await dms.play(Sent(f"GET {LIST}?bronorganisatie={{rsin}}&titel=bouwtekening"))
    refused = await dms.play(Sent("POST /documenten/api/v1/document_registreren", nowhere, 400))
    assert {each["name"] for each in refused["invalidParams"]} == {"zaakinformatieobject.zaak"}
    assert (await dms.play(Sent(f"GET {LIST}?titel=bouwtekening")))["count"] == before["count"]
    await dms.play(
        Sent(
            "POST /documenten/api/v1/document_registreren",
            body,
            201,
            {
                "enkelvoudiginformatieobject.url": url,
                "enkelvoudiginformatieobject.lock": "",
                "enkelvoudiginformatieobject.versie": 1,
                "enkelvoudiginformatieobject.bestandsdelen": [],
                "zaakinformatieobject.zaak": "{zaak}",
                "zaakinformatieobject.titel": "Tekening",
                "zaakinformatieobject.informatieobject": url,
            },
            {"document": "enkelvoudiginformatieobject.url", "verwijzing": "zaakinformatieobject.informatieobject"},
        ),
        Sent("GET {document}", reads={"url": "{verwijzing}", "titel": "Bouwtekening"}),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}", reads={"0.informatieobject": "{document}"}),
    )


async def test_a_large_document_comes_in_parts(dms: Application) -> None:
    large = {**DOCUMENT, "inhoud": None, "bestandsomvang": 12}
    body = {"enkelvoudiginformatieobject": large, "zaakinformatieobject": {"zaak": "{zaak}"}}
    await dms.play(
        Sent(
            "POST /documenten/api/v1/document_registreren",
            body,
            201,
            {"enkelvoudiginformatieobject.lock": str, "enkelvoudiginformatieobject.bestandsdelen.0.omvang": 12},
        )
    )


@pytest.mark.profiel("ODMS", "documentFilters")
async def test_documents_are_searched(dms: Application) -> None:
    await dms.play(
        Sent(f"POST {LIST}", {**DOCUMENT, "titel": "Bestek weg", "trefwoorden": ["weg"]}, 201, keep={"bestek": "url"}),
        Sent(f"GET {LIST}?titel=BESTEK&ordering=-titel&page=1&pageSize=20", reads={"results.*.titel": "Bestek weg"}),
        Sent(f"GET {LIST}?trefwoorden=weg&auteur=dms", reads={"results.*.auteur": "Open DMS", "next": or_null(str)}),
        Sent("POST {bestek}/lock", {}, keep={"lock": "lock"}),
        Sent(f"GET {LIST}?locked=true&titel=bestek", reads={"results.*.locked": True}),
        Sent("POST {bestek}/unlock", {"lock": "{lock}"}, 204),
    )
