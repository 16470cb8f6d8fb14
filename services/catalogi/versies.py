"""Which versions there are of types: for the Autorisaties API, whose rights may follow a type or a whole catalogue."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, bindparam, func, select
from starlette.responses import Response

from runtime.identity import Caller
from runtime.statements import Executor, Prepared, Row, among
from services.catalogi.geldigheid import IDENTITY, METADATA
from zgw import outbox
from zgw.check import Check
from zgw.clients import TYPES
from zgw.dependencies import CurrentCall
from zgw.internal import internal_router
from zgw.request import Call, answer

intern = internal_router()


@intern.post("/versies")
async def versies(call: CurrentCall) -> Response:
    """Answer the versions of types, concepts too, as ``[uuid, catalogus, naam]``, by kind, in the order of their names.

    The body has for each kind the ``uuids`` of versions, the ``namen`` of types (pairs of catalogus and name) of which
    all versions are wanted, and the ``catalogi`` of which all types are; and ``catalogussen`` to know which exist.
    """
    asked = await call.body()
    found: dict[str, Any] = {kind: await _versions(call, kind, asked[kind]) for kind in IDENTITY if asked.get(kind)}
    if named := asked.get("catalogussen"):
        table = METADATA.tables["catalogus"]
        rows = await call.db.rows(call.tenant, select(table.c.uuid).where(among(table.c.uuid, named)))
        found["catalogussen"] = [str(row["uuid"]) for row in rows]
    return answer(found)


async def _versions(call: Call, kind: str, asked: Mapping[str, Sequence[Any]]) -> list[list[str]]:
    table = METADATA.tables[kind]
    naam = table.c[IDENTITY[kind]]
    statement = select(table.c.uuid, table.c.catalogus, naam.label("naam"), table.c.begin_geldigheid, table.c.id)
    statements: list[Select[Any]] = []
    for member, column in (("uuids", table.c.uuid), ("catalogi", table.c.catalogus)):
        if wanted := asked.get(member):
            statements.append(statement.where(among(column, wanted)))
    if pairs := asked.get("namen"):
        lists = [uuid.UUID(pair[0]) for pair in pairs], [pair[1] for pair in pairs]
        wanted_pairs = _unnested(*lists)
        same = (table.c.catalogus == wanted_pairs.c.catalogus, naam == wanted_pairs.c.naam)
        statements.append(statement.join(wanted_pairs, same[0] & same[1]))
    rows: dict[Any, Row] = {}
    for one in statements:
        rows.update({row["uuid"]: row for row in await call.db.rows(call.tenant, one)})
    ordered = sorted(rows.values(), key=lambda row: (row["naam"], row["begin_geldigheid"], row["id"]))
    return [[str(row["uuid"]), str(row["catalogus"]), row["naam"]] for row in ordered]


def _unnested(catalogi: list[uuid.UUID], namen: list[str]) -> Any:
    """Return pairs as a table."""
    columns: list[ColumnElement[Any]] = [
        bindparam("catalogi", catalogi, ARRAY(Uuid)),
        bindparam("namen", namen, ARRAY(Text)),
    ]
    return func.unnest(*columns).table_valued("catalogus", "naam").render_derived().alias()


async def laat_rechten_volgen(db: Executor, check: Check) -> None:
    """Tell who keeps the rights of clients that there are other versions than before, or that one has another name."""
    table = check.resource.table
    if check.creating or check.action == "destroy" or check.differs("catalogus") or check.differs(IDENTITY[table.name]):
        states = [state for state in (check.stored, None if check.action == "destroy" else check.row) if state]
        soort, naam = table.name, IDENTITY[table.name]
        typen = {(soort, str(state["catalogus"]), str(state[naam])) for state in states}
        await versies_veranderd(db, check.call.caller, typen)


async def versies_veranderd(db: Executor, caller: Caller, typen: Collection[tuple[str, str, str]]) -> None:
    """Signal that a municipality has other versions of these types (kind, uuid of the catalogue, name) than before;
    heard once this transaction is committed. Applicaties that follow them are other ones now, which subscribers hear
    too: Autorisaties is told by the relay."""
    await db.execute(select(func.pg_notify(TYPES, caller.tenant)))
    content = {outbox.TYPES: sorted(typen), "base": caller.canonical_base}
    row = {"bases": list(caller.bases), "message": content, "held_until": None}
    await db.execute(CHANGED(**row))


CHANGED = Prepared(outbox.adding(METADATA, wakes=True))
