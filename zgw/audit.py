"""The audit trail: one row per successful write, in the transaction of the write (common.md §11)."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Insert,
    MetaData,
    Table,
    Text,
    Uuid,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from starlette.responses import Response, StreamingResponse

from runtime.problems import not_found
from runtime.statements import Executor, among, parameters
from zgw.check import Check
from zgw.fields import describe
from zgw.headers import text_of
from zgw.read import no_query
from zgw.reading_log.read import KIND_OF, Action
from zgw.reading_log.recorder import saw_one
from zgw.request import Call, dump
from zgw.resource import Resource
from zgw.rights import Rights, scopes
from zgw.select import existing, within
from zgw.types import path_of

LEZEN = scopes("audittrails.lezen")

WEERGAVEN = {
    "create": "Object aangemaakt",
    "update": "Object bijgewerkt",
    "partial_update": "Object deels bijgewerkt",
    "destroy": "Object verwijderd",
}

AT_ONCE = 100
"""Entries that are in memory at the same time."""
SMALL = 64 * 1024
"""Bytes of an entry that is read whole."""
PART = 256 * 1024
"""Characters of a larger one that are in memory."""

OWN = b'"\xee\x80\x80/'
"""How ``"<base>/`` is stored in the JSON of a trail, so that it reads back with the host name that the municipality has
when it is read, whatever its writer or its reader called."""


def audit_table(metadata: MetaData, touching: bool = False) -> Table:
    """Return the audit trail's table for the metadata of a service. With ``touching`` it tells which entries are of
    writes that change the main object (``Resource.touches``): the last of them is when that happened, which so costs a
    write nothing."""
    touched = [
        Column("raakt", Boolean),
        Index("audittrail_raakt", "hoofdobject", "aanmaakdatum", postgresql_where=text("raakt")),
    ]
    return Table(
        "audittrail",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("uuid", Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()")),
        Column("hoofdobject", Uuid, nullable=False),
        Column("aanmaakdatum", DateTime(timezone=True), nullable=False),
        Column("entry", Text, nullable=False),
        Index("audittrail_hoofdobject", "hoofdobject", "id"),
        *(touched if touching else ()),
    )


def adding(metadata: MetaData) -> Insert:
    """Return the statement that adds an entry (:func:`entry_of`); it returns its id as ``audit``."""
    table = metadata.tables["audittrail"]
    names = [name for name in ("hoofdobject", "aanmaakdatum", "entry", "raakt") if name in table.c]
    statement = insert(table).values(parameters(table, names))
    return statement.returning(table.c.id.label("audit"))


async def entry_of(
    check: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the entry of this write; ``old`` and ``new`` are the rendered objects, ``row`` the written row."""
    call, resource = check.call, check.resource
    link = resource.main
    main_uuid = row[link.attribute] if link else row["uuid"]
    shown = new or old
    assert shown is not None
    applicatie = None if call.caller.component else await call.applicatie()
    main_resource = link.resource if link else resource
    main_row = check.main or row
    name = main_resource.weergave(main_row) if main_row else ""
    moment = datetime.now(UTC)
    entry = {
        "bron": call.service.api.component,
        "applicatieId": applicatie.uuid if applicatie else "",
        "applicatieWeergave": (applicatie.label if applicatie else call.caller.client_id)[:200],
        "gebruikersId": call.caller.user_id[:255],
        "gebruikersWeergave": call.caller.user_representation[:255],
        "actie": check.action,
        "actieWeergave": WEERGAVEN[check.action],
        "resultaat": {"create": 201, "destroy": 204}.get(check.action, 200),
        "hoofdObject": f"{call.base}{call.service.api.root}/{main_resource.path}/{main_uuid}",
        "resource": resource.name,
        "resourceUrl": shown["url"],
        "toelichting": text_of(call.request.headers.get("x-audit-toelichting", "")),
        "resourceWeergave": (check.weergave or (f"({name}) - {resource.weergave(row)}" if link else name))[:200],
        "aanmaakdatum": moment,
        "wijzigingen": {"oud": old, "nieuw": new},
    }
    stored = dump(entry).replace(b'"' + call.base.encode() + b"/", OWN).decode()
    found = {"hoofdobject": main_uuid, "aanmaakdatum": moment, "entry": stored}
    if "raakt" in resource.table.metadata.tables["audittrail"].c:
        found["raakt"] = check.action in resource.touches
    return found


async def forget(db: Executor, metadata: MetaData, main_uuid: Any) -> None:
    """Remove the trail of a main object that is removed."""
    table = metadata.tables["audittrail"]
    await db.execute(table.delete().where(table.c.hoofdobject == main_uuid))


async def trail(call: Call, resource: Resource) -> Response:
    """Answer ``GET /{resource}/{uuid}/audittrail[/{uuid}]``: a plain array, oldest first, or one entry.

    An entry has the type and level that its main object had when it was written. The list leaves out what lies outside
    the client's rights, as all lists do; one such entry is a 403.
    """
    call.check_accept()
    rights = await call.rights(LEZEN)
    no_query(call)
    # The scope is granted for the component, not per type, so any of the client's rights to read the object will do.
    readable = await call.rights(resource.scopes["fetch"]) if await call.holds(resource.scopes["fetch"]) else rights
    main_uuid = call.path[f"{resource.name}_uuid"]
    allowed = within(resource, readable).label("allowed")
    level = resource.table.c[resource.typed.level] if resource.typed and resource.typed.level else literal("")
    owner = await call.db.row(
        call.tenant,
        select(allowed, level.label("level"))
        .select_from(resource.clause())
        .where(resource.table.c.uuid == main_uuid, existing(resource, rights)),
    )
    if owner is None:
        raise not_found()
    if not owner["allowed"]:
        raise await call.denied(resource, readable.scopes)
    table = resource.table.metadata.tables["audittrail"]
    c = table.c
    # An entry of an object that is large itself is read in parts.
    small = case((func.octet_length(c.entry) <= SMALL, c.entry)).label("entry")
    statement = select(c.id, c.uuid, small).where(c.hoofdobject == main_uuid).order_by(c.id).limit(AT_ONCE)
    entry_uuid = call.path.get("uuid")
    if restricted(resource, readable):
        shown = await _visible(call, table, main_uuid, resource, readable)
        statement = statement.where(among(c.id, shown))
    else:
        shown = None
    rows = await call.db.rows(call.tenant, statement.where(c.uuid == entry_uuid) if entry_uuid else statement)
    if entry_uuid and not rows:
        hidden = select(c.id).where(c.uuid == entry_uuid, c.hoofdobject == main_uuid)
        if shown is not None and await call.db.row(call.tenant, hidden):
            raise await call.denied(resource, readable.scopes)
        raise not_found()
    if (kind := KIND_OF.get(resource.path)) is not None:
        saw_one(call, Action.AUDITTRAIL, kind, str(main_uuid), owner["level"])
    if len(rows) < AT_ONCE and all(row["entry"] is not None for row in rows):
        whole = b",".join(_shown(call, row) for row in rows)
        return Response(whole if entry_uuid else b"[" + whole + b"]", media_type="application/json")
    if entry_uuid:
        return StreamingResponse(_parts(call, table, rows[0]), media_type="application/json")

    async def entries() -> AsyncIterator[bytes]:
        some, separator = rows, b"["
        while some:
            for row in some:
                yield separator
                separator = b","
                async for part in _parts(call, table, row):
                    yield part
            full = len(some) == AT_ONCE
            some = await call.db.rows(call.tenant, statement.where(c.id > some[-1]["id"])) if full else []
        yield b"]"

    return StreamingResponse(entries(), media_type="application/json")


def restricted(resource: Resource, rights: Rights) -> bool:
    """Return whether a client with these rights may see only some entries of a trail."""
    return resource.typed is not None and not (rights.everything and not rights.published_only)


def visible(entries: list[dict[str, Any]], resource: Resource, rights: Rights, base: str) -> list[dict[str, Any]]:
    """Return the entries of one trail, in their order, that lie within ``rights``: those of the main object by its
    state before and after, those of what belongs to it by the state that the main object had then."""
    assert resource.typed is not None
    names = {p.attribute: p.name for p in describe(resource.fields)}
    kind, level = names[resource.typed.type], names.get(resource.typed.level, "")

    def allowed(state: Mapping[str, Any]) -> bool:
        # isGereedVoorPublicatie is the one that decides for applications that see only what is published.
        ready = not rights.published_only or state.get("isGereedVoorPublicatie", True) is True
        return ready and rights.allows(path_of(state[kind], (base,)), state.get(level) or None)

    history = [_states(entry, resource) for entry in entries]
    now: Mapping[str, Any] | None = next((states[0] for states in history if states), None)
    found = []
    for entry, states in zip(entries, history, strict=True):
        if all(allowed(state) for state in states or ([now] if now else [])):
            found.append(entry)
        now = states[-1] if states else now
    return found


def _states(entry: Mapping[str, Any], resource: Resource) -> list[Mapping[str, Any]]:
    """Return what the main object was before and after the write of this entry; nothing for what belongs to it."""
    if entry["resource"] != resource.name or entry["resourceUrl"] != entry["hoofdObject"]:
        return []
    return [state for state in (entry["wijzigingen"]["oud"], entry["wijzigingen"]["nieuw"]) if state]


async def _visible(call: Call, table: Table, main_uuid: Any, resource: Resource, rights: Rights) -> list[int]:
    """Return the ids of the entries of a trail that lie within ``rights``. Of each entry only what decides is read."""
    assert resource.typed is not None
    known = {p.attribute: p.name for p in describe(resource.fields)}
    names = [known[resource.typed.type], known.get(resource.typed.level or "", ""), "isGereedVoorPublicatie"]
    c, whole = table.c, cast(table.c.entry, JSONB)

    def some_of(value: Any, wanted: list[str]) -> Any:
        each = func.jsonb_each(value).table_valued(column("key", Text), column("value", JSONB)).render_derived()
        return (
            select(func.jsonb_object_agg(each.c.key, each.c.value)).where(among(each.c.key, wanted)).scalar_subquery()
        )

    states = [
        case((func.jsonb_typeof(part) == "object", some_of(part, names)))
        for part in (whole["wijzigingen"]["oud"], whole["wijzigingen"]["nieuw"])
    ]
    changes = func.jsonb_build_object("oud", states[0], "nieuw", states[1])
    about = some_of(whole, ["resource", "resourceUrl", "hoofdObject"])
    facts = about.concat(func.jsonb_build_object("id", c.id, "wijzigingen", changes))
    statement = select(cast(facts, Text).label("facts")).where(c.hoofdobject == main_uuid).order_by(c.id)
    found: list[dict[str, Any]] = []
    full = True
    while full:
        last = found[-1]["id"] if found else 0
        rows = await call.db.rows(call.tenant, statement.where(c.id > last).limit(AT_ONCE))
        found += [orjson.loads(_own(row["facts"], call.base)) for row in rows]
        full = len(rows) == AT_ONCE
    return [entry["id"] for entry in visible(found, resource, rights, call.base)]


def _own(stored: str, base: str) -> bytes:
    return stored.encode().replace(OWN, b'"' + base.encode() + b"/")


def _shown(call: Call, row: Mapping[str, Any]) -> bytes:
    """Return the JSON of an entry."""
    return _start(call, row) + _own(_bron(call, row["entry"][1:]), call.caller.canonical_base)


def _start(call: Call, row: Mapping[str, Any]) -> bytes:
    return b'{"uuid":"' + str(row["uuid"]).encode() + b'",'


def _bron(call: Call, stored: str) -> str:
    """Return the beginning of an entry with its ``bron`` as the client reads it."""
    if not call.profiel.bron_hoofdletters:
        return stored
    component = call.service.api.component
    return stored.replace(f'"bron":"{component}"', f'"bron":"{component.upper()}"', 1)


async def _parts(call: Call, table: Table, row: Mapping[str, Any]) -> AsyncIterator[bytes]:
    """Return the JSON of an entry, a large one in parts."""
    if row["entry"] is not None:
        yield _shown(call, row)
        return
    own, base = OWN.decode(), f'"{call.caller.canonical_base}/'
    yield _start(call, row)
    kept, start = "", 2
    while True:
        part = func.substr(table.c.entry, start, PART).label("part")
        found = await call.db.row(call.tenant, select(part).where(table.c.id == row["id"]))
        if found is None:
            # Nobody may take half of it for the whole.
            raise RuntimeError("the audit trail was removed while it was read")
        text = kept + (_bron(call, found["part"]) if start == 2 else found["part"])
        # The mark that stands for our own address may lie on both sides of a cut.
        kept = next((own[:n] for n in (2, 1) if found["part"] and text.endswith(own[:n])), "")
        yield text[: len(text) - len(kept)].replace(own, base).encode()
        if len(found["part"]) < PART:
            yield kept.encode()
            return
        start += PART
