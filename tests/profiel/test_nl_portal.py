"""The requests of NL Portal: what residents and companies see of their zaken."""

from typing import Any

import pytest

from tests.profiel.conftest import Install
from tests.profiel.replay import Application, Sent, or_null, url
from tests.zaken.zaakmaker import Zaakmaker

CRS = {"Accept_Crs": "EPSG:4326", "Content_Crs": "EPSG:4326"}
KVK, VESTIGING = "90004841", "000001234568"
NNP = "rol__betrokkeneIdentificatie__nietNatuurlijkPersoon"
PARTIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("natuurlijk_persoon", {"inpBsn": "999992235"}),
    ("niet_natuurlijk_persoon", {"kvkNummer": KVK, "vestigingsNummer": VESTIGING}),
    ("vestiging", {"kvkNummer": KVK, "vestigingsNummer": VESTIGING}),
)


@pytest.fixture(scope="module")
async def portal(install: Install, zaken: Zaakmaker) -> Application:
    """The portal, with a zaak of each party, which others made."""
    application = await install("nl-portal", Accept="application/json", **CRS)
    for kind, party in PARTIES:
        zaak = await zaken.zaak(omschrijving="Melding openbare ruimte", identificatie=f"NLP-{kind}")
        await zaken.rol(zaak["url"], betrokkeneType=kind, betrokkeneIdentificatie=party)
        await zaken.status(zaak["url"])
        application.names[kind] = zaak["url"]
    return application


SEARCHES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    # The body of _zoek, and whose zaken it finds.
    ({"rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn": "999992235"}, ("natuurlijk_persoon",)),
    ({f"{NNP}__kvkNummer": KVK}, ("niet_natuurlijk_persoon",)),
    ({f"{NNP}__kvkNummer": KVK, f"{NNP}__vestigingsNummer": VESTIGING}, ("niet_natuurlijk_persoon",)),
    ({f"{NNP}__vestigingsNummer": "000000000001", f"{NNP}__kvkNummer": KVK}, ()),
    ({"rol__betrokkeneIdentificatie__vestiging__kvkNummer": KVK}, ("vestiging",)),
    ({f"{NNP}__kvkNummer": KVK, "zaaktype__in": ["{zaaktype}"]}, ("niet_natuurlijk_persoon",)),
    ({f"{NNP}__kvkNummer": KVK, "zaaktype__not_in": ["{zaaktype}"]}, ()),
    ({f"{NNP}__kvkNummer": KVK, "zaaktype__not_in": []}, ("niet_natuurlijk_persoon",)),
    ({"identificatie__icontains": "nlp-", "omschrijving": "OPENBARE"}, tuple(kind for kind, _ in PARTIES)),
    ({f"{NNP}__kvkNummer": KVK, "einddatum__isnull": True, "ordering": "-startdatum"}, ("niet_natuurlijk_persoon",)),
]


@pytest.mark.parametrize(("body", "whose"), SEARCHES)
@pytest.mark.profiel("NLP", "zaakFilters")
@pytest.mark.profiel("NLP", "nnpKvk")
async def test_zaken_of_whoever_logged_in(portal: Application, body: dict[str, Any], whose: tuple[str, ...]) -> None:
    """The page is in the address."""
    sent = Sent("POST /zaken/api/v1/zaken/_zoek?page=1&pageSize=50", body, 200, {"count": len(whose), "next": None})
    found = await portal.play(sent)
    assert {each["url"] for each in found["results"]} == {portal.names[kind] for kind in whose}


async def test_a_search_without_a_known_criterion_finds_nothing(portal: Application) -> None:
    path = "POST /zaken/api/v1/zaken/_zoek?page=1"
    await portal.play(Sent(path, {"kvkNummer": KVK}, 400, {"invalidParams.0.code": "empty_search_body"}))


async def test_a_zaak_with_its_status_and_documents(portal: Application) -> None:
    await portal.play(
        Sent(
            "GET {niet_natuurlijk_persoon}",
            reads={"identificatie": str, "status": url, "zaaktype": url, "startdatum": str, "einddatum": None},
            keep={"status": "status"},
        ),
        Sent("GET {status}", reads={"statustype": url, "datumStatusGezet": str}, keep={"statustype": "statustype"}),
        Sent("GET {statustype}", reads={"omschrijving": str, "isEindstatus": False}),
        Sent("GET /catalogi/api/v1/statustypen?zaaktype={zaaktype}", reads={"results.*.volgnummer": int}),
        Sent("GET /zaken/api/v1/statussen?zaak={niet_natuurlijk_persoon}", reads={"count": 1}),
        Sent(
            "GET /zaken/api/v1/rollen?zaak={niet_natuurlijk_persoon}",
            reads={
                "results.0.betrokkeneIdentificatie.kvkNummer": KVK,
                "results.0.betrokkeneIdentificatie.vestigingsNummer": VESTIGING,
                "results.0.betrokkeneIdentificatie.innNnpId": "",
            },
        ),
        Sent("GET /zaken/api/v1/zaakinformatieobjecten?zaak={niet_natuurlijk_persoon}", reads={"": []}),
        Sent("GET {zaaktype}", reads={"omschrijving": str, "identificatie": str, "doorlooptijd": or_null(str)}),
    )


@pytest.mark.profiel("NLP", "substatus")
async def test_what_the_party_is_told_of_a_status(portal: Application, zaken: Zaakmaker) -> None:
    zaak = portal.names["natuurlijk_persoon"]
    body = {"zaak": zaak, "omschrijving": "Aanvraag compleet"}
    made = await zaken.api.created("/zaken/api/v1/substatussen", body)
    await zaken.api.created("/zaken/api/v1/substatussen", {**body, "omschrijving": "Intern", "doelgroep": "intern"})
    await portal.play(
        Sent(
            "GET /zaken/api/v1/substatussen?zaak={natuurlijk_persoon}&doelgroep=betrokkenen",
            reads={
                "count": 1,
                "results.0.url": made["url"],
                "results.0.omschrijving": "Aanvraag compleet",
                "results.0.doelgroep": "betrokkenen",
                "results.0.tijdstip": str,
                "results.0.status": url,
            },
        )
    )
