"""The requests of KISS, with which employees of a contact centre look into zaken."""

import time

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, or_null, url
from tests.zaken.zaakmaker import Zaakmaker

CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}
ROL = "rol__betrokkeneIdentificatie"
KVK, VESTIGING = "12312312", "990000996348"
FILTERS = [
    ("natuurlijk_persoon", {"inpBsn": "999995200"}, f"{ROL}__natuurlijkPersoon__inpBsn=999995200"),
    ("niet_natuurlijk_persoon", {"kvkNummer": KVK}, f"{ROL}__nietNatuurlijkPersoon__kvkNummer={KVK}"),
    (
        "niet_natuurlijk_persoon",
        {"kvkNummer": KVK, "vestigingsNummer": VESTIGING},
        f"{ROL}__nietNatuurlijkPersoon__vestigingsNummer={VESTIGING}",
    ),
    ("vestiging", {"vestigingsNummer": "990000996349"}, f"{ROL}__vestiging__vestigingsNummer=990000996349"),
]


@pytest.fixture(scope="module")
async def kiss(install: Install) -> Application:
    """The application, whose tokens begin a minute ago."""
    application = await install("kiss", Accept="application/json", **CRS)
    now = int(time.time())
    application.client.claims = {"nbf": now - 60, "iat": now - 60, "exp": now + 3600, "user_id": "kcm", "roles": "x"}
    return application


@pytest.mark.parametrize(("kind", "party", "query"), FILTERS)
@pytest.mark.profiel("KISS", "zaakFilters")
@pytest.mark.profiel("KISS", "nnpKvk")
async def test_zaken_of_whoever_calls(
    kiss: Application, zaken: Zaakmaker, kind: str, party: dict[str, str], query: str
) -> None:
    zaak = await zaken.zaak(omschrijving="Vraag")
    await zaken.rol(zaak["url"], betrokkeneType=kind, betrokkeneIdentificatie=party)
    found = await kiss.play(
        Sent(
            f"GET /zaken/api/v1/zaken?ordering=-startdatum&{query}",
            reads={"results.*.identificatie": str, "results.*.zaaktype": url, "results.*.uuid": str},
        )
    )
    assert zaak["url"] in [each["url"] for each in found["results"]]


async def test_a_zaak_by_its_number(kiss: Application, zaken: Zaakmaker) -> None:
    zaak = await zaken.zaak(omschrijving="Vraag")
    await zaken.rol(zaak["url"], betrokkeneIdentificatie={"inpBsn": "111222333", "geslachtsnaam": "Vries"})
    await zaken.status(zaak["url"])
    kiss.names["nummer"] = zaak["identificatie"]
    await kiss.play(
        Sent("GET /zaken/api/v1/zaken?identificatie={nummer}", reads={"count": 1}, keep={"zaak": "results.0.url"}),
        Sent("GET {zaak}", reads={"status": url, "einddatum": or_null(str)}, keep={"status": "status"}),
        Sent("GET {status}", keep={"statustype": "statustype"}),
        Sent("GET {statustype}", reads={"omschrijving": str}),
        Sent(
            "GET /zaken/api/v1/rollen?zaak={zaak}",
            reads={"results.0.betrokkeneIdentificatie.geslachtsnaam": "Vries", "results.0.omschrijvingGeneriek": str},
        ),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={zaak}", reads={"": list}),
        Sent("GET {zaaktype}", reads={"onderwerp": str, "doorlooptijd": str, "servicenorm": or_null(str)}),
    )
