"""The references of a write, and whether the client may write them (``zgw.write``, phases 2, 4 and 5; common.md §5)."""

import asyncio
from uuid import UUID

from pydantic_core import PydanticCustomError

from runtime.problems import not_found
from zgw.check import Check
from zgw.fields import Property, by_attribute, describe
from zgw.filters import uuid_in
from zgw.read import by_uuid
from zgw.rights import Rights
from zgw.types import LEVELS, URL, check_url, path_of

# --- The main object --------------------------------------------------------------------------------------------------


async def find_main(check: Check, rights: Rights) -> None:
    """Find the main object, whose type and level decide, and raise 403 when it is not within ``rights``.

    For a sub-resource the reference comes first (common.md §5): absent, unknown, of another kind, not authorised. The
    parent of a nested resource was found before.
    """
    link = check.resource.main
    if link is None:
        check.main = check.stored
        return
    if check.creating and check.resource.parent:
        return
    p = by_attribute(check.resource.fields).get(link.attribute)
    key = check.stored[link.attribute] if check.stored is not None else main_key(check, p)
    row = await check.call.db.row(check.call.tenant, by_uuid(link.resource, rights, full=True)(uuid=key))
    if row is None:
        if p is None or check.stored is not None:
            # It was removed since this object was read, which then is gone as well.
            raise not_found()
        check.reject(p.name, "object-does-not-exist")
        check.stop()
    elif not row["_allowed"]:
        renewed = await check.call.renewed(rights)
        if renewed is not rights:
            return await find_main(check, renewed)
        raise await check.call.denied(link.resource, rights.scopes, row)
    check.main = row


def main_key(check: Check, p: Property | None) -> UUID | None:
    """Return the uuid of the main object that the body names; raise 400 when it names none."""
    assert p is not None
    assert p.ref is not None
    value, key, code, reason = check.sent.get(p.name), None, "", ""
    if p.name not in check.sent or value is None or (isinstance(value, str) and not value.strip()):
        code = "required" if p.name not in check.sent else "null" if value is None else "blank"
    else:
        try:
            path = path_of(check_url(value.strip() if isinstance(value, str) else ""), check.call.caller.bases)
        except PydanticCustomError:
            code, reason = "invalid", "Voer een geldige URL in."
        else:
            if (key := uuid_in(path, p.ref)) is None:
                own, same_api = path.startswith(p.ref.prefix), path.startswith(check.call.service.api.root + "/")
                code = "object-does-not-exist" if own else "incorrect_match" if same_api else "no_match"
    if code:
        check.reject(p.name, code, reason)
        check.stop()
    return key


def keep_to_parent(check: Check) -> None:
    """Give a new nested object the parent in the path; another one in the body is refused."""
    parent = check.resource.parent
    if not parent or not check.creating:
        return
    assert check.main is not None
    p = by_attribute(check.resource.fields).get(parent)
    if p is not None and check.now(parent) != check.main["uuid"]:
        check.reject(p.name, "inconsistent-relation")
    check.columns[parent] = check.main["uuid"]


# --- References -------------------------------------------------------------------------------------------------------


def check_immutable(check: Check) -> None:
    """Reject a changed value of a field that may not change."""
    for p in describe(check.resource.fields) if check.stored is not None else ():
        if p.immutable and p.name in check.sent and check.differs(p.attribute):
            check.reject(p.name, "wijzigen-niet-toegelaten")


async def resolve_references(check: Check) -> None:
    """Look up what the fields of the new state refer to, concurrently, and reject what cannot be found."""
    main = check.resource.main.attribute if check.resource.main else ""
    work = []
    for p in describe(check.resource.fields):
        if p.ref is None or not p.ref.follow or p.write_only or p.attribute == main:
            continue
        path = getattr(check.fields, p.attribute)
        if path and path not in check.targets:
            work.append(_resolve(check, p, path))
    if len(work) == 1:
        await work[0]
    elif work:
        await asyncio.gather(*work)


async def _resolve(check: Check, p: Property, path: str) -> None:
    assert p.ref is not None
    check.targets[path], code = await check.find(path, p.ref)
    # A reference that did not change was accepted before; its target may be gone since, or be no concept any more.
    # One that is not of this API is no value of the column, and would look like none at all.
    if code and (check.differs(p.attribute) or check.now(p.attribute) is None):
        await check.reject_url(p.name, path, code)


# --- Rights -----------------------------------------------------------------------------------------------------------


async def permit(check: Check, rights: Rights) -> None:
    """Raise 403 when the new state of a main object lies outside ``rights`` (common.md §5).

    A type that cannot be resolved falls through to the 400, unless no level has to be known (besluiten.md §2). A level
    that was left out is that of the type.
    """
    typed = check.resource.typed
    if typed is None or rights.everything:
        return
    path = check.now(typed.type)
    kind = check.resolved(path)
    if kind is None and typed.level and path not in rights.caps:
        return
    level = ""
    if typed.level:
        level = check.now(typed.level) or (kind or {}).get("vertrouwelijkheidaanduiding") or ""
    if not rights.allows(path, level) and path not in rights.caps and kind is not None:
        rights = await check.call.renewed(rights, path)
    if not rights.allows(path, level):
        raise check.call.lacking(rights.scopes, typed.type, path, level)


async def permit_type(check: Check, rights: Rights) -> None:
    """Raise 403 for the type, and the level that was sent, when the body has errors: rights come before those
    (common.md §5)."""
    typed = check.resource.typed
    if typed is None or rights.everything:
        return
    fields = by_attribute(check.resource.fields)
    p, level_of = fields[typed.type], fields.get(typed.level)
    sent = check.sent.get(p.name)
    url = sent.strip() if isinstance(sent, str) else ""
    if not URL.fullmatch(url):
        return
    path = path_of(url, check.call.caller.bases)
    assert p.ref is not None
    level = check.sent.get(level_of.name) if level_of else None
    if path in rights.caps:
        if level in LEVELS and not rights.allows(path, str(level)):
            raise check.call.lacking(rights.scopes, typed.type, url, str(level))
        return
    kind = (await check.find(path, p.ref))[0]
    if kind is not None and path in (await check.call.renewed(rights, path)).caps:
        return
    if kind is not None or not typed.level:
        # A level that was left out is that of the type.
        told = (kind or {}).get("vertrouwelijkheidaanduiding") if level in (None, "") and level_of else level
        told = str(told) if told in LEVELS else ""
        raise check.call.lacking(rights.scopes, typed.type, url, told)
