"""How the objects of a zaak are called in its audit trail (common.md §11)."""

import pytest

from tests.documenten.maak_document import document
from tests.stack import CRS
from tests.zaken.zaakmaker import Zaakmaker, besluit

ROOT = "/zaken/api/v1"


async def test_resource_weergave(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, await zaken.zaak()
    url = zaak["url"]
    status = await zaken.status(url, datumStatusGezet="2026-02-03T04:05:06+01:00")
    resultaat = await zaken.resultaat(url)
    assert (await api.patch(resultaat["url"], {"toelichting": "x"})).status_code == 200
    assert (await api.delete(resultaat["url"])).status_code == 204
    rol = await zaken.rol(url)
    party = "https://personen.example/api/personen/123"
    await zaken.rol(url, betrokkene=party, roltype=zaken.types.roltypen["adviseur"])
    await zaken.eigenschap(url, "kleur", "rood")
    file = await document(api, informatieobjecttype=zaken.types.informatieobjecttype)
    await api.created(f"{ROOT}/zaakinformatieobjecten", {"zaak": url, "informatieobject": file["url"]})
    pand = {"zaak": url, "objectType": "pand", "objectIdentificatie": {"identificatie": "1"}}
    await api.created(f"{ROOT}/zaakobjecten", pand)
    await api.created(f"{ROOT}/zaakobjecten", {"zaak": url, "objectType": "status", "object": status["url"]})
    contact = {"zaak": url, "datumtijd": "2026-01-01T00:00:00Z"}
    identificatie = (await api.created(f"{ROOT}/klantcontacten", contact))["identificatie"]
    made = await besluit(zaken, url)
    name = f"{zaak['bronorganisatie']} - {zaak['identificatie']}"
    resultaattype = (await api.get(zaken.types.resultaattypen[0])).json()["omschrijving"]
    expected = [
        ("zaak", name),
        ("status", f"({name}) - 2026-02-03T03:05:06Z"),
        *[("resultaat", f"({name}) - {resultaattype}")] * 3,
        ("rol", f"({name}) - {rol['uuid']}"),
        ("rol", f"({name}) - 123"),
        ("zaakeigenschap", f"({name}) - kleur"),
        ("zaakinformatieobject", f"({name}) - {file['url'][-36:]}"),
        ("zaakobject", f"({name}) - pand"),
        ("zaakobject", f"({name}) - {status['uuid']}"),
        ("klantcontact", identificatie),
        ("zaakbesluit", f"({name}) - {made['url'][-36:]}"),
    ]
    trail = (await api.get(f"{url}/audittrail")).json()
    assert [(entry["resource"], entry["resourceWeergave"]) for entry in trail] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
async def test_toelichting_in_either_encoding(zaken: Zaakmaker, encoding: str) -> None:
    """common.md §8: X-Audit-Toelichting, whose letters HTTP gives no encoding."""
    zaak, text = await zaken.zaak(), "Op verzoek van Zoë"
    usual = {"Authorization": f"Bearer {zaken.api.token()}", **CRS}
    headers = {name.encode(): value.encode() for name, value in usual.items()}
    headers[b"X-Audit-Toelichting"] = text.encode(encoding)
    assert (await zaken.api.http.patch(zaak["url"], json={}, headers=headers)).status_code == 200
    trail = (await zaken.api.get(f"{zaak['url']}/audittrail")).json()
    assert [entry["toelichting"] for entry in trail] == ["", text]
