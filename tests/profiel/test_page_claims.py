"""What the pages of applications say in a sentence, and no request of the application itself shows."""

import re
import uuid

import pytest

from tests.answers import errors, problem
from tests.bodies import besluit_body
from tests.documenten.maak_document import body as document_body
from tests.maak import Types
from tests.notificaties.abonneren import ABONNEMENT, abonnement, naam
from tests.notificaties.webhooks import Webhook
from tests.profiel.conftest import Install
from tests.profiel.pages import clients, pages, text
from tests.profiel.replay import ABSENT, Application, Sent
from tests.stack import Client, Stack
from tests.zaken.zaakmaker import Zaakmaker, besluit

CHECKED = re.compile(r"`(\w+)`\s+for (Zaken|Documenten|Catalogi|Besluiten|Notificaties)\b")
WITH_CHECKS = [name for name in pages() if "green with a wrong secret" in text(name)]


@pytest.mark.parametrize("page", WITH_CHECKS)
async def test_a_check_of_the_connection_judges_the_secret(install: Install, page: str) -> None:
    """For each API that the page names a path; without CRS headers, as the check sends none."""
    paths = CHECKED.findall(text(page))
    assert len(paths) >= (1 if page in ("open-beheer", "open-object-open-klant") else 3)
    application = await install(page)
    client = application.client
    for path, service in paths:
        sent = Sent(f"GET /{service.lower()}/api/v1/{path}")
        await application.play(sent, Sent(f"GET /{service.lower()}/api/v1/"))
        right, client.secret = client.secret, "een-ander-geheim-dat-lang-genoeg-is"
        assert problem(await application.send(sent)) == (403, "invalid-jwt-signature")
        await application.play(Sent(f"GET /{service.lower()}/api/v1/"))
        client.secret = right


def test_which_pages_tell_of_the_check() -> None:
    assert {"open-formulieren", "open-inwoner", "open-archiefbeheer", "open-beheer", "open-dms"} < {*WITH_CHECKS}
    assert clients("open-dms")


async def test_zac_closes_a_reopened_zaak_only_without_its_resultaat(install: Install, zaken: Zaakmaker) -> None:
    zac = await install("zac", Accept="application/json")
    zaak = await zaken.gesloten()
    await zaken.status(zaak["url"], 2)
    body = {
        "zaak": await zaken.lees(zaak),
        "resultaat": {"resultaattype": "{resultaattype}", "toelichting": "Gereed"},
        "status": {"statustype": "{statustype3}", "datumStatusGezet": "2026-08-01T10:00:00Z"},
    }
    sent = f"POST /zaken/api/v1/zaak_afsluiten/{zaak['uuid']}"
    await zac.play(
        Sent(sent, body, 400, errors=(("resultaat.zaak", "unique"),)),
        Sent(f"DELETE {zaak['resultaat']}", status=204),
        Sent(sent, body, 200, {"zaak.einddatum": "2026-08-01"}),
    )


async def test_zac_leaves_the_level_to_the_zaaktype(install: Install, zaken: Zaakmaker) -> None:
    zac = await install("zac", Accept="application/json", Accept_Crs="EPSG:4326", Content_Crs="EPSG:4326")
    await zac.play(
        Sent("GET {zaaktype}", keep={"level": "vertrouwelijkheidaanduiding"}),
        Sent(
            "POST /zaken/api/v1/zaken",
            zaken.body(vertrouwelijkheidaanduiding=""),
            201,
            {"vertrouwelijkheidaanduiding": "{level}"},
        ),
    )


async def test_an_object_of_an_api_that_nobody_registered(install: Install, zaken: Zaakmaker) -> None:
    zac = await install("zac", Accept="application/json")
    body = {
        "zaak": (await zaken.zaak())["url"],
        "object": "https://onbekende-objecten.example.nl/api/v2/objects/1",
        "objectType": "overige",
        "objectTypeOverige": "Productaanvraag-Dimpact",
    }
    await zac.play(Sent("POST /zaken/api/v1/zaakobjecten", body, 400, errors=(("object", "bad-url"),)))


async def test_an_abonnement_on_a_kanaal_that_nobody_registered_yet(api: Client, webhook: Webhook) -> None:
    """``objecten`` is there once the Objecten API registered it."""
    name = naam()
    body = abonnement(webhook, {"naam": name, "filters": {}})
    assert errors(await api.post(ABONNEMENT, body)) == [("naam", "kanaal_naam")]
    await api.created("/notificaties/api/v1/kanaal", {"naam": name, "filters": ["object_type"]})
    made = await api.created(ABONNEMENT, body)
    assert (await api.delete(made["url"])).status_code == 204


@pytest.mark.parametrize("key", ["actie", "resource"])
async def test_valtimo_cannot_filter_on_what_is_no_kenmerk(api: Client, webhook: Webhook, key: str) -> None:
    body = abonnement(webhook, {"naam": "zaken", "filters": {key: "create"}})
    assert errors(await api.post(ABONNEMENT, body)) == [("filters", "inconsistent-abonnement-filters")]


async def test_kiss_looks_for_an_rsin_of_eight_digits(install: Install, zaken: Zaakmaker) -> None:
    kiss = await install("kiss", Accept="application/json", Accept_Crs="EPSG:4326")
    path = "/zaken/api/v1/zaken?rol__betrokkeneIdentificatie__nietNatuurlijkPersoon__innNnpId=12345678"
    await kiss.play(Sent(f"GET {path}", reads={"count": 0}))
    zaak = (await zaken.zaak())["url"]
    rol = {
        "zaak": zaak,
        "roltype": zaken.types.roltypen["initiator"],
        "betrokkeneType": "niet_natuurlijk_persoon",
        "betrokkeneIdentificatie": {"innNnpId": "12345678"},
    }
    refused = await zaken.api.post("/zaken/api/v1/rollen", rol)
    assert errors(refused) == [("betrokkeneIdentificatie.innNnpId", "min_length")]


async def test_open_inwoner_reads_a_party_of_which_only_the_url_is_known(install: Install, zaken: Zaakmaker) -> None:
    inwoner = await install("open-inwoner")
    zaak = (await zaken.zaak())["url"]
    rol = await zaken.rol(zaak, betrokkene="https://medewerkers.example.nl/1", betrokkeneIdentificatie=...)
    await inwoner.play(Sent(f"GET {rol['url']}", reads={"betrokkene": str, "betrokkeneIdentificatie": ABSENT}))


async def test_who_destroys_a_zaak_with_a_besluit(install: Install, stack: Stack, zaken: Zaakmaker) -> None:
    """Open Archiefbeheer has all rights; without the forced scope the besluit of a closed zaak stays."""
    zaak = await zaken.zaak()
    made = (await besluit(zaken, zaak["url"]))["url"]
    await zaken.resultaat(zaak["url"])
    assert (await zaken.sluit(zaak["url"])).status_code == 201
    scopes = ["zaken.lezen", "zaken.verwijderen", "zaken.bijwerken"]
    level = {"maxVertrouwelijkheidaanduiding": "zeer_geheim"}
    rights = [
        {"component": "zrc", "scopes": scopes, "zaaktype": zaken.types.url, **level},
        {
            "component": "brc",
            "scopes": ["besluiten.lezen", "besluiten.verwijderen"],
            "besluittype": zaken.types.besluittype,
        },
    ]
    poor = Application(await stack.add_client("deventer", f"arm-{uuid.uuid4().hex[:8]}", rights), {})
    await poor.play(Sent(f"DELETE {made}", status=403))
    archief = await install("open-archiefbeheer")
    await archief.play(Sent(f"DELETE {made}", status=204), Sent(f"DELETE {zaak['url']}", status=204))


async def test_omc_reads_a_besluit_and_its_documents(
    install: Install, api: Client, types: Types, zaken: Zaakmaker
) -> None:
    """Its abonnement is on the kanaal ``besluiten`` too."""
    omc = await install("others", "omc")
    made = await api.created("/besluiten/api/v1/besluiten", besluit_body(types.besluittype))
    document = await api.created(
        "/documenten/api/v1/enkelvoudiginformatieobjecten", document_body(types.informatieobjecttype)
    )
    link = {"besluit": made["url"], "informatieobject": document["url"]}
    await api.created("/besluiten/api/v1/besluitinformatieobjecten", link)
    await omc.play(
        Sent(f"GET {made['url']}", reads={"besluittype": str}),
        Sent(
            f"GET /besluiten/api/v1/besluitinformatieobjecten?besluit={made['url']}",
            reads={"0.informatieobject": document["url"]},
        ),
        Sent(f"GET {document['url']}", reads={"titel": str}),
        Sent(f"GET {types.besluittype}", reads={"omschrijving": str}),
    )
