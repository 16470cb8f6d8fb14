"""Deleting a zaak (zrc-023, zaken.md §10)."""

import uuid

from tests.answers import errors
from tests.bodies import relatie
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.stack import Stack
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker

DOCUMENTEN = "/documenten/api/v1"


async def rows(stack: Stack, tenant: str, table: str, column: str, zaak: str) -> int:
    """Count the rows of a table that belong to a zaak."""
    async with stack.admin() as admin:
        sql = f'SELECT count(*) FROM "{tenant}_zaken"."{table}" WHERE {column} = $1'
        found: int = await admin.fetchval(sql, uuid.UUID(zaak.rpartition("/")[2]))
        return found


async def test_zrc_023_everything_of_a_zaak_goes(zaken: Zaakmaker, stack: Stack) -> None:
    api, zaak = zaken.api, await zaken.gesloten()
    url = zaak["url"]
    made = [await zaken.rol(url), await zaken.eigenschap(url, "kleur", "rood")]
    body = {"zaak": url, "objectType": "pand", "objectIdentificatie": {"identificatie": "0150100000000001"}}
    made.append(await api.created("/zaken/api/v1/zaakobjecten", body))
    contact = {"zaak": url, "datumtijd": "2026-01-01T10:00:00Z"}
    made.append(await api.created("/zaken/api/v1/klantcontacten", contact))
    note = {"gerelateerdAan": url, "onderwerp": "x", "tekst": "y"}
    made.append(await api.created("/zaken/api/v1/zaaknotities", note))
    link = {"url": url, "aardRelatie": "onderwerp"}
    kept = relatie((await zaken.zaak())["url"])
    other = await zaken.zaak(relevanteAndereZaken=[link, kept])
    assert (await api.delete(url)).status_code == 204
    for gone in (url, zaak["status"], zaak["resultaat"], *(item["url"] for item in made)):
        assert (await api.get(gone)).status_code == 404
    assert (await api.get(f"{url}/audittrail")).status_code == 404
    assert (await zaken.lees(other))["relevanteAndereZaken"] == [kept]
    for table, column in (("status", "zaak"), ("rol", "zaak"), ("zaak", "uuid"), ("audittrail", "hoofdobject")):
        assert await rows(stack, api.tenant, table, column, url) == 0


async def test_zrc_023_deelzaken_go_as_well(zaken: Zaakmaker, maak: Maak, stack: Stack) -> None:
    name = f"ZT-{uuid.uuid4().hex[:8]}"
    own = Zaakmaker(zaken.api, await maak.zaaktype(identificatie=name, deelzaaktypen=[name]))
    hoofdzaak = await own.zaak()
    deelzaken = [await own.zaak(hoofdzaak=hoofdzaak["url"]) for _ in range(2)]
    await own.status(deelzaken[0]["url"])
    assert (await own.api.delete(deelzaken[1]["url"])).status_code == 204
    assert (await own.lees(hoofdzaak))["deelzaken"] == [deelzaken[0]["url"]]
    assert (await own.api.delete(hoofdzaak["url"])).status_code == 204
    assert (await own.api.get(deelzaken[0]["url"])).status_code == 404
    assert await rows(stack, zaken.api.tenant, "audittrail", "hoofdobject", deelzaken[0]["url"]) == 0
    assert (await own.api.get(ZAKEN, params={"zaaktype": own.types.url})).json()["count"] == 0


async def test_zrc_023_documents_stay_and_forget_the_zaak(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    made = await document(api, informatieobjecttype=zaken.types.informatieobjecttype)
    link = {"zaak": zaak["url"], "informatieobject": made["url"]}
    await api.created("/zaken/api/v1/zaakinformatieobjecten", link)
    query = {"informatieobject": made["url"]}
    assert len((await api.get(f"{DOCUMENTEN}/objectinformatieobjecten", params=query)).json()) == 1
    assert (await api.delete(zaak["url"])).status_code == 204
    assert (await api.get(f"{DOCUMENTEN}/objectinformatieobjecten", params=query)).json() == []
    assert (await api.get(made["url"])).status_code == 200


async def test_zrc_023_a_besluit_keeps_its_zaak(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    body = {
        "verantwoordelijkeOrganisatie": "517439943",
        "besluittype": zaken.types.besluittype,
        "zaak": zaak["url"],
        "datum": "2026-01-01",
        "ingangsdatum": "2026-01-02",
    }
    besluit = await api.created("/besluiten/api/v1/besluiten", body)
    assert errors(await api.delete(zaak["url"])) == [("nonFieldErrors", "related-besluiten")]
    assert (await api.delete(besluit["url"])).status_code == 204
    assert (await api.delete(zaak["url"])).status_code == 204


async def test_zrc_023_deleting_needs_its_scope_also_when_the_zaak_is_closed(zaken: Zaakmaker) -> None:
    closed = await zaken.gesloten()
    assert (await (await zaken.client("zaken.geforceerd-bijwerken")).delete(closed["url"])).status_code == 403
    low = await zaken.client("zaken.verwijderen", cap="openbaar")
    secret = await zaken.zaak(vertrouwelijkheidaanduiding="geheim")
    assert (await low.delete(secret["url"])).status_code == 403
    assert (await low.delete(closed["url"])).status_code == 204
    assert (await low.delete(closed["url"])).status_code == 404
