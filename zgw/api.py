"""The declaration of an API: its resources, its other endpoints and its channels."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from zgw.fields import Fields
from zgw.filters import Filter

if TYPE_CHECKING:
    from zgw.request import Call
from zgw.resource import Resource


@dataclass(frozen=True, eq=False)
class Action:
    """An ordinary endpoint: ``_zoek``, lock, publish. ``run(call)`` answers; path parameters are in ``call.path``."""

    operation: str
    method: str
    path: str
    run: "Callable[[Call], Awaitable[Any]]"
    scopes: frozenset[str] | None
    body: type[Fields] | None = None
    response: type[Fields] | Resource | None = None
    status: int = 200
    shape: str = "object"
    """``object``, ``page``, ``array`` or ``binary``."""
    filters: Sequence[Filter] = ()
    parameters: Sequence[str] = ()
    """Names of standard parameters: page, pageSize, expand, If-None-Match, CRS."""
    content_type: str = "application/json"
    description: str = ""
    failures: Sequence[int] = ()
    """Error statuses that cannot be seen from the rest of the declaration."""


@dataclass(frozen=True)
class Kanaal:
    """A notification channel and the names of its kenmerken."""

    naam: str
    kenmerken: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Api:
    """One API: its version in the standard, its resources, its other endpoints and its channels."""

    service: str
    component: str
    version: str
    title: str
    resources: Sequence[Resource]
    metadata: MetaData
    actions: Sequence[Action] = ()
    kanalen: Sequence[Kanaal] = ()
    internal: "Mapping[str, Callable[[Call], Awaitable[Any]]]" = field(default_factory=dict)
    """Routes for other services only: ``{"GET /client": run}`` is reached as ``/_intern/client``."""
    start: Sequence[Callable[[Any], Coroutine[Any, Any, None]]] = ()
    """Background work of the service; each gets the Service when it starts and is cancelled at the end."""
    forget: Sequence[Callable[[Any, str], None]] = ()
    """What the service does when a municipality was erased: each gets the Service and the name (``""``: of any)."""
    description: str = ""

    @property
    def root(self) -> str:
        """The path below which the API lives."""
        return f"/{self.service}/api/v1"
