"""Relations with the APIs of another Samenzaak: real servers on loopback, which verify each other's tokens."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from beheer.relations import MISSING, ORPHAN, TARGET_GONE, UNKNOWN, check_relations
from gateway import registry
from gateway.app import Gateway
from services.autorisaties.external import add_external
from tests.answers import errors
from tests.besluiten.wereld import BESLUITEN, BIOS, RSIN, ZAKEN, ZIOS, Werk, deelbaar
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.servers import serving
from tests.stack import Client, Stack, running

PENDING = [("nonFieldErrors", "pending-relations")]
SERVICES = ("zaken", "documenten", "catalogi", "besluiten")


class Door:
    """Stands before a gateway; while it is shut nothing gets in, or nothing gets out any more."""

    def __init__(self, app: Any) -> None:
        self.app, self.shut, self.silent = app, "", False
        """The method that is answered 503; with ``silent`` it is carried out all the same."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let one request in, or not."""
        if scope["method"] != self.shut:
            await self.app(scope, receive, send)
            return
        if self.silent:
            await self.app(scope, receive, _nothing)
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _nothing(message: Any) -> None:
    """Lose an answer."""


class Installation:
    """One Samenzaak with one municipality, at a port of its own, and the work of a client there."""

    def __init__(self, stack: Stack, tenant: str, door: Door, base: str, client: Client) -> None:
        self.stack, self.tenant, self.door, self.base, self.client = stack, tenant, door, base, client
        self.werk: Werk

    async def knows(self, other: "Installation") -> None:
        """Configure the APIs of another installation, with a client that is known there."""
        name = f"samenzaak-{self.tenant}"
        there = await other.stack.add_client(other.tenant, name)
        async with self.stack.admin() as admin:
            for service in SERVICES:
                root = f"{other.base}/{service}/api/v1"
                await add_external(
                    admin, self.stack.settings, self.tenant, service, root, client_id=name, secret=there.secret
                )
        await self.stack.standalone.signals.barrier()


async def without_address(stack: Stack, tenant: str) -> None:
    """Leave the address of this machine to those who serve the stack after this."""
    async with stack.admin() as admin:
        await registry.set_hosts(admin, tenant, ())


async def opened(stack: Stack, tenant: str, lijst: Selectielijst, open_: AsyncExitStack) -> Installation:
    """Serve a stack on a free port, for a municipality that is known there by its address."""
    await stack.add_tenant(tenant, ("127.0.0.1",))
    open_.push_async_callback(without_address, stack, tenant)
    door = Door(stack.gateway)
    base = await open_.enter_async_context(serving(door))
    # The port is known only now, and URLs have that of the public URL.
    here = stack.gateway
    door.app = Gateway(replace(here.config, public_url=base), here.registry, here.services)
    client = await stack.add_client(tenant, f"balie-{tenant}", host=base)
    client.http = httpx.AsyncClient(base_url=base, timeout=60)
    open_.push_async_callback(client.http.aclose)
    found = Installation(stack, tenant, door, base, client)
    found.werk = await deelbaar(client, Maak(client, lijst))
    return found


@pytest.fixture(scope="module")
async def hier(stack: Stack, lijst: Selectielijst, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """Two installations that know each other; ``hier.ginds`` is the other one."""
    async with AsyncExitStack() as open_:
        folder = tmp_path_factory.mktemp("ginds")
        there = await open_.enter_async_context(running(folder, "ginds", selectielijst_url=lijst.root, split=False))
        hier = await opened(stack, "zwolle", lijst, open_)
        ginds = await opened(there, "kampen", lijst, open_)
        await hier.knows(ginds)
        await ginds.knows(hier)
        hier.ginds = ginds  # type: ignore[attr-defined]
        yield hier


async def test_zrc_005_a_document_elsewhere_knows_the_zaak(hier: Any) -> None:
    """Of an informatieobjecttype that is here; the other side reads it here."""
    ginds, werk = hier.ginds, hier.werk
    document = await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype)
    zaak = await werk.zaak()
    zio = await werk.zio(zaak, document)
    assert zio["informatieobject"] == document
    assert await ginds.werk.objecten(document) == [("zaak", zaak)]
    assert (await werk.api.get(ZIOS, params={"informatieobject": document})).json() == [zio]
    # drc-008, drc-004: there it cannot be deleted, nor the mirror pulled away.
    assert errors(await ginds.client.delete(document)) == PENDING
    [mirror] = (await ginds.client.get(f"/documenten/api/v1/objectinformatieobjecten?object={zaak}")).json()
    assert errors(await ginds.client.delete(mirror["url"])) == [("nonFieldErrors", "remote-relation-exists")]
    assert (await werk.api.delete(zio["url"])).status_code == 204
    assert await ginds.werk.objecten(document) == []
    again = await werk.zio(zaak, document)
    assert again["url"] != zio["url"]
    assert (await werk.api.delete(zaak)).status_code == 204
    assert await ginds.werk.objecten(document) == []
    assert (await ginds.client.delete(document)).status_code == 204


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "carried out"])
async def test_zrc_005_an_api_elsewhere_that_fails(hier: Any, silent: bool) -> None:
    ginds, werk = hier.ginds, hier.werk
    document = await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype)
    zaak = await werk.zaak()
    try:
        ginds.door.shut, ginds.door.silent = "POST", silent
        answer = await werk.api.post(ZIOS, {"zaak": zaak, "informatieobject": document})
        assert errors(answer) == [("informatieobject", "pending-relations")]
        assert (await werk.api.get(ZIOS, params={"zaak": zaak})).json() == []
        assert await ginds.werk.objecten(document) == []
        ginds.door.shut = ""
        zio = await werk.zio(zaak, document)
        ginds.door.shut = "DELETE"
        assert errors(await werk.api.delete(zio["url"])) == [("informatieobject", "pending-relations")]
        assert errors(await werk.api.delete(zaak)) == PENDING
        assert (await werk.api.get(zio["url"])).json() == zio
        assert await ginds.werk.objecten(document) == [("zaak", zaak)]
    finally:
        ginds.door.shut = ""
    assert (await werk.api.delete(zaak)).status_code == 204
    assert await ginds.werk.objecten(document) == []


async def test_zrc_017_types_of_another_catalogi_api(hier: Any) -> None:
    """A zaak here of a zaaktype elsewhere takes the documents that this zaaktype names."""
    ginds, werk = hier.ginds, hier.werk
    zaak = await werk.zaak(zaaktype=ginds.werk.types.url)
    document = await ginds.werk.document()
    zio = await werk.zio(zaak, document)
    assert await ginds.werk.objecten(document) == [("zaak", zaak)]
    # zrc-028: a type elsewhere can be shown; whether the client may read a document there, nobody here knows.
    expanded = (await werk.api.get(f"{zaak}?expand=zaaktype")).json()["_expand"]["zaaktype"]
    assert expanded == (await ginds.client.get(ginds.werk.types.url)).json()
    for url in (f"{zaak}?expand=zaaktype.catalogus", f"{zio['url']}?expand=informatieobject"):
        assert (await werk.api.get(url)).status_code == 404
    other = await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype)
    answer = await werk.api.post(ZIOS, {"zaak": zaak, "informatieobject": other})
    assert errors(answer) == [("nonFieldErrors", "missing-zaaktype-informatieobjecttype-relation")]
    assert (await werk.api.delete(zaak)).status_code == 204


async def test_brc_005_brc_008_a_document_elsewhere_records_a_besluit(hier: Any) -> None:
    ginds, werk = hier.ginds, hier.werk
    document = await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype)
    besluit = (await werk.besluit())["url"]
    bio = await werk.bio(besluit, document)
    assert await ginds.werk.objecten(document) == [("besluit", besluit)]
    wrong = await ginds.werk.document()
    answer = await werk.api.post(BIOS, {"besluit": besluit, "informatieobject": wrong})
    assert errors(answer) == [("nonFieldErrors", "missing-besluittype-informatieobjecttype-relation")]
    try:
        ginds.door.shut = "DELETE"
        assert errors(await werk.api.delete(besluit)) == PENDING
        assert (await werk.api.get(bio["url"])).json() == bio
    finally:
        ginds.door.shut = ""
    assert (await werk.api.delete(besluit)).status_code == 204
    assert await ginds.werk.objecten(document) == []


async def test_brc_006_brc_007_a_besluit_in_a_zaak_elsewhere(hier: Any) -> None:
    """The besluittype and the zaak are elsewhere, the besluit is here."""
    ginds, werk = hier.ginds, hier.werk
    one, two = await ginds.werk.zaak(), await ginds.werk.zaak()
    body = werk.body(besluittype=ginds.werk.types.besluittype, zaak=one)
    besluit = (await werk.api.created(BESLUITEN, body))["url"]
    assert await ginds.werk.zaakbesluiten(one) == [besluit]
    own = await werk.api.post(BESLUITEN, werk.body(zaak=one))
    assert errors(own) == [("nonFieldErrors", "zaaktype-mismatch")]
    assert errors(await ginds.client.delete(one)) == [("nonFieldErrors", "related-besluiten")]
    assert (await werk.api.patch(besluit, {"zaak": two})).json()["zaak"] == two
    assert (await ginds.werk.zaakbesluiten(one), await ginds.werk.zaakbesluiten(two)) == ([], [besluit])
    try:
        ginds.door.shut = "DELETE"
        for answer in (await werk.api.patch(besluit, {"zaak": ""}), await werk.api.delete(besluit)):
            assert errors(answer) == [("zaak", "pending-relations")]
        ginds.door.shut = "POST"
        assert errors(await werk.api.patch(besluit, {"zaak": one})) == [("zaak", "pending-relations")]
    finally:
        ginds.door.shut = ""
    assert (await werk.api.get(besluit)).json()["zaak"] == two
    assert (await ginds.werk.zaakbesluiten(one), await ginds.werk.zaakbesluiten(two)) == ([], [besluit])
    assert (await werk.api.delete(besluit)).status_code == 204
    assert await ginds.werk.zaakbesluiten(two) == []


async def test_a_closed_zaak_elsewhere_is_protected(hier: Any) -> None:
    """zrc-007: by the rights that the client has here for a zaaktype there."""
    ginds, werk = hier.ginds, hier.werk
    zaak, besluittype = await ginds.werk.zaak(), ginds.werk.types.besluittype
    await ginds.werk.sluit(zaak)
    scopes = ["besluiten.lezen", "besluiten.aanmaken", "besluiten.verwijderen"]
    grant = {"component": "brc", "besluittype": besluittype, "scopes": scopes}
    forced = {
        "component": "zrc",
        "zaaktype": ginds.werk.types.url,
        "maxVertrouwelijkheidaanduiding": "zeer_geheim",
        "scopes": ["zaken.geforceerd-bijwerken"],
    }
    for name, grants, status in (("zwak", [grant], 403), ("sterk", [grant, forced], 201)):
        client = await hier.stack.add_client(hier.tenant, f"{name}-gesloten", grants, host=hier.base)
        client.http = hier.client.http
        body = werk.body(besluittype=besluittype, zaak=zaak)
        answer = await client.post(BESLUITEN, body)
        assert answer.status_code == status, answer.text
    assert len(await ginds.werk.zaakbesluiten(zaak)) == 1


async def test_what_the_other_side_does_not_trust(hier: Any) -> None:
    """Without a configured API on the other side it cannot look here, so nothing is linked."""
    ginds, werk = hier.ginds, hier.werk
    document = await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype)
    zaak = await werk.zaak()
    mirror = {"informatieobject": document, "object": zaak, "objectType": "zaak"}
    answer = await ginds.client.post("/documenten/api/v1/objectinformatieobjecten", mirror)
    assert errors(answer) == [("nonFieldErrors", "inconsistent-relation")]
    unknown = {**mirror, "object": f"{hier.base}{ZAKEN}/8f4e5f2b-74c8-4d6f-9c55-6f9c9f3b7a11"}
    answer = await ginds.client.post("/documenten/api/v1/objectinformatieobjecten", unknown)
    assert errors(answer) == [("object", "bad-url")]
    body = {"verantwoordelijkeOrganisatie": RSIN, "besluittype": f"{ginds.base}/autorisaties/api/v1/applicaties/1"}
    refused = await werk.api.post(BESLUITEN, {**body, "datum": "2024-01-01", "ingangsdatum": "2024-01-01"})
    assert errors(refused) == [("besluittype", "bad-url")]


async def check(at: Installation, repair: bool = False) -> set[tuple[str, str, str, str]]:
    """Run ``check relations --elsewhere``; return what it found, and fail when a repair left something."""
    standalone = at.stack.standalone
    async with at.stack.admin() as admin:
        operator = standalone.operator if repair else None
        found = await check_relations(admin, at.tenant, operator, at.base, elsewhere=standalone.externals)
    if repair:
        assert [item.repaired for item in found] == [""] * len(found)
    return {(item.relation, item.kind, item.source, item.target) for item in found}


async def test_the_check_asks_elsewhere_for_what_a_crash_left(hier: Any) -> None:
    ginds, werk = hier.ginds, hier.werk
    documents = [await ginds.werk.document(informatieobjecttype=werk.types.informatieobjecttype) for _ in range(3)]
    zaak, besluit, there = await werk.zaak(), (await werk.besluit())["url"], await ginds.werk.zaak()
    body = werk.body(besluittype=ginds.werk.types.besluittype, zaak=there)
    linked = (await werk.api.created(BESLUITEN, body))["url"]
    for document in documents:
        await werk.zio(zaak, document)
        await werk.bio(besluit, document)
    assert (await check(hier), await check(ginds)) == (set(), set())

    def path(url: str) -> str:
        return url.removeprefix(hier.base).removeprefix(ginds.base)

    def uuid(url: str) -> str:
        return url.rpartition("/")[2]

    async with ginds.stack.admin() as admin:
        oios = "DELETE FROM kampen_documenten.objectinformatieobject WHERE informatieobject = $1::uuid"
        await admin.execute(f"{oios} AND object_type = 'zaak'", uuid(documents[0]))
        await admin.execute(oios, uuid(documents[1]))
        await admin.execute("DELETE FROM kampen_documenten.document WHERE uuid = $1::uuid", uuid(documents[1]))
        await admin.execute("DELETE FROM kampen_zaken.zaakbesluit WHERE besluit = $1", linked)
    async with hier.stack.admin() as admin:
        zio = "DELETE FROM zwolle_zaken.zaakinformatieobject WHERE informatieobject = $1"
        await admin.execute(zio, documents[2])
    assert await check(hier) == {
        ("zaakinformatieobject", MISSING, path(zaak), documents[0]),
        ("zaakinformatieobject", TARGET_GONE, path(zaak), documents[1]),
        ("besluitinformatieobject", TARGET_GONE, path(besluit), documents[1]),
        ("zaakbesluit", MISSING, path(linked), there),
    }
    assert await check(ginds) == {("zaakinformatieobject", ORPHAN, zaak, path(documents[2]))}
    hier.door.shut = "GET"
    try:
        # Only the other side of what leads there is asked for, and that is not to be had.
        assert {kind for _, kind, _, _ in await check(ginds)} == {UNKNOWN}
    finally:
        hier.door.shut = ""
    await check(hier, repair=True)
    await check(ginds, repair=True)
    assert (await check(hier), await check(ginds)) == (set(), set())
    assert sorted(await ginds.werk.objecten(documents[0])) == [("besluit", besluit), ("zaak", zaak)]
    assert await ginds.werk.objecten(documents[2]) == [("besluit", besluit)]
    assert await ginds.werk.zaakbesluiten(there) == [linked]
