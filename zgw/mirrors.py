"""The other side of relations that live in two services: makes and removes records there, many at a time.

Own services get some hundreds in one internal request; APIs elsewhere, which know the standard only, get a request for
each, a few at the same time.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from sqlalchemy import ARRAY, Select, Table, bindparam, func, select, tuple_
from starlette.responses import Response

from runtime.faults import Unavailable
from runtime.identity import Caller
from runtime.pool import Database
from runtime.problems import Problem
from zgw.externals import at_once
from zgw.fields import path_of
from zgw.request import Call, Service, answer

log = logging.getLogger("samenzaak.relations")

CHANGES = 10
"""How often one relation is followed while others keep changing it."""
BUNDLE = 250
"""Relations in one internal request: the answer comes in a tenth of the time that a service waits for one."""


@dataclass(frozen=True, eq=False)
class Relation:
    """One record at the other side: the collection that it lives in (stored path or foreign URL), its body, and the
    query that finds it again. References are stored paths.

    ``leading`` is what leads to it at this side: a table, and what its columns say. ``internal`` is the internal path
    that takes many of them at once, in an own service. ``headers`` go along until the write is taken back.
    """

    collection: str
    body: Mapping[str, str]
    find: Mapping[str, str]
    leading: tuple[Table, Mapping[str, Any]]
    internal: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Failed(Exception):
    """The other service could not be reached or refused; ``forbidden`` when it says that the client may not do this.
    ``unavailable`` is what it says when it cannot do its work now."""

    forbidden = ""
    unavailable: Problem | None = None
    gone = False
    """Whether what the relation leads to does not exist."""
    relation: "Relation | None" = None


UNREACHED = (httpx.HTTPError, ValueError, Unavailable)
"""What is raised when another service gives no usable answer."""


def unreached(what: str, error: Exception) -> Failed:
    """Return the failure for a service that gave no usable answer."""
    failure = Failed(f"{what}: {error!r}")
    if isinstance(error, Unavailable):
        failure.unavailable = error.problem
    return failure


class Asking(Protocol):
    """Who tells the other side: a request, or the relay for one that was broken off."""

    @property
    def service(self) -> Service:
        """The service of this side."""

    @property
    def caller(self) -> Caller:
        """For whom."""

    @property
    def tenant(self) -> str:
        """The municipality."""

    @property
    def base(self) -> str:
        """Its base URL."""

    @property
    def db(self) -> Database:
        """The pool of the service."""


Failures = dict[Relation, Failed]


async def agree(call: Asking, relations: Sequence[Relation], back: bool = False) -> None:
    """Make or remove each record at the other side, as this side tells at the moment; new ones first. Raises Failed.

    ``back``: of a write that was taken back, where what can be mended is.

    Others write the same relations. Who changes one after it was looked at here may find the other side already as it
    should be, and see that undone by this call: so it is looked at again after the call.
    """
    todo = list(relations)
    for _ in range(CHANGES):
        if not todo:
            return
        leads = await leading(call, todo)
        new, gone = [item for item in todo if item in leads], [item for item in todo if item not in leads]
        failures = await _tell(call, new, True, back)
        untold = gone if failures and not back else []
        if not untold:
            failures |= await _tell(call, gone, False, back)
        now = await leading(call, todo)
        changed = [item for item in todo if (item in leads) != (item in now)]
        for item, failure in failures.items():
            if item not in changed:
                failure.relation = item
                raise failure
        todo = [*changed, *(item for item in untold if item not in changed)]
    for failure in failures.values():
        raise failure


async def leading(call: Asking, relations: Iterable[Relation]) -> set[Relation]:
    """Return the relations that this side has at the moment."""
    groups: dict[tuple[Table, tuple[str, ...]], list[Relation]] = {}
    for item in relations:
        table, known = item.leading
        groups.setdefault((table, tuple(known)), []).append(item)
    found: set[Relation] = set()
    for (table, names), items in groups.items():
        given = [tuple(item.leading[1][name] for name in names) for item in items]
        rows = await call.db.rows(call.tenant, _present(table, names, given))
        there = {tuple(row[name] for name in names) for row in rows}
        found |= {item for item, values in zip(items, given, strict=True) if values in there}
    return found


def _present(table: Table, names: Sequence[str], given: Sequence[Sequence[Any]]) -> Select[Any]:
    """Return the statement that reads which of these combinations of values a table has."""
    columns = [table.c[name] for name in names]
    values = zip(*given, strict=True)
    arrays = [bindparam(None, list(each), type_=ARRAY(c.type)) for c, each in zip(columns, values, strict=True)]
    return select(*columns).where(tuple_(*columns).in_(select(*map(func.unnest, arrays))))


def leads(table: Table, key: str, prefix: str) -> Callable[[Call], Awaitable[Response]]:
    """Return the internal route that tells a service with mirrors which relations there are: of ``[[object,
    informatieobject], …]`` those that ``table`` has, whose column ``key`` refers to the object."""

    async def run(call: Call) -> Response:
        asked = [(path.removeprefix(prefix), document) for path, document in (await call.body())["relaties"]]
        if not asked:
            return answer([])
        rows = await call.db.rows(call.tenant, _present(table, (key, "informatieobject"), asked))
        return answer([[f"{prefix}{row[key]}", row["informatieobject"]] for row in rows])

    return run


async def _tell(call: Asking, relations: Sequence[Relation], make: bool, back: bool) -> Failures:
    """Make or remove these records; return what failed. After a failure nothing more is begun."""
    bundles: dict[str, list[Relation]] = {}
    single: list[Relation] = []
    for item in relations:
        (bundles.setdefault(item.internal, []) if item.internal else single).append(item)
    for path, items in bundles.items():
        for start in range(0, len(items), BUNDLE):
            part = items[start : start + BUNDLE]
            try:
                refused = await _bundle(call, path, part, make)
            except Failed as e:
                return dict.fromkeys(items[start:], e)
            if refused is None:
                single += part
            elif refused:
                return refused
    return await _one_by_one(call, single, make, back)


async def _bundle(call: Asking, path: str, relations: Sequence[Relation], make: bool) -> Failures | None:
    """Make or remove records by one internal request; return what was refused, or None where the other service is of a
    version that does not know such requests."""
    method, service = "POST" if make else "DELETE", relations[0].collection.split("/")[1]
    body = {"relaties": [dict(item.body) for item in relations]}
    try:
        response = await call.service.internal.send(_me(call), service, method, path, body)
        if response.status_code in (404, 405):
            return None
        reasons = response.json()
    except UNREACHED as e:
        raise unreached(f"{method} {path}", e) from e
    if response.status_code != 200:
        raise Failed(f"{method} {path}: {response.status_code} {reasons}")
    pairs = zip(relations, reasons, strict=True)
    failures = {item: Failed(f"{method} {path}: {item.body} {reason}") for item, reason in pairs if reason}
    for item, reason in zip(relations, reasons, strict=True):
        if reason == "object-does-not-exist":
            failures[item].gone = True
    return failures


async def _one_by_one(call: Asking, relations: Sequence[Relation], make: bool, back: bool) -> Failures:
    failures: Failures = {}

    async def tell(item: Relation) -> None:
        if not failures:
            try:
                await (add if make else drop)(call, item, {} if back else item.headers)
            except Failed as e:
                failures[item] = e

    await at_once(tell, relations)
    return failures


async def add(call: Asking, relation: Relation, headers: Mapping[str, str]) -> None:
    """Make the record; that it exists already is success. Raises Failed."""
    body = {key: _url(call, value) for key, value in relation.body.items()}
    status, content = await _send(call, "POST", relation.collection, body, headers)
    codes = {param.get("code") for param in content.get("invalidParams", [])} if isinstance(content, dict) else set()
    if status not in (200, 201) and codes != {"unique"}:
        failure = refused(f"POST {relation.collection}", status, content, headers)
        failure.gone = status == 404 and relation.collection.startswith("/")
        raise failure


async def drop(call: Asking, relation: Relation, headers: Mapping[str, str]) -> None:
    """Remove the record; that it does not exist is success. Raises Failed.

    An API outside that the municipality does not refer to any more is left alone: nobody can ask it anything.
    """
    caller, externals = call.caller, call.service.externals
    if not relation.collection.startswith("/") and not await externals.refers_to(caller, relation.collection):
        log.warning("%s keeps %s: it is no configured API any more", relation.collection, relation.body)
        return
    query = {key: _url(call, value) for key, value in relation.find.items()}
    target = f"{relation.collection}?{urlencode(query)}" if query else relation.collection
    status, items = await _send(call, "GET", target)
    if status == 404:
        return
    if status != 200 or not isinstance(items, list):
        raise Failed(f"GET {target}: {status}")
    bases = call.caller.bases
    for item in items:
        if all(path_of(str(item.get(key)), bases) == value for key, value in relation.body.items()):
            target = str(item.get("url")).removeprefix(call.base)
            status, content = await _send(call, "DELETE", target, None, headers)
            if status not in (204, 404):
                raise refused(f"DELETE {target}", status, content, headers)


def refused(what: str, status: int, content: Any, headers: Mapping[str, str] = {}) -> Failed:
    """Return the failure for an answer that is none of those expected. A 403 is about the client only where the
    other service was told, by ``headers``, that it may not do everything."""
    failure = Failed(f"{what}: {status} {content}")
    if headers and status == 403 and isinstance(content, dict):
        failure.forbidden = str(content.get("detail"))
    return failure


def _url(call: Asking, value: str) -> str:
    return call.caller.canonical_base + value if value.startswith("/") else value


def _me(call: Asking) -> Any:
    return call.caller.as_component(call.service.internal.service)


async def _send(
    call: Asking, method: str, target: str, body: Any = None, headers: Mapping[str, str] = {}
) -> tuple[int, Any]:
    if not target.startswith("/"):
        answered = await call.service.externals.request(call.caller, method, target, body)
        if answered is None:
            raise Failed(f"{method} {target}: refused or unreachable")
        return answered
    try:
        response = await call.service.internal.send(
            _me(call), target.split("/")[1], method, target, body, headers=headers
        )
        return response.status_code, response.json() if response.content else None
    except UNREACHED as e:
        raise unreached(f"{method} {target}", e) from e
