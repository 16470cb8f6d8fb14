"""Zaakobjecttype: a kind of object that cases of a zaaktype are about (catalogi.md §2.7)."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Uuid, cast, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import METADATA, TEXT, Dates, day_of_reference
from services.catalogi.subtype import (
    DATED,
    SCOPES,
    ZT,
    DatedShown,
    GegevenCatalogus,
    Zaaktype,
    begin_is_dat_van_het_zaaktype,
    catalogus_is_die_van_het_zaaktype,
    statustype_hoort_bij_zaaktype,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import CATALOGUS_REF, GEVULD, ONBEPERKT
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, equal, reference
from zgw.resource import Resource
from zgw.types import EXTENSION, Date, Length, Ref, Url


class ZaakobjecttypeFields(Fields):
    """The fields that an administrator writes."""

    ander_objecttype: bool
    objecttype: Annotated[str, Ref(follow=False, max_length=200)]
    relatie_omschrijving: Annotated[str, Length(80), GEVULD]
    zaaktype: Zaaktype
    catalogus: GegevenCatalogus = ""
    statustype: (
        Annotated[str, Ref("catalogi", "statustypen", table="statustype", on_delete="NO ACTION"), ONBEPERKT, EXTENSION]
        | None
    ) = None


class ZaakobjecttypeShown(DatedShown):
    """The fields that only responses have. The relations cannot be written through the API, so they are empty (O13)."""

    begin_geldigheid: Date
    resultaattypen: list[Annotated[str, Ref("catalogi", "resultaattypen")]]
    resultaattype_omschrijving: list[str]
    statustypen: list[Annotated[str, Ref("catalogi", "statustypen")]]


class ZaakobjecttypeIgnored(Dates):
    """Fields of requests that have no effect."""

    begin_geldigheid: Date = Field(default=None)  # type: ignore[assignment]


ZAAKOBJECTTYPE_TABLE = make_table(METADATA, "zaakobjecttype", ZaakobjecttypeFields)
T = ZAAKOBJECTTYPE_TABLE
_empty: ColumnElement[Any] = literal_column("'{}'")

ZAAKOBJECTTYPE = Resource(
    name="zaakobjecttype",
    path="zaakobjecttypen",
    fields=ZaakobjecttypeFields,
    shown=ZaakobjecttypeShown,
    ignored=ZaakobjecttypeIgnored,
    table=ZAAKOBJECTTYPE_TABLE,
    source=with_zaaktype(T),
    computed={
        **DATED,
        "resultaattypen": cast(_empty, ARRAY(Uuid)),
        "resultaattype_omschrijving": cast(_empty, ARRAY(Text)),
        "statustypen": cast(_empty, ARRAY(Uuid)),
    },
    scopes=SCOPES,
    filters=[
        *subtype_filters(T, status=False),
        reference("catalogus", ZT.c.catalogus, CATALOGUS_REF),
        equal("objecttype", T.c.objecttype, Url),
        equal("relatieOmschrijving", T.c.relatie_omschrijving),
        Filter("anderObjecttype", bool, lambda value: T.c.ander_objecttype.is_(value), shown=TEXT),
        Filter("datumBeginGeldigheid", Date, lambda day: ZT.c.begin_geldigheid == day, shown=TEXT),
        Filter("datumEindeGeldigheid", Date, lambda day: ZT.c.einde_geldigheid == day, shown=TEXT),
    ],
    parameters=day_of_reference,
    cached=True,
    rules=[
        zaaktype_is_concept(),
        begin_is_dat_van_het_zaaktype,
        catalogus_is_die_van_het_zaaktype,
        statustype_hoort_bij_zaaktype,
    ],
    guards=[is_niet_in_gebruik],
    removal_rules=[zaaktype_is_concept()],
    effects=[summarise()],
)
