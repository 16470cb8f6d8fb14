"""Versions and their validity: which version of a type a name means on a day (catalogi.md §4 and §5).

Types refer to each other by name within a catalogue. The URLs in a response are those of the versions that are valid
today, or on ``datumGeldigheid``; the statement that reads a type finds them in subqueries, so a list is one statement.
A client with the switch ``conceptRelaties`` sees more of a concept: for a name without such a version the newest one.
"""

from datetime import date
from typing import Any, Literal

from pydantic_core import PydanticCustomError
from sqlalchemy import (
    Boolean,
    ColumnClause,
    ColumnElement,
    Date,
    MetaData,
    Select,
    TableClause,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, array, distinct_on

from runtime.problems import invalid
from zgw.dates import LOCAL_TIME, parse_date
from zgw.fields import Fields
from zgw.filters import Filter
from zgw.outbox import outbox_table
from zgw.request import Call
from zgw.rights import scopes
from zgw.types import Date as DateField

METADATA = MetaData()
outbox_table(METADATA)

LEZEN = scopes("catalogi.lezen", "zaken.lezen", "documenten.lezen")
"""ztc-014: a client that may read zaken or documenten may read the catalogue that they are made by."""
SCHRIJVEN = scopes("catalogi.schrijven")
CORRIGEREN = scopes("catalogi.schrijven", "catalogi.geforceerd-schrijven")
VERWIJDEREN = scopes("catalogi.schrijven", "catalogi.geforceerd-verwijderen")
GEFORCEERD_SCHRIJVEN = scopes("catalogi.geforceerd-schrijven")
GEFORCEERD_VERWIJDEREN = scopes("catalogi.geforceerd-verwijderen")

IDENTITY = {"zaaktype": "identificatie", "informatieobjecttype": "omschrijving", "besluittype": "omschrijving"}
"""Per main type the field that its versions have in common."""

TODAY: ColumnElement[date] = cast(func.timezone("Europe/Amsterdam", func.now()), Date)
PEILDATUM: ColumnElement[date] = select(func.coalesce(bindparam("peildatum", None, Date), TODAY)).scalar_subquery()
"""The day for which relations are resolved: that of the request (:func:`day_of_reference`), else today. A subquery
works it out once, and not for each version that is looked at."""

CONCEPT_RELATIES: ColumnElement[bool] = bindparam("concept_relaties", False, Boolean)
"""Whether the client sees the related types of a concept that are not valid, or concepts too (``conceptRelaties``)."""


def day_that_is_asked(call: Call) -> dict[str, Any]:
    """Return ``datumGeldigheid`` of the request; raise 400 when it is no date."""
    if "geldigheid" not in call.request.url.query.lower():
        return {}
    given = call.query()
    name = "datum_geldigheid" if given.get("datum_geldigheid") else "datumGeldigheid"
    try:
        return {"peildatum": parse_date(given[name], exact=True)} if given.get(name, "").strip() else {}
    except PydanticCustomError:
        raise invalid(name, "invalid") from None


def day_of_reference(call: Call) -> dict[str, Any]:
    """Return the day for which relations are resolved, where it is not the one that the statement knows: the one that
    the request names, or today in another time zone."""
    found = day_that_is_asked(call)
    return found or ({} if call.zone == LOCAL_TIME else {"peildatum": call.today()})


def for_reader(call: Call) -> dict[str, Any]:
    """Return what relations of types depend on: :func:`day_of_reference`, and the switches of the client."""
    return {**day_of_reference(call), **({"concept_relaties": True} if call.profiel.concept_relaties else {})}


def valid_on(kind: Any, day: Any) -> ColumnElement[bool]:
    """Return the condition that a version of this main type is valid on a day, its last day included."""
    return and_(kind.begin_geldigheid <= day, or_(kind.einde_geldigheid.is_(None), kind.einde_geldigheid >= day))


def versions(kind: str, *extra: ColumnClause[Any]) -> Any:
    """Return a main type's table under another name; it is named, not imported, because its module imports this one."""
    found: TableClause = table(
        kind,
        column("id"),
        column("uuid", Uuid),
        column("catalogus", Uuid),
        column(IDENTITY[kind], Text),
        column("concept", Boolean),
        column("begin_geldigheid", Date),
        column("einde_geldigheid", Date),
        *extra,
    )
    return found.alias()


def as_array(statement: Select[Any]) -> ColumnElement[Any]:
    """Return the one column of a select as an array, empty when it finds nothing."""
    return func.array(statement.scalar_subquery(), type_=ARRAY(statement.selected_columns[0].type))


def as_refs(statement: Select[Any]) -> ColumnElement[Any]:
    """Return a select of uuids as the text of an array, which is how lists of references are rendered fastest."""
    return cast(as_array(statement), Text)


def best_first(other: Any) -> list[ColumnElement[Any]]:
    """Return the order in which versions of one type stand for it: valid and published, published, concepts; the newest
    first. Where versions share a day, the later one counts."""
    place = case((other.c.concept, 2), (valid_on(other.c, PEILDATUM), 0), else_=1)
    return [place, other.c.begin_geldigheid.desc(), other.c.id.desc()]


def resolved(other: Any, kind: str, *where: ColumnElement[bool], owner: Any) -> Select[Any]:
    """Return the uuids of the published, valid versions in ``other`` (see :func:`versions`): one for each name.

    ``owner`` has the columns of the type whose relations these are, or of the zaaktype that it belongs to: if that is a
    concept, a client with the switch for it sees a version of every name.
    """
    identity = other.c[IDENTITY[kind]]
    shown = and_(other.c.concept.is_(False), valid_on(other.c, PEILDATUM))
    return (
        select(other.c.uuid)
        .where(*where, or_(shown, and_(CONCEPT_RELATIES, owner.concept)))
        .ext(distinct_on(identity))
        .correlate_except(other)
        .order_by(identity, *best_first(other))
    )


def by_name(kind: str, owner: Any, names: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the uuids of the versions that ``names`` (an array) mean on the day of reference, within the catalogue of
    ``owner`` (:func:`resolved`)."""
    other = versions(kind)
    # The names are an array column, so the type of the comparison is known without asking.
    named = other.c[IDENTITY[kind]] == func.any(names)
    found = as_refs(resolved(other, kind, other.c.catalogus == owner.catalogus, named, owner=owner))
    # Most lists of names are empty, and then the subquery need not even start.
    return case((names == literal_column("'{}'"), literal_column("'{}'", Text)), else_=found)


def reverse(kind: str, names: str, own: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return the uuids and the names of the types of ``kind`` that have the omschrijving of ``own`` in their column
    ``names``: of those that are valid on the day of reference, and of all."""
    other = versions(kind, column(names, ARRAY(Text)))
    where = (other.c.catalogus == own.catalogus, other.c[names].contains(array([own.omschrijving])))
    name = other.c[IDENTITY[kind]]
    return as_refs(resolved(other, kind, *where, owner=own)), as_array(
        select(name).where(*where).distinct().order_by(name)
    )


def begin_object(kind: str, own: Any) -> ColumnElement[Any]:
    """Return the first day of the first version of what ``own`` (columns of a main type) is a version of."""
    other = versions(kind)
    return select(func.min(other.c.begin_geldigheid)).where(_same(kind, own, other)).scalar_subquery()


def einde_object(kind: str, own: Any) -> ColumnElement[Any]:
    """Return the last day of the last version of what ``own`` is a version of."""
    other = versions(kind)
    statement = select(other.c.einde_geldigheid).where(_same(kind, own, other))
    return statement.order_by(other.c.begin_geldigheid.desc(), other.c.id.desc()).limit(1).scalar_subquery()


def _same(kind: str, own: Any, other: Any) -> ColumnElement[bool]:
    name = own[IDENTITY[kind]]
    same = and_(other.c.catalogus == own.catalogus, other.c[IDENTITY[kind]] == name)
    # A besluittype may have no name; then it has no other versions.
    return and_(same, or_(name != "", other.c.uuid == own.uuid)) if kind == "besluittype" else same


class ObjectDates(Fields):
    """The first and the last day of all versions of a type together."""

    begin_object: DateField | None = None
    einde_object: DateField | None = None


class Dates(ObjectDates):
    """With the dates of a version, which those of what belongs to a zaaktype are."""

    begin_geldigheid: DateField | None = None
    einde_geldigheid: DateField | None = None


TEXT = {"type": "string"}
Status = Literal["alles", "concept", "definitief"]


def status_filter(main: Any) -> Filter:
    """Return the filter on concept or published, which hides concepts when it is absent."""
    conditions = {
        "alles": main.concept.is_not(None),
        "concept": main.concept.is_(True),
        "definitief": main.concept.is_(False),
    }
    return Filter("status", Status, lambda value: conditions[value], shown=TEXT, default="definitief")


def validity_filter(main: Any, name: str = "datumGeldigheid") -> Filter:
    """Return the filter on the versions that are valid on a day."""
    return Filter(name, DateField, lambda day: valid_on(main, day), shown=TEXT)
