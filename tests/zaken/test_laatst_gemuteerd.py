"""laatstGemuteerd: when a zaak, or what counts as it, last changed."""

from datetime import datetime
from typing import Any

from tests.stack import Stack
from tests.waiting import until
from tests.zaken import schrijven
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker, besluit


async def moment(zaken: Zaakmaker, zaak: str) -> datetime:
    """Return when a zaak last changed."""
    return datetime.fromisoformat((await zaken.lees({"url": zaak}))["laatstGemuteerd"])


async def test_what_counts_and_what_does_not(zaken: Zaakmaker) -> None:
    api = zaken.api
    made, other = await zaken.zaak(), (await zaken.zaak())["url"]
    zaak = made["url"]
    assert await zaken.lees(made) == made

    async def counts(does: bool, method: str, url: str, body: Any = None) -> Any:
        before = await moment(zaken, zaak)
        answer = await api.request(method, url, json=body)
        assert answer.status_code < 300, (method, url, answer.text)
        assert (await moment(zaken, zaak) > before) is does, (method, url, body)
        return answer.json() if answer.content else None

    changed = await counts(True, "PATCH", zaak, {"toelichting": "t"})
    assert changed == await zaken.lees(made)
    for body in (
        {},
        {"toelichting": "t"},
        {"gerelateerdeZaken": [{"url": other}]},
        {"laatstGeopend": "2026-01-01T00:00:00Z"},
        {"laatstGemuteerd": "2026-01-01T00:00:00Z"},
    ):
        await counts(False, "PATCH", zaak, body)
    await counts(False, "PUT", zaak, await zaken.lees(made))
    await counts(True, "PATCH", zaak, {"laatstGeopend": "2026-01-02T00:00:00Z", "toelichting": "u"})
    await counts(True, "POST", "/zaken/api/v1/statussen", zaken.status_body(zaak))
    await counts(True, "POST", "/zaken/api/v1/substatussen", {"zaak": zaak, "omschrijving": "o"})
    resultaat = {"zaak": zaak, "resultaattype": zaken.types.resultaattypen[0]}
    found = await counts(True, "POST", "/zaken/api/v1/resultaten", resultaat)
    await counts(True, "PATCH", found["url"], {"toelichting": "x"})
    await counts(True, "DELETE", found["url"])
    for make, change in ((schrijven.zaakobject, {"relatieomschrijving": "x"}), (schrijven.document, {"titel": "x"})):
        found = await counts(True, *(await make(zaken, zaak)))
        await counts(True, "PATCH", found["url"], change)
        await counts(True, "DELETE", found["url"])
    for ignored in (schrijven.rol, schrijven.eigenschap, schrijven.klantcontact):
        await counts(False, *(await ignored(zaken, zaak)))
    before = await moment(zaken, zaak)
    made_besluit = await besluit(zaken, zaak)
    after = await moment(zaken, zaak)
    assert after > before
    for change in ({"toelichting": "x"}, {"vervaldatum": "2030-01-01"}, {}):
        await counts(True, "PATCH", made_besluit["url"], change)
    await counts(True, "PUT", made_besluit["url"], (await api.get(made_besluit["url"])).json())
    await counts(True, "PATCH", made_besluit["url"], {"zaak": ""})
    await counts(True, "PATCH", made_besluit["url"], {"zaak": zaak})
    await counts(True, "DELETE", made_besluit["url"])

    listed = (await api.get(ZAKEN, params={"identificatie": made["identificatie"]})).json()["results"]
    assert listed == [await zaken.lees(made)]


async def test_a_besluit_that_changes_is_no_news_of_its_zaak(zaken: Zaakmaker, gemeld: list[dict[str, Any]]) -> None:
    api, zaak = zaken.api, (await zaken.zaak())["url"]
    made = await besluit(zaken, zaak)
    trail = (await api.get(f"{zaak}/audittrail")).json()
    before = await moment(zaken, zaak)
    assert (await api.patch(made["url"], {"toelichting": "x"})).status_code == 200
    assert await moment(zaken, zaak) > before
    assert (await api.get(f"{zaak}/audittrail")).json() == trail
    # Who writes the zaak as it was read before loses nothing, and is not refused.
    assert (await api.patch(zaak, {"toelichting": "y"})).status_code == 200
    await until(lambda: "partial_update" in [m["actie"] for m in gemeld if m["resourceUrl"] == zaak])
    await until(lambda: "partial_update" in [m["actie"] for m in gemeld if m["resourceUrl"] == made["url"]])
    heard = [(m["resource"], m["actie"]) for m in gemeld if m["hoofdObject"] == zaak]
    assert sorted(heard) == [("zaak", "create"), ("zaak", "partial_update"), ("zaakbesluit", "create")]


async def test_a_zaak_that_release_0_1_0_stored(zaken: Zaakmaker, stack: Stack) -> None:
    made = await zaken.zaak()
    await zaken.status(made["url"])
    async with stack.admin() as admin:
        key = made["uuid"]
        await admin.execute("UPDATE deventer_zaken.zaak SET laatst_gemuteerd = NULL WHERE uuid::text = $1", key)
        await admin.execute("UPDATE deventer_zaken.audittrail SET raakt = NULL WHERE hoofdobject::text = $1", key)
    trail = (await zaken.api.get(f"{made['url']}/audittrail")).json()
    last = datetime.fromisoformat(trail[-1]["aanmaakdatum"])
    assert await moment(zaken, made["url"]) == last
