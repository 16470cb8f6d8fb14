"""Zaakbesluit: the mirror of besluit.zaak (zaken.md §7.1)."""

import uuid

from tests.answers import errors
from tests.zaken.zaakmaker import BESLUITEN, Zaakmaker, besluit


async def test_a_besluit_shows_with_its_zaak(zaken: Zaakmaker) -> None:
    api, zaak = zaken.api, (await zaken.zaak())["url"]
    made = await besluit(zaken, zaak)
    (item,) = (await api.get(f"{zaak}/besluiten")).json()
    assert item == {"url": f"{zaak}/besluiten/{item['uuid']}", "uuid": item["uuid"], "besluit": made["url"]}
    assert (await api.get(item["url"])).json() == item
    expanded = (await api.get(f"{zaak}/besluiten?expand=besluit.besluittype")).json()[0]
    assert expanded["_expand"]["besluit"]["_expand"]["besluittype"]["url"] == zaken.types.besluittype
    # It cannot be made twice, nor removed while the besluit names the zaak.
    again = await api.post(f"{zaak}/besluiten", {"besluit": made["url"]})
    assert errors(again) == [("nonFieldErrors", "unique")]
    assert errors(await api.delete(item["url"])) == [("nonFieldErrors", "inconsistent-relation")]
    for method in ("PUT", "PATCH", "HEAD"):
        assert (await api.request(method, item["url"], json={})).status_code in (200, 405)
    trail = (await api.get(f"{zaak}/audittrail")).json()
    assert [(entry["resource"], entry["actie"]) for entry in trail] == [("zaak", "create"), ("zaakbesluit", "create")]
    assert (await api.patch(made["url"], {"zaak": ""})).status_code == 200
    assert (await api.get(f"{zaak}/besluiten")).json() == []


async def test_the_besluit_leads(zaken: Zaakmaker) -> None:
    api, zaak, other = zaken.api, (await zaken.zaak())["url"], (await zaken.zaak())["url"]
    loose, elsewhere = await besluit(zaken), await besluit(zaken, other)
    for made in (loose, elsewhere):
        answer = await api.post(f"{zaak}/besluiten", {"besluit": made["url"]})
        assert errors(answer) == [("nonFieldErrors", "inconsistent-relation")]
    unknown = f"http://samenzaak.test{BESLUITEN}/{uuid.uuid4()}"
    for url, code in ((unknown, "bad-url"), ("https://elders.example/1", "bad-url"), (zaak, "invalid-resource")):
        assert errors(await api.post(f"{zaak}/besluiten", {"besluit": url})) == [("besluit", code)]
    assert errors(await api.post(f"{zaak}/besluiten", {})) == [("besluit", "required")]
    gone = f"http://samenzaak.test/zaken/api/v1/zaken/{uuid.uuid4()}/besluiten"
    assert (await api.get(gone)).status_code == 404
    assert (await api.post(gone, {"besluit": loose["url"]})).status_code == 404
    (item,) = (await api.get(f"{other}/besluiten")).json()
    assert (await api.get(f"{zaak}/besluiten/{item['uuid']}")).status_code == 404


async def test_zrc_006_besluiten_of_other_zaken(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"]
    made = await besluit(zaken, zaak)
    (item,) = (await zaken.api.get(f"{zaak}/besluiten")).json()
    low = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await low.get(f"{zaak}/besluiten")).status_code == 403
    assert (await low.get(item["url"])).status_code == 403
    assert (await low.delete(item["url"])).status_code == 403
    assert (await low.post(f"{zaak}/besluiten", {"besluit": made["url"]})).status_code == 403


async def test_zrc_007_besluiten_of_a_closed_zaak(zaken: Zaakmaker) -> None:
    zaak = (await zaken.gesloten())["url"]
    made = await besluit(zaken, zaak)
    (item,) = (await zaken.api.get(f"{zaak}/besluiten")).json()
    writer = await zaken.client("zaken.bijwerken")
    assert (await writer.delete(item["url"])).status_code == 403
    # The besluit could be gone without its mirror, as after a restore; what is left needs the right to force.
    async with zaken.api.stack.admin() as admin:
        await admin.execute("DELETE FROM deventer_besluiten.besluit WHERE uuid = $1", uuid.UUID(made["url"][-36:]))
    assert (await writer.delete(item["url"])).status_code == 403
    both = await zaken.client("zaken.bijwerken", "zaken.geforceerd-bijwerken")
    assert (await both.delete(item["url"])).status_code == 204
