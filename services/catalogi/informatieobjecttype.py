"""Informatieobjecttype: one version of a kind of document (catalogi.md §2.9)."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import ARRAY, Boolean, Column, ColumnElement, Index, Text, and_, any_, column, exists, select, true

from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import (
    CORRIGEREN,
    LEZEN,
    METADATA,
    SCHRIJVEN,
    VERWIJDEREN,
    ObjectDates,
    begin_object,
    einde_object,
    for_reader,
    reverse,
    status_filter,
    validity_filter,
    versions,
)
from services.catalogi.namen import ref_to
from services.catalogi.velden import CATALOGUS_REF, DEEL, GEVULD, LEEG_IS_NULL, InCatalogus, leeg
from services.catalogi.versie import (
    catalogus_blijft,
    einde_niet_voor_begin,
    geen_overlap,
    is_concept_of_mag_corrigeren,
)
from services.catalogi.versies import laat_rechten_volgen
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import Filter, beside_standard, compare, equal, reference, uuid_in
from zgw.resource import Resource
from zgw.types import Date, Length, Ref, Url, Vertrouwelijkheid


class OmschrijvingGeneriek(Fields):
    """The general kind of document that the type is one of."""

    informatieobjecttype_omschrijving_generiek: Annotated[str, Length(80)]
    definitie_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(255)]
    herkomst_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(12)]
    hierarchie_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(80)]
    opmerking_informatieobjecttype_omschrijving_generiek: Annotated[str, Length(255)] | None = ""


class InformatieobjecttypeFields(Fields):
    """The fields that an administrator writes."""

    catalogus: InCatalogus
    omschrijving: Annotated[str, Length(80), GEVULD]
    vertrouwelijkheidaanduiding: Vertrouwelijkheid
    begin_geldigheid: Date
    einde_geldigheid: Date | None = None
    informatieobjectcategorie: Annotated[str, Length(80)] = ""
    trefwoord: Annotated[list[Annotated[str, Length(30), GEVULD]], Length(500)] = Field(default=[])
    omschrijving_generiek: Annotated[OmschrijvingGeneriek | None, LEEG_IS_NULL, leeg(OmschrijvingGeneriek)] = None


class InformatieobjecttypeShown(Fields):
    """The fields that only responses have."""

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
Index("informatieobjecttype_versions", T.c.catalogus, T.c.omschrijving, T.c.begin_geldigheid)
Index("informatieobjecttype_omschrijving", T.c.omschrijving)


ZAAKTYPEN, ZAAKTYPE_IDENTIFICATIES = reverse("zaaktype", "informatieobjecttype_omschrijving", T.c)
BESLUITTYPEN, BESLUITTYPE_OMSCHRIJVING = reverse("besluittype", "informatieobjecttype_omschrijvingen", T.c)


def bij_zaaktype(path: str) -> ColumnElement[bool]:
    """Return the condition that documents of a type belong to cases of the zaaktype at a stored path: all versions of
    the types that it names."""
    kind = versions("zaaktype", column("informatieobjecttype_omschrijving", ARRAY(Text)))
    names = kind.c.informatieobjecttype_omschrijving
    same = and_(kind.c.catalogus == T.c.catalogus, T.c.omschrijving == any_(names))
    return exists(select(kind.c.uuid).where(kind.c.uuid == uuid_in(path, ref_to("zaaktype")), same))


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
        "zaaktypen": ZAAKTYPEN,
        "zaaktype_identificaties": ZAAKTYPE_IDENTIFICATIES,
        "besluittypen": BESLUITTYPEN,
        "besluittype_omschrijving": BESLUITTYPE_OMSCHRIJVING,
    },
    scopes={"list": LEZEN, "fetch": LEZEN, "create": SCHRIJVEN, "update": CORRIGEREN, "remove": VERWIJDEREN},
    filters=[
        reference("catalogus", T.c.catalogus, CATALOGUS_REF),
        status_filter(T.c),
        validity_filter(T.c),
        equal("omschrijving", T.c.omschrijving),
        *beside_standard(
            Filter("zaaktype", Annotated[str, Ref(follow=False, max_length=10_000)], bij_zaaktype),
            *compare("omschrijving", T.c.omschrijving, DEEL, "icontains", exact=False),
        ),
    ],
    parameters=for_reader,
    kanaal="informatieobjecttypen",
    kenmerken=lambda row: {"catalogus": f"/catalogi/api/v1/catalogussen/{row['catalogus']}"},
    cached=True,
    rules=[is_concept_of_mag_corrigeren, einde_niet_voor_begin, catalogus_blijft],
    guards=[is_niet_in_gebruik],
    removal_rules=[is_concept_of_mag_corrigeren],
    effects=[geen_overlap, laat_rechten_volgen],
)
