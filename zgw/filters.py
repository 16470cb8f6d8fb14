"""Query parameters: each is declared with its type and the condition that it stands for (common.md §7).

Example::

    FILTERS = [
        equal("identificatie", T.c.identificatie, Annotated[str, Length(40)]),
        *compare("startdatum", T.c.startdatum, Date, "gt", "gte", "lt", "lte"),
        reference("zaaktype", T.c.zaaktype, Ref("catalogi", "zaaktypen")),
    ]
"""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Text, and_, false, literal_column
from sqlalchemy.sql import operators

from runtime.problems import InvalidParam
from runtime.statements import among
from zgw.dates import EXACT_DATES
from zgw.problems import from_pydantic
from zgw.types import Ref

if TYPE_CHECKING:
    from zgw.request import Call

Condition = Callable[[Any], ColumnElement[bool]]
Within = Callable[[ColumnElement[bool]], ColumnElement[bool]]


@dataclass(frozen=True, eq=False)
class Filter:
    """One query parameter.

    ``many`` is a comma separated list (an array in the body of ``_zoek``). Filters that share ``within`` are combined
    before they are wrapped by it: all ``rol__*`` parameters must match on one and the same rol. ``search_only`` exists
    in ``_zoek`` but not as a query parameter. ``required`` is for actions, which check it themselves. ``shown`` is the
    schema of the parameter in the OAS, where the standard says less than the type. ``default`` counts when the
    parameter is absent. ``extension``: it is beside the standard (:func:`beside_standard`). ``lookup`` returns the
    condition of a filter that has to ask for something first; ``within`` does not hold for those.
    """

    name: str
    type: Any
    condition: Condition
    many: bool = False
    within: Within | None = None
    search_only: bool = False
    required: bool = False
    shown: Mapping[str, Any] | None = None
    default: Any = None
    extension: bool = False
    lookup: "Callable[[Call, Any], Awaitable[ColumnElement[bool]]] | None" = None


MANY = 1_000
"""Values of a parameter that is a list."""

OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}


def equal(name: str, column: ColumnElement[Any], type_: Any = str, within: Within | None = None) -> Filter:
    """Return an exact, case-sensitive match."""
    # Of a value that is written into the statement PostgreSQL knows how many objects have it.
    if get_origin(type_) is Literal:
        return Filter(name, type_, lambda value: column == literal_column(f"'{value}'", Text()), within=within)
    return Filter(name, type_, lambda value: column == value, within=within)


def any_of(name: str, column: ColumnElement[Any], type_: Any, search_only: bool = False) -> Filter:
    """Return a match with any of a list: ``bronorganisatie__in``."""
    return Filter(name, type_, lambda values: among(column, values), many=True, search_only=search_only)


def compare(name: str, column: ColumnElement[Any], type_: Any, *suffixes: str, exact: bool = True) -> list[Filter]:
    """Return ``name`` (exact) and ``name__gt`` and the like; null values never match."""
    found = [equal(name, column, type_)] if exact else []
    for suffix in suffixes:
        if suffix == "isnull":
            found.append(Filter(f"{name}__isnull", bool, lambda v: column.is_(None) if v else column.is_not(None)))
        elif suffix == "icontains":
            found.append(Filter(f"{name}__icontains", type_, lambda v: column.icontains(v, autoescape=True)))
        else:
            found.append(Filter(f"{name}__{suffix}", type_, partial(OPERATORS[suffix], column)))
    return found


def reference(name: str, column: ColumnElement[Any], ref: Ref, within: Within | None = None) -> Filter:
    """Return a filter by URL; a URL that refers to nothing gives an empty result."""

    def condition(path: str) -> ColumnElement[bool]:
        if not ref.table:
            return column == path
        found = uuid_in(path, ref)
        return false() if found is None else column == found

    return Filter(name, Annotated[str, Ref(follow=False, max_length=10_000)], condition, within=within)


def beside_standard(*filters: Filter) -> list[Filter]:
    """Return filters that the standard does not have: ``*beside_standard(equal("titel", …), …)``."""
    return [replace(each, extension=True) for each in filters]


def uuid_in(path: str, ref: Ref) -> uuid.UUID | None:
    """Return the uuid of a stored path of this kind of resource, or None when it is of another kind."""
    if not path.startswith(ref.prefix):
        return None
    try:
        found = uuid.UUID(path[len(ref.prefix) :])
    except ValueError:
        return None
    return found if str(found) == path[len(ref.prefix) :].lower() else None


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_, config=ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True))


def conditions(
    filters: Iterable[Filter], given: Mapping[str, Any], context: dict[str, Any], errors: list[InvalidParam]
) -> list[ColumnElement[bool]]:
    """Return the conditions for the parameters in ``given`` (text of a query string, or JSON values of ``_zoek``).

    An empty value means that the filter is not set. Wrong values are added to ``errors``. ``context`` is that of the
    call.
    """
    context = {**context, EXACT_DATES: True}
    found: list[ColumnElement[bool]] = []
    grouped: dict[Within, list[ColumnElement[bool]]] = {}
    for declared in filters:
        parsed = _parsed(declared, given, context, errors)
        if parsed is None:
            continue
        condition = declared.condition(parsed)
        if declared.within:
            grouped.setdefault(declared.within, []).append(condition)
        else:
            found.append(condition)
    found += [within(and_(*parts)) for within, parts in grouped.items()]
    return found


async def conditions_for(
    call: "Call", filters: Sequence[Filter], given: Mapping[str, Any], errors: list[InvalidParam]
) -> list[ColumnElement[bool]]:
    """Return :func:`conditions` for a call, after asking for what some filters need (``Filter.lookup``)."""
    found = conditions([declared for declared in filters if declared.lookup is None], given, call.context, errors)
    looked_up = [(each.lookup, _parsed(each, given, call.context, errors)) for each in filters if each.lookup]
    return found if errors else [*found, *[await ask(call, value) for ask, value in looked_up if value is not None]]


def _parsed(declared: Filter, given: Mapping[str, Any], context: dict[str, Any], errors: list[InvalidParam]) -> Any:
    """Return the value of a filter, or None when it is not set, or wrong: then ``errors`` tells."""
    value = given.get(declared.name)
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        value = declared.default
    if value is None:
        return None
    type_ = list[declared.type] if declared.many else declared.type  # type: ignore[name-defined]
    if declared.many and isinstance(value, str):
        value = [part.strip() for part in value.split(",", MANY + 1) if part.strip()]
    if declared.many and isinstance(value, list):
        if len(value) > MANY:
            errors.append(InvalidParam(declared.name, "max_length", f"Ten hoogste {MANY} waarden."))
            return None
        trimmed = (item.strip() if isinstance(item, str) else item for item in value)
        value = [item for item in trimmed if item != ""]
    try:
        return _adapter(type_).validate_python(value, context=context)
    except ValidationError as e:
        first = from_pydantic(e.errors())[0]
        errors.append(InvalidParam(declared.name, first.code, first.reason))
        return None


def unknown(given: Iterable[str], known: Sequence[str]) -> InvalidParam | None:
    """Return the error for parameters that the operation does not have, or None."""
    extra = sorted(set(given) - set(known))
    if not extra:
        return None
    return InvalidParam("nonFieldErrors", "unknown-parameters", f"Onbekende query parameters: {', '.join(extra)[:500]}")
