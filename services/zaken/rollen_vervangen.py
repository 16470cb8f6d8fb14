"""All rollen of a zaak at once: those that are sent with their uuid are replaced, those without are made, and those
that are not sent are removed. What comes of it is judged, not each step on the way."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from runtime.problems import Again, InvalidParam, Problem
from runtime.statements import Executor, Row, among
from services.zaken.rol import ROL, ROL_TABLE
from zgw.check import Check
from zgw.expand import adapted
from zgw.render import render
from zgw.request import Call
from zgw.rights import Rights
from zgw.select import full_reading
from zgw.together import Write

MOST = 500
"""Rollen of a zaak that can be replaced at once, or are told in an answer."""

_c = ROL_TABLE.c

REFUSED = {
    "duplicate": "Deze rol staat meer dan eens in het verzoek.",
    "missing-relation": "Deze rol is van een andere zaak.",
    "does-not-exist": "Deze rol bestaat niet.",
}
"""Why a rol is not one that can be replaced, by code."""


async def rollen_vervangen(call: Call, rights: Rights, zaak: Check, sent: Sequence[dict[str, Any]]) -> list[Write]:
    """Return the writes that give a zaak exactly these rollen, in the order in which they are made: a zaak that gets
    another initiator has none in between."""
    rows = await call.db.rows(
        call.tenant, full_reading(ROL).where(_c.zaak == zaak.uuid).order_by(_c.id).limit(MOST + 1)
    )
    if len(rows) > MOST:
        reason = f"De zaak heeft meer dan {MOST} rollen; vervang ze een voor een."
        raise Problem(400, "invalid", invalid_params=[InvalidParam("rollen", "max_length", reason)])
    left = {row["uuid"]: row for row in rows}
    known = set(left)
    elsewhere = await _of_other_zaken(call, known, sent)
    changed: list[Check] = []
    new: list[Check] = []
    for index, item in enumerate(sent):
        key, code = _uuid_of(item)
        stored = left.pop(key, None) if key else None
        if key and stored is None:
            code = "duplicate" if key in known else "missing-relation" if key in elsewhere else "does-not-exist"
        body = {**item, "zaak": call.base + zaak.path}
        check = Check(call, ROL, "create" if stored is None else "update", body, stored)
        check.within = f"rollen.{index}"
        if code:
            check.reject("uuid", code, REFUSED.get(code, ""))
        (new if stored is None else changed).append(check)
    gone = [Check(call, ROL, "destroy", {}, row) for row in left.values()]
    for check in gone:
        check.within = "rollen"
    return [Write(check, rights) for check in (*gone, *changed, *new)]


def _uuid_of(item: dict[str, Any]) -> tuple[UUID | None, str]:
    """Return the uuid of a rol that is sent, if it has one, and what is wrong with it."""
    if "uuid" not in item:
        return None, ""
    try:
        return UUID(item["uuid"]), ""
    except (ValueError, AttributeError, TypeError):
        return None, "null" if item["uuid"] is None else "invalid"


async def _of_other_zaken(call: Call, known: set[UUID], sent: Sequence[dict[str, Any]]) -> set[UUID]:
    """Return which of the rollen that are sent exist, but not in this zaak."""
    unknown = [key for item in sent if (key := _uuid_of(item)[0]) and key not in known]
    if not unknown:
        return set()
    rows = await call.db.rows(call.tenant, select(_c.uuid).where(among(_c.uuid, unknown)))
    return {row["uuid"] for row in rows}


async def rollen_zijn_dezelfde(db: Executor, zaak: UUID, writes: Sequence[Write]) -> None:
    """Raise Again when the zaak, which is locked, has other rollen by now than those that are replaced or removed."""
    rows = await db.rows(select(_c.uuid).where(_c.zaak == zaak))
    ours = {write.check.uuid for write in writes if write.check.resource is ROL and not write.check.creating}
    if {row["uuid"] for row in rows} != ours:
        raise Again()


async def rollen_van(db: Executor, call: Call, zaak: UUID) -> list[dict[str, Any]]:
    """Return the rollen of a zaak as responses show them, the first ``MOST``."""
    rows: list[Row] = await db.rows(full_reading(ROL).where(_c.zaak == zaak).order_by(_c.id).limit(MOST))
    return adapted(call, ROL, render(ROL, call.service.api.service, rows, call.base))
