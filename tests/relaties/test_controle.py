"""``check relations`` reports exactly what is inconsistent, mends it, and then reports nothing."""

import asyncio
import uuid
from typing import Any

import pytest

from beheer.relations import MISSING, ORPHAN, TARGET_GONE, Inconsistency, check_relations
from tests.besluiten.wereld import BIOS, ZIOS, Werk
from tests.maak import Maak
from tests.selectielijst import Selectielijst
from tests.stack import PUBLIC, Stack

TENANT = "controle"


@pytest.fixture(scope="module")
async def own(stack: Stack, lijst: Selectielijst) -> Werk:
    """A municipality of which every inconsistency is ours."""
    await stack.add_tenant(TENANT)
    client = await stack.add_client(TENANT, f"alles-{TENANT}")
    maak = Maak(client, lijst)
    return Werk(client, maak, await maak.zaaktype())


async def check(stack: Stack, repair: bool = False, **options: Any) -> list[Inconsistency]:
    """Run the check."""
    operator = stack.standalone.operator if repair else None
    async with stack.admin() as admin:
        return await check_relations(admin, TENANT, operator, PUBLIC, **options)


async def sql(stack: Stack, statement: str, *values: Any) -> None:
    """Do behind the back of the services what a crash could have done."""
    async with stack.admin() as admin:
        assert await admin.execute(statement, *values) not in ("DELETE 0", "UPDATE 0", "INSERT 0 0")


def ident(url: str) -> uuid.UUID:
    """Return the uuid of a URL."""
    return uuid.UUID(url.rsplit("/", 1)[1])


def facts(found: list[Inconsistency]) -> set[tuple[str, str, str, str]]:
    """Return what was found, without the records themselves."""
    return {(item.relation, item.kind, PUBLIC + item.source, PUBLIC + item.target) for item in found}


async def test_each_kind_of_inconsistency_is_found_and_mended(own: Werk, stack: Stack) -> None:
    zaken, documents = [await own.zaak() for _ in range(2)], [await own.document() for _ in range(4)]
    linked, loose = (await own.besluit(zaak=zaken[0]))["url"], (await own.besluit())["url"]
    for document in documents:
        await own.zio(zaken[0], document)
        await own.bio(loose, document)
    assert await check(stack) == []

    oio = "DELETE FROM controle_documenten.objectinformatieobject WHERE informatieobject = $1 AND object_type = $2"
    zio = "DELETE FROM controle_zaken.zaakinformatieobject WHERE informatieobject = $1"
    bio = "DELETE FROM controle_besluiten.besluitinformatieobject WHERE informatieobject = $1"
    await sql(stack, oio, ident(documents[0]), "zaak")
    await sql(stack, oio, ident(documents[1]), "besluit")
    await sql(stack, zio, documents[2].removeprefix(PUBLIC))
    await sql(stack, bio, documents[3].removeprefix(PUBLIC))
    await sql(stack, "DELETE FROM controle_zaken.zaakbesluit WHERE besluit = $1", linked.removeprefix(PUBLIC))
    insert = "INSERT INTO controle_zaken.zaakbesluit (zaak, besluit) VALUES ($1, $2)"
    await sql(stack, insert, ident(zaken[1]), loose.removeprefix(PUBLIC))

    expected = {
        ("zaakinformatieobject", MISSING, zaken[0], documents[0]),
        ("besluitinformatieobject", MISSING, loose, documents[1]),
        ("zaakinformatieobject", ORPHAN, zaken[0], documents[2]),
        ("besluitinformatieobject", ORPHAN, loose, documents[3]),
        ("zaakbesluit", MISSING, linked, zaken[0]),
        ("zaakbesluit", ORPHAN, loose, zaken[1]),
    }
    found = await check(stack, grace=0.01)
    assert facts(found) == expected
    assert [item.left for item in found] == [True] * 6
    mended = await check(stack, repair=True)
    assert facts(mended) == expected
    assert [item.repaired for item in mended] == [""] * 6
    assert not any(item.left for item in mended)
    assert await check(stack) == []
    # The leading side decided.
    assert sorted(await own.objecten(documents[0])) == [("besluit", loose), ("zaak", zaken[0])]
    assert sorted(await own.objecten(documents[1])) == [("besluit", loose), ("zaak", zaken[0])]
    assert await own.objecten(documents[2]) == [("besluit", loose)]
    assert await own.objecten(documents[3]) == [("zaak", zaken[0])]
    assert (await own.zaakbesluiten(zaken[0]), await own.zaakbesluiten(zaken[1])) == ([linked], [])


async def test_a_relation_with_something_that_is_gone_is_removed(own: Werk, stack: Stack) -> None:
    zaak, document = await own.zaak(), await own.document()
    besluit = (await own.besluit(zaak=zaak))["url"]
    zio, bio = await own.zio(zaak, document), await own.bio(besluit, document)
    mirrors = "DELETE FROM controle_documenten.objectinformatieobject WHERE informatieobject = $1"
    await sql(stack, mirrors, ident(document))
    await sql(stack, "DELETE FROM controle_documenten.document WHERE uuid = $1", ident(document))
    expected = {
        ("zaakinformatieobject", TARGET_GONE, zaak, document),
        ("besluitinformatieobject", TARGET_GONE, besluit, document),
    }
    assert facts(await check(stack)) == expected
    assert [item.repaired for item in await check(stack, repair=True)] == ["", ""]
    assert (await own.api.get(zio["url"])).status_code == (await own.api.get(bio["url"])).status_code == 404
    await sql(stack, "DELETE FROM controle_zaken.zaak WHERE uuid = $1", ident(zaak))
    assert facts(await check(stack)) == {("zaakbesluit", TARGET_GONE, besluit, zaak)}
    assert [item.repaired for item in await check(stack, repair=True)] == [""]
    assert (await own.api.get(besluit)).json()["zaak"] == ""
    assert await check(stack) == []


async def test_a_write_that_is_under_way_is_not_reported(own: Werk, stack: Stack) -> None:
    zaak = await own.zaak()
    documents = [await own.document() for _ in range(10)]
    for collection, source in ((ZIOS, {"zaak": zaak}), (BIOS, {"besluit": (await own.besluit())["url"]})):
        writes = [own.api.post(collection, {**source, "informatieobject": document}) for document in documents]
        checks = [asyncio.create_task(check(stack, grace=2.0)) for _ in range(3)]
        answers = await asyncio.gather(*writes)
        assert {answer.status_code for answer in answers} == {201}
        assert await asyncio.gather(*checks) == [[], [], []]


async def test_an_unknown_municipality(stack: Stack) -> None:
    async with stack.admin() as admin:
        with pytest.raises(LookupError, match="nergens"):
            await check_relations(admin, "nergens")
