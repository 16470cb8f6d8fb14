"""ZaaktypeInformatieobjecttype: which documents belong to cases of a zaaktype (catalogi.md §2.8).

The standard shows the informatieobjecttype by its omschrijving. A client with the switch ``ziotUrl`` gets the URL of a
version, always; what has none is not there for it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from sqlalchemy import (
    ColumnElement,
    Index,
    ScalarSelect,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from runtime.problems import OBJECT, InvalidParam
from runtime.statements import among
from services.catalogi.geldigheid import METADATA, PEILDATUM, best_first, for_reader, valid_on, versions
from services.catalogi.namen import Naam, NaamOfUrl, is_url, names_of, ref_to
from services.catalogi.subtype import (
    OF_ZAAKTYPE,
    SCOPES,
    ZT,
    SubtypeShown,
    Zaaktype,
    statustype_hoort_bij_zaaktype,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import ONBEPERKT
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, equal, uuid_in
from zgw.request import Call
from zgw.resource import Resource
from zgw.rights import EVERYTHING, Rights
from zgw.types import Length, Ref, Shown, Whole

Richting = Literal["inkomend", "intern", "uitgaand"]
CODE = "non-concept-relation"


class ZaaktypeInformatieobjecttypeFields(Fields):
    """The fields that an administrator writes; the informatieobjecttype by its omschrijving (O1)."""

    zaaktype: Zaaktype
    informatieobjecttype: Annotated[Naam, Shown(100)]
    volgnummer: Annotated[int, Whole(1, 999)]
    richting: Richting
    statustype: (
        Annotated[str, Ref("catalogi", "statustypen", table="statustype", on_delete="NO ACTION"), ONBEPERKT] | None
    ) = None


class ZaaktypeInformatieobjecttypeShown(SubtypeShown):
    """The fields that only responses have, and what they show of the informatieobjecttype."""

    informatieobjecttype: Annotated[str, Length(100)]


ZIOT_TABLE = make_table(
    METADATA,
    "zaaktypeinformatieobjecttype",
    ZaaktypeInformatieobjecttypeFields,
    UniqueConstraint("zaaktype", "volgnummer", name="zaaktypeinformatieobjecttype_volgnummer"),
)
T = ZIOT_TABLE
Index("zaaktypeinformatieobjecttype_naam", T.c.informatieobjecttype)


def by_informatieobjecttype(value: str) -> ColumnElement[bool]:
    """Return the relations with an informatieobjecttype, by its omschrijving or by the URL of one of its versions."""
    if not is_url(value):
        return T.c.informatieobjecttype == value
    other = versions("informatieobjecttype")
    same = and_(other.c.catalogus == ZT.c.catalogus, other.c.omschrijving == T.c.informatieobjecttype)
    return exists(select(other.c.uuid).where(other.c.uuid == uuid_in(value, ref_to("informatieobjecttype")), same))


async def informatieobjecttype_op_naam(check: Check[ZaaktypeInformatieobjecttypeFields]) -> None:
    """ztc-x2: het informatieobjecttype is van dezelfde catalogus; een URL wordt bewaard als de omschrijving."""
    if (zaaktype := check.resolved(check.fields.zaaktype)) is not None:
        name, fields = "informatieobjecttype", check.fields
        # Whoever is shown URLs could not be shown a relation with a type that does not exist yet.
        must_exist, given = check.call.profiel.ziot_url, {name: fields.informatieobjecttype}
        found = await names_of(check, name, given, zaaktype["catalogus"], must_exist=must_exist)
        fields.informatieobjecttype = found.get(name, "")


def _versions() -> tuple[Any, ColumnElement[bool]]:
    """Return all versions, and the condition that one is of the informatieobjecttype of the relation."""
    other = versions("informatieobjecttype")
    return other, and_(other.c.catalogus == ZT.c.catalogus, other.c.omschrijving == T.c.informatieobjecttype)


def _version() -> ScalarSelect[Any]:
    """Return the uuid of the version that is valid, or else the newest published one, or else the newest concept."""
    other, same = _versions()
    return select(other.c.uuid).where(same).order_by(*best_first(other)).limit(1).scalar_subquery()


def _valid_version() -> ScalarSelect[Any]:
    """Return the uuid of the version that is valid."""
    other, same = _versions()
    valid = and_(other.c.concept.is_(False), valid_on(other.c, PEILDATUM))
    return select(other.c.uuid).where(same, valid).order_by(*best_first(other)).limit(1).scalar_subquery()


BASIS = bindparam("ziot_basis", None, Text)
"""The base of URLs, for a client that is shown URLs."""
PREFIX = ref_to("informatieobjecttype").prefix
SHOWN = case(
    # A version may disappear while a relation with it is written.
    (BASIS.is_not(None), func.coalesce(BASIS + PREFIX + cast(_version(), Text), T.c.informatieobjecttype)),
    else_=T.c.informatieobjecttype,
)
"""O1: the omschrijving, or for a client with ``ziotUrl`` a URL."""


def with_a_version(rights: Rights) -> ColumnElement[bool] | None:
    """Return the condition that a client which is shown URLs can be shown one."""
    other, same = _versions()
    return None if rights is EVERYTHING else or_(BASIS.is_(None), exists(select(other.c.uuid).where(same)))


def as_url(call: Call) -> dict[str, Any]:
    """Return what relations depend on, and the base of URLs for a client that is shown URLs."""
    return {**for_reader(call), **({"ziot_basis": call.base} if call.profiel.ziot_url else {})}


async def expanded(call: Call, items: Sequence[dict[str, Any]]) -> list[str]:
    """Return for each relation the URL that it shows, or else that of the version that is valid, or an empty text."""
    if call.profiel.ziot_url:
        return [item["informatieobjecttype"] for item in items]
    keys = [item["url"].rpartition("/")[2] for item in items]
    statement = select(T.c.uuid, _valid_version().label("versie")).select_from(with_zaaktype(T))
    statement = statement.where(among(T.c.uuid, keys)).params(**for_reader(call))
    rows = await call.db.rows(call.tenant, statement) if keys else []
    known = {str(row["uuid"]): row["versie"] for row in rows}
    return [f"{call.base}{PREFIX}{known[key]}" if known.get(key) else "" for key in keys]


ZAAKTYPE_INFORMATIEOBJECTTYPE = Resource(
    name="zaaktypeinformatieobjecttype",
    path="zaaktype-informatieobjecttypen",
    operation="zaakinformatieobjecttype",
    fields=ZaaktypeInformatieobjecttypeFields,
    shown=ZaaktypeInformatieobjecttypeShown,
    table=ZIOT_TABLE,
    source=with_zaaktype(T),
    computed={**OF_ZAAKTYPE, "informatieobjecttype": SHOWN},
    scopes=SCOPES,
    filters=[
        *subtype_filters(T, identificatie=False, datum=False),
        Filter("informatieobjecttype", NaamOfUrl, by_informatieobjecttype),
        equal("richting", T.c.richting, Richting),
    ],
    parameters=as_url,
    restrict=with_a_version,
    expandable={"informatieobjecttype": ref_to("informatieobjecttype")},
    expand_by={"informatieobjecttype": expanded},
    unique={"zaaktypeinformatieobjecttype_volgnummer": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[zaaktype_is_concept(CODE), statustype_hoort_bij_zaaktype, informatieobjecttype_op_naam],
    removal_rules=[zaaktype_is_concept(CODE)],
    effects=[summarise(CODE)],
)
