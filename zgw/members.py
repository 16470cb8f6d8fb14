"""The body of an operation that writes several objects: each member is the body of another operation, or a list of
them.

    STATUS_LID = Member("status", STATUS)
    ROLLEN_LID = Member("rollen", ROL, many=True, required=False)

    asked = Depends(Several(ZAAK_LID, STATUS_LID, ROLLEN_LID))
"""

from collections.abc import Mapping
from typing import Any

from runtime.problems import OBJECT, InvalidParam, Problem
from zgw.api import MOST, Member
from zgw.dependencies import CurrentCall
from zgw.read import no_query
from zgw.request import Call
from zgw.rights import Rights
from zgw.unknown import members_and_unknown, tell


class Several:
    """The rights with which the members are written, by their names; 403 without the scopes of any of them, also one
    that the body does not have."""

    def __init__(self, *members: Member) -> None:
        self.members = members
        needed = [member.resource.scopes[member.operation] for member in members]
        # What another asks for already is not asked for again.
        self.scopes = [each for each in dict.fromkeys(needed) if not any(other < each for other in needed)]
        """Of each of these sets the client has a scope."""

    async def __call__(self, call: CurrentCall) -> Mapping[str, Rights]:
        """Return the rights."""
        scopes = {member.name: member.resource.scopes[member.operation] for member in self.members}
        rights = {name: await call.rights(needed) for name, needed in scopes.items()}
        no_query(call)
        return rights


async def sent_members(call: Call, members: tuple[Member, ...]) -> dict[str, Any]:
    """Return the members of the body: an object, or a list of them, by name; those that were not sent are not there.
    Raises 400 with everything that has another form, and 413, 415."""
    body = await call.body()
    errors: list[InvalidParam] = []
    unknown = [name for name in body if name not in {member.name for member in members}]
    found: dict[str, Any] = {}
    for member in members:
        if member.name not in body:
            if member.required:
                errors.append(InvalidParam(member.name, "required"))
            continue
        value = body[member.name]
        if value is None:
            errors.append(InvalidParam(member.name, "null"))
        elif member.many and not isinstance(value, list):
            errors.append(InvalidParam(f"{member.name}.{OBJECT}", "not_a_list"))
        elif member.many and len(value) > MOST:
            reason = f"Geef ten hoogste {MOST} objecten tegelijk."
            errors.append(InvalidParam(member.name, "max_length", reason))
        else:
            items = value if member.many else [value]
            errors += [
                InvalidParam(f"{name}.{OBJECT}", "invalid", "Dit is geen object.")
                for name, item in zip(names_in(member, items), items, strict=True)
                if not isinstance(item, dict)
            ]
            value = found[member.name] = _with_its_names(member, value, unknown)
        if member.name in found and member.only and isinstance(value, dict):
            errors += [InvalidParam(f"{member.name}.{n}", "required") for n in member.only if n not in value]
            found[member.name] = {name: value[name] for name in member.only if name in value}
    if errors:
        raise Problem(400, "invalid", invalid_params=errors)
    tell(call, unknown)
    return found


def names_in(member: Member, items: list[Any]) -> list[str]:
    """Return where the objects of a member are in the body: ``["rollen.0", "rollen.1"]``, ``["status"]``."""
    return [f"{member.name}.{index}" for index in range(len(items))] if member.many else [member.name]


def _with_its_names(member: Member, value: Any, unknown: list[str]) -> Any:
    """Return the objects of a member with the names that their members have; add those that nobody knows."""
    items = value if member.many else [value]
    found = []
    for name, item in zip(names_in(member, items), items, strict=True):
        sent, more = members_and_unknown(member.resource, item, None) if isinstance(item, dict) else (item, [])
        found.append(sent)
        unknown += [f"{name}.{each}" for each in more]
    return found if member.many else found[0]
