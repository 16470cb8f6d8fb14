"""The declaration of an API: its resources, its other routes and its channels."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy import MetaData

from zgw.fields import Fields
from zgw.filters import Filter
from zgw.logboek.source import Source
from zgw.resource import Resource

MOST = 100
"""Objects in one list: each is examined as if it came alone, while its transaction lasts."""


@dataclass(frozen=True, eq=False)
class Member:
    """A member of the body: the name, the resource that it is an object of, and which of its scopes writing it needs.

    ``only`` are the members of it that count, and must be there, where the others are left alone.
    """

    name: str
    resource: Resource
    operation: str = "create"
    many: bool = False
    required: bool = True
    only: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Described:
    """What the OAS tells of an endpoint, beside what its route and its parameters say: ``openapi_extra={"zgw":
    Described(response=ZAAK, shape="page")}``."""

    body: type[Fields] | None = None
    response: type[Fields] | Resource | None = None
    shape: str = "object"
    """``object``, ``page``, ``array``, ``object|array`` or ``binary``."""
    filters: Sequence[Filter] = ()
    parameters: Sequence[str] = ()
    """Names of standard parameters: page, pageSize, expand, If-None-Match, CRS."""
    content_type: str = "application/json"
    taken: Sequence[Member] = ()
    """The members of the body of an operation that writes several objects (``zgw.members``)."""
    shown: Sequence[Member] = ()
    """The members of its answer."""
    writes: Sequence[tuple[Resource, str]] = ()
    """The operations of resources (``(DOCUMENT, "create")``) that it carries out, where the rest does not tell."""
    codes: Sequence[str] = ()
    """Codes of fields that cannot be seen from the rest of the declaration."""
    failures: Sequence[int] = ()
    """Error statuses that cannot be seen from the rest of the declaration."""
    extension: bool = False
    """Whether the operation is beside the standard."""


@dataclass(frozen=True)
class Kanaal:
    """A notification channel and the names of its kenmerken."""

    naam: str
    kenmerken: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Api:
    """One API: its version in the standard, its resources, its other routes and its channels."""

    service: str
    component: str
    version: str
    title: str
    resources: Sequence[Resource]
    metadata: MetaData
    routers: Sequence[APIRouter] = ()
    """The routes beside those of the resources: other operations, and those for our own services."""
    kanalen: Sequence[Kanaal] = ()
    start: Sequence[Callable[[Any], Coroutine[Any, Any, None]]] = ()
    """Background work of the service; each gets the Service when it starts and is cancelled at the end."""
    forget: Sequence[Callable[[Any, str], None]] = ()
    """Called when a municipality was erased: each gets the Service and the name (``""``: of any)."""
    description: str = ""
    logboek: Source | None = None
    """How it is found out whose data an action was about; None where nothing is about persons."""

    @property
    def operations(self) -> Iterator[APIRoute]:
        """The operations beside those of the resources."""
        routes = (route for router in self.routers for route in router.routes if isinstance(route, APIRoute))
        yield from (route for route in routes if route.include_in_schema)

    @property
    def root(self) -> str:
        """The path below which the API lives."""
        return f"/{self.service}/api/v1"
