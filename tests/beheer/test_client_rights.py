"""`samenzaak client add` with a bundle, and what `client show` tells of rights that follow types."""

import time
from typing import Any

import pytest

from beheer import tenants
from beheer.cli_client import _facts
from tests.bodies import zaak_body
from tests.maak import Maak
from tests.stack import Client, Stack

SECRET = "geheim-van-een-bundel-dat-lang-genoeg-is"


async def test_a_bundle_follows_the_catalogue_from_the_first_request_on(stack: Stack, api: Client, maak: Maak) -> None:
    catalogue = await maak.catalogus()
    domein, client_id = catalogue["domein"], f"bundel-{time.time_ns()}"
    bundle = tenants.Bundle("registreren", domein, "openbaar")
    async with stack.admin() as admin:
        await tenants.add_client(admin, stack.settings, "deventer", client_id, SECRET, "Balie", bundle=bundle)
    client = Client(stack, "deventer", client_id, SECRET)
    zaaktype = await maak.publiceer((await maak.concept(catalogus=catalogue["url"]))["url"])
    await client.created("/zaken/api/v1/zaken", zaak_body(zaaktype["url"]))
    async with stack.admin() as admin:
        facts = await tenants.client_facts(admin, "deventer", client_id)
    assert facts["volgt"][0] == {
        "component": "zrc", "scopes": ["zaken.aanmaken", "zaken.lezen"], "niveau": "openbaar",
        "catalogus": domein, "type": None,
    }  # fmt: skip
    lines = _facts(facts).splitlines()
    assert f"follows  catalogue {domein}: zrc zaken.aanmaken zaken.lezen up to openbaar" in lines
    assert f"follows  catalogue {domein}: brc besluiten.aanmaken besluiten.lezen" in lines
    # The API shows what the command stored.
    shown = (await api.get(f"/autorisaties/api/v1/applicaties/consumer?clientId={client_id}")).json()
    assert [one.get("zaaktype") for one in shown["autorisaties"]] == [None, zaaktype["url"], None, None]
    assert (await api.put(shown["url"], shown)).json() == shown


async def test_a_right_on_all_versions_is_told_by_name(stack: Stack, api: Client, maak: Maak) -> None:
    concept = await maak.concept()
    grant: dict[str, Any] = {"component": "zrc", "scopes": ["zaken.lezen"], "maxVertrouwelijkheidaanduiding": "intern"}
    client = await stack.add_client(
        "deventer", f"naam-{time.time_ns()}", [{**grant, "zaaktype": concept["url"], "alleVersies": True}]
    )
    domein = (await api.get(concept["catalogus"])).json()["domein"]
    async with stack.admin() as admin:
        facts = await tenants.client_facts(admin, "deventer", client.client_id)
    assert f"follows  {domein} {concept['identificatie']}: zrc zaken.lezen up to intern" in _facts(facts).splitlines()


async def test_a_bundle_for_a_catalogue_that_is_not_there_makes_nothing(stack: Stack) -> None:
    client_id, bundle = f"bundel-{time.time_ns()}", tenants.Bundle("lezen", "GEEN", "openbaar")
    async with stack.admin() as admin:
        with pytest.raises(LookupError, match="deventer has no catalogue GEEN"):
            await tenants.add_client(admin, stack.settings, "deventer", client_id, SECRET, bundle=bundle)
        with pytest.raises(LookupError, match="there is no client"):
            await tenants.client_facts(admin, "deventer", client_id)
