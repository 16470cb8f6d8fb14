"""Deleting zaken, documents and besluiten that hang together: zrc-023, drc-008, brc-009."""

import asyncio

from tests.answers import errors
from tests.besluiten.wereld import BESLUITEN, BIOS, OIOS, ZAKEN, ZIOS, Werk


async def test_zrc_023_a_zaak_with_documents_and_deelzaken(werk: Werk) -> None:
    zaak, other = await werk.zaak(), await werk.zaak()
    deelzaak = await werk.zaak(hoofdzaak=zaak)
    shared, own = await werk.document(), await werk.document()
    zios = [await werk.zio(zaak, shared), await werk.zio(deelzaak, own), await werk.zio(other, shared)]
    related = [{"url": zaak, "aardRelatie": "vervolg"}]
    assert (await werk.api.patch(other, {"relevanteAndereZaken": related})).status_code == 200
    assert (await werk.api.delete(zaak)).status_code == 204
    for gone in (zaak, deelzaak, zios[0]["url"], zios[1]["url"], f"{zaak}/audittrail"):
        assert (await werk.api.get(gone)).status_code == 404
    # Documents stay, and know what they still belong to.
    assert await werk.objecten(shared) == [("zaak", other)]
    assert await werk.objecten(own) == []
    assert (await werk.api.get(other)).json()["relevanteAndereZaken"] == []
    assert (await werk.api.delete(own)).status_code == 204


async def test_zrc_023_a_zaak_with_a_besluit_cannot_be_deleted(werk: Werk) -> None:
    zaak = await werk.zaak()
    deelzaak = await werk.zaak(hoofdzaak=zaak)
    besluit = (await werk.besluit(zaak=deelzaak))["url"]
    for refused in (zaak, deelzaak):
        assert errors(await werk.api.delete(refused)) == [("nonFieldErrors", "related-besluiten")]
        assert (await werk.api.get(refused)).status_code == 200
    # Unlinking is enough (B1).
    assert (await werk.api.patch(besluit, {"zaak": ""})).status_code == 200
    assert (await werk.api.delete(zaak)).status_code == 204
    assert (await werk.api.get(besluit)).json()["zaak"] == ""


async def test_zrc_023_a_deelzaak_can_be_deleted_alone(werk: Werk) -> None:
    zaak = await werk.zaak()
    deelzaak = await werk.zaak(hoofdzaak=zaak)
    assert (await werk.api.delete(deelzaak)).status_code == 204
    assert (await werk.api.get(zaak)).json()["deelzaken"] == []


async def test_drc_008_a_document_that_is_linked_cannot_be_deleted(werk: Werk) -> None:
    zaak, besluit, document = await werk.zaak(), (await werk.besluit())["url"], await werk.document()
    zio, bio = await werk.zio(zaak, document), await werk.bio(besluit, document)
    for link in (zio, bio):
        assert errors(await werk.api.delete(document)) == [("nonFieldErrors", "pending-relations")]
        assert (await werk.api.delete(link["url"])).status_code == 204
    assert (await werk.api.delete(document)).status_code == 204
    assert (await werk.api.get(document)).status_code == 404


async def test_brc_009_a_besluit_with_zaak_and_documents(werk: Werk) -> None:
    zaak, documents = await werk.zaak(), [await werk.document() for _ in range(3)]
    besluit = (await werk.besluit(zaak=zaak))["url"]
    for document in documents:
        await werk.bio(besluit, document)
        await werk.zio(zaak, document)
    assert (await werk.api.delete(besluit)).status_code == 204
    assert (await werk.api.get(BIOS, params={"besluit": besluit})).json() == []
    assert await werk.zaakbesluiten(zaak) == []
    for document in documents:
        assert await werk.objecten(document) == [("zaak", zaak)]
    assert (await werk.api.delete(zaak)).status_code == 204


async def test_a_mirror_cannot_be_written_by_hand(werk: Werk) -> None:
    """drc-004 and zaken.md §7.1: the leading record decides."""
    zaak, document, besluit = await werk.zaak(), await werk.document(), (await werk.besluit())["url"]
    for kind, source in (("zaak", zaak), ("besluit", besluit)):
        body = {"informatieobject": document, "object": source, "objectType": kind}
        assert errors(await werk.api.post(OIOS, body)) == [("nonFieldErrors", "inconsistent-relation")]
    posted = await werk.api.post(f"{zaak}/besluiten", {"besluit": besluit})
    assert errors(posted) == [("nonFieldErrors", "inconsistent-relation")]
    linked = (await werk.besluit(zaak=zaak))["url"]
    again = await werk.api.post(f"{zaak}/besluiten", {"besluit": linked})
    assert errors(again) == [("nonFieldErrors", "unique")]
    [mirror] = (await werk.api.get(f"{zaak}/besluiten")).json()
    assert errors(await werk.api.delete(mirror["url"])) == [("nonFieldErrors", "inconsistent-relation")]


async def test_everything_at_the_same_time_leaves_both_sides_agreeing(werk: Werk) -> None:
    """Links are made, moved and removed by several clients at once; whatever won, the mirrors tell the same."""
    zaken = [await werk.zaak() for _ in range(3)]
    documents = [await werk.document() for _ in range(2)]
    besluit = (await werk.besluit(zaak=zaken[0]))["url"]
    for round_ in range(4):
        work = [werk.api.patch(besluit, {"zaak": zaak}) for zaak in zaken]
        for document in documents:
            work.append(werk.api.post(BIOS, {"besluit": besluit, "informatieobject": document}))
            work.append(werk.api.post(ZIOS, {"zaak": zaken[round_ % 3], "informatieobject": document}))
        answers = await asyncio.gather(*work)
        assert {answer.status_code for answer in answers} <= {200, 201, 400, 409}
        current = (await werk.api.get(besluit)).json()["zaak"]
        for zaak in zaken:
            assert await werk.zaakbesluiten(zaak) == ([besluit] if zaak == current else [])
        for document in documents:
            links = {("besluit", besluit)} if (await linked(werk, BIOS, document)) else set()
            links |= {("zaak", item["zaak"]) for item in await linked(werk, ZIOS, document)}
            assert set(await werk.objecten(document)) == links
        removals = [werk.api.delete(item["url"]) for d in documents for item in await linked(werk, BIOS, d)]
        await asyncio.gather(*removals, *(werk.api.delete(documents[0]) for _ in range(2)))
    assert (await werk.api.delete(besluit)).status_code == 204
    found = await asyncio.gather(*(werk.api.delete(zaak) for zaak in zaken))
    assert {answer.status_code for answer in found} == {204}
    for document in documents:
        assert await werk.objecten(document) == []
    assert (await werk.api.get(f"{BESLUITEN}?zaak={zaken[0]}")).json()["count"] == 0
    assert (await werk.api.get(f"{ZAKEN}?zaaktype={werk.types.url}&pageSize=1")).status_code == 200


async def linked(werk: Werk, collection: str, document: str) -> list[dict[str, str]]:
    """Return the leading records of a document."""
    found: list[dict[str, str]] = (await werk.api.get(collection, params={"informatieobject": document})).json()
    return found
