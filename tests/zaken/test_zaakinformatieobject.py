"""Zaakinformatieobject: rules zrc-003, zrc-004, zrc-005 and zrc-017, and the mirror in the Documenten API."""

import uuid
from typing import Any

import httpx
import pytest

from runtime.internal import Internal
from services.zaken import zaakinformatieobject as module
from tests.answers import errors
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.stack import Client
from tests.zaken.zaakmaker import Zaakmaker, archiveer

ZIO = "/zaken/api/v1/zaakinformatieobjecten"
OIO = "/documenten/api/v1/objectinformatieobjecten"


async def een_document(zaken: Zaakmaker, **changes: Any) -> str:
    """Make a document of the type that the zaaktype knows; return its URL."""
    made = await document(zaken.api, informatieobjecttype=zaken.types.informatieobjecttype, **changes)
    return str(made["url"])


async def mirrors(zaken: Zaakmaker, zaak: str) -> list[dict[str, Any]]:
    """Return the objectinformatieobjecten of a zaak."""
    found: list[dict[str, Any]] = (await zaken.api.get(f"{OIO}?object={zaak}")).json()
    return found


async def refused(zaken: Zaakmaker, **body: Any) -> list[tuple[str, str]]:
    """Send a zaakinformatieobject that is refused; return the errors."""
    return errors(await zaken.api.post(ZIO, body))


async def test_zrc_004_zrc_005_life_of_a_zaakinformatieobject(zaken: Zaakmaker) -> None:
    api, zaak, file = zaken.api, (await zaken.zaak())["url"], await een_document(zaken)
    body = {
        "zaak": zaak,
        "informatieobject": file,
        "titel": "Aanvraag",
        "beschrijving": "x" * 2000,
        "vernietigingsdatum": "2040-01-01T00:00:00Z",
        # Both are for the server to say.
        "registratiedatum": "2000-01-01T00:00:00Z",
        "aardRelatieWeergave": "Legt vast, omgekeerd: kan vastgelegd zijn als",
    }
    made = await api.post(ZIO, body)
    assert made.status_code == 201
    item = made.json()
    assert made.headers["location"] == item["url"]
    assert item["aardRelatieWeergave"] == "Hoort bij, omgekeerd: kent"
    assert item["registratiedatum"] > "2026"
    assert item["status"] is None
    (mirror,) = await mirrors(zaken, zaak)
    assert (mirror["informatieobject"], mirror["object"], mirror["objectType"]) == (file, zaak, "zaak")
    # While the relation exists its mirror cannot be removed by anyone.
    assert (await api.delete(mirror["url"])).status_code == 400
    read = await api.get(item["url"])
    assert read.json() == item
    assert (await api.get(item["url"], headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    assert (await api.get(f"{ZIO}?zaak={zaak}&informatieobject={file}")).json() == [item]
    assert (await api.get(f"{ZIO}?zaak={zaak}&informatieobject={file}x")).json() == []
    assert (await zaken.lees({"url": zaak}))["zaakinformatieobjecten"] == [item["url"]]
    status = await zaken.status(zaak)
    changed = await api.patch(item["url"], {"titel": "", "status": status["url"]})
    assert changed.json() == {**item, "titel": "", "status": status["url"]}
    assert (await api.get(status["url"])).json()["zaakinformatieobjecten"] == [item["url"]]
    assert (await api.put(item["url"], item)).json() == item
    assert (await api.delete(item["url"])).status_code == 204
    assert await mirrors(zaken, zaak) == []
    assert (await api.get(file)).status_code == 200
    trail = [
        entry
        for entry in (await api.get(f"{zaak}/audittrail")).json()
        if entry["resource"] == module.ZAAKINFORMATIEOBJECT.name
    ]
    assert [entry["actie"] for entry in trail] == ["create", "partial_update", "update", "destroy"]


async def test_zrc_003_the_document_exists(zaken: Zaakmaker) -> None:
    zaak, root = (await zaken.zaak())["url"], "http://samenzaak.test/documenten/api/v1"
    unknown = f"{root}/enkelvoudiginformatieobjecten/{uuid.uuid4()}"
    assert await refused(zaken, zaak=zaak, informatieobject=unknown) == [("informatieobject", "bad-url")]
    assert await refused(zaken, zaak=zaak, informatieobject="https://elders.example/1") == [
        ("informatieobject", "bad-url")
    ]
    assert await refused(zaken, zaak=zaak, informatieobject=zaak) == [("informatieobject", "invalid-resource")]
    assert await refused(zaken, zaak=zaak) == [("informatieobject", "required")]


async def test_zrc_004_what_may_not_change(zaken: Zaakmaker) -> None:
    zaak, file = (await zaken.zaak())["url"], await een_document(zaken)
    item = await zaken.api.created(ZIO, {"zaak": zaak, "informatieobject": file})
    assert await refused(zaken, zaak=zaak, informatieobject=file) == [("nonFieldErrors", "unique")]
    assert len(await mirrors(zaken, zaak)) == 1
    for name, value in (("zaak", (await zaken.zaak())["url"]), ("informatieobject", await een_document(zaken))):
        answer = await zaken.api.patch(item["url"], {name: value})
        assert errors(answer) == [(name, "wijzigen-niet-toegelaten")]


async def test_zrc_017_informatieobjecttype_of_the_zaaktype(zaken: Zaakmaker) -> None:
    zaak, other = (await zaken.zaak())["url"], (await document(zaken.api))["url"]
    expected = [("nonFieldErrors", "missing-zaaktype-informatieobjecttype-relation")]
    assert await refused(zaken, zaak=zaak, informatieobject=other) == expected


async def test_zrc_017_a_document_of_an_older_version_of_its_type(api: Client, maak: Maak) -> None:
    own = Zaakmaker(api, await maak.zaaktype())
    zaak, file = (await own.zaak())["url"], await een_document(own)
    answer = await api.patch(own.types.informatieobjecttype, {"eindeGeldigheid": "2023-12-31"})
    assert answer.status_code == 200, answer.text
    name = answer.json()["omschrijving"]
    newer = await maak.informatieobjecttype(omschrijving=name, beginGeldigheid="2024-01-01")
    assert (await api.get(own.types.url)).json()["informatieobjecttypen"] == [newer["url"]]
    assert (await api.post(ZIO, {"zaak": zaak, "informatieobject": file})).status_code == 201
    # The same name in another catalogue is another type.
    elsewhere = (await maak.catalogus())["url"]
    other = await maak.informatieobjecttype(omschrijving=name, catalogus=elsewhere)
    strange = (await document(api, informatieobjecttype=other["url"]))["url"]
    expected = [("nonFieldErrors", "missing-zaaktype-informatieobjecttype-relation")]
    assert await refused(own, zaak=zaak, informatieobject=strange) == expected


async def test_status_of_another_zaak(zaken: Zaakmaker) -> None:
    zaak, file = (await zaken.zaak())["url"], await een_document(zaken)
    status = (await zaken.status((await zaken.zaak())["url"]))["url"]
    found = await refused(zaken, zaak=zaak, informatieobject=file, status=status)
    assert found == [("nonFieldErrors", "zaak-mismatch")]
    assert await refused(zaken, zaak=zaak, informatieobject=file, status=zaak) == [("status", "incorrect_match")]


async def test_zrc_005_a_failing_mirror_undoes_the_relation(zaken: Zaakmaker, monkeypatch: pytest.MonkeyPatch) -> None:
    zaak, file = (await zaken.zaak())["url"], await een_document(zaken)
    real, down = Internal.send, True

    async def send(
        self: Internal, caller: Any, service: str, method: str, path: str, *args: Any, **kw: Any
    ) -> httpx.Response:
        if down and "objectinformatieobjecten" in path:
            raise httpx.ConnectError("the Documenten API is down")
        return await real(self, caller, service, method, path, *args, **kw)

    monkeypatch.setattr(Internal, "send", send)
    trail = (await zaken.api.get(f"{zaak}/audittrail")).json()
    found = await refused(zaken, zaak=zaak, informatieobject=file)
    assert found == [("informatieobject", "pending-relations")]
    assert (await zaken.api.get(f"{ZIO}?zaak={zaak}")).json() == []
    assert (await zaken.api.get(f"{zaak}/audittrail")).json() == trail
    down = False
    item = await zaken.api.created(ZIO, {"zaak": zaak, "informatieobject": file, "titel": "blijft"})
    down = True
    answer = await zaken.api.delete(item["url"])
    assert errors(answer) == [("informatieobject", "pending-relations")]
    assert (await zaken.api.get(item["url"])).json() == item
    down = False
    assert len(await mirrors(zaken, zaak)) == 1
    assert (await zaken.api.delete(item["url"])).status_code == 204
    assert await mirrors(zaken, zaak) == []


async def test_zrc_023_mirrors_go_with_the_zaak(zaken: Zaakmaker) -> None:
    zaak, file = (await zaken.zaak())["url"], await een_document(zaken)
    await zaken.api.created(ZIO, {"zaak": zaak, "informatieobject": file})
    assert (await zaken.api.delete(zaak)).status_code == 204
    assert await mirrors(zaken, zaak) == []
    assert (await zaken.api.get(file)).status_code == 200


async def test_zrc_006_zrc_007_documents_of_other_and_of_closed_zaken(zaken: Zaakmaker) -> None:
    secret, file = (
        (await zaken.zaak(vertrouwelijkheidaanduiding="geheim"))["url"],
        await een_document(zaken, status="gearchiveerd"),
    )
    item = await zaken.api.created(ZIO, {"zaak": secret, "informatieobject": file})
    low = await zaken.client("zaken.lezen", "zaken.bijwerken", cap="openbaar")
    assert (await low.get(item["url"])).status_code == 403
    assert (await low.get(f"{ZIO}?informatieobject={file}")).json() == []
    assert (await low.delete(item["url"])).status_code == 403
    closed = (await zaken.gesloten())["url"]
    creator, forced = (
        await zaken.client("zaken.aanmaken", "zaken.verwijderen"),
        await zaken.client("zaken.geforceerd-bijwerken"),
    )
    body = {"zaak": closed, "informatieobject": file}
    assert (await creator.post(ZIO, body)).status_code == 403
    made = await forced.created(ZIO, body)
    assert (await creator.delete(made["url"])).status_code == 403
    await archiveer(zaken, closed)
    expected = [("nonFieldErrors", "zaak-archiefstatus-invalid")]
    assert errors(await forced.patch(made["url"], {"titel": "x"})) == expected
    assert await refused(zaken, zaak=closed, informatieobject=await een_document(zaken)) == expected
    assert (await forced.delete(made["url"])).status_code == 204


async def test_the_first_and_the_last_moments(zaken: Zaakmaker) -> None:
    """common.md §2: "never" is often written as the last day of the calendar."""
    zaak = (await zaken.zaak())["url"]
    file = await document(zaken.api, informatieobjecttype=zaken.types.informatieobjecttype)
    body = {"zaak": zaak, "informatieobject": file["url"]}
    made = await zaken.api.created(ZIO, {**body, "vernietigingsdatum": "9999-12-31T23:59:59Z"})
    assert made["vernietigingsdatum"] == "9999-12-31T23:59:59Z"
    assert (await zaken.api.put(made["url"], made)).json() == made
    for wrong in ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"):
        answer = await zaken.api.patch(made["url"], {"vernietigingsdatum": wrong})
        assert errors(answer) == [("vernietigingsdatum", "invalid")]
