"""Notifications of what belongs to a zaak (zaken.md §6): which operations send one, and about what."""

from typing import Any

from tests.documenten.maak_document import document
from tests.waiting import until
from tests.zaken.elders import elders
from tests.zaken.zaakmaker import Zaakmaker, besluit

ROOT = "/zaken/api/v1"


async def test_every_operation_that_notifies(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    async with elders(zaken.api.stack) as register:
        api = zaken.api
        zaak = (await zaken.zaak())["url"]
        file = await document(api, informatieobjecttype=zaken.types.informatieobjecttype)
        rol = await zaken.rol(zaak)
        await api.delete(rol["url"])
        pand = {"zaak": zaak, "objectType": "pand", "objectIdentificatie": {"identificatie": "1"}}
        item = await api.created(f"{ROOT}/zaakobjecten", pand)
        await api.put(item["url"], pand)
        await api.patch(item["url"], {})
        await api.delete(item["url"])
        relation = await api.created(f"{ROOT}/zaakinformatieobjecten", {"zaak": zaak, "informatieobject": file["url"]})
        await api.patch(relation["url"], {"titel": "x"})
        await api.delete(relation["url"])
        eigenschap = await zaken.eigenschap(zaak, "kleur", "rood")
        await api.put(eigenschap["url"], eigenschap)
        await api.patch(eigenschap["url"], {"waarde": "x"})
        await api.delete(eigenschap["url"])
        await api.created(f"{ROOT}/klantcontacten", {"zaak": zaak, "datumtijd": "2026-01-01T00:00:00Z"})
        await besluit(zaken, zaak)
        contact = register.add("contacten/1", {"url": "x"})
        for collection, name in (("zaakcontactmomenten", "contactmoment"), ("zaakverzoeken", "verzoek")):
            about = await api.created(f"{ROOT}/{collection}", {"zaak": zaak, name: contact})
            await api.delete(about["url"])
        note = {"gerelateerdAan": zaak, "onderwerp": "x", "tekst": "x"}
        await api.delete((await api.created(f"{ROOT}/zaaknotities", note))["url"])
        # The last of all, which tells that everything before it has arrived.
        await api.patch(zaak, {"toelichting": "klaar"})
        last = ("zaak", "partial_update", zaak)
        await until(lambda: last in {(m["resource"], m["actie"], m["hoofdObject"]) for m in gemeld})
    mine = [message for message in gemeld if message["hoofdObject"] == zaak]
    found = sorted((message["resource"], message["actie"]) for message in mine if message["resource"] != "zaak")
    expected = [
        *(("rol", actie) for actie in ("create", "destroy")),
        *(("zaakobject", actie) for actie in ("create", "update", "partial_update", "destroy")),
        *(("zaakeigenschap", actie) for actie in ("create", "update", "partial_update", "destroy")),
        ("zaakinformatieobject", "create"),
        ("klantcontact", "create"),
        ("zaakbesluit", "create"),
        ("zaakcontactmoment", "create"),
        ("zaakverzoek", "create"),
    ]
    assert found == sorted(expected)
    for message in mine:
        assert message["kanaal"] == "zaken"
        assert message["kenmerken"] == {
            "bronorganisatie": "517439943",
            "zaaktype": zaken.types.url,
            "zaaktype.catalogus": zaken.types.catalogus,
            "vertrouwelijkheidaanduiding": "openbaar",
        }
    urls = {message["resource"]: message["resourceUrl"] for message in mine if message["actie"] == "create"}
    assert urls["rol"] == rol["url"]
    assert urls["zaakeigenschap"] == eigenschap["url"]
