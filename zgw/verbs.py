"""The operations that the standard prescribes for every resource: method, path, operationId, scopes and function.

router = router_of("/zaken/api/v1", ROL)
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from zgw import audit, lists, read, write
from zgw.dependencies import CurrentCall
from zgw.request import Call
from zgw.resource import Resource
from zgw.routing import Operation

Run = Callable[[Call, Resource], Awaitable[Response]]
ONE = "/{uuid:uuid}"


@dataclass(frozen=True)
class Verb:
    """One operation: ``operation`` ends its operationId, ``scopes`` is the key of its scopes, ``path`` comes after that
    of the collection."""

    method: str
    path: str
    operation: str
    scopes: str
    run: Run
    status: int = 200


VERBS = {
    "list": Verb("GET", "", "list", "list", lists.list_),
    "create": Verb("POST", "", "create", "create", write.create, 201),
    "fetch": Verb("GET", ONE, "retrieve", "fetch", read.fetch),
    "head": Verb("HEAD", ONE, "headers", "fetch", read.fetch),
    "replace": Verb("PUT", ONE, "update", "update", write.replace),
    "merge": Verb("PATCH", ONE, "partial_update", "update", write.merge),
    "remove": Verb("DELETE", ONE, "destroy", "remove", write.remove, 204),
}


def verbs_of(resource: Resource) -> Iterator[str]:
    """Yield the operations of a resource; one without scopes does not exist."""
    yield from (name for name, verb in VERBS.items() if name in resource.verbs and verb.scopes in resource.scopes)


def operation_id(resource: Resource, name: str) -> str:
    """Return the operationId of an operation: ``rol_list``."""
    return resource.operations.get(name, f"{resource.prefix}_{VERBS[name].operation}")


def collection_path(resource: Resource) -> str:
    """Return the path of a collection below the root of its API: ``/zaken/{zaak_uuid:uuid}/zaakeigenschappen``."""
    if resource.parent and resource.main:
        return f"/{resource.main.resource.path}/{{{resource.parent}_uuid:uuid}}/{resource.path}"
    return f"/{resource.path}"


def trails_of(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield the operationId and the path of the two operations of the audit trail of a main object."""
    if resource.audited and resource.main is None:
        path = f"/{{{resource.name}_uuid:uuid}}/audittrail"
        yield resource.operations.get("audit_list", "audittrail_list"), path
        yield resource.operations.get("audit_fetch", "audittrail_retrieve"), path + ONE


def router_of(root: str, resource: Resource) -> APIRouter:
    """Return the routes of a resource below the root of its API."""
    router = APIRouter(prefix=root + collection_path(resource), route_class=Operation)
    # HEAD comes first, because the route of GET takes it as well.
    for name in sorted(verbs_of(resource), key=lambda name: name != "head"):
        verb = VERBS[name]
        router.add_api_route(
            verb.path,
            _endpoint(resource, verb.run),
            methods=[verb.method],
            operation_id=operation_id(resource, name),
            tags=[resource.path],
            status_code=verb.status,
            deprecated=bool(resource.warning),
        )
    for operation, path in trails_of(resource):
        router.add_api_route(
            path, _endpoint(resource, audit.trail), methods=["GET"], operation_id=operation, tags=["audittrail"]
        )
    return router


def _endpoint(resource: Resource, run: Run) -> Callable[[Call], Awaitable[Response]]:
    async def endpoint(call: CurrentCall) -> Response:
        found = await run(call, resource)
        if resource.warning:
            found.headers["Warning"] = f'299 "{call.base}{call.request.url.path}" "{resource.warning}"'
        return found

    return endpoint
