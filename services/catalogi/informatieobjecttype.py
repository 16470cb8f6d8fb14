"""Informatieobjecttype: one version of a kind of document (catalogi.md §2.9)."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Boolean, Column, Index, Text, column, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import (
    CORRIGEREN,
    LEZEN,
    METADATA,
    SCHRIJVEN,
    VERWIJDEREN,
    ObjectDates,
    as_array,
    as_refs,
    begin_object,
    day_of_reference,
    einde_object,
    resolved,
    status_filter,
    validity_filter,
    versions,
)
from services.catalogi.velden import GEVULD, LEEG_IS_NULL, ONBEPERKT, leeg
from services.catalogi.versie import (
    catalogus_blijft,
    einde_niet_voor_begin,
    geen_overlap,
    is_concept_of_mag_corrigeren,
)
from zgw.fields import Date, Fields, Length, Ref, Url, Vertrouwelijkheid
from zgw.filters import equal, reference
from zgw.resource import Resource
from zgw.tables import make_table

CATALOGUS_REF = Ref("catalogi", "catalogussen", table="catalogus", on_delete="NO ACTION")


class OmschrijvingGeneriek(Fields):
    """The general kind of document that the type is one of."""

    informatieobjecttype_omschrijving_generiek: Annotated[str, Length(80), GEVULD]
    definitie_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(255), GEVULD]
    herkomst_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(12), GEVULD]
    hierarchie_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(80), GEVULD]
    opmerking_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(255)] | None = ""


class InformatieobjecttypeFields(Fields):
    """What an administrator writes."""

    catalogus: Annotated[str, CATALOGUS_REF, ONBEPERKT]
    omschrijving: Annotated[str, Length(80), GEVULD]
    vertrouwelijkheidaanduiding: Vertrouwelijkheid
    begin_geldigheid: Date
    einde_geldigheid: Date | None = None
    informatieobjectcategorie: Annotated[str, Length(80)] = ""
    trefwoord: list[Annotated[str, Length(30), GEVULD]] = Field(default=[])
    omschrijving_generiek: Annotated[OmschrijvingGeneriek | None, LEEG_IS_NULL, leeg(OmschrijvingGeneriek)] = None


class InformatieobjecttypeShown(Fields):
    """What only responses have."""

    url: Url
    concept: bool
    begin_object: Date | None
    einde_object: Date | None
    zaaktypen: list[Annotated[str, Ref("catalogi", "zaaktypen")]]
    zaaktype_identificaties: list[str]
    besluittypen: list[Annotated[str, Ref("catalogi", "besluittypen")]]
    besluittype_omschrijving: list[str]


INFORMATIEOBJECTTYPE_TABLE = make_table(
    METADATA,
    "informatieobjecttype",
    InformatieobjecttypeFields,
    Column("concept", Boolean, nullable=False, server_default=true()),
)
T = INFORMATIEOBJECTTYPE_TABLE
Index("informatieobjecttype_versies", T.c.catalogus, T.c.omschrijving, T.c.begin_geldigheid)
Index("informatieobjecttype_omschrijving", T.c.omschrijving)


def _of_zaaktypen() -> tuple[Any, tuple[Any, ...]]:
    """Return the zaaktypen that have this type among their documents, and the conditions for that."""
    other = versions("zaaktype", column("informatieobjecttype_omschrijving", ARRAY(Text)))
    names = other.c.informatieobjecttype_omschrijving
    return other, (other.c.catalogus == T.c.catalogus, names.contains(array([T.c.omschrijving])))


def _of_besluittypen() -> tuple[Any, tuple[Any, ...]]:
    other = versions("besluittype", column("informatieobjecttype_omschrijvingen", ARRAY(Text)))
    names = other.c.informatieobjecttype_omschrijvingen
    return other, (other.c.catalogus == T.c.catalogus, names.contains(array([T.c.omschrijving])))


def urls_of(kind: str, found: tuple[Any, tuple[Any, ...]]) -> Any:
    """Return the uuids of the related versions that are valid."""
    other, where = found
    return as_refs(resolved(other, kind, *where))


def names_of(name: str, found: tuple[Any, tuple[Any, ...]]) -> Any:
    """Return the names of all related versions, valid or not."""
    other, where = found
    return as_array(select(other.c[name]).where(*where).distinct().order_by(other.c[name]))


INFORMATIEOBJECTTYPE = Resource(
    name="informatieobjecttype",
    path="informatieobjecttypen",
    fields=InformatieobjecttypeFields,
    shown=InformatieobjecttypeShown,
    ignored=ObjectDates,
    table=INFORMATIEOBJECTTYPE_TABLE,
    computed={
        "begin_object": begin_object("informatieobjecttype", T.c),
        "einde_object": einde_object("informatieobjecttype", T.c),
        "zaaktypen": urls_of("zaaktype", _of_zaaktypen()),
        "zaaktype_identificaties": names_of("identificatie", _of_zaaktypen()),
        "besluittypen": urls_of("besluittype", _of_besluittypen()),
        "besluittype_omschrijving": names_of("omschrijving", _of_besluittypen()),
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": CORRIGEREN, "remove": VERWIJDEREN},
    filters=[
        reference("catalogus", T.c.catalogus, CATALOGUS_REF),
        status_filter(T.c),
        validity_filter(T.c),
        equal("omschrijving", T.c.omschrijving),
    ],
    parameters=day_of_reference,
    kanaal="informatieobjecttypen",
    kenmerken=lambda row: {"catalogus": f"/catalogi/api/v1/catalogussen/{row['catalogus']}"},
    cached=True,
    rules=[is_concept_of_mag_corrigeren, einde_niet_voor_begin, catalogus_blijft],
    guards=[is_niet_in_gebruik],
    removal_rules=[is_concept_of_mag_corrigeren],
    effects=[geen_overlap],
)
