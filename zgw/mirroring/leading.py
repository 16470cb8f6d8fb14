"""Which leading records there are: asked here, of mirrors that this service leads, and by a service that has mirrors.

The internal route ``POST /leading`` takes ``{"relations": [[object, informatieobject], …]}`` with stored paths, and
answers those that exist.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import ARRAY, Select, Table, bindparam, func, select, tuple_
from starlette.responses import Response

from runtime.identity import Caller
from runtime.problems import Problem
from zgw.dependencies import CurrentCall
from zgw.mirroring.agreement import Mirror
from zgw.request import Call, Service, answer

Pair = tuple[str, str]
"""The stored paths of an object and of a document of it."""


@dataclass(frozen=True)
class Asker:
    """Who tells the other side: a service for the client of a write, or by itself for one that was broken off."""

    service: Service
    caller: Caller


async def leading(asker: Asker, mirrors: Iterable[Mirror]) -> set[Mirror]:
    """Return those of these mirrors that have a leading record at the moment."""
    groups: dict[tuple[Table, tuple[str, ...]], list[Mirror]] = {}
    for mirror in mirrors:
        table, known = mirror.leading
        groups.setdefault((table, tuple(known)), []).append(mirror)
    found: set[Mirror] = set()
    for (table, names), some in groups.items():
        given = [tuple(mirror.leading[1][name] for name in names) for mirror in some]
        rows = await asker.service.database.rows(asker.caller.tenant, _present(table, names, given))
        there = {tuple(row[name] for name in names) for row in rows}
        found |= {mirror for mirror, values in zip(some, given, strict=True) if values in there}
    return found


def _present(table: Table, names: Sequence[str], given: Sequence[Sequence[Any]]) -> Select[Any]:
    """Return the statement that reads which of these combinations of values a table has."""
    columns = [table.c[name] for name in names]
    values = zip(*given, strict=True)
    arrays = [bindparam(None, list(each), type_=ARRAY(c.type)) for c, each in zip(columns, values, strict=True)]
    return select(*columns).where(tuple_(*columns).in_(select(*map(func.unnest, arrays))))


def leads(table: Table, key: str, prefix: str) -> Callable[[Call], Awaitable[Response]]:
    """Return the internal route of a service that leads: which relations ``table`` has. Its column ``key`` refers to
    the objects, of which the stored paths begin with ``prefix``."""

    async def leading(call: CurrentCall) -> Response:
        asked = [(path.removeprefix(prefix), document) for path, document in (await call.body())["relations"]]
        if not asked:
            return answer([])
        rows = await call.db.rows(call.tenant, _present(table, (key, "informatieobject"), asked))
        return answer([[f"{prefix}{row[key]}", row["informatieobject"]] for row in rows])

    return leading


async def ask_leading(call: Call, service: str, pairs: Collection[Pair]) -> set[Pair]:
    """Return which of these relations the service that leads them has; raise 503 when it does not tell."""
    me = call.caller.as_component(call.service.api.service)
    try:
        response = await call.service.internal.send(me, service, "POST", "/_intern/leading", {"relations": list(pairs)})
    except httpx.HTTPError as e:
        raise Problem(503, "error", "De relaties konden niet worden opgezocht.") from e
    if response.status_code != 200:
        raise Problem(503, "error", response.text[:500])
    return {(path, document) for path, document in response.json()}
