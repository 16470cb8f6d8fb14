"""Separate processes work together with their own keys only, and none of them has the secret key."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from beheer.keys import keys_of, purposes_of
from beheer.runner import PARTS
from runtime.settings import Settings
from runtime.tenancy import SERVICES
from tests.answers import errors
from tests.opdracht import environment
from tests.stack import Client, Stack
from tests.waiting import until
from tests.wereld import make


@pytest.mark.long
async def test_no_process_has_the_secret_key_or_a_key_of_another(anew: Stack) -> None:
    assert anew.split is not None
    assert anew.settings.secret_key is not None
    secret = anew.settings.secret_key.get_secret_value()
    for part in PARTS:
        (pid,) = anew.split.pids(part)
        variables = psutil.Process(pid).environ()
        assert "SAMENZAAK_SECRET_KEY" not in variables, part
        assert not [name for name, value in variables.items() if secret in value], part
        given = Settings.model_validate({"keys": variables["SAMENZAAK_KEYS"]})
        assert given.keys == keys_of(anew.settings, part), part


async def test_writes_that_cross_from_one_service_to_another(apart: Stack, vendor: Client) -> None:
    """Relations of zaak, document and besluit are seen from both sides, and each side is removed with the other."""
    wereld = await make(vendor)
    zaak, besluit = wereld["zaken/zaken"], wereld["besluiten/besluiten"]
    mirrors = f"/documenten/api/v1/objectinformatieobjecten?object={besluit}"
    assert len((await vendor.get(mirrors)).json()) == 1
    # Reading what another API has is done with the rights of the client, for whom the service vouches.
    paths = "zaaktype,zaakinformatieobjecten.informatieobject"
    expanded = (await vendor.get(f"{zaak}?expand={paths}")).json()["_expand"]
    assert expanded["zaaktype"]["url"] == wereld["catalogi/zaaktypen"]
    document = expanded["zaakinformatieobjecten"][0]["_expand"]["informatieobject"]
    assert document["url"] == wereld["documenten/enkelvoudiginformatieobjecten"]
    # Documenten asks zaken, and catalogi asks all of them.
    refused = await vendor.delete(wereld["documenten/objectinformatieobjecten"])
    assert errors(refused) == [("nonFieldErrors", "remote-relation-exists")]
    assert (await vendor.delete(wereld["catalogi/besluittypen"])).status_code == 409
    for link in ("besluiten/besluitinformatieobjecten", "zaken/zaakinformatieobjecten"):
        assert (await vendor.delete(wereld[link])).status_code == 204, link
    assert (await vendor.get(mirrors)).json() == []
    assert (await vendor.delete(besluit)).status_code == 204
    assert (await vendor.get(f"{zaak}/besluiten")).json() == []


async def test_a_client_with_few_rights_gets_no_more_from_another_service(apart: Stack, vendor: Client) -> None:
    wereld = await make(vendor)
    right = {"component": "zrc", "scopes": ["zaken.lezen"], "zaaktype": wereld["catalogi/zaaktypen"]}
    few = await apart.add_client("deventer", "weinig", [{**right, "maxVertrouwelijkheidaanduiding": "zeer_geheim"}])
    zaak = wereld["zaken/zaken"]
    assert (await few.get(zaak)).status_code == 200
    # Documenten looks at the rights of the client, although it is zaken that asks.
    answer = await few.get(f"{zaak}?expand=zaakinformatieobjecten.informatieobject")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "documenten.lezen" in answer.json()["detail"]


async def test_the_worker_brings_the_notifications_of_every_service(apart: Stack, vendor: Client) -> None:
    await make(vendor)
    tables = [f"deventer_{name}.outbox" for name in SERVICES if name != "notificaties"]
    async with apart.admin() as admin:
        for table in tables:
            await until(lambda table=table: admin.fetchval(f"SELECT count(*) = 0 FROM {table}"), table)  # type: ignore[misc]


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[] if part == "zaken" else pytest.mark.long) for part in PARTS]
)
async def test_a_process_without_one_of_its_keys_ends_and_names_it(tmp_path: Path, part: str) -> None:
    settings = Settings(secret_key=SecretStr("k" * 40))
    *_, missing = purposes_of(part)
    given = {each: key for each, key in keys_of(settings, part).items() if each != missing}
    keys = ",".join(f"{each}={key.get_secret_value()}" for each, key in given.items())
    variables = environment(home=tmp_path / "home", database_url="postgresql://127.0.0.1:1/x", keys=keys)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "beheer.serve_service", part, env=variables, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    assert process.returncode == 1
    assert f"SAMENZAAK_KEYS of {part} has no key for {missing}".encode() in told
    assert b"Traceback" not in told
