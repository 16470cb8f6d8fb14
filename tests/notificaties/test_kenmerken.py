"""The kenmerk that tells in which catalogue a type is, on which newer subscribers filter (common.md §12)."""

import asyncio
import uuid
from typing import Any

from tests.bodies import RSIN, zaak_body
from tests.maak import Maak
from tests.notificaties.abonneren import ROOT as NRC
from tests.notificaties.webhooks import AUTH, Webhook
from tests.stack import Client, Stack
from tests.zaken.elders import Elders, elders

ZRC = "/zaken/api/v1"
NAAM = "zaaktype.catalogus"


async def zaaktype(maak: Maak, **changes: Any) -> str:
    """Make a published zaaktype without anything else and return its URL."""
    made = await maak.concept(selectielijstProcestype="", **changes)
    return str((await maak.publiceer(made["url"]))["url"])


async def abonneer(api: Client, webhook: Webhook, filters: dict[str, str]) -> None:
    """Subscribe to zaken."""
    kanalen = [{"naam": "zaken", "filters": filters}]
    await api.created(f"{NRC}/abonnement", {"callbackUrl": webhook.url, "auth": AUTH, "kanalen": kanalen})


async def test_a_subscriber_gets_what_is_about_one_catalogue(api: Client, maak: Maak, webhook: Webhook) -> None:
    """Also of what belongs to a zaak, after the catalogue changed meanwhile."""
    mine = (await maak.catalogus())["url"]
    types = [await zaaktype(maak, catalogus=mine), await zaaktype(maak)]
    await abonneer(api, webhook, {NAAM: mine})
    zaken = [(await api.created(f"{ZRC}/zaken", zaak_body(one)))["url"] for one in types]
    await zaaktype(maak, catalogus=mine)
    for zaak in zaken:
        note = {"zaak": zaak, "datumtijd": "2026-01-01T00:00:00Z"}
        await api.created(f"{ZRC}/klantcontacten", note)
        assert (await api.patch(zaak, {"toelichting": "x"})).status_code == 200
        assert (await api.delete(zaak)).status_code == 204
    found = await webhook.got(4)
    await asyncio.sleep(0.2)
    assert [(m["resource"], m["actie"]) for m in found] == [
        ("zaak", "create"),
        ("klantcontact", "create"),
        ("zaak", "partial_update"),
        ("zaak", "destroy"),
    ]
    assert {m["hoofdObject"] for m in found} == {zaken[0]}
    assert {m["kenmerken"][NAAM] for m in found} == {mine}


async def test_a_type_elsewhere(stack: Stack, api: Client, webhook: Webhook) -> None:
    async with elders(stack) as other:
        url = add_zaaktype(other)
        await abonneer(api, webhook, {NAAM: f"{other.base}/api/v1/catalogussen/1"})
        zaak = (await api.created(f"{ZRC}/zaken", zaak_body(url)))["url"]
        await api.created(f"{ZRC}/klantcontacten", {"zaak": zaak, "datumtijd": "2026-01-01T00:00:00Z"})
        assert (await api.delete(zaak)).status_code == 204
        found = await webhook.got(3)
    assert {m["kenmerken"][NAAM] for m in found} == {f"{other.base}/api/v1/catalogussen/1"}


def add_zaaktype(other: Elders) -> str:
    """Let the other API have a zaaktype and return its URL."""
    path = f"zaaktypen/{uuid.uuid4()}"
    names = ("statustypen", "resultaattypen", "eigenschappen", "informatieobjecttypen", "roltypen", "besluittypen")
    content: dict[str, Any] = {
        "url": f"{other.base}/api/v1/{path}",
        "catalogus": f"{other.base}/api/v1/catalogussen/1",
        "identificatie": "ELDERS",
        "omschrijving": "Elders",
        "vertrouwelijkheidaanduiding": "openbaar",
        "concept": False,
        "beginGeldigheid": "2020-01-01",
        "eindeGeldigheid": None,
        "versiedatum": "2020-01-01",
        "productenOfDiensten": [],
        "selectielijstProcestype": "",
        "verlengingMogelijk": True,
        "opschortingEnAanhoudingMogelijk": True,
        "deelzaaktypen": [],
        "gerelateerdeZaaktypen": [],
        "zaakobjecttypen": [],
        **{name: [] for name in names},
    }
    return other.add(path, content)


async def test_a_kanaal_of_an_older_version_gets_the_kenmerk(stack: Stack, webhook: Webhook) -> None:
    """Else nrc-4 would refuse who filters on it alone; what others added stays."""
    tenant = "olst"
    await stack.add_tenant(tenant)
    client = await stack.add_client(tenant, "kenmerken-olst")
    async with stack.admin() as admin:
        await admin.execute(
            f"INSERT INTO {tenant}_notificaties.kanaal (uuid, naam, documentatie_link, filters) "
            "VALUES (gen_random_uuid(), 'besluiten', '', $1)",
            '["verantwoordelijke_organisatie", "besluittype", "eigen"]',
        )
    kanaal = (await client.get(f"{NRC}/kanaal?naam=besluiten")).json()[0]
    assert kanaal["filters"] == ["verantwoordelijke_organisatie", "besluittype", "eigen", "besluittype.catalogus"]
    wanted = {"besluittype.catalogus": "https://elders.example/1", "verantwoordelijkeOrganisatie": RSIN}
    body = {"callbackUrl": webhook.url, "auth": AUTH, "kanalen": [{"naam": "besluiten", "filters": wanted}]}
    assert (await client.created(f"{NRC}/abonnement", body))["kanalen"][0]["filters"] == wanted
