"""Who may do what with besluiten: by besluittype, and before anything else is looked at (besluiten.md §2)."""

import uuid

from tests.answers import errors
from tests.besluiten.wereld import BESLUITEN, BIOS, Werk
from tests.stack import Client, Stack

ALLES = ["besluiten.lezen", "besluiten.aanmaken", "besluiten.bijwerken", "besluiten.verwijderen"]


async def beperkt(werk: Werk, stack: Stack, *scopes: str) -> Client:
    """Return a client that may do this with besluiten of the type of ``werk``, and nothing else."""
    grant = {"component": "brc", "besluittype": werk.types.besluittype, "scopes": list(scopes)}
    return await stack.add_client("deventer", f"beperkt-{uuid.uuid4().hex[:12]}", [grant])


async def test_rights_are_those_of_the_besluittype(werk: Werk, stack: Stack) -> None:
    other = await werk.maak.besluittype()
    mine, hidden = await werk.besluit(), await werk.besluit(besluittype=other["url"])
    document = await werk.document()
    hidden_bio = await werk.api.post(
        "/besluiten/api/v1/besluitinformatieobjecten", {"besluit": hidden["url"], "informatieobject": document}
    )
    assert errors(hidden_bio) == [("nonFieldErrors", "missing-besluittype-informatieobjecttype-relation")]
    grant = {"component": "brc", "besluittype": werk.types.besluittype, "scopes": ["besluiten.lezen"]}
    reader = await stack.add_client("deventer", f"lezer-{uuid.uuid4().hex[:8]}", [grant])
    assert (await reader.get(mine["url"])).status_code == 200
    assert (await reader.get(hidden["url"])).status_code == 403
    listed = (await reader.get(f"{BESLUITEN}?pageSize=500")).json()["results"]
    assert {besluit["besluittype"] for besluit in listed} == {werk.types.besluittype}
    assert (await reader.post(BESLUITEN, werk.body())).status_code == 403
    assert (await reader.patch(mine["url"], {})).status_code == 403
    assert (await reader.delete(mine["url"])).status_code == 403
    assert (await reader.get(f"{mine['url']}/audittrail")).status_code == 403
    maker = {**grant, "scopes": ["besluiten.aanmaken"]}
    writer = await stack.add_client("deventer", f"maker-{uuid.uuid4().hex[:8]}", [maker])
    assert (await writer.post(BESLUITEN, werk.body())).status_code == 201
    assert (await writer.post(BESLUITEN, werk.body(besluittype=other["url"]))).status_code == 403
    assert (await writer.get(mine["url"])).status_code == 403


async def test_rights_come_before_the_errors_of_the_body(werk: Werk, stack: Stack) -> None:
    client, other = await beperkt(werk, stack, *ALLES), (await werk.maak.besluittype())["url"]
    hidden = (await werk.besluit(besluittype=other))["url"]
    for answer in (
        await client.post(BESLUITEN, werk.body(besluittype=other)),
        await client.post(BESLUITEN, werk.body(besluittype=other, datum="gisteren")),
        await client.post(BESLUITEN, werk.body(besluittype=other, datum="2999-01-01")),
        await client.put(hidden, {}),
        await client.patch(hidden, {"datum": "gisteren"}),
        await client.post(BIOS, {"besluit": hidden}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert errors(await client.post(BESLUITEN, werk.body(datum="gisteren"))) == [("datum", "invalid")]
    assert errors(await client.post(BESLUITEN, werk.body(besluittype="geen-url"))) == [("besluittype", "invalid")]
    assert errors(await client.post(BESLUITEN, {"datum": "2024-01-01"}))[0] == (
        "verantwoordelijkeOrganisatie",
        "required",
    )
    assert (await client.delete(f"{BESLUITEN}/{uuid.uuid4()}")).status_code == 404


async def test_brc_001_an_unknown_besluittype_is_told_only_to_who_may_use_all(werk: Werk, stack: Stack) -> None:
    client = await beperkt(werk, stack, *ALLES)
    body = werk.body(besluittype=f"http://samenzaak.test/catalogi/api/v1/besluittypen/{uuid.uuid4()}")
    assert (await client.post(BESLUITEN, body)).status_code == 403
    assert (await client.post(BESLUITEN, {**body, "datum": ""})).status_code == 403
    assert errors(await werk.api.post(BESLUITEN, body)) == [("besluittype", "bad-url")]


async def test_a_besluitinformatieobject_follows_its_besluit(werk: Werk, stack: Stack) -> None:
    besluit, document = (await werk.besluit())["url"], await werk.document()
    bio = await werk.bio(besluit, document)
    body = {"besluit": besluit, "informatieobject": await werk.document()}
    reader = await beperkt(werk, stack, "besluiten.lezen")
    assert (await reader.get(bio["url"])).json() == bio
    assert (await reader.get(BIOS, params={"besluit": besluit})).json() == [bio]
    for answer in (await reader.post(BIOS, body), await reader.delete(bio["url"])):
        assert answer.status_code == 403
    other = Werk(werk.api, werk.maak, await werk.maak.zaaktype())
    stranger = await beperkt(other, stack, *ALLES)
    assert (await stranger.get(BIOS, params={"besluit": besluit})).json() == []
    for answer in (
        await stranger.get(bio["url"]),
        await stranger.post(BIOS, body),
        await stranger.delete(bio["url"]),
        await stranger.get(f"{besluit}/audittrail"),
    ):
        assert answer.status_code == 403
    maker = await beperkt(werk, stack, "besluiten.aanmaken")
    assert (await maker.post(BIOS, body)).status_code == 201
    remover = await beperkt(werk, stack, "besluiten.verwijderen")
    assert (await remover.delete(bio["url"], headers={"Accept": "text/xml"})).status_code == 406
    assert (await remover.delete(bio["url"])).status_code == 204


async def test_zrc_006_a_besluit_names_only_a_zaak_that_the_client_has_rights_to(werk: Werk, stack: Stack) -> None:
    """It would keep a secret zaak from being removed, and change how long that is kept: 403 for POST, PUT and PATCH."""
    brc = {"component": "brc", "besluittype": werk.types.besluittype, "scopes": ALLES}
    zrc = {"component": "zrc", "zaaktype": werk.types.url, "scopes": ["zaken.lezen"]}
    level = {**zrc, "maxVertrouwelijkheidaanduiding": "openbaar"}
    name = f"beperkt-{uuid.uuid4().hex[:12]}"
    secret, zaak = await werk.zaak(vertrouwelijkheidaanduiding="zeer_geheim"), await werk.zaak()
    linked, loose = await werk.besluit(zaak=secret), await werk.besluit()
    for client in (await stack.add_client("deventer", name, [brc, level]), await beperkt(werk, stack, *ALLES)):
        for answer in (
            await client.post(BESLUITEN, werk.body(zaak=secret)),
            await client.patch(loose["url"], {"zaak": secret}),
            await client.put(loose["url"], {**loose, "zaak": secret}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        # What it names already stays, and may be let go.
        assert (await client.put(linked["url"], {**linked, "toelichting": name})).status_code == 200
    assert await werk.zaakbesluiten(secret) == [linked["url"]]
    reader = await stack.add_client("deventer", f"lezer-{name}", [brc, level])
    assert (await reader.post(BESLUITEN, werk.body(zaak=zaak))).status_code == 201
    assert (await reader.patch(linked["url"], {"zaak": ""})).status_code == 200
    assert (await werk.api.delete(secret)).status_code == 204
