"""Whether a service has objects that refer to an object of another service, which then cannot disappear."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, select
from starlette.responses import Response

from runtime.problems import invalid
from zgw.fields import describe
from zgw.references import split_path
from zgw.request import Call, answer
from zgw.resource import Resource


def referring(resource: Resource, path: str) -> Iterator[ColumnElement[bool]]:
    """Yield for each field of a resource that may refer to this stored path the condition that an object does."""
    target = split_path(path)[:2]
    for p in describe(resource.fields):
        if p.ref is not None and (p.ref.service, p.ref.path) == target:
            yield exists(select(resource.table.c.id).where(resource.table.c[p.attribute] == path))


async def uses(call: Call) -> Response:
    """Answer the names of the resources of which an object refers to the stored path ``van``: internal, for the
    service that wants to remove it."""
    path = call.query().get("van", "")
    if not all(split_path(path)):
        raise invalid("van", "invalid")
    named = [
        condition.label(resource.name)
        for resource in call.service.api.resources
        for condition in referring(resource, path)
    ]
    row = await call.db.row(call.tenant, select(*named)) if named else None
    return answer([name for name, found in row.items() if found] if row is not None else [])
