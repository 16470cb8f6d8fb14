"""Several clients write the same relations at once: nobody waits for ever, and both sides agree afterwards."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import httpx
import pytest

from beheer.relations import check_relations
from tests.besluiten.wereld import BIOS, OIOS, ZIOS, Werk, deelbaar
from tests.maak import Maak
from tests.relaties.breken import Break, broken
from tests.selectielijst import Selectielijst
from tests.stack import Stack, running

__all__ = ["broken"]

TENANT = "druk"


@pytest.fixture(scope="module")
async def druk(lijst: Selectielijst, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Werk]]:
    """A stack whose services have one connection each: who needs a second one while it has one, waits for ever."""
    folder = tmp_path_factory.mktemp("druk")
    async with running(folder, "druk", selectielijst_url=lijst.root, pool_size=1) as stack:
        await stack.add_tenant(TENANT)
        client = await stack.add_client(TENANT, f"alles-{TENANT}")
        yield stack, await deelbaar(client, Maak(client, lijst))


async def at_once(*work: Awaitable[httpx.Response]) -> list[int]:
    """Send everything at once, and return the statuses; no answer may take longer than a deadlock lasts."""
    started = time.monotonic()
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*work)
    assert time.monotonic() - started < 20
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 201, 204, 400, 404, 409}, [answer.text for answer in answers]
    return statuses


async def consistent(stack: Stack) -> None:
    """Fail when the services tell different things."""
    async with stack.admin() as admin:
        assert await check_relations(admin, TENANT) == []


async def test_a_besluit_moves_while_its_zaak_is_deleted(druk: tuple[Stack, Werk]) -> None:
    """brc-006, zrc-023: the zaak goes only when the besluit has left it, and the besluit arrives only in what is
    there."""
    stack, werk = druk
    api, ends = werk.api, set()
    for _ in range(12):
        old, new = await werk.zaak(), await werk.zaak()
        besluit = (await werk.besluit(zaak=old))["url"]
        moved, old_gone, new_gone = await at_once(api.patch(besluit, {"zaak": new}), api.delete(old), api.delete(new))
        zaak = (await api.get(besluit)).json()["zaak"]
        assert zaak == (new if moved == 200 else old)
        assert (await api.get(zaak)).status_code == 200
        assert await werk.zaakbesluiten(zaak) == [besluit]
        ends.add((moved, old_gone, new_gone))
        await consistent(stack)
    assert ends


async def test_a_relation_is_made_and_removed_at_once(druk: tuple[Stack, Werk]) -> None:
    stack, werk = druk
    api = werk.api
    for collection, kind, source in (
        (ZIOS, "zaak", await werk.zaak()),
        (BIOS, "besluit", (await werk.besluit())["url"]),
    ):
        document = await werk.document()
        body = {kind: source, "informatieobject": document}
        for _ in range(8):
            made = await at_once(*(api.post(collection, body) for _ in range(3)))
            assert made.count(201) == 1
            url = (await api.get(collection, params={"informatieobject": document})).json()[0]["url"]
            statuses = await at_once(api.delete(url), api.post(collection, body), api.delete(url))
            assert (statuses[0], statuses[2]) in ((204, 404), (404, 204))
            for left in (await api.get(collection, params={"informatieobject": document})).json():
                await api.delete(left["url"])
            await consistent(stack)


async def test_a_zaak_is_deleted_while_it_gets_documents(druk: tuple[Stack, Werk]) -> None:
    stack, werk = druk
    api = werk.api
    for _ in range(8):
        zaak = await werk.zaak()
        documents = [await werk.document() for _ in range(3)]
        await werk.zio(zaak, documents[0])
        links = [api.post(ZIOS, {"zaak": zaak, "informatieobject": document}) for document in documents[1:]]
        statuses = await at_once(*links, api.delete(zaak), api.delete(documents[1]))
        assert (await api.get(zaak)).status_code == (404 if statuses[2] == 204 else 200)
        await consistent(stack)


@pytest.mark.long
async def test_anything_at_once(druk: tuple[Stack, Werk]) -> None:
    stack, werk = druk
    dice, api = random.Random(7), werk.api
    zaken, documents = [await werk.zaak() for _ in range(3)], [await werk.document() for _ in range(3)]
    besluiten = [(await werk.besluit(zaak=zaken[0]))["url"] for _ in range(2)]

    async def one() -> httpx.Response:
        zaak, document, besluit = dice.choice(zaken), dice.choice(documents), dice.choice(besluiten)
        what = dice.randrange(8)
        if what < 2:
            return await api.post(ZIOS, {"zaak": zaak, "informatieobject": document})
        if what < 4:
            return await api.post(BIOS, {"besluit": besluit, "informatieobject": document})
        if what == 4:
            return await api.patch(besluit, {"zaak": dice.choice([zaak, ""]), "toelichting": str(dice.random())})
        if what == 5:
            return await api.delete(dice.choice([zaak, document, besluit]))
        collection = dice.choice([ZIOS, BIOS])
        items: list[Any] = (await api.get(collection, params={"informatieobject": document})).json()
        return await api.delete(items[0]["url"]) if items else await api.get(document)

    for _ in range(10):
        await at_once(*(one() for _ in range(12)))
        await consistent(stack)
        for urls, make in ((zaken, werk.zaak), (documents, werk.document)):
            for url in list(urls):
                if (await api.get(url)).status_code == 404:
                    urls[urls.index(url)] = await make()
        for url in list(besluiten):
            if (await api.get(url)).status_code == 404:
                besluiten[besluiten.index(url)] = (await werk.besluit(zaak=zaken[0]))["url"]


async def test_a_relation_that_is_made_again_during_its_removal_keeps_its_mirror(
    werk: Werk, stack: Stack, broken: Break
) -> None:
    """The other side refuses to remove the mirror of the new one, which is no failure of the removal."""
    zaak, document = await werk.zaak(), await werk.document()
    zio = await werk.zio(zaak, document)

    async def meanwhile() -> None:
        await werk.zio(zaak, document)

    with broken("zaken", "documenten", (), meanwhile=meanwhile):
        assert (await werk.api.delete(zio["url"])).status_code == 204
    assert (await werk.api.get(zio["url"])).status_code == 404
    [new] = (await werk.api.get(ZIOS, params={"zaak": zaak})).json()
    assert await werk.objecten(document) == [("zaak", zaak)]
    assert (await werk.api.delete(new["url"])).status_code == 204
    assert await werk.objecten(document) == []


async def test_a_mirror_that_went_too_late_is_made_again(werk: Werk, stack: Stack, broken: Break) -> None:
    """The other side looked before the relation was made again, and removed its mirror after."""
    zaak, document = await werk.zaak(), await werk.document()
    zio = await werk.zio(zaak, document)
    [mirror] = (await werk.api.get(OIOS, params={"object": zaak})).json()

    async def meanwhile() -> None:
        await werk.zio(zaak, document)
        async with stack.admin() as admin:
            uuid = mirror["url"].rpartition("/")[2]
            await admin.execute("DELETE FROM deventer_documenten.objectinformatieobject WHERE uuid = $1::uuid", uuid)

    with broken("zaken", "documenten", (), meanwhile=meanwhile):
        assert (await werk.api.delete(zio["url"])).status_code == 204
    assert await werk.objecten(document) == [("zaak", zaak)]
    await werk.api.delete(zaak)


async def test_a_besluit_that_left_while_its_zaak_could_not_be_told(werk: Werk, broken: Break) -> None:
    """brc-006: by then there is nothing to tell; both writes are what they were answered to be."""
    one, two = await werk.zaak(), await werk.zaak()
    besluit = (await werk.besluit(zaak=one))["url"]

    async def meanwhile() -> None:
        assert (await werk.api.patch(besluit, {"zaak": ""})).status_code == 200

    with broken("besluiten", "zaken", ("POST",), meanwhile=meanwhile):
        assert (await werk.api.patch(besluit, {"zaak": two})).status_code == 200
    assert (await werk.api.get(besluit)).json()["zaak"] == ""
    assert (await werk.zaakbesluiten(one), await werk.zaakbesluiten(two)) == ([], [])
