"""ObjectInformatieObjecten as the own services tell them: many in one internal request (documenten.md §6, drc-004).

The rules are those of the resource: the service that leads is asked whether it has the relations, once for all of them.
A request has ``{"mirrors": [{"informatieobject", "object", "objectType"}, …]}`` with stored paths; its answer has for
each of them why it was refused, or an empty string. What is there, or gone, already is no reason.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.responses import Response

from runtime.problems import Problem
from runtime.statements import Executor, Prepared, Row, among
from services.documenten.document_velden import DOCUMENT_REF, DOCUMENT_TABLE
from services.documenten.objectinformatieobject import BRONNEN, OBJECTINFORMATIEOBJECT, OIO_TABLE
from zgw import audit
from zgw.check import Check
from zgw.dependencies import CurrentCall
from zgw.filters import uuid_in
from zgw.internal import internal_router
from zgw.mirroring.leading import ask_leading
from zgw.references import split_path
from zgw.render import render
from zgw.request import Call, answer
from zgw.write import ATTEMPTS

ADD_TO_TRAIL = Prepared(audit.adding(OIO_TABLE.metadata))


class Relation(NamedTuple):
    """A document and the object that it belongs to."""

    informatieobject: uuid.UUID
    object: str
    object_type: str


intern = internal_router()


@intern.post("/objectinformatieobjecten")
async def add_mirrors(call: CurrentCall) -> Response:
    """Make the mirrors of relations that their services have."""
    asked = await _asked(call)
    leading = await _leading(call, asked)
    reasons = ["" if relation in leading else "inconsistent-relation" for relation in asked]

    async def work(db: Executor) -> set[uuid.UUID]:
        documents = await _documents(db, [relation.informatieobject for relation in leading])
        rows = await db.rows(_adding([relation for relation in leading if relation.informatieobject in documents]))
        await _add_to_trails(db, call, "create", rows, documents)
        return set(documents)

    known = await _at_once(call, work) if leading else set()
    for index, relation in enumerate(asked):
        if relation in leading and relation.informatieobject not in known:
            reasons[index] = "object-does-not-exist"
    return answer(reasons)


@intern.delete("/objectinformatieobjecten")
async def remove_mirrors(call: CurrentCall) -> Response:
    """Remove the mirrors of relations that their services have no longer."""
    asked = await _asked(call)
    leading = await _leading(call, asked)
    gone = [relation for relation in asked if relation not in leading]

    async def work(db: Executor) -> None:
        c = OIO_TABLE.c
        pairs = tuple_(c.object, c.informatieobject).in_(select(*_arrays(gone, ("object", "informatieobject"))))
        rows = await db.rows(select(OIO_TABLE).where(pairs).order_by(c.uuid).with_for_update())
        documents = await _documents(db, [row["informatieobject"] for row in rows])
        await db.execute(OIO_TABLE.delete().where(among(c.uuid, [row["uuid"] for row in rows])))
        await _add_to_trails(db, call, "destroy", rows, documents)

    if gone:
        await _at_once(call, work)
    return answer(["remote-relation-exists" if relation in leading else "" for relation in asked])


async def _asked(call: Call) -> list[Relation]:
    found = []
    for item in (await call.body())["mirrors"]:
        document = uuid_in(item["informatieobject"], DOCUMENT_REF)
        if document is None or split_path(item["object"])[:2] != BRONNEN.get(item["objectType"]):
            raise Problem(400, "invalid", f"Geen eigen relatie: {item}")
        found.append(Relation(document, item["object"], item["objectType"]))
    return found


async def _leading(call: Call, asked: Sequence[Relation]) -> set[Relation]:
    """Return the relations that the services which lead have; raise 503 when one does not tell."""
    found: set[Relation] = set()
    for kind, (service, _) in BRONNEN.items():
        pairs = {(relation.object, _path(relation)): relation for relation in asked if relation.object_type == kind}
        if pairs:
            found |= {pairs[pair] for pair in await ask_leading(call, service, pairs)}
    return found


def _path(relation: Relation) -> str:
    return f"{DOCUMENT_REF.prefix}{relation.informatieobject}"


async def _at_once(call: Call, work: Any) -> Any:
    """Run ``work`` in a transaction; again when others stood in the way."""
    for attempt in range(ATTEMPTS):
        try:
            async with call.db.transaction(call.tenant) as db:
                return await work(db)
        except asyncpg.DeadlockDetectedError as e:
            if attempt == ATTEMPTS - 1:
                raise Problem(409, "conflict", "De relaties worden tegelijk door anderen gewijzigd.") from e
    raise AssertionError


async def _documents(db: Executor, uuids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Row]:
    """Return what the trail calls these documents by; they stay until the end of the transaction."""
    of = DOCUMENT_TABLE.c
    statement = select(of.uuid, of.bronorganisatie, of.identificatie).where(among(of.uuid, list(set(uuids))))
    rows = await db.rows(statement.order_by(of.uuid).with_for_update(read=True, key_share=True))
    return {row["uuid"]: row for row in rows}


TYPES: dict[str, Any] = {"informatieobject": Uuid(), "object": Text(), "object_type": Text()}


def _arrays(relations: Sequence[Relation], names: Sequence[str]) -> list[Any]:
    """Return the columns of these relations, for a statement that takes them all at once."""
    values = {name: [getattr(relation, name) for relation in relations] for name in names}
    return [func.unnest(bindparam(None, values[name], type_=ARRAY(TYPES[name]))) for name in names]


def _adding(relations: Sequence[Relation]) -> Any:
    """Return the statement that adds those that are not there yet, and returns them."""
    uuids = func.unnest(bindparam(None, [uuid.uuid4() for _ in relations], type_=ARRAY(Uuid)))
    values = select(uuids, *_arrays(sorted(relations), Relation._fields))
    statement = upsert(OIO_TABLE).from_select(["uuid", *Relation._fields], values, include_defaults=False)
    return statement.on_conflict_do_nothing().returning(OIO_TABLE)


async def _add_to_trails(
    db: Executor, call: Call, action: str, rows: Sequence[Row], documents: dict[uuid.UUID, Row]
) -> None:
    """Add an entry for each row to the trail of its document."""
    entries = []
    for row in rows:
        check = Check(call, OBJECTINFORMATIEOBJECT, action, {}, None if action == "create" else row)
        check.main = documents[row["informatieobject"]]
        [shown] = render(OBJECTINFORMATIEOBJECT, call.service.api.service, [row], call.base)
        old, new = (None, shown) if action == "create" else (shown, None)
        entries.append(ADD_TO_TRAIL(**await audit.entry_of(check, old, new, row)).values)
    await db.connection.executemany(ADD_TO_TRAIL.sql, entries)
