"""What our services ask each other, below ``/_intern``: the routes that each of them has. ``zgw/between.py`` tells who
may ask what."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import ColumnElement, exists, select
from starlette.responses import Response

from runtime.problems import invalid
from zgw.dependencies import CurrentCall, Db, is_a_service
from zgw.expand import objects, paths
from zgw.fields import describe
from zgw.references import split_path
from zgw.request import Service, answer
from zgw.resource import Resource
from zgw.routing import Operation


def internal_router() -> APIRouter:
    """Return a router for what only our services may ask."""
    return APIRouter(
        prefix="/_intern", route_class=Operation, dependencies=[Depends(is_a_service)], include_in_schema=False
    )


router = APIRouter(prefix="/_intern", route_class=Operation, include_in_schema=False)
probes = APIRouter(prefix="/_intern", include_in_schema=False)


async def missing(request: Request) -> str:
    """Return what keeps the service from its work, or an empty string."""
    service: Service = request.app.state.service
    found: str = await service.missing()
    return found


@probes.get("/health")
async def health(missing: Annotated[str, Depends(missing)]) -> Response:
    """Tell whether the service can work."""
    return answer({"status": missing or "ok"}, 503 if missing else 200)


@router.post("/objects/{collection}")
async def read_objects(call: CurrentCall) -> Response:
    """Answer many objects at once, with the rights of the caller in the token: a service or one of its clients."""
    body = await call.body()
    return answer(await objects(call, call.path["collection"], body.get("uuids", []), paths(body.get("expand"))))


@router.get("/kanalen", dependencies=[Depends(is_a_service)])
async def kanalen(call: CurrentCall) -> Response:
    """Tell Notificaties which kanalen this API has, so that nobody needs to register them."""
    return answer([{"naam": k.naam, "kenmerken": k.kenmerken} for k in call.service.api.kanalen])


@router.get("/uses", dependencies=[Depends(is_a_service)])
async def uses(call: CurrentCall, db: Db) -> Response:
    """Answer the names of the resources of which an object refers to the stored path ``van``, so that what is there
    cannot be removed."""
    path = call.query().get("van", "")
    if not all(split_path(path)):
        raise invalid("van", "invalid")
    named = [
        condition.label(resource.name)
        for resource in call.service.api.resources
        for condition in referring(resource, path)
    ]
    row = await db.row(call.tenant, select(*named)) if named else None
    return answer([name for name, found in row.items() if found] if row is not None else [])


def referring(resource: Resource, path: str) -> Iterator[ColumnElement[bool]]:
    """Yield for each field of a resource that may refer to this stored path the condition that an object does."""
    target = split_path(path)[:2]
    for p in describe(resource.fields):
        if p.ref is not None and (p.ref.service, p.ref.path) == target:
            yield exists(select(resource.table.c.id).where(resource.table.c[p.attribute] == path))
