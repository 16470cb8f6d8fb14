"""Besluittype: one version of a kind of decision (catalogi.md §2.10)."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Text,
    Uuid,
    and_,
    cast,
    column,
    exists,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import (
    CONCEPT_RELATIES,
    CORRIGEREN,
    LEZEN,
    METADATA,
    PEILDATUM,
    SCHRIJVEN,
    VERWIJDEREN,
    ObjectDates,
    as_array,
    begin_object,
    by_name,
    einde_object,
    for_reader,
    reverse,
    status_filter,
    valid_on,
    validity_filter,
    versions,
)
from services.catalogi.namen import Naam, NaamOfUrl, is_url, list_of_names, ref_to
from services.catalogi.velden import CATALOGUS_REF, InCatalogus
from services.catalogi.versie import (
    catalogus_blijft,
    correctie_houdt_relaties,
    einde_niet_voor_begin,
    geen_overlap,
    is_concept_of_mag_corrigeren,
)
from services.catalogi.versies import laat_rechten_volgen
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, equal, reference, uuid_in
from zgw.resource import Resource
from zgw.types import Date, Duration, Length, Ref, Url


class BesluittypeFields(Fields):
    """The fields that an administrator writes; informatieobjecttypen by omschrijving."""

    catalogus: InCatalogus
    omschrijving: Annotated[str, Length(80)] = ""
    omschrijving_generiek: Annotated[str, Length(80)] = ""
    besluitcategorie: Annotated[str, Length(40)] = ""
    reactietermijn: Duration | None = None
    publicatie_indicatie: bool
    publicatietekst: str = ""
    publicatietermijn: Duration | None = None
    toelichting: str = ""
    informatieobjecttype_omschrijvingen: Annotated[list[Naam], Length(500)] = Field(alias="informatieobjecttypen")
    begin_geldigheid: Date
    einde_geldigheid: Date | None = None


class BesluittypeShown(Fields):
    """The fields that only responses have, and what they show in the place of names."""

    url: Url
    informatieobjecttypen: list[Annotated[str, Ref("catalogi", "informatieobjecttypen")]]
    informatieobjecttype_omschrijvingen: list[str]
    informatieobjecttype_omschrijving: list[str]
    zaaktypen: list[Annotated[str, Ref("catalogi", "zaaktypen")]]
    zaaktype_identificaties: list[str]
    resultaattypen: list[Annotated[str, Ref("catalogi", "resultaattypen")]]
    resultaattypen_omschrijving: list[str]
    vastgelegd_in: list[str]
    begin_object: Date | None
    einde_object: Date | None
    concept: bool


BESLUITTYPE_TABLE = make_table(
    METADATA,
    "besluittype",
    BesluittypeFields,
    Column("concept", Boolean, nullable=False, server_default=true()),
    Column("informatieobjecttype_omschrijvingen", ARRAY(Text), nullable=False),
)
T = BESLUITTYPE_TABLE
Index("besluittype_versions", T.c.catalogus, T.c.omschrijving, T.c.begin_geldigheid)
Index("besluittype_informatieobjecttypen", T.c.informatieobjecttype_omschrijvingen, postgresql_using="gin")


ZAAKTYPEN, ZAAKTYPE_IDENTIFICATIES = reverse("zaaktype", "besluittype_omschrijving", T.c)


def _shown(other: Any, published: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
    """Return the condition that a related type in ``other`` is published and meets ``published``; a concept shows those
    that are concepts too to whoever has the switch for it."""
    is_published = and_(other.c.concept.is_(False), true() if published is None else published)
    return or_(is_published, and_(CONCEPT_RELATIES, T.c.concept, other.c.concept))


def _of_resultaattypen(value: str) -> Any:
    """Return a column of the resultaattypen that name this type: of zaaktypen that :func:`_shown` shows."""
    other = versions("zaaktype")
    columns = [column("id"), column("uuid", Uuid), column("zaaktype", Uuid), column("omschrijving", Text)]
    rt = table("resultaattype", *columns, column("besluittype_omschrijving", ARRAY(Text))).alias()
    statement = select(rt.c[value]).where(
        rt.c.besluittype_omschrijving.contains(array([T.c.omschrijving])),
        exists(
            select(other.c.uuid).where(
                other.c.uuid == rt.c.zaaktype,
                other.c.catalogus == T.c.catalogus,
                *(() if value == "omschrijving" else (_shown(other, valid_on(other.c, PEILDATUM)),)),
            )
        ),
    )
    return as_array(
        statement.distinct().order_by(rt.c.omschrijving) if value == "omschrijving" else statement.order_by(rt.c.id)
    )


def by_zaaktype(value: str) -> ColumnElement[bool]:
    """Return the besluittypen that a zaaktype (URL or identificatie) names, in its catalogue. A URL that
    their ``zaaktypen`` do not show finds nothing; ``zaaktypeIdentificaties`` have those of concepts, so these do."""
    other = versions("zaaktype", column("besluittype_omschrijving", ARRAY(Text)))
    at_url = and_(other.c.uuid == uuid_in(value, ref_to("zaaktype")), _shown(other))
    wanted = at_url if is_url(value) else other.c.identificatie == value
    named = other.c.besluittype_omschrijving.contains(array([T.c.omschrijving]))
    return exists(select(other.c.uuid).where(wanted, other.c.catalogus == T.c.catalogus, named))


def by_informatieobjecttype(value: str) -> ColumnElement[bool]:
    """Return the besluittypen that name an informatieobjecttype (URL or omschrijving), in its catalogue; the URL of
    one that their ``informatieobjecttypen`` do not show finds nothing."""
    names = T.c.informatieobjecttype_omschrijvingen
    if not is_url(value):
        return names.contains(array([cast(value, Text)]))
    other = versions("informatieobjecttype")
    wanted = and_(other.c.uuid == uuid_in(value, ref_to("informatieobjecttype")), _shown(other))
    return exists(
        select(other.c.uuid).where(
            wanted, other.c.catalogus == T.c.catalogus, names.contains(array([other.c.omschrijving]))
        )
    )


async def documenten_op_naam(check: Check[BesluittypeFields]) -> None:
    """ztc-x2: informatieobjecttypen zijn van dezelfde catalogus; een URL wordt bewaard als de omschrijving."""
    check.fields.informatieobjecttype_omschrijvingen = await list_of_names(
        check,
        lambda besluittype: besluittype.informatieobjecttype_omschrijvingen,
        "informatieobjecttypen",
        "informatieobjecttype",
        uuid_in(check.fields.catalogus, CATALOGUS_REF),
    )


BESLUITTYPE = Resource(
    name="besluittype",
    path="besluittypen",
    fields=BesluittypeFields,
    shown=BesluittypeShown,
    ignored=ObjectDates,
    table=BESLUITTYPE_TABLE,
    computed={
        "informatieobjecttypen": by_name("informatieobjecttype", T.c, T.c.informatieobjecttype_omschrijvingen),
        "zaaktypen": ZAAKTYPEN,
        "zaaktype_identificaties": ZAAKTYPE_IDENTIFICATIES,
        "resultaattypen": _of_resultaattypen("uuid"),
        "resultaattypen_omschrijving": _of_resultaattypen("omschrijving"),
        # The deprecated name that the answer to a POST has beside the other one.
        "informatieobjecttype_omschrijving": T.c.informatieobjecttype_omschrijvingen,
        "vastgelegd_in": T.c.informatieobjecttype_omschrijvingen,
        "begin_object": begin_object("besluittype", T.c),
        "einde_object": einde_object("besluittype", T.c),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": CORRIGEREN, "remove": VERWIJDEREN},
    filters=[
        reference("catalogus", T.c.catalogus, CATALOGUS_REF),
        Filter("zaaktypen", NaamOfUrl, by_zaaktype),
        Filter("informatieobjecttypen", NaamOfUrl, by_informatieobjecttype),
        status_filter(T.c),
        equal("omschrijving", T.c.omschrijving),
        validity_filter(T.c),
    ],
    parameters=for_reader,
    kanaal="besluittypen",
    kenmerken=lambda row: {"catalogus": f"/catalogi/api/v1/catalogussen/{row['catalogus']}"},
    cached=True,
    rules=[
        is_concept_of_mag_corrigeren,
        einde_niet_voor_begin,
        catalogus_blijft,
        documenten_op_naam,
        correctie_houdt_relaties,
    ],
    guards=[is_niet_in_gebruik],
    removal_rules=[is_concept_of_mag_corrigeren],
    effects=[geen_overlap, laat_rechten_volgen],
)
