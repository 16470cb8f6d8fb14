"""What another service could not be told is told by the relay, without a person."""

from typing import Any

from sqlalchemy import select

from services.zaken.mirroring import mirrors_of
from tests.besluiten.wereld import ZIOS, Werk
from tests.relaties.breken import Break, broken, over
from tests.stack import PUBLIC, Stack
from zgw.mirroring.agreement import Agreement, for_outbox

__all__ = ["broken"]


async def test_a_write_that_was_taken_back_is_forgotten_at_the_other_side(
    stack: Stack, werk: Werk, broken: Break, gemeld: list[dict[str, Any]]
) -> None:
    zaak, document = await werk.zaak(), await werk.document()
    posted, removed = broken("zaken", "documenten", ("POST",), after=True), broken("zaken", "documenten", ("DELETE",))
    with posted, removed:
        answer = await werk.api.post(ZIOS, {"zaak": zaak, "informatieobject": document})
    assert (answer.status_code, answer.json()["invalidParams"][0]["code"]) == (400, "pending-relations")
    # The call was carried out, and taking it back was not.
    assert await werk.objecten(document) == [("zaak", zaak)]
    await over(stack)
    assert await werk.objecten(document) == []
    assert not [message for message in gemeld if message["resource"] == "zaakinformatieobject"]


async def test_what_leads_to_a_document_that_is_gone_is_removed(stack: Stack, werk: Werk) -> None:
    zaak, document = await werk.zaak(), await werk.document()
    zio = await werk.zio(zaak, document)
    uuid = zio["uuid"]
    # As if the process had died before it told Documenten, and the document was removed after that.
    async with stack.admin() as admin:
        await admin.execute(
            "DELETE FROM deventer_documenten.objectinformatieobject WHERE object LIKE $1", f"%{zaak[-36:]}"
        )
    assert (await werk.api.delete(document)).status_code == 204
    zaken = stack.standalone.services["zaken"]
    of = zaken.api.metadata.tables
    async with zaken.database.transaction("deventer") as db:
        table = of["zaakinformatieobject"]
        row = await db.row(select(table).where(table.c.uuid == uuid))
        assert row is not None
        mirrors = for_outbox([Agreement("", mirrors_of("zaakinformatieobject", row))], PUBLIC)
        await db.execute(of["outbox"].insert().values(bases=[PUBLIC], message={}, mirrors=mirrors))
    await over(stack)
    assert (await werk.api.get(zio["url"])).status_code == 404
