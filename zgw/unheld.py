"""The 403 of a client that has none of the scopes of an operation, for any type.

It comes before the request is looked at (common.md §5), so what that is about is looked up for the refusal alone: the
client is told the type and level that it named itself, or those of an object that it may read, as ``zgw.denied`` has.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.routing import APIRoute
from sqlalchemy import select

from runtime.problems import Problem
from zgw.api import Api, Described
from zgw.check import Check
from zgw.denied import MEMBER
from zgw.fields import by_attribute
from zgw.read import by_uuid
from zgw.request import Call
from zgw.resolve import main_key, permit_type
from zgw.resource import Resource
from zgw.rights import Rights
from zgw.unknown import members_and_unknown


@dataclass(frozen=True)
class Subject:
    """What an operation is about: objects of a resource, of which its body makes a new one or its path has the uuid.
    ``member`` is where the new one is in a body of several."""

    resource: Resource
    creates: bool
    member: str = ""


def subject_of(api: Api, route: APIRoute) -> Subject | None:
    """Return what an operation is about; None for what is about no object."""
    described: Described = (route.openapi_extra or {}).get("zgw", Described())
    for member in described.taken:
        if member.resource.main is None:
            return Subject(member.resource, "{uuid" not in route.path, member.name)
    for resource, operation in described.writes:
        return Subject(resource, operation == "create", resource.name)
    parts = route.path.removeprefix(f"{api.root}/").split("/")
    for place in (2, 0):
        for resource in api.resources:
            if parts[place : place + 1] == [resource.path] and bool(resource.parent) == bool(place):
                return Subject(resource, "POST" in (route.methods or ()) and len(parts) == place + 1)
    return None


async def told(call: Call, route: APIRoute, refusal: Problem) -> Problem:
    """Return the refusal of an operation with the type that it is about, where the client may know that; else the
    refusal as it was."""
    if (subject := subject_of(call.service.api, route)) is None:
        return refusal
    resource = subject.resource
    main = resource.main.resource if resource.main else resource
    if main.typed is None:
        return refusal
    try:
        if subject.creates and resource.main is None:
            # It raises what is to be told.
            await permit_type(await _sent(call, subject), Rights(scopes=frozenset(refusal.members[MEMBER]["scopes"])))
        elif (key := await _main_of(call, subject)) is not None:
            return await _of_readable(call, main, key, refusal)
    except Problem as problem:
        return (
            problem if problem.members.get(MEMBER, {}).get("scopes") == refusal.members[MEMBER]["scopes"] else refusal
        )
    return refusal


async def _sent(call: Call, subject: Subject) -> Check:
    """Return the new object in the body, as a write under examination; raise Problem for what cannot be read."""
    whole = await call.body()
    body: Any = whole.get(subject.member) if subject.member else whole
    sent = members_and_unknown(subject.resource, body if isinstance(body, dict) else {}, None)[0]
    return Check(call, subject.resource, "create", sent, None)


async def _main_of(call: Call, subject: Subject) -> UUID | None:
    """Return the uuid of the main object that an operation is about; None when there is none, or it is not named."""
    resource = subject.resource
    if resource.parent:
        return call.path.get(f"{resource.parent}_uuid")
    if subject.creates:
        assert resource.main is not None
        return main_key(await _sent(call, subject), by_attribute(resource.fields).get(resource.main.attribute))
    key: UUID | None = call.path.get(f"{resource.name}_uuid") or call.path.get("uuid")
    if resource.main is None or key is None:
        return key
    table = resource.table
    row = await call.db.row(call.tenant, select(table.c[resource.main.attribute]).where(table.c.uuid == key))
    return row[resource.main.attribute] if row else None


async def _of_readable(call: Call, main: Resource, key: UUID, refusal: Problem) -> Problem:
    """Return the refusal with the type and level of a main object, if the client may read that."""
    assert main.typed is not None
    rights = await call.rights(main.scopes["fetch"])
    row = await call.db.row(call.tenant, by_uuid(main, rights, full=True)(uuid=key, **main.given(call)))
    if row is None or not row["_allowed"]:
        return refusal
    scopes, typed = frozenset(refusal.members[MEMBER]["scopes"]), main.typed
    return call.lacking(scopes, typed.type, row[typed.type], row[typed.level] if typed.level else "")
