"""The requests of applications that need nothing beside the standard: the Office add-in, bridges from StUF, Open
Webconcept, laravel-zgw-client, OMC."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import ABSENT, Sent, or_null, url
from tests.zaken.zaakmaker import Zaakmaker

PAGE = "others"
CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}
DOCUMENT = {
    "bronorganisatie": "{rsin}",
    "creatiedatum": "2026-06-01",
    "titel": "Brief",
    "auteur": "J. de Vries",
    "taal": "nld",
    "formaat": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "bestandsnaam": "brief.docx",
    "inhoud": "UEsDBAo=",
    "bestandsomvang": 5,
    "informatieobjecttype": "{informatieobjecttype}",
    "vertrouwelijkheidaanduiding": "zaakvertrouwelijk",
    "status": "in_bewerking",
}


async def test_office_add_in_files_a_letter(install: Install, zaken: Zaakmaker) -> None:
    office = await install(PAGE, "office-add-in", Accept="application/json", **CRS)
    zaak = await zaken.zaak()
    office.names |= {"nummer": zaak["identificatie"]}
    link = {"zaak": "{zaak}", "informatieobject": "{document}"}
    await office.play(
        Sent("GET /zaken/api/v1/zaken?identificatie={nummer}", reads={"count": 1}, keep={"zaak": "results.0.url"}),
        Sent("GET {zaak}", reads={"zaaktype": url}),
        Sent("GET {zaaktype}", reads={"informatieobjecttypen.*": url}, keep={"soort": "informatieobjecttypen.0"}),
        Sent("GET {soort}", reads={"omschrijving": str}),
        Sent("POST /documenten/api/v1/enkelvoudiginformatieobjecten", DOCUMENT, 201, keep={"document": "url"}),
        Sent("POST /zaken/api/v1/zaakinformatieobjecten", link, 201),
    )


@pytest.mark.profiel("REST", "dateOnly")
async def test_zaakbrug_turns_stuf_into_zgw(install: Install) -> None:
    """Days for moments, and empty text where there is nothing."""
    brug = await install(PAGE, "zaakbrug", Accept="*/*", **CRS)
    zaak = {
        "identificatie": " 1900xyz2026 ",
        "bronorganisatie": "{rsin}",
        "verantwoordelijkeOrganisatie": "{rsin}",
        "omschrijving": "Melding",
        "toelichting": "",
        "zaaktype": "{zaaktype}",
        "registratiedatum": "2026-06-01",
        "startdatum": "2026-06-01",
        "hoofdzaak": "",
        "betalingsindicatie": "",
        "kenmerken": [],
    }
    status = {"zaak": "{zaak}", "statustype": "{statustype1}", "datumStatusGezet": "2026-06-01", "gezetdoor": ""}
    person = {"inpBsn": "111222333", "geslachtsnaam": "Vries", "geslachtsaanduiding": "m", "verblijfsadres": None}
    rol = {
        "zaak": "{zaak}",
        "betrokkeneType": "natuurlijk_persoon",
        "roltype": "{initiator}",
        "roltoelichting": "Initiator: Vries",
        "betrokkeneIdentificatie": person,
    }
    await brug.play(
        Sent(
            "POST /zaken/api/v1/zaken", zaak, 201, {"identificatie": "1900xyz2026", "hoofdzaak": None}, {"zaak": "url"}
        ),
        Sent("GET /zaken/api/v1/zaken?identificatie=1900xyz2026", reads={"count": 1}),
        Sent("POST /zaken/api/v1/statussen", status, 201, {"datumStatusGezet": "2026-05-31T22:00:00Z"}),
        Sent("POST /zaken/api/v1/rollen", rol, 201, {"betrokkeneIdentificatie.geslachtsaanduiding": "m"}),
        Sent("GET {zaak}", keep={"gelezen": ""}),
        Sent("PUT {zaak}", "{gelezen}", 200, {"identificatie": "1900xyz2026"}),
        Sent("POST /documenten/api/v1/enkelvoudiginformatieobjecten", DOCUMENT, 201, keep={"document": "url"}),
        Sent("POST {document}/lock", None, 200, keep={"lock": "lock"}),
        Sent("POST {document}/unlock", {"lock": "{lock}"}, 204),
        Sent("POST /zaken/api/v1/zaaknummer_reserveren", {"bronorganisatie": "{rsin}"}, 201, {"zaaknummer": str}),
    )


async def test_open_webconcept_shows_zaken(install: Install, zaken: Zaakmaker) -> None:
    web = await install(PAGE, "open-webconcept", Accept="application/json", **CRS)
    zaak = await zaken.zaak()
    await zaken.rol(zaak["url"], betrokkeneIdentificatie={"inpBsn": "999990482"})
    await zaken.status(zaak["url"])
    query = "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=999990482"
    await web.play(
        Sent(
            f"GET /zaken/api/v1/zaken?{query}&ordering=-startdatum&expand=zaaktype,status,status.statustype",
            reads={
                "count": 1,
                "results.0._expand.zaaktype.omschrijving": str,
                "results.0._expand.status._expand.statustype.omschrijving": str,
            },
        ),
        Sent(f"GET /zaken/api/v1/zaken?{query}", reads={"results.0._expand": ABSENT}),
    )


async def test_laravel_reads_trails_in_small_letters(install: Install, zaken: Zaakmaker) -> None:
    laravel = await install(PAGE, "laravel", Accept="application/json", **CRS)
    laravel.names["zaak"] = (await zaken.zaak())["url"]
    await laravel.play(
        Sent("GET {zaak}/audittrail", reads={"*.bron": "zrc", "*.actie": str}),
        Sent("GET /autorisaties/api/v1/applicaties", reads={"results.*.clientIds": list}),
    )


async def test_omc_takes_the_newest_two_statussen(install: Install, zaken: Zaakmaker) -> None:
    """Whatever the order in which they were set."""
    omc = await install(PAGE, "omc", Accept="application/json", **CRS)
    zaak = (await zaken.zaak())["url"]
    day = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for hours in (2, 1, 3):
        await zaken.status(zaak, datumStatusGezet=(day + timedelta(hours=hours)).isoformat())
    await zaken.rol(zaak)
    omc.names["zaak"] = zaak
    await omc.play(
        Sent(
            "GET /zaken/api/v1/statussen?zaak={zaak}",
            reads={
                "count": 3,
                "results.0.datumStatusGezet": "2026-06-01T15:00:00Z",
                "results.1.datumStatusGezet": "2026-06-01T14:00:00Z",
                "results.*.statustype": url,
            },
            keep={"statustype": "results.0.statustype"},
        ),
        Sent("GET {statustype}", reads={"omschrijving": str, "isEindstatus": bool, "informeren": bool}),
        Sent("GET /zaken/api/v1/rollen?zaak={zaak}&omschrijvingGeneriek=initiator", reads={"results.0.betrokkene": ""}),
        Sent("GET {zaak}", reads={"identificatie": str, "omschrijving": str, "einddatum": or_null(str)}),
    )
