"""Roltype: a part that somebody plays in cases of a zaaktype (catalogi.md §2.6)."""

from typing import Annotated, Literal

from sqlalchemy import UniqueConstraint

from runtime.problems import OBJECT, InvalidParam
from services.catalogi.gebruik import is_niet_in_gebruik
from services.catalogi.geldigheid import METADATA, Dates, day_of_reference
from services.catalogi.subtype import (
    DATED,
    SCOPES,
    DatedShown,
    GegevenCatalogus,
    Zaaktype,
    begin_is_dat_van_het_zaaktype,
    catalogus_is_die_van_het_zaaktype,
    subtype_filters,
    summarise,
    with_zaaktype,
    zaaktype_is_concept,
)
from services.catalogi.velden import GEVULD
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import beside_standard, equal
from zgw.resource import Resource
from zgw.types import Length

Generiek = Literal[
    "adviseur",
    "behandelaar",
    "belanghebbende",
    "beslisser",
    "initiator",
    "klantcontacter",
    "zaakcoordinator",
    "mede_initiator",
]


class RoltypeFields(Fields):
    """The fields that an administrator writes."""

    zaaktype: Zaaktype
    omschrijving: Annotated[str, Length(100), GEVULD]
    omschrijving_generiek: Generiek
    catalogus: GegevenCatalogus | None = None


ROLTYPE_TABLE = make_table(
    METADATA, "roltype", RoltypeFields, UniqueConstraint("zaaktype", "omschrijving", name="roltype_omschrijving")
)
T = ROLTYPE_TABLE

ROLTYPE = Resource(
    name="roltype",
    path="roltypen",
    fields=RoltypeFields,
    shown=DatedShown,
    ignored=Dates,
    table=ROLTYPE_TABLE,
    source=with_zaaktype(T),
    computed=DATED,
    scopes=SCOPES,
    filters=[
        *subtype_filters(T),
        equal("omschrijvingGeneriek", T.c.omschrijving_generiek, Generiek),
        *beside_standard(equal("omschrijving", T.c.omschrijving)),
    ],
    parameters=day_of_reference,
    unique={"roltype_omschrijving": InvalidParam(OBJECT, "unique")},
    cached=True,
    rules=[zaaktype_is_concept(), begin_is_dat_van_het_zaaktype, catalogus_is_die_van_het_zaaktype],
    guards=[is_niet_in_gebruik],
    removal_rules=[zaaktype_is_concept()],
    effects=[summarise()],
)
