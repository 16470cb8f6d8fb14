"""Catalogus: the collection of types of one owner (catalogi.md §2.1)."""

from typing import Annotated, Any

from sqlalchemy import UniqueConstraint, column, exists, or_, select, table
from sqlalchemy.types import Text, Uuid

from runtime.problems import OBJECT, InvalidParam, Problem
from runtime.statements import among
from services.catalogi.geldigheid import CORRIGEREN, LEZEN, METADATA, SCHRIJVEN, TEXT, VERWIJDEREN, as_array
from services.catalogi.velden import GEVULD
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, equal
from zgw.resource import Resource, related
from zgw.types import Date, Email, Length, Matching, Ref, Rsin, Url

Domein = Annotated[str, Matching(r"[A-Z]+", 5, reason="Alleen hoofdletters zijn toegestaan.", blank=False)]


class CatalogusFields(Fields):
    """The fields that an administrator writes."""

    domein: Domein
    rsin: Rsin
    contactpersoon_beheer_naam: Annotated[str, Length(40), GEVULD]
    contactpersoon_beheer_telefoonnummer: Annotated[str, Length(20)] = ""
    contactpersoon_beheer_emailadres: Email = ""
    naam: Annotated[str, Length(200)] | None = None
    versie: Annotated[str, Length(20)] | None = None
    begindatum_versie: Date | None = None


class CatalogusShown(Fields):
    """The fields that only responses have."""

    url: Url
    zaaktypen: list[Annotated[str, Ref("catalogi", "zaaktypen")]]
    besluittypen: list[Annotated[str, Ref("catalogi", "besluittypen")]]
    informatieobjecttypen: list[Annotated[str, Ref("catalogi", "informatieobjecttypen")]]
    besluittype_omschrijving: list[str]
    informatieobjecttype_omschrijving: list[str]


CATALOGUS_TABLE = make_table(
    METADATA, "catalogus", CatalogusFields, UniqueConstraint("domein", "rsin", name="catalogus_domein_rsin")
)
T = CATALOGUS_TABLE


def _names(kind: str) -> Any:
    other = table(kind, column("omschrijving", Text), column("catalogus", Uuid)).alias()
    statement = select(other.c.omschrijving).where(other.c.catalogus == T.c.uuid).distinct()
    return as_array(statement.order_by(other.c.omschrijving))


async def catalogus_is_leeg(check: Check) -> None:
    """ztc-017: een catalogus met typen, concept of gepubliceerd, kan niet worden verwijderd."""
    parts = []
    for kind in ("zaaktype", "informatieobjecttype", "besluittype"):
        other = table(kind, column("catalogus", Uuid))
        parts.append(exists(select(other.c.catalogus).where(other.c.catalogus == check.uuid)))
    row = await check.call.db.row(check.call.tenant, select(or_(*parts).label("filled")))
    if row is not None and row["filled"]:
        raise Problem(409, "CATALOG_NOT_EMPTY", "De catalogus bevat nog typen.")


CATALOGUS = Resource(
    name="catalogus",
    path="catalogussen",
    fields=CatalogusFields,
    shown=CatalogusShown,
    table=CATALOGUS_TABLE,
    computed={
        "zaaktypen": related("zaaktype", "catalogus", T),
        "besluittypen": related("besluittype", "catalogus", T),
        "informatieobjecttypen": related("informatieobjecttype", "catalogus", T),
        "besluittype_omschrijving": _names("besluittype"),
        "informatieobjecttype_omschrijving": _names("informatieobjecttype"),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": CORRIGEREN, "remove": VERWIJDEREN},
    filters=[
        equal("domein", T.c.domein),
        Filter("domein__in", str, lambda values: among(T.c.domein, values), many=True, shown=TEXT),
        Filter("rsin", Rsin, lambda value: T.c.rsin == value, shown=TEXT),
        Filter("rsin__in", Rsin, lambda values: among(T.c.rsin, values), many=True, shown=TEXT),
    ],
    unique={"catalogus_domein_rsin": InvalidParam(OBJECT, "unique")},
    cached=True,
    removal_rules=[catalogus_is_leeg],
)
