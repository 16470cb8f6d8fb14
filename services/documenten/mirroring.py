"""ObjectInformatieObjecten as the own services tell them: many in one internal request (documenten.md §6, drc-004).

The rules are those of the resource: who leads is asked whether it has the relations, once for all of them. A request
has ``{"relaties": [{"informatieobject", "object", "objectType"}, …]}`` with stored paths; its answer has for each of
them why it was refused, or an empty string. What is there, or gone, already is no reason.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
import httpx
from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.responses import Response

from runtime.problems import Problem
from runtime.statements import Executor, Prepared, Row, among
from services.documenten.document_velden import DOCUMENT_REF, DOCUMENT_TABLE
from services.documenten.objectinformatieobject import BRONNEN, OBJECTINFORMATIEOBJECT, OIO_TABLE
from zgw import audit
from zgw.check import Check
from zgw.filters import uuid_in
from zgw.references import split_path
from zgw.render import render
from zgw.request import Call, answer
from zgw.write import CONFLICT_RETRIES

BIJSCHRIJVEN = Prepared(audit.adding(OIO_TABLE.metadata))


class Relatie(NamedTuple):
    """A document and the object that it belongs to."""

    informatieobject: uuid.UUID
    object: str
    object_type: str


async def leg_vast(call: Call) -> Response:
    """Make the mirrors of relations that their services have."""
    asked = await _gevraagd(call)
    leading = await _leidend(call, asked)
    reasons = ["" if relatie in leading else "inconsistent-relation" for relatie in asked]

    async def work(db: Executor) -> set[uuid.UUID]:
        documenten = await _documenten(db, [relatie.informatieobject for relatie in leading])
        rows = await db.rows(_nieuw([relatie for relatie in leading if relatie.informatieobject in documenten]))
        await _schrijf_bij(db, call, "create", rows, documenten)
        return set(documenten)

    known = await _in_een_keer(call, work) if leading else set()
    for index, relatie in enumerate(asked):
        if relatie in leading and relatie.informatieobject not in known:
            reasons[index] = "object-does-not-exist"
    return answer(reasons)


async def haal_weg(call: Call) -> Response:
    """Remove the mirrors of relations that their services have no longer."""
    asked = await _gevraagd(call)
    leading = await _leidend(call, asked)
    gone = [relatie for relatie in asked if relatie not in leading]

    async def work(db: Executor) -> None:
        c = OIO_TABLE.c
        pairs = tuple_(c.object, c.informatieobject).in_(select(*_arrays(gone, ("object", "informatieobject"))))
        rows = await db.rows(select(OIO_TABLE).where(pairs).order_by(c.uuid).with_for_update())
        documenten = await _documenten(db, [row["informatieobject"] for row in rows])
        await db.execute(OIO_TABLE.delete().where(among(c.uuid, [row["uuid"] for row in rows])))
        await _schrijf_bij(db, call, "destroy", rows, documenten)

    if gone:
        await _in_een_keer(call, work)
    return answer(["remote-relation-exists" if relatie in leading else "" for relatie in asked])


async def _gevraagd(call: Call) -> list[Relatie]:
    found = []
    for item in (await call.body())["relaties"]:
        document = uuid_in(item["informatieobject"], DOCUMENT_REF)
        if document is None or split_path(item["object"])[:2] != BRONNEN.get(item["objectType"]):
            raise Problem(400, "invalid", f"Geen eigen relatie: {item}")
        found.append(Relatie(document, item["object"], item["objectType"]))
    return found


async def _leidend(call: Call, asked: Sequence[Relatie]) -> set[Relatie]:
    """Return the relations that the services which lead have; raise 503 when one does not tell, and 404 when it is of a
    version that cannot."""
    me, internal = call.caller.as_component(call.service.api.service), call.service.internal
    found: set[Relatie] = set()
    for kind, (service, _) in BRONNEN.items():
        pairs = {(relatie.object, _pad(relatie)): relatie for relatie in asked if relatie.object_type == kind}
        if not pairs:
            continue
        try:
            response = await internal.send(me, service, "POST", "/_intern/leidend", {"relaties": list(pairs)})
        except httpx.HTTPError as e:
            raise Problem(503, "error", "De relaties konden niet worden opgezocht.") from e
        if response.status_code != 200:
            raise Problem(404 if response.status_code == 404 else 503, "error", response.text[:500])
        found |= {pairs[path, document] for path, document in response.json()}
    return found


def _pad(relatie: Relatie) -> str:
    return f"{DOCUMENT_REF.prefix}{relatie.informatieobject}"


async def _in_een_keer(call: Call, work: Any) -> Any:
    """Run ``work`` in a transaction; again when others stood in the way."""
    for attempt in range(CONFLICT_RETRIES):
        try:
            async with call.db.transaction(call.tenant) as db:
                return await work(db)
        except asyncpg.DeadlockDetectedError as e:
            if attempt == CONFLICT_RETRIES - 1:
                raise Problem(409, "conflict", "De relaties worden tegelijk door anderen gewijzigd.") from e
    raise AssertionError


async def _documenten(db: Executor, uuids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Row]:
    """Return what the trail calls these documents by; they stay until the end of the transaction."""
    of = DOCUMENT_TABLE.c
    statement = select(of.uuid, of.bronorganisatie, of.identificatie).where(among(of.uuid, list(set(uuids))))
    rows = await db.rows(statement.order_by(of.uuid).with_for_update(read=True, key_share=True))
    return {row["uuid"]: row for row in rows}


TYPES: dict[str, Any] = {"informatieobject": Uuid(), "object": Text(), "object_type": Text()}


def _arrays(relaties: Sequence[Relatie], names: Sequence[str]) -> list[Any]:
    """Return the columns of these relations, for a statement that takes them all at once."""
    values = {name: [getattr(relatie, name) for relatie in relaties] for name in names}
    return [func.unnest(bindparam(None, values[name], type_=ARRAY(TYPES[name]))) for name in names]


def _nieuw(relaties: Sequence[Relatie]) -> Any:
    """Return the statement that adds those that are not there yet, and returns them."""
    uuids = func.unnest(bindparam(None, [uuid.uuid4() for _ in relaties], type_=ARRAY(Uuid)))
    values = select(uuids, *_arrays(sorted(relaties), Relatie._fields))
    statement = upsert(OIO_TABLE).from_select(["uuid", *Relatie._fields], values, include_defaults=False)
    return statement.on_conflict_do_nothing().returning(OIO_TABLE)


async def _schrijf_bij(
    db: Executor, call: Call, action: str, rows: Sequence[Row], documenten: dict[uuid.UUID, Row]
) -> None:
    """Add an entry for each row to the trail of its document."""
    entries = []
    for row in rows:
        check = Check(call, OBJECTINFORMATIEOBJECT, action, {}, None if action == "create" else row)
        check.main = documenten[row["informatieobject"]]
        shown = render(OBJECTINFORMATIEOBJECT, call.service.api.service, row, call.base)
        old, new = (None, shown) if action == "create" else (shown, None)
        entries.append(BIJSCHRIJVEN(**await audit.entry_of(check, old, new, row)).values)
    await db.connection.executemany(BIJSCHRIJVEN.sql, entries)
