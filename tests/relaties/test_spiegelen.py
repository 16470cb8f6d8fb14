"""Many mirrors in one internal request: the rules of the resource hold for each of them (drc-002, drc-004)."""

import uuid

import httpx
import pytest

from runtime.identity import system_caller
from tests.besluiten.wereld import Werk
from tests.relaties.breken import MIRRORS
from tests.stack import PUBLIC, Stack

ZAAK = "/zaken/api/v1/zaken/"
DOCUMENT = "/documenten/api/v1/enkelvoudiginformatieobjecten/"


def relatie(zaak: str, document: str) -> dict[str, str]:
    """Return one relation as services tell it each other."""
    paths = {"object": zaak.removeprefix(PUBLIC), "informatieobject": document.removeprefix(PUBLIC)}
    return {**paths, "objectType": "zaak"}


async def tell(stack: Stack, method: str, *relaties: dict[str, str]) -> httpx.Response:
    """Send relations as the Zaken API does."""
    caller = system_caller("deventer", "zaken", (PUBLIC,))
    internal = stack.standalone.services["zaken"].internal
    return await internal.send(caller, "documenten", method, MIRRORS, {"mirrors": list(relaties)})


async def test_drc_004_each_relation_is_looked_up_where_it_leads(werk: Werk, stack: Stack) -> None:
    zaak, linked, other = await werk.zaak(), await werk.document(), await werk.document()
    await werk.zio(zaak, linked)
    told = (
        relatie(zaak, linked),
        relatie(zaak, other),
        relatie(f"{ZAAK}{uuid.uuid4()}", linked),
        relatie(zaak, f"{DOCUMENT}{uuid.uuid4()}"),
    )
    assert (await tell(stack, "POST", *told)).json() == ["", *["inconsistent-relation"] * 3]
    assert (await tell(stack, "DELETE", *told)).json() == ["remote-relation-exists", "", "", ""]
    assert await werk.objecten(linked) == [("zaak", zaak)]
    assert await werk.objecten(other) == []
    trail = (await werk.api.get(f"{linked}/audittrail")).json()
    assert [entry["resource"] for entry in trail].count("objectinformatieobject") == 1


async def test_drc_002_a_document_that_is_gone(werk: Werk, stack: Stack) -> None:
    """What leads can name a document that does not exist any more, after a crash or a restored backup."""
    zaak, here, gone = await werk.zaak(), await werk.document(), f"{DOCUMENT}{uuid.uuid4()}"
    sql = (
        "INSERT INTO deventer_zaken.zaakinformatieobject (uuid, zaak, informatieobject, titel, beschrijving)"
        " SELECT gen_random_uuid(), $1::uuid, d, '', '' FROM unnest($2::text[]) d"
    )
    async with stack.admin() as admin:
        await admin.execute(sql, zaak[-36:], [here.removeprefix(PUBLIC), gone])
    told = (relatie(zaak, gone), relatie(zaak, here))
    assert (await tell(stack, "POST", *told)).json() == ["object-does-not-exist", ""]
    assert await werk.objecten(here) == [("zaak", zaak)]
    assert (await werk.api.delete(zaak)).status_code == 204
    assert await werk.objecten(here) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"objectType": "verzoek"},
        {"object": f"/besluiten/api/v1/besluiten/{uuid.uuid4()}"},
        {"informatieobject": "https://elders.example/documenten/api/v1/enkelvoudiginformatieobjecten/1"},
    ],
)
async def test_only_own_relations_are_taken(stack: Stack, werk: Werk, wrong: dict[str, str]) -> None:
    good = relatie(f"{ZAAK}{uuid.uuid4()}", f"{DOCUMENT}{uuid.uuid4()}")
    assert (await tell(stack, "POST", {**good, **wrong})).status_code == 400
    assert (await tell(stack, "POST")).json() == []
