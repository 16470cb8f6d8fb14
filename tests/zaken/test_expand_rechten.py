"""expand shows nothing that the client may not read, in whatever service it lives (common.md §13)."""

import uuid
from typing import Any

import httpx
import pytest

from runtime.internal import Internal
from tests.documenten.maak_document import document
from tests.maak import Maak
from tests.stack import Client
from tests.zaken.zaakmaker import ZAKEN, Zaakmaker, besluit

ROOT = "/zaken/api/v1"


async def client(zaken: Zaakmaker, *grants: dict[str, Any]) -> Client:
    """Return a client that reads zaken up to openbaar, with more autorisaties."""
    own = {
        "component": "zrc",
        "scopes": ["zaken.lezen"],
        "zaaktype": zaken.types.url,
        "maxVertrouwelijkheidaanduiding": "openbaar",
    }
    return await zaken.api.stack.add_client("deventer", f"lezer-{uuid.uuid4().hex[:12]}", [own, *grants])


def documenten(informatieobjecttype: str, cap: str = "zeer_geheim") -> dict[str, Any]:
    """Return the right to read documents of a type."""
    return {
        "component": "drc",
        "scopes": ["documenten.lezen"],
        "informatieobjecttype": informatieobjecttype,
        "maxVertrouwelijkheidaanduiding": cap,
    }


def besluiten(besluittype: str) -> dict[str, Any]:
    """Return the right to read besluiten of a type."""
    return {"component": "brc", "scopes": ["besluiten.lezen"], "besluittype": besluittype}


@pytest.fixture(scope="module")
async def dossier(zaken: Zaakmaker, maak: Maak) -> dict[str, str]:
    """An open zaak of a type that may be a deelzaak, related to secret zaken, with a document and a besluit."""
    geheim = await zaken.zaak(vertrouwelijkheidaanduiding="geheim", omschrijving="geheim")
    zaak = await zaken.zaak(
        vertrouwelijkheidaanduiding="openbaar", relevanteAndereZaken=[{"url": geheim["url"], "aardRelatie": "vervolg"}]
    )
    back = await zaken.api.patch(
        geheim["url"], {"relevanteAndereZaken": [{"url": zaak["url"], "aardRelatie": "onderwerp"}]}
    )
    assert back.status_code == 200
    async with zaken.api.stack.admin() as admin:
        # The catalogue does not have to know the two as hoofdzaak and deelzaak for what is tested here.
        sql = "UPDATE deventer_zaken.zaak SET hoofdzaak = $1 WHERE uuid = $2"
        await admin.execute(sql, uuid.UUID(geheim["uuid"]), uuid.UUID(zaak["uuid"]))
    rol = await zaken.rol(geheim["url"])
    file = await document(
        zaken.api, informatieobjecttype=zaken.types.informatieobjecttype, vertrouwelijkheidaanduiding="vertrouwelijk"
    )
    relation = await zaken.api.created(
        f"{ROOT}/zaakinformatieobjecten", {"zaak": zaak["url"], "informatieobject": file["url"]}
    )
    made = await besluit(zaken, zaak["url"])
    return {
        "zaak": zaak["url"],
        "geheim": geheim["url"],
        "rol": rol["url"],
        "document": file["url"],
        "zio": relation["url"],
        "besluit": made["url"],
    }


async def test_zaken_above_the_cap_are_left_out(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    reader = await client(zaken)
    query = "expand=hoofdzaak.rollen,relevanteAndereZaken.hoofdzaak"
    for url in (
        dossier["zaak"],
        f"{ZAKEN}?identificatie={(await reader.get(dossier['zaak'])).json()['identificatie']}",
    ):
        answer = await reader.get(f"{url}{'&' if '?' in url else '?'}{query}")
        found = answer.json()["results"][0] if "results" in answer.json() else answer.json()
        assert found["_expand"] == {"hoofdzaak": {}, "relevanteAndereZaken": []}
        assert "geheim" not in str(found["_expand"])
        # The URLs themselves are part of the zaak that may be read.
        assert found["hoofdzaak"] == dossier["geheim"]
    whole = (await zaken.api.get(f"{dossier['zaak']}?{query}")).json()["_expand"]
    assert whole["hoofdzaak"]["_expand"]["rollen"][0]["url"] == dossier["rol"]
    assert [item["url"] for item in whole["relevanteAndereZaken"]] == [dossier["geheim"]]
    deelzaken = (await zaken.api.get(f"{dossier['geheim']}?expand=deelzaken.zaaktype")).json()["_expand"]["deelzaken"]
    assert [item["url"] for item in deelzaken] == [dossier["zaak"]]


async def test_documents_need_rights_of_their_own(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    paths = (
        f"{dossier['zaak']}?expand=zaakinformatieobjecten.informatieobject",
        f"{dossier['zio']}?expand=informatieobject",
        f"{ROOT}/zaakinformatieobjecten?zaak={dossier['zaak']}&expand=informatieobject",
    )

    async def documents(reader: Client) -> list[Any]:
        found = []
        for path in paths:
            answer = await reader.get(path)
            assert answer.status_code == 200, answer.text
            item = answer.json()[0] if isinstance(answer.json(), list) else answer.json()
            item = item["_expand"]["zaakinformatieobjecten"][0] if "zaakinformatieobjecten" in item["_expand"] else item
            found.append(item["_expand"]["informatieobject"])
        return found

    nobody = await client(zaken)
    for path in paths:
        assert (await nobody.get(path)).status_code == 403
    kind = zaken.types.informatieobjecttype
    assert await documents(await client(zaken, documenten(f"{kind[:-3]}000"))) == [{}, {}, {}]
    assert await documents(await client(zaken, documenten(kind, "openbaar"))) == [{}, {}, {}]
    found = await documents(await client(zaken, documenten(kind)))
    assert [item["url"] for item in found] == [dossier["document"]] * 3


async def test_besluiten_need_rights_of_their_own(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    path = f"{dossier['zaak']}/besluiten?expand=besluit.zaak"
    assert (await (await client(zaken)).get(path)).status_code == 403
    kind = zaken.types.besluittype
    (item,) = (await (await client(zaken, besluiten(f"{kind[:-3]}000"))).get(path)).json()
    assert item["_expand"] == {"besluit": {}}
    (item,) = (await (await client(zaken, besluiten(kind))).get(path)).json()
    assert item["_expand"]["besluit"]["url"] == dossier["besluit"]
    assert item["_expand"]["besluit"]["_expand"]["zaak"]["url"] == dossier["zaak"]
    # A besluit leads back to zaken, where the rights of the client count again.
    async with zaken.api.stack.admin() as admin:
        sql = "UPDATE deventer_besluiten.besluit SET zaak = $1 WHERE uuid = $2"
        path_of = {name: dossier[name].removeprefix("http://samenzaak.test") for name in ("geheim", "zaak")}
        await admin.execute(sql, path_of["geheim"], uuid.UUID(dossier["besluit"][-36:]))
        (item,) = (await (await client(zaken, besluiten(kind))).get(path)).json()
        assert item["_expand"]["besluit"]["_expand"] == {"zaak": {}}
        await admin.execute(sql, path_of["zaak"], uuid.UUID(dossier["besluit"][-36:]))


async def test_zrc_025b_zrc_026b_types_and_depth(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    reader = await client(zaken)
    path = "zaaktype.statustypen.zaaktype.catalogus,zaaktype.roltypen"
    found = (await reader.get(f"{dossier['zaak']}?expand={path}")).json()["_expand"]["zaaktype"]
    assert found["url"] == zaken.types.url
    statustype = found["_expand"]["statustypen"][0]
    assert statustype["_expand"]["zaaktype"]["_expand"]["catalogus"]["url"] == zaken.types.catalogus
    assert len(found["_expand"]["roltypen"]) == len(zaken.types.roltypen)


async def test_zrc_027_unknown_attributes(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    urls = [dossier[name] for name in ("zaak", "rol", "zio")]
    urls += [f"{ROOT}/rollen", f"{ROOT}/zaakobjecten", f"{ROOT}/zaakinformatieobjecten", f"{dossier['zaak']}/besluiten"]
    one = f"{ZAKEN}?identificatie={(await zaken.api.get(dossier['zaak'])).json()['identificatie']}"
    for url in (*urls, f"{dossier['zaak']}/zaakeigenschappen", one):
        answer = await zaken.api.get(f"{url}{'&' if '?' in url else '?'}expand=onzin")
        assert (answer.status_code, answer.json()["code"]) == (404, "invalid-expand-field"), url
    for path in ("zaaktype.onzin", "rollen.onzin", "zaakinformatieobjecten.informatieobject.onzin", "identificatie"):
        assert (await zaken.api.get(f"{dossier['zaak']}?expand={path}")).status_code == 404


async def test_expand_of_the_other_resources(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    status = await zaken.status(dossier["zaak"])
    rol = await zaken.rol(dossier["zaak"])
    item = await zaken.api.created(
        f"{ROOT}/zaakobjecten",
        {
            "zaak": dossier["zaak"],
            "objectType": "pand",
            "objectIdentificatie": {"identificatie": "1"},
            "zaakobjecttype": zaken.types.zaakobjecttype,
        },
    )
    eigenschap = await zaken.eigenschap(dossier["zaak"], "kleur", "rood")
    for made, paths in (
        (status, ("zaak", "statustype", "gezetdoor", "zaakinformatieobjecten")),
        (rol, ("zaak", "roltype", "statussen")),
        (item, ("zaak", "zaakobjecttype")),
        (eigenschap, ("zaak", "eigenschap")),
    ):
        found = (await zaken.api.get(f"{made['url']}?expand={', '.join(paths)}")).json()
        assert set(found["_expand"]) == set(paths)
        for path in paths:
            if made.get(path) and isinstance(made[path], str):
                assert found["_expand"][path]["url"] == made[path]
    plain = await zaken.api.get(rol["url"])
    assert "_expand" not in plain.json()
    assert (await zaken.api.get(f"{rol['url']}?expand=zaak")).headers["etag"] != plain.headers["etag"]


async def test_a_secret_rol_or_status_is_not_reached_through_others(zaken: Zaakmaker, dossier: dict[str, str]) -> None:
    reader = await client(zaken)
    assert (await reader.get(f"{dossier['rol']}?expand=zaak")).status_code == 403
    listed = (await reader.get(f"{ROOT}/rollen?expand=zaak&zaak={dossier['geheim']}")).json()
    assert listed["results"] == []
    # The internal way to many objects is not open to clients.
    answer = await reader.post("/_intern/objects/zaken", {"uuids": [dossier["geheim"][-36:]]})
    assert answer.status_code == 404


async def test_zrc_028_what_cannot_be_obtained(
    zaken: Zaakmaker, dossier: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Internal.send

    async def send(self: Internal, caller: Any, service: str, *args: Any, **kw: Any) -> httpx.Response:
        if service == "documenten":
            raise httpx.ConnectError("the Documenten API is down")
        return await real(self, caller, service, *args, **kw)

    monkeypatch.setattr(Internal, "send", send)
    assert (await zaken.api.get(f"{dossier['zio']}?expand=informatieobject")).status_code == 404
    assert (await zaken.api.get(f"{dossier['zio']}?expand=zaak")).status_code == 200


async def test_an_answer_that_would_be_too_large(zaken: Zaakmaker) -> None:
    zaak = (await zaken.zaak())["url"]
    for _ in range(6):
        await zaken.rol(zaak, roltype=zaken.types.roltypen["belanghebbende"])
    # Few objects are read, but each round writes all of them out inside each of the round before.
    whole = await zaken.api.get(f"{zaak}?expand={'.'.join(['rollen', 'zaak'] * 3)}")
    assert len(whole.content) > 200_000
    for rounds in (6, 10):
        answer = await zaken.api.get(f"{zaak}?expand={'.'.join(['rollen', 'zaak'] * rounds)}")
        assert (answer.status_code, answer.json()["invalidParams"][0]["name"]) == (400, "expand")
