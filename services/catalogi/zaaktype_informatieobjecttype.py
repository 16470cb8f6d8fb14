"""ZaaktypeInformatieobjecttype: which documents belong to cases of a zaaktype (catalogi.md §2.8)."""

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
    select,
)

from runtime.problems import OBJECT, InvalidParam
from runtime.statements import among
from services.catalogi.geldigheid import METADATA, day_of_reference, resolved, versions
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
        found = await names_of(check, name, {name: fields.informatieobjecttype}, zaaktype["catalogus"])
        fields.informatieobjecttype = found.get(name, "")


def _versie() -> ScalarSelect[Any]:
    """Return the uuid of the version of the informatieobjecttype that is valid on the day of reference."""
    other = versions("informatieobjecttype")
    same = (other.c.catalogus == ZT.c.catalogus, other.c.omschrijving == T.c.informatieobjecttype)
    return resolved(other, "informatieobjecttype", *same).limit(1).scalar_subquery()


BASIS = bindparam("ziot_basis", None, Text)
PREFIX = ref_to("informatieobjecttype").prefix
GETOOND = case(
    (BASIS.is_not(None), func.coalesce(BASIS + PREFIX + cast(_versie(), Text), T.c.informatieobjecttype)),
    else_=T.c.informatieobjecttype,
)
"""O1: the omschrijving, or where the installation says so the URL of the valid version; where there is none, the
omschrijving after all, which can be written back."""


def day_and_base(call: Call) -> dict[str, Any]:
    """Return the day of reference, and the base of URLs where URLs are shown. The other services want names."""
    as_url = call.service.settings.catalogi_ziot_url and call.base
    return {**day_of_reference(call), **({"ziot_basis": call.base} if as_url else {})}


async def versies(call: Call, items: Sequence[dict[str, Any]]) -> list[str]:
    """Return for each relation the URL of the version that is valid, or an empty text."""
    keys = [item["url"].rpartition("/")[2] for item in items]
    statement = select(T.c.uuid, _versie().label("versie")).select_from(with_zaaktype(T)).where(among(T.c.uuid, keys))
    rows = await call.db.rows(call.tenant, statement.params(**day_of_reference(call))) if keys else []
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
    computed={**OF_ZAAKTYPE, "informatieobjecttype": GETOOND},
    scopes=SCOPES,
    filters=[
        *subtype_filters(T, identificatie=False, datum=False),
        Filter("informatieobjecttype", NaamOfUrl, by_informatieobjecttype),
        equal("richting", T.c.richting, Richting),
    ],
    parameters=day_and_base,
    expandable={"informatieobjecttype": ref_to("informatieobjecttype")},
    expand_by={"informatieobjecttype": versies},
    unique={"zaaktypeinformatieobjecttype_volgnummer": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[zaaktype_is_concept(CODE), statustype_hoort_bij_zaaktype, informatieobjecttype_op_naam],
    removal_rules=[zaaktype_is_concept(CODE)],
    effects=[summarise(CODE)],
)
