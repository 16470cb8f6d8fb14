"""The declaration of a resource: facts, and the plain functions that hold its rules.

The standard prescribes the same operations for some forty resources; ``zgw.write``, ``zgw.read`` and ``zgw.lists``
perform them from this declaration.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic
from typing import cast as as_type

from sqlalchemy import ColumnElement, FromClause, Select, Table, Uuid, column, func, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine
from typing_extensions import TypeVar

from runtime.problems import InvalidParam
from runtime.statements import Executor
from zgw.fields import Fields, describe
from zgw.filters import Filter
from zgw.mirroring.agreement import Agreement
from zgw.rights import Rights
from zgw.tally import Tally
from zgw.types import Also, Coordinates, Ref

if TYPE_CHECKING:
    from zgw.check import Check
    from zgw.profiel import Profiel
    from zgw.request import Call


CALLING_CLIENT = "calling_client"
"""The parameter of statements that has the client_id of the caller, where objects have an owner."""

F = TypeVar("F", covariant=True, default=Fields)
"""The fields of a resource. ``Resource`` and ``Check`` without them are those of any fields."""
Rule = Callable[["Check[F]"], Awaitable[None]]
"""Rejects what may not be stored (400), or raises a Problem (guards: 403, 409)."""
Effect = Callable[[Executor, "Check[F]"], Awaitable[None]]
"""Changes other rows in the same transaction; ``check.row`` and ``check.uuid`` are those of the written object."""
Mirrors = Callable[["Check[F]"], Agreement | None]
"""Returns what other services have to agree to after the commit, or the write is taken back (``zgw.mirroring``)."""

Count = Callable[["Call", Executor, Rights, Sequence[ColumnElement[bool]], bool], Awaitable[Tally | None]]
"""Tells how many objects meet conditions within rights, on request with the parts; None when it has to be counted."""


@dataclass(frozen=True)
class Typed:
    """The authorisation dimension of a main object: the attribute of its type, and of its level when it has one."""

    type: str
    level: str = ""


@dataclass(frozen=True)
class Main:
    """The main object that a resource belongs to, by the attribute that refers to it. ``state`` names the columns of it
    that rules look at: what they saw holds until the commit (``zgw.rows``)."""

    attribute: str
    resource: "Resource"
    state: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Resource(Generic[F]):
    """A resource of the standard.

    ``fields`` are what clients write; ``shown`` what only responses have. A shown property is a column of ``table``
    of the same name, or an expression in ``computed``. ``scopes`` has the keys list, fetch, create, update, remove; an
    operation without scopes does not exist. ``operations`` overrules operationIds (``{"fetch": "besluit_read"}``).
    """

    name: str
    path: str
    fields: type[F]
    table: Table
    scopes: Mapping[str, frozenset[str]]
    shown: type[Fields] = Fields
    ignored: type[Fields] = Fields
    """Fields that requests may have without effect, because they are worked out; only the documentation has them."""
    computed: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    source: FromClause | None = None
    parent: str = ""
    """For ``/zaken/{zaak_uuid}/zaakeigenschappen``: the attribute that holds the parent; ``main`` tells its path."""
    operation: str = ""
    operations: Mapping[str, str] = field(default_factory=dict)
    verbs: Sequence[str] = ("list", "create", "fetch", "head", "replace", "merge", "remove")
    filters: Sequence[Filter] = ()
    fetch_parameters: Sequence[str] = ()
    ordering: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    order: Sequence[ColumnElement[Any]] = ()
    paginated: bool = True
    etag: bool = True
    typed: Typed | None = None
    main: Main | None = None
    owner: str = ""
    """The column that holds the client_id of who made an object, when it is for that client alone; clients with all
    rights have them all."""
    restrict: Callable[[Rights], ColumnElement[bool] | None] | None = None
    """A condition beside type and level, such as ``isGereedVoorPublicatie``; an object outside it does not exist."""
    kanaal: str = ""
    kenmerken: Callable[[Mapping[str, Any]], dict[str, str]] | None = None
    """For a main object: the kenmerken of its notifications, from its row (stored form)."""
    notify: Sequence[str] = ("create", "update", "partial_update", "destroy")
    audited: bool = False
    touches: Sequence[str] = ()
    """The actions that count as a change of the main object (``zgw.audit.audit_table``)."""
    weergave: Callable[[Mapping[str, Any]], str] = lambda row: str(row["uuid"])
    """How an object is called in the audit trail, after its main object, from its row; truncated to 200 characters.
    A rule that knows better says the whole in ``check.weergave``."""
    expandable: Mapping[str, Ref] = field(default_factory=dict)
    """Expandable properties that are not plain references: ``relevanteAndereZaken`` by the ``url`` of its items."""
    expand_by: "Mapping[str, Callable[[Call, Sequence[dict[str, Any]]], Awaitable[list[Any]]]]" = field(
        default_factory=dict
    )
    """For expandable properties that show no URL: the function that returns the URL (or URLs) for each rendered
    object."""
    unexpandable: Sequence[str] = ()
    unique: Mapping[str, InvalidParam] = field(default_factory=dict)
    """The error for each unique constraint of the table, by the name of the constraint."""
    rules: "Sequence[Rule[F]]" = ()
    removal_rules: "Sequence[Rule[F]]" = ()
    derive: "Sequence[Rule[F]]" = ()
    """Fill ``check.row`` after the rules passed: generated numbers, values taken from the type."""
    guards: "Sequence[Rule[F]]" = ()
    """Checks of the state that answer 403 or 409; run for create, update and remove, after the rules."""
    locks: "Sequence[Effect[F]]" = ()
    """Lock what else a write looks at, in the order that all keep to, before anything is written."""
    effects: "Sequence[Effect[F]]" = ()
    before_removal: "Sequence[Effect[F]]" = ()
    """Look at what will disappear, in the transaction that removes it."""
    unmade: "Effect[F] | None" = None
    """Gives back what a new object took beside its row, when it is taken back."""
    mirrors: "Sequence[Mirrors[F]]" = ()
    uses: "Callable[[Check[F]], Mapping[str, int]] | None" = None
    """Tells what a write adds to the use by its municipality, by the names of ``zgw.usage``."""
    after_read: Callable[["Call", list[dict[str, Any]], Sequence[Mapping[str, Any]]], Awaitable[None]] | None = None
    """Completes rendered objects with what one statement cannot give (used by catalogi for relations by name)."""
    adapt: "Callable[[Profiel, list[dict[str, Any]]], None] | None" = None
    """Changes rendered objects for a client with switches (``zgw.profiel``); what is kept of a write is not changed."""
    parameters: "Callable[[Call], dict[str, Any]] | None" = None
    """The values of a request for the named parameters inside ``computed`` and ``restrict`` (catalogi: the day of
    reference)."""
    tally: Count | None = None
    """Knows the number of objects for some conditions (``zgw.counts``)."""
    put_keeps: bool = True
    """Whether an optional field that PUT leaves out keeps its value (common.md §3), or gets its default."""
    cached: bool = False
    """Whether other services may keep a copy; each write then signals ``samenzaak_<service>``."""
    warning: str = ""
    description: str = ""
    extensions: Sequence[str] = ()
    """What is beside the standard: names of verbs and of orderings; ``("*",)`` for the whole resource. A field has the
    marker ``EXTENSION``, a filter ``beside_standard``."""

    @cached_property
    def crs(self) -> bool:
        """Whether an object has coordinates."""
        return any(p.marker(Coordinates) for p in describe(as_type("type[Fields]", self.fields)))

    @cached_property
    def renames(self) -> Mapping[str, str]:
        """The names that requests may use for a property beside its own."""
        return {other.name: p.name for p in describe(as_type("type[Fields]", self.fields)) if (other := p.marker(Also))}

    def beside_standard(self, name: str) -> bool:
        """Return whether a verb, or an ordering, is beside the standard."""
        return name in self.extensions or "*" in self.extensions

    @property
    def prefix(self) -> str:
        """The operationId prefix."""
        return self.operation or self.name

    def given(self, call: "Call") -> dict[str, Any]:
        """Return what the request gives to the named parameters of a read."""
        found = {} if self.parameters is None else self.parameters(call)
        return {**found, CALLING_CLIENT: call.caller.client_id} if self.owner else found

    def renamed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request with the names that its properties have. Clients that know both names send one of them
        empty, which says nothing."""
        found = {name: value for name, value in body.items() if name not in self.renames}
        for other, name in self.renames.items():
            if body.get(other) and not found.get(name):
                found[name] = body[other]
        return found

    def clause(self) -> FromClause:
        """The FROM clause of a read."""
        return self.table if self.source is None else self.source


def related(
    name: str, key: str, owner: Table, order: str = "id", value: str = "uuid", where: ColumnElement[bool] | None = None
) -> ColumnElement[Any]:
    """Return the uuids of the rows of table ``name`` whose column ``key`` refers to ``owner``, as one array.

    The other table is named, not imported, because its module imports the owner's.
    """
    other = table(name, column(key), column(order), column(value)).alias()
    statement = select(other.c[value]).where(other.c[key] == owner.c.uuid).order_by(other.c[order])
    return in_array(statement if where is None else statement.where(where), Uuid())


def in_array(statement: Select[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return the values that ``statement`` finds as one array, in its order; an empty one when it finds none. It takes
    less time than an aggregate, of which most objects have an empty one."""
    return func.array(statement.scalar_subquery(), type_=ARRAY(kind))


def aggregate_order(value: ColumnElement[Any], order: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return ``value ORDER BY order`` for use inside an aggregate."""
    from sqlalchemy.dialects.postgresql import aggregate_order_by

    return aggregate_order_by(value, order)


Statement = Select[Any]
