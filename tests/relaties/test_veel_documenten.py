"""A zaak with thousands of documents is deleted within the time that its notification is held (zrc-023, zrc-005)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.answers import errors
from tests.besluiten.wereld import OIOS, ZIOS, Werk
from tests.relaties.breken import Break, broken, no_message, outbox
from tests.stack import Stack
from tests.zaken.elders import elders
from zgw.externals import AT_ONCE
from zgw.mirroring.telling import BUNDLE
from zgw.outbox import HOLD

__all__ = ["broken"]

VEEL = 2500


async def gevuld(werk: Werk, stack: Stack, aantal: int) -> tuple[str, str]:
    """Make a zaak with so many documents; return it and one of them. All but that one are loaded past the API."""
    zaak, document = await werk.zaak(), await werk.document()
    await werk.zio(zaak, document)
    copies = """
        WITH made AS (
            INSERT INTO deventer_documenten.document SELECT (jsonb_populate_record(d, jsonb_build_object(
                'id', nextval(pg_get_serial_sequence('deventer_documenten.document', 'id')),
                'uuid', gen_random_uuid(), 'identificatie', gen_random_uuid()))).*
            FROM deventer_documenten.document d, generate_series(2, $1) WHERE d.uuid = $2::uuid RETURNING uuid
        ), links AS (
            INSERT INTO deventer_zaken.zaakinformatieobject (uuid, zaak, informatieobject, titel, beschrijving)
            SELECT gen_random_uuid(), $3::uuid, '/documenten/api/v1/enkelvoudiginformatieobjecten/' || uuid, '', ''
            FROM made
        )
        INSERT INTO deventer_documenten.objectinformatieobject (uuid, informatieobject, object, object_type)
        SELECT gen_random_uuid(), uuid, '/zaken/api/v1/zaken/' || $3, 'zaak' FROM made
    """
    async with stack.admin() as admin:
        await admin.fetch(copies, aantal, document[-36:], zaak[-36:])
    return zaak, document


async def mirrors(stack: Stack, zaak: str) -> int:
    """Return how many documents know that they belong to the zaak."""
    sql = "SELECT count(*) FROM deventer_documenten.objectinformatieobject WHERE object LIKE '%' || $1"
    async with stack.admin() as admin:
        found: int = await admin.fetchval(sql, zaak[-36:])
        return found


async def test_zrc_023_a_zaak_with_thousands_of_documents(werk: Werk, stack: Stack) -> None:
    zaak, document = await gevuld(werk, stack, VEEL)
    assert await mirrors(stack, zaak) == VEEL
    started = time.monotonic()
    assert (await werk.api.delete(zaak)).status_code == 204
    took = time.monotonic() - started
    # A fourth of the time that the notification is held, and of what a gateway waits.
    assert took < HOLD.total_seconds() / 4
    assert await mirrors(stack, zaak) == 0
    trail = (await werk.api.get(f"{document}/audittrail")).json()
    assert [entry["actie"] for entry in trail if entry["resource"] == "objectinformatieobject"] == ["create", "destroy"]
    assert trail[-1]["resourceWeergave"].endswith(zaak[-36:])
    assert trail[-1]["wijzigingen"]["oud"]["object"] == zaak
    assert (await werk.api.delete(document)).status_code == 204


@pytest.mark.parametrize("after", [False, True], ids=["not carried out", "carried out"])
async def test_zrc_023_all_documents_come_back(werk: Werk, stack: Stack, broken: Break, after: bool) -> None:
    """More than one request tells of: what was removed already is made again."""
    aantal = BUNDLE * 2 + 7
    zaak, document = await gevuld(werk, stack, aantal)
    with broken("zaken", "documenten", ("DELETE",), after):
        assert errors(await werk.api.delete(zaak)) == [("nonFieldErrors", "pending-relations")]
    assert len((await werk.api.get(ZIOS, params={"zaak": zaak})).json()) == aantal
    assert await mirrors(stack, zaak) == aantal
    assert [item["object"] for item in (await werk.api.get(OIOS, params={"informatieobject": document})).json()] == [
        zaak
    ]
    assert await no_message(stack, "zaken", '"destroy"', zaak)
    assert (await werk.api.delete(zaak)).status_code == 204
    assert await mirrors(stack, zaak) == 0


async def test_zrc_025a_many_relations_elsewhere(werk: Werk, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API of somebody else gets a few requests at the same time, and the notification waits for all of them."""
    monkeypatch.setattr("zgw.outbox.HOLD", timedelta(seconds=1.2))
    zaak, aantal = await werk.zaak(), 40
    async with elders(stack) as other:
        for number in range(aantal):
            url = other.add(f"contactmomenten/{number}", {"url": "x"})
            await werk.api.created("/zaken/api/v1/zaakcontactmomenten", {"zaak": zaak, "contactmoment": url})
        assert len(other.mirrors) == aantal
        other.most, other.together, other.delay = 0, AT_ONCE, 0.2
        removal = asyncio.create_task(werk.api.delete(zaak))
        held = []
        while not removal.done():
            rows = [row for row in await outbox(stack, "zaken") if is_destroy(row, zaak)]
            # At the very end it is let go, a little before the answer.
            held += [row["held_until"] for row in rows if row["held_until"] is not None]
            assert not held or held[-1] > datetime.now(UTC) - timedelta(seconds=0.2)
            await asyncio.sleep(0.02)
        assert (await removal).status_code == 204
        assert (other.mirrors, other.most) == ({}, AT_ONCE)
        assert len(set(held)) > 2


def is_destroy(row: dict[str, Any], zaak: str) -> bool:
    """Return whether a notification tells that this zaak was deleted."""
    return zaak in str(row["message"]) and "'destroy'" in str(orjson.loads(row["message"]))
