"""``expand``: related objects inside a response, to any depth, only what the client may read (common.md §13)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from runtime.problems import Problem
from runtime.statements import Row, among
from zgw.externals import at_once
from zgw.references import is_type, split_path
from zgw.render import render
from zgw.request import Call, dump
from zgw.resource import Resource
from zgw.select import existing as exists_for
from zgw.select import properties, reference_of, within
from zgw.sizes import MAX_READ, MAX_WRITTEN, bounded, completed, too_large
from zgw.types import Ref

MAX_PATHS = 100
MAX_DEPTH = 20
MAX_OBJECTS = 20_000
"""Objects in one answer. An object that is in it twice counts twice: a cycle (``rollen.zaak.rollen.zaak``) multiplies
what is written out, however few objects are read."""

AT_ONCE = 500
"""Objects that are read at once."""

MAX_ELSEWHERE = 500
"""Objects of other registers in one answer: each of them is a request."""

Tree = dict[str, "Tree"]


def paths(value: str | None) -> Tree | None:
    """Return the tree of an ``expand`` parameter: ``a,b.c`` gives ``{"a": {}, "b": {"c": {}}}``. Raises 404 beyond
    the limits."""
    if not value:
        return None
    tree: Tree = {}
    wanted = [part.strip() for part in value.split(",") if part.strip()]
    if len(wanted) > MAX_PATHS:
        raise unknown_path("te veel paden")
    for path in wanted:
        names = path.split(".")
        if len(names) > MAX_DEPTH:
            raise unknown_path("te diep")
        branch = tree
        for name in names:
            branch = branch.setdefault(name.strip(), {})
    return tree


def unknown_path(path: str) -> Problem:
    """Return the 404 for what cannot be expanded (zrc-027)."""
    return Problem(404, "invalid-expand-field", f"Dit attribuut kan niet worden uitgebreid: {path[:200]}.")


def text_of(tree: Tree) -> str:
    """Return the parameter that gives this tree."""
    texts: list[str] = []
    for name, branch in tree.items():
        texts += [f"{name}.{path}" for path in text_of(branch).split(",")] if branch else [name]
    return ",".join(texts)


@cache
def expandable(resource: Resource) -> Mapping[str, Ref]:
    """Return the JSON names that can be expanded, each with what it refers to."""
    found = dict(resource.expandable)
    for p in properties(resource):
        ref = reference_of(p)
        if ref is not None and ref.service and p.attribute != "url" and p.attribute not in resource.unexpandable:
            found.setdefault(p.name, ref)
    return found


async def expand(call: Call, resource: Resource, items: list[dict[str, Any]], tree: Tree) -> None:
    """Add ``_expand`` to rendered objects. Raises Problem 404 for an unknown path, 403 for a component without
    rights."""
    known = expandable(resource)
    written = [Expanded() for _ in items]
    for item, inside in zip(items, written, strict=True):
        item["_expand"] = inside
    for name, branch in tree.items():
        ref = known.get(name)
        if ref is None:
            raise unknown_path(name)
        by = resource.expand_by.get(name)
        values = [item[name] for item in items] if by is None else await by(call, items)
        found = await load(call, ref, {url for value in values for url in urls_of(value)}, branch)
        related = [[url for url in urls_of(value) if url in found] for value in values]
        bound(call, items, written, related, found)
        for inside, value, urls in zip(written, values, related, strict=True):
            if isinstance(value, list):
                inside[name] = [found[url] for url in urls]
            else:
                inside[name] = found.get(value, {}) if value else {}


async def rendered(
    call: Call, resource: Resource, rows: Sequence[Row], wanted: Tree | None = None
) -> list[dict[str, Any]]:
    """Return the JSON objects of rows, completed and expanded."""
    service = call.service.api.service
    items = render(resource, service, rows, call.base)
    if resource.after_read is not None and items:
        await resource.after_read(call, items, rows)
    if wanted:
        await expand(call, resource, items, wanted)
    return items


def adapted(call: Call, resource: Resource, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rendered objects as the switches of the client want them."""
    if resource.adapt is not None:
        resource.adapt(call.profiel, items)
    return items


def bound(
    call: Call,
    items: Sequence[dict[str, Any]],
    written: Sequence["Expanded"],
    related: Sequence[Sequence[str]],
    found: Mapping[str, dict[str, Any]],
) -> None:
    """Count what is added to each item; raise 400 when the answer would have too many objects or bytes."""
    numbers = {url: number_of(item) for url, item in found.items()}
    for inside, urls in zip(written, related, strict=True):
        inside.objects += sum(numbers[url] for url in urls)
    objects = sum(inside.objects for inside in written)
    if objects > MAX_OBJECTS:
        raise too_large("expand", f"Het antwoord zou meer dan {MAX_OBJECTS} objecten bevatten.")
    # A few objects of which none is large cannot be too many bytes, and need not be written out to know that.
    if not call.heavy and objects <= AT_ONCE:
        return
    sizes = {url: Expanded.bytes_of(item) for url, item in found.items()}
    for item, inside, urls in zip(items, written, related, strict=True):
        inside.size = Expanded.bytes_of(item) + sum(sizes[url] for url in urls)
    most = MAX_READ if call.internal else MAX_WRITTEN
    size = sum(inside.size for inside in written)
    if size > most:
        raise too_large("expand", f"Het antwoord zou groter zijn dan {most // 1024**2} MiB.")
    call.hold(size)


class Expanded(dict[str, Any]):
    """The ``_expand`` of an object, with how many objects are written out for that object and all in it, and how many
    bytes; 0 when that was not worth knowing."""

    objects = 1
    size = 0

    @staticmethod
    def bytes_of(item: dict[str, Any]) -> int:
        """Return the bytes that are written out for an object, of which only those of small ones are not known yet."""
        inside = item.get("_expand")
        return inside.size if isinstance(inside, Expanded) and inside.size else len(dump(item))


def number_of(item: dict[str, Any]) -> int:
    """Return how many objects are written out for an object."""
    if isinstance(known := item.get("_expand"), Expanded):
        return known.objects
    inside = [value for value in (known or {}).values() if value]
    return 1 + sum(number_of(each) for value in inside for each in (value if isinstance(value, list) else [value]))


def urls_of(value: Any) -> list[str]:
    """Return the URLs in a property: itself, its items, or the ``url`` (or ``zaaktype``) of its items."""
    if not value:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [value.get("url") or value.get("zaaktype") or ""]
    return [url for item in value for url in urls_of(item) if url]


async def load(call: Call, ref: Ref, urls: Iterable[str], branch: Tree) -> dict[str, dict[str, Any]]:
    """Return the objects at these URLs that the client may read, by URL, each expanded with ``branch``. Raises Problem
    404 for what cannot be obtained (zrc-028)."""
    # A known kind is asked for also with nothing to fetch: an unknown path must be refused whatever the data are.
    here: dict[tuple[str, str], list[str]] = {(ref.service, ref.path): []} if ref.service else {}
    elsewhere = []
    for url in urls:
        path = url.removeprefix(call.base) if url.startswith(call.base + "/") else url
        service, collection, uuid = split_path(path)
        if not path.startswith("/"):
            elsewhere.append(url)
        elif not ref.service:
            if service:
                here.setdefault((service, collection), []).append(uuid.partition("?")[0])
        elif (service, collection) == (ref.service, ref.path):
            here[service, collection].append(uuid.partition("?")[0])
    found = await _fetched(call, ref, elsewhere, branch) if elsewhere else {}
    for (service, collection), uuids in here.items():
        try:
            items = await _own(call, service, collection, uuids, branch)
        except Problem as problem:
            # Any URL can be named here. One that the client cannot see, or nobody, must not hide the others.
            if ref.service or branch or problem.code not in ("permission_denied", "invalid-expand-field"):
                raise
            continue
        found |= {item["url"]: item for item in items}
    return found


async def _own(call: Call, service: str, collection: str, uuids: list[str], branch: Tree) -> list[dict[str, Any]]:
    """Return objects of this installation that the client may read."""
    if service == call.service.api.service:
        return await objects(call, collection, uuids, branch)
    # How large its objects are only the other service knows.
    call.heavy = True
    try:
        return await call.service.references.batch(call.caller, service, collection, uuids, text_of(branch))
    except Problem as problem:
        if problem.status != 503:
            raise
        # zrc-028: what was asked for cannot be obtained.
        raise Problem(404, "not_found", problem.detail) from problem


async def _fetched(call: Call, ref: Ref, urls: list[str], branch: Tree) -> dict[str, dict[str, Any]]:
    """Return objects of other registers, by URL. Types are shown to all who may read what has them; anything else only
    from a register that the municipality opened for this: whether the client may read it there, nobody here knows."""
    if len(urls) > MAX_ELSEWHERE:
        raise Problem(404, "invalid-expand-field", f"Meer dan {MAX_ELSEWHERE} objecten staan in andere registers.")
    externals = call.service.externals
    found: dict[str, dict[str, Any]] = {}

    async def one(url: str) -> None:
        fetch = externals.fetch if is_type(url, ref) else externals.opened
        item = None if branch or ref.service not in ("", "catalogi") else await fetch(call.caller, url)
        if item is None:
            raise Problem(404, "not_found", f"Dit kan niet worden opgehaald: {url[:200]}.")
        found[url] = item

    try:
        async with asyncio.timeout(call.service.settings.outgoing_timeout):
            await at_once(one, urls)
    except TimeoutError as e:
        raise Problem(404, "not_found", "Andere registers antwoorden te traag.") from e
    return found


def _is_uuid(text: Any) -> bool:
    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


async def objects(call: Call, collection: str, uuids: list[str], tree: Tree | None) -> list[dict[str, Any]]:
    """Return the objects of a collection of this service with these uuids, as far as the caller may read them."""
    resource = next((r for r in call.service.api.resources if r.path == collection), None)
    if resource is None:
        raise unknown_path(collection)
    rights = await call.rights(resource.scopes["fetch"])
    uuids = [text for text in uuids if _is_uuid(text)]
    if not uuids:
        if tree:
            await expand(call, resource, [], tree)
        return []
    given = resource.given(call)
    statement = bounded(resource, text=False).where(within(resource, rights), exists_for(resource, rights))
    rows: list[Row] = []
    total = 0
    for start in range(0, len(uuids), AT_ONCE):
        some = among(resource.table.c.uuid, uuids[start : start + AT_ONCE])
        async with call.db.acquire(call.tenant) as db:
            found = await db.rows(statement.where(some).params(**given))
            whole = await completed(call, db, resource, False, found, "expand")
        rows += whole
        if len(uuids) > AT_ONCE:
            total += len(dump(render(resource, call.service.api.service, whole, call.base)))
            if total > MAX_READ:
                raise too_large("expand", f"Het antwoord zou groter zijn dan {MAX_READ // 1024**2} MiB.")
    return adapted(call, resource, await rendered(call, resource, rows, tree))
