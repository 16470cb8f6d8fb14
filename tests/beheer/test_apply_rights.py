"""`samenzaak apply`: rights follow the types that a file names."""

import time
from pathlib import Path
from typing import Any

from gateway import registry
from tests.beheer.configuratie import municipality
from tests.beheer.toepassen import applied, told
from tests.maak import Maak
from tests.stack import Client, Stack

RIGHTS = "/autorisaties/api/v1/applicaties"


async def test_a_right_on_a_type_waits_for_the_catalogue_and_follows_it(
    stack: Stack, api: Client, maak: Maak, tmp_path: Path
) -> None:
    async with stack.admin() as admin:
        known = next(t for t in await registry.list_tenants(admin) if t.name == "deventer")
    catalogue = await maak.catalogus()
    client_id = f"typen-{time.time_ns()}"
    named = {"domein": catalogue["domein"], "omschrijving": "Foto"}
    right = {"component": "drc", "scopes": ["documenten.lezen"], "maxVertrouwelijkheidaanduiding": "openbaar"}
    parts = {
        "clients": {client_id: {"autorisaties": [{**right, "informatieobjecttype": named}]}},
        "hosts": [*known.hosts],
    }
    content = municipality("deventer", **parts)
    content["municipalities"]["deventer"] |= {"naam": known.naam, "rsin": known.rsin}
    missing = f"no informatieobjecttype {named['domein']} Foto yet"
    pending = f"! rights of {client_id}: {missing}, left out; apply again when it is there"
    assert told(await applied(stack, tmp_path, content), "deventer") == [f"+ client {client_id}", pending]

    first = await maak.informatieobjecttype(
        catalogus=catalogue["url"], omschrijving="Foto", beginGeldigheid="2020-01-01", eindeGeldigheid="2021-01-01"
    )
    await maak.informatieobjecttype(catalogus=catalogue["url"], omschrijving="Brief")
    follows = f"drc documenten.lezen {named['domein']} Foto (all versions) up to openbaar"
    assert told(await applied(stack, tmp_path, content), "deventer") == [
        f"+ rights of {client_id}", f"    + {follows}",
    ]  # fmt: skip
    second = await maak.informatieobjecttype(
        catalogus=catalogue["url"], omschrijving="Foto", beginGeldigheid="2022-01-01"
    )
    # It follows by itself.
    assert told(await applied(stack, tmp_path, content), "deventer") == []

    async def shown() -> set[tuple[str, Any]]:
        found = (await api.get(f"{RIGHTS}?clientIds={client_id}")).json()["results"][0]["autorisaties"]
        return {(a["informatieobjecttype"], a.get("alleVersies")) for a in found}

    assert await shown() == {(first["url"], True), (second["url"], True)}
    client = content["municipalities"]["deventer"]["clients"][client_id]
    # Named by the URL of a version it is the same, when the file says so; otherwise it is that version.
    client["autorisaties"] = [{**right, "informatieobjecttype": second["url"], "alleVersies": True}]
    assert told(await applied(stack, tmp_path, content), "deventer") == []
    client["autorisaties"] = [{**right, "informatieobjecttype": {**named}, "alleVersies": False}]
    fixed = [f"drc documenten.lezen {one['url']} up to openbaar" for one in (first, second)]
    assert sorted(told(await applied(stack, tmp_path, content), "deventer")) == sorted(
        [f"~ rights of {client_id}", *(f"    + {one}" for one in fixed), f"    - {follows}"]
    )
    assert await shown() == {(first["url"], None), (second["url"], None)}
    assert told(await applied(stack, tmp_path, content), "deventer") == []
    client["autorisaties"] = [{**right, "informatieobjecttype": second["url"]}]
    assert told(await applied(stack, tmp_path, content), "deventer") == [
        f"~ rights of {client_id}", f"    - {fixed[0]}",
    ]  # fmt: skip


async def test_a_bundle_for_a_whole_catalogue(stack: Stack, api: Client, maak: Maak, tmp_path: Path) -> None:
    async with stack.admin() as admin:
        known = next(t for t in await registry.list_tenants(admin) if t.name == "deventer")
    catalogue = await maak.catalogus()
    domein, client_id = catalogue["domein"], f"bundel-{time.time_ns()}"
    rights: list[dict[str, Any]] = [
        {"bundel": "registreren", "catalogus": domein, "maxVertrouwelijkheidaanduiding": "intern"}
    ]
    content = municipality("deventer", hosts=[*known.hosts], clients={client_id: {"autorisaties": rights}})
    content["municipalities"]["deventer"] |= {"naam": known.naam, "rsin": known.rsin}
    assert told(await applied(stack, tmp_path, content), "deventer") == [
        f"+ client {client_id}",
        f"+ rights of {client_id}",
        f"    + zrc zaken.aanmaken zaken.lezen catalogue {domein} up to intern",
        f"    + drc documenten.aanmaken documenten.lezen catalogue {domein} up to intern",
        f"    + brc besluiten.aanmaken besluiten.lezen catalogue {domein}",
    ]
    zaaktype = await maak.concept(catalogus=catalogue["url"])
    document = await maak.informatieobjecttype(catalogus=catalogue["url"])
    assert told(await applied(stack, tmp_path, content), "deventer") == []
    found = (await api.get(f"{RIGHTS}?clientIds={client_id}")).json()["results"][0]["autorisaties"]
    assert [found[0]["zaaktype"], found[1]["informatieobjecttype"], found[2]["catalogus"]] == [
        zaaktype["url"], document["url"], catalogue["url"],
    ]  # fmt: skip
    # The type tells the component; a type without a name is all of them.
    rights[:] = [
        {"bundel": "lezen", "zaaktype": {"domein": domein}, "maxVertrouwelijkheidaanduiding": "intern"},
        {"component": "ztc", "scopes": ["catalogi.lezen"]},
        {"bundel": "alles", "catalogus": "GEEN", "maxVertrouwelijkheidaanduiding": "intern"},
    ]
    lines = told(await applied(stack, tmp_path, content), "deventer")
    assert lines[:4] == [
        f"! rights of {client_id}: no catalogus GEEN yet, left out; apply again when it is there",
        f"~ rights of {client_id}",
        f"    + zrc zaken.lezen catalogue {domein} up to intern",
        "    + ztc catalogi.lezen",
    ]
